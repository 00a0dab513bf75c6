"""One line of the modem's UART: what happens to single bytes on their way."""

from __future__ import annotations

from collections.abc import Callable

from doctor.sim.modem.faults import Fault
from doctor.sim.world import World

NOISE = b"\xfe\x80\xff\x00\xfd"
_FLIPPED_BIT = 0x04


class Line:
    """Passes bytes on, unless a fault waits for one of them.

    armed    the fault that waits for its byte on this line
    deliver  called with (bytes, baud)
    suffer   called with the kind of a fault that ends all that goes on
    """

    def __init__(
        self,
        world: World,
        armed: Callable[[], Fault | None],
        deliver: Callable[[bytes, int], None],
        suffer: Callable[[str], object],
    ) -> None:
        self._world = world
        self._armed = armed
        self._deliver = deliver
        self._suffer = suffer
        self._late: list[tuple[bytes, int]] | None = None

    def pass_on(self, data: bytes, baud: int) -> None:
        """Bytes come along at this speed."""
        if self._late is not None:
            self._late.append((data, baud))
            return
        fault = self._armed()
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
            self._suffer(fault.kind)
        elif fault.kind == "late-byte":
            if before:
                self._deliver(before, baud)
            self._late = [(byte + behind, baud)]
            self._world.at(fault.ms or 0, self._catch_up)
        else:
            flipped = bytes((byte[0] ^ _FLIPPED_BIT,))
            instead = {"drop-byte": b"", "corrupt-byte": flipped, "double-byte": byte * 2, "noise": NOISE + byte}
            self._deliver(before + instead[fault.kind] + behind, baud)

    def _catch_up(self) -> None:
        late, self._late = self._late or [], None
        for data, baud in late:
            self.pass_on(data, baud)
