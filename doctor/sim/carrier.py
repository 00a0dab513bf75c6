"""The carrier board under the module: nets G6 and G7, their jumpers, and what the USB chip drives.

Source: reference/board-and-repl.md 6.2, 6.3. True is a high level everywhere here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

CARRIERS = ("expansion2", "expansion3", "pysense", "pytrack", "pyscan", "pygate")
"""Names of the carrier boards that the simulator knows."""

WITH_JUMPERS = ("expansion2", "expansion3")

USB_IDS = {
    "expansion2": (0x0403, 0x6015),
    "expansion3": (0x04D8, 0xEF98),
    "pysense": (0x04D8, 0xF012),
    "pytrack": (0x04D8, 0xF013),
    "pyscan": (0x04D8, 0xEF38),
    "pygate": (0x04D8, 0xED14),
}
"""(vendor, product) per carrier (board-and-repl.md 2.2)."""


@dataclass
class Carrier:
    """One carrier board and the state of its RTS/CTS jumpers.

    name             one of CARRIERS
    jumpers_fitted   both jumpers, RTS and CTS; carriers without them ignore it
    pic_drives_rts   expansion3: its PIC drives the RTS line (differs between PIC firmwares, board-and-repl.md 8)
    pic_reports_cts  expansion3: its PIC reports the CTS line to the PC (same)
    g6_held          level that something on the modem's side forces on G6, None: nothing does (6.3, "constant")
    """

    name: str = "expansion3"
    jumpers_fitted: bool = False
    pic_drives_rts: bool = True
    pic_reports_cts: bool = True
    g6_held: bool | None = None
    rts_asserted: bool = False
    """What the PC last asked for; False with no port open, and then the line is high."""

    def listen(self, listener: Callable[[], None]) -> None:
        """Have ``listener`` called after any change."""
        object.__setattr__(self, "_listener", listener)

    def __setattr__(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)
        listener = self.__dict__.get("_listener")
        if listener is not None:
            listener()

    def __post_init__(self) -> None:
        if self.name not in CARRIERS:
            raise ValueError(f"no carrier is called {self.name!r}; valid are {', '.join(CARRIERS)}")

    @property
    def has_jumpers(self) -> bool:
        """True for the expansion boards, the only ones with RTS/CTS jumpers."""
        return self.name in WITH_JUMPERS

    @property
    def usb_level_on_g6(self) -> bool | None:
        """The level that the USB chip puts on net G6 through the jumper; None where it does not reach it."""
        if not (self.has_jumpers and self.jumpers_fitted):
            return None
        if self.name == "expansion3" and not self.pic_drives_rts:
            return None
        return not self.rts_asserted

    def g6(self, module_level: bool | None, pull: bool | None) -> bool:
        """Level of net G6: the USB chip wins, then the module, then what holds it, then a pull; else high."""
        for level in (self.usb_level_on_g6, module_level, self.g6_held, pull):
            if level is not None:
                return level
        return True

    def cts_asserted(self, g7_level: bool) -> bool:
        """What the PC sees as CTS with net G7 at ``g7_level``: asserted is a low line."""
        if not (self.has_jumpers and self.jumpers_fitted):
            return False
        if self.name == "expansion3" and not self.pic_reports_cts:
            return False
        return not g7_level

    def state(self) -> dict[str, Any]:
        """Everything that survives, as plain data."""
        return {
            "name": self.name,
            "jumpers_fitted": self.jumpers_fitted,
            "pic_drives_rts": self.pic_drives_rts,
            "pic_reports_cts": self.pic_reports_cts,
            "g6_held": self.g6_held,
        }

    @classmethod
    def restored(cls, state: Mapping[str, Any]) -> Carrier:
        """The carrier that ``state`` describes."""
        return cls(**state)
