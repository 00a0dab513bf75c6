"""Time as a parameter: every wait in the program asks a clock, so tests and the simulator can move it by hand."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Protocol

Now = Callable[[], datetime]  #: what tells the time of day; of its answer only what has a time zone is kept on disk
#: Seconds: more than any run needs. NaN and infinity are no deadlines, nor is what no float holds.
LONGEST_DEADLINE_S = 7 * 24 * 3600


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


@dataclass(frozen=True)
class Moment:
    """A moment that outlives the process: how long ago it was, no step of the computer's clock changes.

    at    by the clock of the computer, in UTC
    boot  which start of the computer this is; "" if the system does not say (not Linux)
    up_s  seconds since then; sleep counts
    """

    at: datetime
    boot: str = ""
    up_s: float = 0.0

    def __str__(self) -> str:
        """As it is kept on disk."""
        at = self.at.isoformat(timespec="milliseconds")
        return f"{at} {self.boot} {self.up_s:.3f}" if self.boot else at

    @classmethod
    def read(cls, text: str) -> Moment:
        """What ``str`` made. Raises ValueError for anything else."""
        at, boot, up_s = [*text.split(" "), "", "0"][:3]
        moment = cls(datetime.fromisoformat(at), boot, float(up_s))
        if moment.at.tzinfo is None or not 0 <= moment.up_s < _LONGEST_UP_S:
            raise ValueError("is not a moment")
        return moment

    def ago(self, now: Moment) -> timedelta:
        """How long before ``now`` it was; if the computer was started in between, its clock is all that tells."""
        if self.boot and self.boot == now.boot:
            return timedelta(seconds=now.up_s - self.up_s)
        return now.at - self.at


_LONGEST_UP_S = 1e10
_BOOT = Path("/proc/sys/kernel/random/boot_id")
Moments = Callable[[], Moment]  #: what tells the moment that is now


def this_moment() -> Moment:
    """The moment that is now."""
    try:
        boot = _BOOT.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return Moment(utc_now())
    return Moment(utc_now(), boot, time.clock_gettime(time.CLOCK_BOOTTIME))


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
