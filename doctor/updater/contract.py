"""What the core asks of its surroundings: a port, a clock, a source of bytes, and somebody who listens."""

try:
    from typing import Protocol
except ImportError:  # MicroPython has no typing, and needs none
    Protocol = object  # type: ignore[assignment]


class Port(Protocol):
    """A byte stream to the modem's UART. A port may also have ``max_block``: the longest STP block it carries."""

    def read(self, max_bytes, wait_ms):
        # type: (int, int) -> bytes
        """Bytes as soon as at least one is there; ``b""`` after ``wait_ms``."""

    def write(self, data):
        # type: (bytes) -> None
        """Send all of ``data``."""

    def set_baud(self, baud):
        # type: (int) -> None
        """Change the speed of this side."""

    def drain(self):
        # type: () -> bytes
        """Take and return all that was received so far."""


class Clock(Protocol):
    """Time, handed in so that tests and the simulator can move it."""

    def ticks_ms(self):
        # type: () -> int
        """Milliseconds that never run backwards."""

    def sleep_ms(self, ms):
        # type: (int) -> None
        """Return after ``ms`` milliseconds."""


class Source(Protocol):
    """A binary file at the first byte to send.

    It may also have, for a board that is slower than the wire:
    ``ahead()``              read what comes next; called while the modem works on the block before it
    ``crc_of(offset, data)`` the known CRC-16 of a block, or None
    ``seek(0)``              begin again; needed of a file that one plan sends twice
    ``again(offset, size)``  a block that the modem refused, read again; raises OSError if it cannot be had
    """

    def read(self, n):
        # type: (int) -> bytes
        """Up to ``n`` bytes; ``b""`` at the end."""


class Timer(object):
    """A moment after which waiting is over, on the clock that was handed in."""

    def __init__(self, clock, limit_ms):
        # type: (Clock, int) -> None
        self._clock = clock
        self._end_ms = clock.ticks_ms() + limit_ms

    def left_ms(self):
        # type: () -> int
        """Milliseconds that are left, never below 0."""
        return max(0, self._end_ms - self._clock.ticks_ms())

    def over(self):
        # type: () -> bool
        """True once nothing is left."""
        return self.left_ms() == 0
