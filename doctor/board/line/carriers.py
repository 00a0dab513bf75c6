"""What the module sits on, as far as the RTS and CTS jumpers are concerned: board-and-repl.md 2.2, 6.1."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from doctor.link.ports import PortInfo


class Carrier(str, Enum):
    """A kind of carrier board."""

    EXPANSION_2 = "expansion2"
    EXPANSION_3 = "expansion3"
    WITHOUT_JUMPERS = "without-jumpers"
    UNKNOWN = "unknown"


#: Names as people write them, squeezed to small letters and digits: ``Expansion Board 3.1``, ``expansion-2``.
_NAMES = (
    (re.compile(r"exp(ansion)?(board)?(version|v)?2[0x]?"), Carrier.EXPANSION_2),
    (re.compile(r"exp(ansion)?(board)?(version|v)?3[01x]?"), Carrier.EXPANSION_3),
    (re.compile(r"(pysense|pytrack|pyscan|pygate)(version|v)?[12]?[0x]?x?"), Carrier.WITHOUT_JUMPERS),
)


@dataclass(frozen=True)
class Seat:
    """The carrier board under the module: its kind, its name, and how that is known."""

    kind: Carrier
    name: str
    overruled: str = ""
    """What the user said, if the USB id knows better."""

    @property
    def has_no_jumpers(self) -> bool:
        """True if it is certain enough that there is nothing to look at."""
        return self.kind is Carrier.WITHOUT_JUMPERS


def carrier_of(name: str | None) -> Carrier:
    """The kind of carrier behind a name: ``expansion3``, ``Expansion Board 3.1``, ``Pysense``; None is unknown."""
    word = "".join(c for c in (name or "").lower() if c.isascii() and c.isalnum())
    return next((kind for pattern, kind in _NAMES if pattern.fullmatch(word)), Carrier.UNKNOWN)


def seat(told: str | None, port: PortInfo | None) -> Seat:
    """The carrier by what the user says and what the port's USB id says.

    The user knows best, but for one thing: a chip with the id of an expansion board of the 3.x sits on one, and then
    neither another kind of chip is believed nor that there are no jumpers. 0403:6015 is any FTDI cable: no certainty.
    """
    seen = carrier_of(port.carrier) if port is not None else Carrier.UNKNOWN
    by_id = port.carrier or "" if port is not None else ""
    if told is None:
        return Seat(seen, by_id or "unknown")
    kind = carrier_of(told)
    certain = port is not None and not port.ambiguous and seen is Carrier.EXPANSION_3
    if certain and kind is not seen:
        return Seat(seen, by_id, told)
    return Seat(kind, told)
