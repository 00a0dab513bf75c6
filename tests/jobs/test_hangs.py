"""The modem hangs, and Ctrl-C is pressed: it is heard while nothing answers, and nothing waits to its own limit."""

from __future__ import annotations

import signal
from contextlib import nullcontext
from pathlib import Path

import pytest

from doctor.bench import Bench, BenchOptions
from doctor.events import Event, Note, Notice, Phase, Progress, Waiting
from doctor.jobs.flash import FlashRequest, FlashResult, flash
from doctor.jobs.flashing.attentive import AttentiveClock
from doctor.jobs.flashing.interrupts import Interrupts, LeftAsItIs
from doctor.sim.bench import SimBench

from ..link.wire import HandClock
from .flashing import User, When, after_bytes, in_step, small_image


class Hung:
    """A flash whose modem hangs, and says no word any more, from ``when`` on; Ctrl-C comes then, and at ``again``.

    hangs    when it hangs if that is before ``when``
    took_ms  from the last Ctrl-C to the end, on the clock of the bench
    """

    def __init__(
        self, folder: Path, when: When, again: When | None = None, *, stops: bool = False, hangs: When | None = None
    ) -> None:
        self.user = User(stops=stops)
        self._hangs = hangs
        self._when = [when, *([again] if again is not None else [])]
        with Bench(BenchOptions(port="sim://fipy", firmware=(small_image(folder),))) as bench:
            self._bench = bench
            self.sim: SimBench = bench.link.serial.bench
            self.result: FlashResult = flash(
                bench, FlashRequest(method="on-the-fly"), consent=self.user, listen=self._hear
            )
            self.took_ms = bench.clock.ticks_ms() - self._pressed_ms
        assert not self._when

    def _hear(self, event: Event) -> None:
        if self._hangs is not None:
            if self._hangs(event):
                self._hangs = None
                self.sim.modem.hang()
        elif self._when and self._when[0](event):
            self._when.pop(0)
            self.sim.modem.hang()
            self._pressed_ms = self._bench.clock.ticks_ms()
            signal.raise_signal(signal.SIGINT)


def waits_for(words: str) -> When:
    return lambda event: isinstance(event, Waiting) and words in event.what


def notes(words: str, times: int = 1) -> When:
    left = [words] * times

    def when(event: Event) -> bool:
        if isinstance(event, Note | Notice) and words in event.text:
            left.pop()
        return not left

    return when


NO_ANSWER, MAY_BE_LEFT = "AT -> no answer", "Ctrl-C again leaves it as it is"


@pytest.mark.parametrize("step", ["soak", "prepare"])
def test_before_anything_changes_it_ends_at_once(tmp_path: Path, step: str) -> None:
    hung = Hung(tmp_path, in_step(step))
    assert hung.result.exit_code == 130 and hung.sim.modem.received == []
    assert hung.took_ms < 2_500


def test_one_that_was_restarted_is_waited_for_and_may_be_left(tmp_path: Path) -> None:
    hung = Hung(tmp_path, in_step("switch"), waits_for("start its own firmware again"))
    assert hung.result.exit_code == 3 and hung.sim.modem.received == []
    assert hung.result.error is not None and "was not awaited" in hung.result.error.what
    assert hung.took_ms < 2_500


def test_no_block_was_sent_so_there_is_no_transfer_to_give_up(tmp_path: Path) -> None:
    hung = Hung(tmp_path, after_bytes(0), stops=True)
    assert hung.user.asked == 1
    assert hung.took_ms < 30_000


def test_in_the_middle_it_asks_at_once_and_the_rest_may_be_left(tmp_path: Path) -> None:
    hung = Hung(tmp_path, after_bytes(0.5), waits_for("give up a broken transfer"), stops=True)
    assert hung.user.asked == 1 and hung.result.exit_code == 3
    assert hung.result.error is not None and hung.result.error.id == "user-interrupt"
    assert hung.took_ms < 2_500


def test_in_the_middle_it_goes_on_if_nobody_stops_it(tmp_path: Path) -> None:
    hung = Hung(tmp_path, after_bytes(0.5))
    assert hung.user.asked == 1
    assert hung.result.error is not None and hung.result.error.id != "user-interrupt"
    assert hung.took_ms > 300_000


@pytest.mark.parametrize(
    "when", [notes("closing the transfer"), waits_for("give up a broken transfer"), notes(NO_ANSWER)],
    ids=["closing", "given-up", "looked-for"],
)  # fmt: skip
def test_a_transfer_that_has_failed_is_not_stopped_and_the_rest_may_be_left(tmp_path: Path, when: When) -> None:
    hung = Hung(tmp_path, when, notes(MAY_BE_LEFT), stops=True, hangs=after_bytes(0.5))
    assert hung.user.asked == 0 and hung.result.exit_code == 3
    assert hung.result.error is not None
    assert hung.result.error.what == "BLOCK_CMD was not answered; where the modem is now was not awaited"
    assert hung.took_ms < 2_500


def test_a_flash_that_has_failed_before_anything_changed_is_left_likewise(tmp_path: Path) -> None:
    hung = Hung(tmp_path, notes(NO_ANSWER, 20), notes(MAY_BE_LEFT), hangs=in_step("prepare"))
    assert hung.result.exit_code == 1 and hung.sim.modem.received == []
    assert hung.result.error is not None and hung.result.error.id == "modem-state-unknown"
    assert hung.took_ms < 2_500


@pytest.mark.parametrize("stopped", [False, True])
def test_a_modem_that_may_write_is_waited_for_and_nobody_is_asked(stopped: bool) -> None:
    told: list[Event] = []
    user = User(stops=True)
    with Interrupts(user.stop_transfer, told.append) as interrupts:
        clock = AttentiveClock(HandClock(), interrupts)
        interrupts.heard(Progress(Phase.TRANSFER, 50, 100, False))
        if stopped:
            signal.raise_signal(signal.SIGINT)
            assert clock.ends_wait(restarting=False)
        clock.outcome.maybe_all, clock.outcome.unsure = True, ("stp-no-answer", "BLOCK_CMD was not answered", 100)
        signal.raise_signal(signal.SIGINT)
        assert not clock.ends_wait(restarting=False)
        signal.raise_signal(signal.SIGINT)
        assert not clock.ends_wait(restarting=False)
    assert user.asked == stopped and isinstance(told[-1], Notice) and "cannot be stopped" in told[-1].text


@pytest.mark.parametrize("may_write", [False, True])
def test_a_modem_that_may_write_is_not_left(may_write: bool) -> None:
    time = HandClock()
    with Interrupts(lambda: True, lambda event: None) as interrupts:
        clock = AttentiveClock(time, interrupts)
        clock.outcome.maybe_all = may_write
        interrupts.heard(Progress(Phase.TRANSFER, 50, 100, False))
        signal.raise_signal(signal.SIGINT)
        assert interrupts.ends_wait(restarting=False, may_write=may_write)
        signal.raise_signal(signal.SIGINT)
        with nullcontext() if may_write else pytest.raises(LeftAsItIs):
            clock.sleep_ms(300_000)
    assert time.ticks_ms() == (300_000 if may_write else 1_000)


def test_while_the_way_to_the_modem_is_made_ready_it_ends_at_once(tmp_path: Path) -> None:
    """The modem hangs before the mirror has an answer from it, for which a minute is given."""
    pressed_ms: list[int] = []
    with Bench(BenchOptions(port="sim://fipy", firmware=(small_image(tmp_path),))) as bench:
        serial = bench.link.serial
        write, modem = serial.write, serial.bench.modem

        def hear(event: Event) -> None:
            if isinstance(event, Note) and event.text == "the plan was agreed to":
                modem.hang()
                serial.write = press_with_the_first_at

        def press_with_the_first_at(data: bytes) -> object:
            if data == b"AT\r\n" and not pressed_ms:
                pressed_ms.append(bench.clock.ticks_ms())
                signal.raise_signal(signal.SIGINT)
            return write(data)

        result = flash(bench, FlashRequest(), consent=User(), listen=hear)
        assert result.exit_code == 130 and modem.received == [] and "reset button" in result.advice
        assert bench.clock.ticks_ms() - pressed_ms[0] < 2_500
