"""Time as a parameter: every wait in the program asks a clock, so tests and the simulator can move it by hand."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Protocol

Now = Callable[[], datetime]  #: what tells the time of day; of its answer only what has a time zone is kept on disk


class Clock(Protocol):
    """What the whole program, the updater core included, knows of time."""

    def ticks_ms(self) -> int:
        """Milliseconds that never run backwards, from an arbitrary start."""
        ...

    def sleep_ms(self, ms: int) -> None:
        """Return after ``ms`` milliseconds."""
        ...


class SystemClock:
    """The clock of the machine that the program runs on."""

    def ticks_ms(self) -> int:
        """Milliseconds of the monotonic clock."""
        return int(time.monotonic() * 1000)

    def sleep_ms(self, ms: int) -> None:
        """Sleep for real."""
        time.sleep(ms / 1000)


def utc_now() -> datetime:
    """The time of day by the computer's clock, in UTC."""
    return datetime.now(timezone.utc)


def local_now() -> datetime:
    """The time of day as the user's own clock shows it, for names of files and lines of a log."""
    return datetime.now()


class Deadline:
    """A moment after which waiting is over; made once for a whole piece of work and handed down.

    clock    the clock that decides
    limit_s  seconds from now
    """

    def __init__(self, clock: Clock, limit_s: float) -> None:
        self._clock = clock
        self.limit_s = limit_s
        self._end_ms = clock.ticks_ms() + int(limit_s * 1000)

    @property
    def left_ms(self) -> int:
        """Milliseconds that are left, never below 0."""
        return max(0, self._end_ms - self._clock.ticks_ms())

    @property
    def expired(self) -> bool:
        """True once nothing is left."""
        return self.left_ms == 0

    def slice_ms(self, longest_ms: int) -> int:
        """The time left, capped at ``longest_ms``: how long one read may wait."""
        return min(self.left_ms, longest_ms)
