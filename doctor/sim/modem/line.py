"""One line of the modem's UART: what happens to single bytes on their way."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from doctor.sim.modem.faults import Fault

if TYPE_CHECKING:
    from doctor.sim.modem.modem import Modem

NOISE = b"\xfe\x80\xff\x00\xfd"
_FLIPPED_BIT = 0x04


class Line:
    """Passes bytes on, unless a fault waits for one of them.

    side     "rx" or "tx", as seen by the modem
    deliver  called with (bytes, baud)
    """

    def __init__(self, modem: Modem, side: str, deliver: Callable[[bytes, int], None]) -> None:
        self._modem = modem
        self._side = side
        self._deliver = deliver
        self._late: list[tuple[bytes, int]] | None = None

    def pass_on(self, data: bytes, baud: int) -> None:
        """Bytes come along at this speed."""
        if self._late is not None:
            self._late.append((data, baud))
            return
        fault = self._modem.faults.armed(self._side)
        if fault is None or fault.bytes_left is None:
            self._deliver(data, baud)
            return
        if fault.bytes_left >= len(data):
            fault.bytes_left -= len(data)
            self._deliver(data, baud)
            return
        at, fault.bytes_left = fault.bytes_left, None
        self._hit(fault, data, at, baud)

    def _hit(self, fault: Fault, data: bytes, at: int, baud: int) -> None:
        before, byte, behind = data[:at], data[at : at + 1], data[at + 1 :]
        if fault.kind in ("cut", "blip"):
            if before:
                self._deliver(before, baud)
            self._modem.suffer(fault.kind)
        elif fault.kind == "late-byte":
            if before:
                self._deliver(before, baud)
            self._late = [(byte + behind, baud)]
            self._modem.world.at(fault.ms or 0, self._catch_up)
        else:
            flipped = bytes((byte[0] ^ _FLIPPED_BIT,))
            instead = {"drop-byte": b"", "corrupt-byte": flipped, "double-byte": byte * 2, "noise": NOISE + byte}
            self._deliver(before + instead[fault.kind] + behind, baud)

    def _catch_up(self) -> None:
        late, self._late = self._late or [], None
        for data, baud in late:
            self.pass_on(data, baud)
