"""A port at the level of bytes, with time moved by hand: what a driver gives, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import serial

from doctor.link.link import Link
from doctor.link.port_url import PortUrl
from doctor.link.telnet_url import TelnetAddress


class HandClock:
    """Time that only moves when somebody waits."""

    def __init__(self) -> None:
        self.now_ms = 0.0

    def ticks_ms(self) -> int:
        return int(self.now_ms)

    def sleep_ms(self, ms: int) -> None:
        self.now_ms += ms


class Wire:
    """The pySerial side of a fake device: it hears every write, and says bytes at moments of its choosing."""

    def __init__(self, hears: Callable[[bytes], None] | None = None) -> None:
        self.clock = HandClock()
        self.hears = hears or (lambda data: None)
        self.timeout = 0.02
        self.baudrate = 115200
        self.rts = True
        self.cts = True
        self.usb_id: tuple[int, int] | None = None
        self.address: TelnetAddress | None = None
        self.written = b""
        self.unplugged = False
        self.closed = False
        self._coming: list[tuple[float, int, bytes]] = []
        self._number = 0

    def say(self, data: bytes, after_ms: float = 0) -> None:
        """Send bytes to the PC, now or later."""
        self._number += 1
        self._coming.append((self.clock.now_ms + after_ms, self._number, data))
        self._coming.sort()

    def hush(self) -> None:
        """Forget what was still to come."""
        self._coming.clear()

    @property
    def in_waiting(self) -> int:
        if self.unplugged:
            raise OSError(5, "Input/output error")
        return sum(len(data) for at, _, data in self._coming if at <= self.clock.now_ms)

    def read(self, size: int) -> bytes:
        if self.unplugged:
            raise serial.SerialException("device reports readiness to read but returned no data")
        if not self.in_waiting:
            until = self.clock.now_ms + self.timeout * 1000
            self.clock.now_ms = min([until, *(at for at, _, _ in self._coming)])
        taken = b""
        while self._coming and self._coming[0][0] <= self.clock.now_ms and len(taken) < size:
            at, number, data = self._coming.pop(0)
            room = size - len(taken)
            taken += data[:room]
            if data[room:]:
                self._coming.insert(0, (at, number, data[room:]))
        return taken

    def write(self, data: bytes) -> int:
        if self.unplugged:
            raise serial.SerialException("write failed: [Errno 5] Input/output error")
        self.written += data
        self.hears(data)
        return len(data)

    def close(self) -> None:
        self.closed = True

    def link(self, url: str = "/dev/ttyACM0") -> Link:
        """A Link on this wire."""
        return Link(self, PortUrl.read(url), rts=True)
