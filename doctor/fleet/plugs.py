"""Which boards are plugged in, look by look: those that are new, and have stayed long enough to be spoken to."""

from __future__ import annotations

from collections.abc import Sequence

from doctor.link.ports import PortInfo

#: Seconds that a port is listed before it is opened: the system sets its rights meanwhile, a plug that is pushed in by
#: hand comes and goes, and a board boots.
SETTLE_S = 2.0


class Plugs:
    """What is plugged in. A board that was out and is in again is new, whatever its port is called now."""

    def __init__(self) -> None:
        self._due: dict[PortInfo, float | None] = {}

    def look(self, listed: Sequence[PortInfo], now_s: float) -> list[PortInfo]:
        """The system lists these boards now; those whose turn it is, each once.

        now_s  by a clock that never runs backwards
        """
        here = {port.lasting: port for port in listed}
        self._due = {known: at for known, at in self._due.items() if known in here}
        for known in here:
            self._due.setdefault(known, now_s + SETTLE_S)
        due = [known for known, at in self._due.items() if at is not None and at <= now_s]
        self._due.update(dict.fromkeys(due))
        return [here[known] for known in due]

    def again(self, port: PortInfo, at_s: float) -> None:
        """It is its turn once more then, if it stays plugged in until then."""
        if port in self:
            self._due[port.lasting] = at_s

    def __contains__(self, port: PortInfo) -> bool:
        return port.lasting in self._due
