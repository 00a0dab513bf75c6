"""The core's port to a simulated modem: two paced wires, both in the modem's own virtual time."""

from __future__ import annotations

from doctor.sim.modem.modem import Modem
from doctor.sim.world import Wire, World, heard


class SimPort:
    """A modem's UART as the core sees it. ``clock`` is the world."""

    def __init__(self, modem: Modem, *, baud: int | None = None) -> None:
        self.modem = modem
        self.clock: World = modem.world
        self.baud = baud or modem.baud
        self._here = b""
        self._out = Wire(modem.world, modem.receive)
        modem.transmit = self._arrived

    def _arrived(self, data: bytes, baud: int) -> None:
        self._here += heard(data, baud, self.baud)

    def read(self, max_bytes: int, wait_ms: int) -> bytes:
        self.clock.run_until(lambda: self._here, wait_ms)
        data, self._here = self._here[:max_bytes], self._here[max_bytes:]
        return data

    def write(self, data: bytes) -> None:
        self._out.send(data, self.baud)

    def set_baud(self, baud: int) -> None:
        self.clock.run_until(lambda: not self._out.pending, 1000)
        self.baud = baud

    def drain(self) -> bytes:
        data, self._here = self._here, b""
        return data
