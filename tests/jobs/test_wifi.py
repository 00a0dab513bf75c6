"""Flashing a board that is reached over Wi-Fi only."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from doctor.bench import Bench, BenchOptions
from doctor.board.onboard import FOLDER, core_files
from doctor.errors import DoctorError
from doctor.events import Event, Phase, Progress, StepStarted
from doctor.jobs.flash import FlashRequest, FlashResult, flash
from doctor.jobs.flashing.ways import choose_via
from doctor.sim.served.wifi import WifiListener
from tests.jobs.flashing import BUILD, User, small_image


class Brisk:
    """The pauses of the PC's side, ten times shorter."""

    def ticks_ms(self) -> int:
        return int(time.monotonic() * 10_000)

    def sleep_ms(self, ms: int) -> None:
        time.sleep(ms / 10_000)


@pytest.fixture
def listener() -> Iterator[WifiListener]:
    with WifiListener("sim://fipy?speed=200", tcp_port=None, pty=False) as served:
        board = served.serial.bench.board
        assert board is not None
        home = FOLDER.removeprefix("/flash")
        board.flash.mkdir(home)
        for name, data in core_files().items():  # it takes long to send, and is no different over Wi-Fi
            board.flash.write(f"{home}/{name}", data)
        yield served
    assert served.error is None


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return small_image(tmp_path)


def bench(listener: WifiListener, *images: Path) -> Bench:
    options = BenchOptions(port=listener.telnet_name, firmware=images, accept=frozenset({"jumpers-removed"}))
    return Bench(options, clock=Brisk())


def flashed(made: Bench, hear: Callable[[Event], None] = lambda event: None) -> FlashResult:
    with made:
        return flash(made, FlashRequest(), consent=User(), listen=hear)


@pytest.mark.table
def test_the_board_goes_on_when_wifi_is_lost_and_the_next_run_joins_it(listener: WifiListener, image: Path) -> None:
    heard: list[Event] = []

    def drop_while_it_writes(event: Event) -> None:
        heard.append(event)
        if isinstance(event, StepStarted) and event.step == "deploy":
            listener.by_hand(lambda hands: listener.telnet.drop())

    listener.serial.bench.modem.switches.deploy_ms = 400_000
    first = flashed(bench(listener, image), drop_while_it_writes)
    assert first.error is not None and first.error.id == "wifi-connection-lost"
    assert "go on by itself" in first.error.next
    assert first.plan is not None and "by FTP: 100,000 bytes" in first.plan.upload
    copied = [event.done_bytes for event in heard if isinstance(event, Progress) and event.phase is Phase.PREPARE]
    assert image.stat().st_size in copied
    heard.clear()
    second = flashed(bench(listener, image), heard.append)
    assert any("listening to what it does" in str(event) for event in heard)
    assert second.error is None and second.proof is not None and second.proof.holds
    assert listener.serial.bench.modem.build == BUILD


def test_ways_over_wifi(listener: WifiListener, image: Path) -> None:
    with bench(listener, image) as one:
        assert choose_via(one, "auto") == choose_via(one, "card") == "card"
        refused = choose_via(one, "usb")
        assert isinstance(refused, DoctorError) and "--via card" in refused.next


def test_what_the_board_cannot_send_alone_needs_usb(listener: WifiListener, image: Path) -> None:
    with bench(listener, image, image) as two:
        refused = choose_via(two, "auto")
        assert isinstance(refused, DoctorError) and "USB" in refused.next and "--via card" not in refused.next


def test_a_restart_that_is_wanted_connects_again(listener: WifiListener) -> None:
    with bench(listener) as one:
        assert "MicroPython" in one.board.reset_safe()
        one.forget_board()
        assert one.board_facts.sysname == "FiPy"
