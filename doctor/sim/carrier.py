"""The carrier board under the module: nets G6 and G7, their jumpers, and what the USB chip drives and reports.

Source: board-and-repl.md 6.1 to 6.3. True is a high level everywhere here, except for RTS and CTS as the PC
names them: asserted is a low line. What nobody knows for certain is a switch, a field with its doubt beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

WITH_JUMPERS = ("expansion2", "expansion3")
LABELS = ("RTS", "CTS")
"""What is printed beside the two jumpers."""

G6, G7 = "G6", "G7"

USB_IDS = {
    "expansion2": (0x0403, 0x6015),
    "expansion3": (0x04D8, 0xEF98),
    "pysense": (0x04D8, 0xF012),
    "pytrack": (0x04D8, 0xF013),
    "pyscan": (0x04D8, 0xEF38),
    "pygate": (0x04D8, 0xED14),
}
"""(vendor, product) per carrier (board-and-repl.md 2.2)."""
CARRIERS = tuple(USB_IDS)
"""Names of the carrier boards that the simulator knows."""
FOREIGN_ID = (0x04D8, 0x000A)
"""Microchip's example id: nobody can tell what board such a chip sits on."""


@dataclass
class Carrier:
    """One carrier board, the state of its two jumpers, and the doubts about it.

    name              one of CARRIERS
    rts_jumper        the jumper that is labelled RTS is on; carriers without them ignore it
    cts_jumper        the one labelled CTS
    pic_drives_rts    expansion3: its PIC drives the RTS line (differs between PIC firmwares, 8)
    pic_reports_cts   expansion3: its PIC reports the CTS line to the PC (same)
    unreported_cts    what the PC reads as CTS if the PIC reports none; a driver may say always asserted
    open_cts          what the PC reads as CTS if no jumper leads to the chip; False: its input is pulled up
                      (board-and-repl.md 6.3)
    labels_swapped    expansion2: the label RTS sits on G6 and CTS on G7, the other way round than on 3.x
                      (board-and-repl.md 6.2, 8)
    chip_swapped      the chip's RTS leads to G7 and its CTS comes from G6: "labels/nets differ"
                      (board-and-repl.md 6.2, 6.3)
    usb_wins          if the chip and the module drive a net against each other, the chip is stronger
                      (board-and-repl.md 6.3, phase C)
    g6_held           level that something on the modem's side forces on G6, None: nothing does
                      (board-and-repl.md 6.3, 8)
    known_usb_id      the chip shows the id of board-and-repl.md 2.2; that of Expansion Board 3.1 is an assumption
    """

    name: str = "expansion3"
    rts_jumper: bool = False
    cts_jumper: bool = False
    pic_drives_rts: bool = True
    pic_reports_cts: bool = True
    unreported_cts: bool = False
    open_cts: bool = False
    labels_swapped: bool = False
    chip_swapped: bool = False
    usb_wins: bool = True
    g6_held: bool | None = None
    known_usb_id: bool = True
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

    # --- the jumpers ---

    @property
    def has_jumpers(self) -> bool:
        """True for the expansion boards, the only ones with RTS/CTS jumpers."""
        return self.name in WITH_JUMPERS

    @property
    def jumpers_fitted(self) -> bool:
        """True while at least one of the two is on; set it to fit or pull both."""
        return self.rts_jumper or self.cts_jumper

    @jumpers_fitted.setter
    def jumpers_fitted(self, fitted: bool) -> None:
        self.rts_jumper = self.cts_jumper = fitted

    def jumper_on(self, net: str) -> bool:
        """Whether net G6 or G7 is joined to the USB chip."""
        if not self.has_jumpers:
            return False
        rts_net = G6 if self.labels_swapped and self.name == "expansion2" else G7  # 3.x page: RTS is G7, CTS is G6
        return self.rts_jumper if net == rts_net else self.cts_jumper

    # --- the nets ---

    def chip_drives(self, net: str) -> bool | None:
        """The level that the USB chip's RTS output puts on a net through its jumper; None if it does not."""
        if net != (G7 if self.chip_swapped else G6) or not self.jumper_on(net):
            return None
        if self.name == "expansion3" and not self.pic_drives_rts:
            return None
        return not self.rts_asserted

    def level(self, net: str, module: bool | None, pull: bool | None) -> bool:
        """Level of a net: outputs first, then what holds it, then a pull of the module; else high."""
        chip = self.chip_drives(net)
        outputs = (chip, module) if self.usb_wins else (module, chip)
        held = self.g6_held if net == G6 else None
        for level in (*outputs, held, pull):
            if level is not None:
                return level
        return True

    def drowns_module(self, net: str) -> bool:
        """True if what the module sends on a net does not get through, since the chip drives it, and is stronger."""
        return self.usb_wins and self.chip_drives(net) is not None

    def cts_asserted(self, g6: bool, g7: bool) -> bool:
        """What the PC reads as CTS with the nets at these levels."""
        if not self.has_jumpers:
            return self.open_cts
        if self.name == "expansion3" and not self.pic_reports_cts:
            return self.unreported_cts
        net, level = (G6, g6) if self.chip_swapped else (G7, g7)
        return not level if self.jumper_on(net) else self.open_cts

    @property
    def usb_id(self) -> tuple[int, int]:
        """(vendor, product) that the system shows."""
        return USB_IDS[self.name] if self.known_usb_id else FOREIGN_ID

    # --- keeping ---

    def state(self) -> dict[str, Any]:
        """Everything that survives, as plain data: set each member by its name to have it back."""
        return {name: value for name, value in self.__dict__.items() if name not in ("_listener", "rts_asserted")}
