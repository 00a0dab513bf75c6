"""The word to stop on standard input is heard wherever Ctrl-C is ignored: in what a script runs in the background."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator

import pytest

from doctor.cli import signals
from doctor.cli.told_to_stop import STOP, ToldToStop
from doctor.events import Event, Notice
from doctor.jobs.flashing.interrupts import Interrupts

Say = Callable[[bytes], object]
LIMIT_S = 30.0


def wait_until(happened: Callable[[], bool]) -> None:
    """Another thread hears what is said."""
    end = time.monotonic() + LIMIT_S
    while not happened() and time.monotonic() < end:
        time.sleep(0.01)


@pytest.fixture(params=[signal.default_int_handler, signal.SIG_IGN], ids=["heard", "ignored"])
def say(request: pytest.FixtureRequest) -> Iterator[Say]:
    """Say a line to a process that hears Ctrl-C, and to one that does not."""
    handlers = {signal.SIGINT: request.param, signal.SIGTERM: signal.SIG_DFL}
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    ours, theirs = os.pipe()
    ToldToStop(ours)
    yield lambda line: os.write(theirs, line + b"\n")
    os.close(theirs)
    for number, handler in before.items():
        signal.signal(number, handler)


def test_before_a_flash_it_ends_the_command(say: Say) -> None:
    with pytest.raises(KeyboardInterrupt), signals.ending_like_ctrl_c():
        say(STOP)
        wait_until(lambda: False)


def test_while_it_flashes_it_is_ctrl_c(say: Say) -> None:
    told: list[Event] = []
    with signals.ending_like_ctrl_c(), Interrupts(lambda: False, told.append) as interrupts:
        say(STOP)
        wait_until(lambda: interrupts.pressed_early)
    assert told == [Notice("stopping before anything is sent")]
