"""Data mode of the simulated modem: it hears nothing but the escape sequence."""

from __future__ import annotations

from collections.abc import Callable

from doctor.sim.modem.core import ModemCore
from doctor.sim.world import Event

ESCAPE = b"+++"


class DataMode:
    """PPP: bytes vanish; ``+++`` with silence before and after it leads back to AT (modem-protocol.md 2.2)."""

    def __init__(self, modem: ModemCore, leave: Callable[[], None]) -> None:
        self.modem = modem
        self._leave = leave
        self._last_byte_ms = modem.world.now_ms - modem.switches.guard_ms
        self._plus = b""
        self._end: Event | None = None

    def feed(self, data: bytes) -> None:
        """Bytes from the UART."""
        now = self.modem.world.now_ms
        quiet = now - self._last_byte_ms >= self.modem.switches.guard_ms
        self._last_byte_ms = now
        if self._end is not None:
            self._end.cancel()
            self._end = None
        self._plus = data if quiet else self._plus + data
        if not ESCAPE.startswith(self._plus):
            self._plus = b"no escape"
        elif self._plus == ESCAPE:
            self._end = self.modem.later(self.modem.switches.guard_ms, self._leave)
