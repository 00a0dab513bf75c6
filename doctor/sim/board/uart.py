"""One UART of the module as hardware and driver: a speed, a receive buffer that can overflow."""

from __future__ import annotations

from dataclasses import dataclass, field

from doctor.sim.world import heard

REPL_BAUD = 115_200
APPLICATION_BAUD = MIRROR_BAUD = 921_600

FIFO_BYTES = 128
"""Hardware FIFO of an ESP32 UART: in front of the driver's buffer (board-and-repl.md 3.6), and ahead of the line."""


@dataclass
class Uart:
    """State of one UART.

    capacity  bytes that the receive buffer holds; None: hardware flow control never lets it overflow
    """

    baud: int
    capacity: int | None
    timeout_chars: int = 2
    rx: bytearray = field(default_factory=bytearray)
    lost: int = 0
    """Bytes that came while the buffer was full."""
    stalled: bool = False
    """The driver does not empty the FIFO now (a flash write holds off its interrupt)."""
    _fifo_used: int = 0

    def setup(self, baud: int) -> None:
        """A new speed; what was received is gone."""
        self.baud = baud
        self.rx.clear()

    def stall(self) -> None:
        """Begin of a time in which only the FIFO takes bytes."""
        self.stalled = True
        self._fifo_used = 0

    def hear(self, data: bytes, sent_baud: int) -> bytes:
        """What arrives of ``data`` at this UART's own speed."""
        return heard(data, sent_baud, self.baud)

    def store(self, data: bytes) -> None:
        """Put received bytes into the buffer, as many as there is room for."""
        room = len(data) if self.capacity is None else self.capacity + FIFO_BYTES - len(self.rx)
        if self.stalled:
            room = min(room, FIFO_BYTES - self._fifo_used)
            self._fifo_used += max(0, min(room, len(data)))
        room = max(0, room)
        self.rx += data[:room]
        self.lost += max(0, len(data) - room)

    def take(self, count: int) -> bytes:
        """The first ``count`` bytes of the buffer, or what there is."""
        data = bytes(self.rx[:count])
        del self.rx[:count]
        return data

    def chars_ms(self, count: float) -> float:
        """How long ``count`` characters take on the line."""
        return count * 10_000 / self.baud
