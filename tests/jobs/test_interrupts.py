"""Ctrl-C and other signals in each phase of a flash (design: "Not stoppable by accident")."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

from doctor.bench import Bench, BenchOptions
from doctor.check import Status
from doctor.events import CheckStarted, Event, Notice, Phase, Progress, StepStarted
from doctor.jobs.check import check
from doctor.jobs.flash import FlashRequest, flash
from doctor.jobs.flashing.interrupts import Interrupts
from doctor.sim.bench import SimBench

from .flashing import BUILD, User, after_bytes, flashed, in_phase, in_step, sends, small_image

CTRL_C = signal.SIGINT


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return small_image(tmp_path)


@pytest.mark.sampled(3, "long")
@pytest.mark.parametrize("step", ["prepare", "switch", "transfer"])
def test_before_the_first_block_it_stops_and_nothing_was_sent(image: Path, step: str) -> None:
    done = flashed(image, User(), in_step(step), sends(CTRL_C), request=FlashRequest(method="on-the-fly"))
    assert done.result.exit_code == 130
    assert done.sim.modem.received == []
    assert done.mode == "application"
    assert done.notices


def test_at_zero_bytes_it_still_stops_without_a_trace(image: Path) -> None:
    done = flashed(image, User(stops=True), after_bytes(0), sends(CTRL_C))
    assert done.result.exit_code == 130
    assert done.mode == "application"


def test_during_the_transfer_it_asks_and_goes_on_by_default(image: Path) -> None:
    user = User(stops=False)
    done = flashed(image, user, after_bytes(0.5), sends(CTRL_C))
    assert user.asked == 1
    assert done.result.exit_code == 0
    assert done.sim.modem.build == BUILD


def test_during_the_transfer_yes_closes_it_and_says_mode_and_next_step(image: Path) -> None:
    done = flashed(image, User(stops=True), after_bytes(0.5), sends(CTRL_C))
    error = done.result.error
    assert done.result.exit_code == 3
    assert error is not None
    assert error.id == "user-interrupt"
    assert (error.on, done.result.mode) == ("modem", done.mode)
    assert "step " in done.result.far and " bytes" in done.result.far
    assert "fipy-doctor flash" in error.next
    assert done.mode != "stp-open"


@pytest.mark.long
def test_a_stopped_transfer_can_be_begun_again(tmp_path: Path, image: Path) -> None:
    url = f"sim://fipy?state={tmp_path / 'bench'}"
    flashed(image, User(stops=True), after_bytes(0.5), sends(CTRL_C), url=url)
    again = flashed_after_reset(image, url)
    assert again == (0, BUILD)


def flashed_after_reset(image: Path, url: str) -> tuple[int, int | None]:
    bench = SimBench.from_url(url)
    bench.hands.press_reset()
    bench.release()
    done = flashed(image, User(), url=url)
    return int(done.result.exit_code), done.sim.modem.build


@pytest.mark.sampled(2, "long")
@pytest.mark.parametrize("phase", [Phase.WAIT_MODEM, Phase.PROVE])
def test_after_the_last_byte_it_cannot_be_stopped_and_says_so(image: Path, phase: Phase) -> None:
    user = User(stops=True)
    done = flashed(image, user, in_phase(phase), sends(CTRL_C, CTRL_C))
    assert (done.result.exit_code, user.asked) == (0, 0)
    assert all("cannot be stopped" in text for text in done.notices)


def test_with_the_last_block_it_cannot_be_stopped_any_more(image: Path) -> None:
    user = User(stops=True)
    done = flashed(image, user, after_bytes(1.0), sends(CTRL_C))
    assert (done.result.exit_code, user.asked) == (0, 0)
    assert "cannot be stopped" in done.notices[0]


def test_a_wish_that_came_with_the_last_block_is_not_asked_about_in_the_next_file() -> None:
    asked: list[str] = []

    def stop() -> bool:
        asked.append("stop?")
        return True

    with Interrupts(stop, lambda event: None) as interrupts:
        interrupts.heard(Progress(Phase.TRANSFER, 50, 100, False))
        signal.raise_signal(CTRL_C)
        interrupts.heard(Progress(Phase.TRANSFER, 100, 100, False))
        interrupts.heard(StepStarted("second-transfer", "send it", Phase.TRANSFER))
        interrupts.heard(Progress(Phase.TRANSFER, 0, 100, False))
        assert not interrupts.should_stop() and not asked
        interrupts.heard(Progress(Phase.TRANSFER, 50, 100, False))
        signal.raise_signal(CTRL_C)
        assert interrupts.should_stop() and asked == ["stop?"]


@pytest.mark.sampled(2, "long")
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has neither signal")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_system_signals_never_stop_a_flash(image: Path, name: str) -> None:
    user = User(stops=True)
    done = flashed(image, user, after_bytes(0.5), sends(signal.Signals[name]))
    assert (done.result.exit_code, user.asked) == (0, 0)
    assert name in done.notices[0]


def test_signals_mean_afterwards_what_they_meant_before(image: Path) -> None:
    before = signal.getsignal(CTRL_C)
    flashed(image, User())
    assert signal.getsignal(CTRL_C) is before


def test_ctrl_c_ends_checks_and_keeps_what_they_found() -> None:
    def press(event: Event) -> None:
        if isinstance(event, CheckStarted) and event.check == "board-reads-card":
            signal.raise_signal(CTRL_C)

    with Bench(BenchOptions(port="sim://fipy")) as bench:
        report = check(bench, listen=press)
    assert report.exit_code == 130
    found = report.finding("repl-answers")
    assert found is not None and found.status is Status.PASS


@pytest.mark.long
def test_signals_while_one_is_told_do_not_nest_and_are_in_the_log(image: Path) -> None:
    """Whoever shows a line may be slow, and a thousand signals a second come meanwhile."""
    heard: list[str] = []

    def hear(event: Event) -> None:
        if isinstance(event, Notice):
            heard.append(event.text)
            for _ in range(3):
                signal.raise_signal(signal.SIGTERM)
        elif isinstance(event, StepStarted):
            signal.raise_signal(signal.SIGTERM)

    with Bench(BenchOptions(port="sim://fipy", firmware=(image,))) as bench:
        result = flash(bench, FlashRequest(), consent=User(), listen=hear)
    assert result.exit_code == 0
    assert 1 <= len(heard) < 50 and set(heard) == {"SIGTERM is ignored: an interrupted flash can brick the modem"}
    assert Path(result.log).read_text().count("SIGTERM is ignored") == len(heard)


def test_ctrl_c_again_and_again_in_the_wait_is_one_line(image: Path) -> None:
    done = flashed(image, User(), in_phase(Phase.WAIT_MODEM), sends(*[CTRL_C] * 20))
    assert done.result.exit_code == 0
    assert len([text for text in done.notices if "cannot be stopped" in text]) == 1


@pytest.mark.parametrize("done", [0, 50, 100])
def test_the_words_are_right_too_if_nobody_pressed_it(done: int) -> None:
    """A run for many boards passes SIGTERM on to each of them as a wish to stop."""
    said: list[str] = []
    with Interrupts(lambda: False, lambda event: said.append(getattr(event, "text", ""))) as interrupts:
        if done:
            interrupts.heard(Progress(Phase.TRANSFER, done, 100, False))
        signal.raise_signal(CTRL_C)
        interrupts.look()
    assert len(said) == 1 and "Ctrl-C" not in said[0]
