"""The module's pins: who drives them, and what the modem and the PC make of the two that carry jumpers.

Source: board-and-repl.md 5.1, 6.2, 6.3. True is a high level.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from doctor.sim.carrier import G6, G7, Carrier


class ModemPins(NamedTuple):
    """Names of the pins that lead to the modem, as the ESP32 sees them."""

    tx: str
    rx: str
    rts: str
    cts: str


MODEM_PINS = {"FiPy": ModemPins("P20", "P18", "P19", "P17"), "GPy": ModemPins("P5", "P98", "P7", "P99")}

G6_PIN, G7_PIN = "P19", "P20"
"""Header nets with a jumper to the USB chip's RTS and CTS, on every module."""

NETS = {G6_PIN: G6, G7_PIN: G7}

INPUT_ONLY = ("P13", "P14", "P15", "P16", "P17", "P18")
"""GPIO34 to GPIO39: no output, no pulls."""


@dataclass
class PinState:
    """One pin. mode: ``free``, ``uart``, ``in``, ``out`` or ``open-drain``; pull: True up, False down, None none."""

    mode: str = "free"
    pull: bool | None = None
    value: bool = True


class Pins:
    """All pins of the module. ``on_change`` is called after anything that may move a level."""

    def __init__(self, board: str, carrier: Carrier) -> None:
        """``board`` is FiPy or GPy; changes of the carrier count as changes of the pins."""
        self.modem = MODEM_PINS[board]
        self.carrier = carrier
        self.on_change: Callable[[], None] = lambda: None
        self.names = [f"P{number}" for number in range(24)] + (["P98", "P99"] if board == "GPy" else [])
        self.rts_asserted = False
        """What the modem UART's flow control wants to tell the modem; the pin tells it only in mode ``uart``."""
        self.input_detaches = True
        """An input carries no signal of its UART (board-and-repl.md 6.3, step 1: perhaps); open drain does."""
        self.break_bytes = b"\0"
        """What the modem's receiver makes of its line being low for longer than a byte (8: effect not known)."""
        self._states: dict[str, PinState] = {}
        self.reset()
        carrier.listen(lambda: self.on_change())

    def reset(self) -> None:
        """As after a hard reset: the modem's pins belong to its UART, with RTS deasserted."""
        self._states = {name: PinState() for name in self.names}
        self.rts_asserted = False
        self.attach_modem()

    def attach_modem(self) -> None:
        """Give the modem's pins to the UART."""
        for name in self.modem:
            self._states[name] = PinState("uart")
        self.on_change()

    def set_rts(self, asserted: bool) -> None:
        """The UART's flow control output: asserted = the modem may send."""
        self.rts_asserted = asserted
        self.on_change()

    def __getitem__(self, name: str) -> PinState:
        return self._states[name]

    def configure(self, name: str, state: PinState) -> None:
        """Take a pin for something else."""
        if state.mode == "in" and self._states[name].mode == "uart" and not self.input_detaches:
            state = PinState("uart", state.pull)
        self._states[name] = state
        self.on_change()

    def driven(self, name: str) -> bool | None:
        """The level that the module itself puts on a pin; None: it only listens."""
        state = self._states[name]
        if state.mode == "uart":
            if name == self.modem.rts:
                return not self.rts_asserted
            return True if name == self.modem.tx else None  # a resting line is high
        if state.mode == "out":
            return state.value
        if state.mode == "open-drain" and not state.value:
            return False
        return None

    def level(self, name: str) -> bool:
        """What the pin reads."""
        driven, pull = self.driven(name), self._states[name].pull
        if name in NETS:
            return self.carrier.level(NETS[name], driven, pull)
        if driven is not None:
            return driven
        if pull is not None and name not in INPUT_ONLY:
            return pull
        return name in (self.modem.tx, self.modem.rx)

    @property
    def modem_may_send(self) -> bool:
        """The modem's flow control input: low means yes."""
        return not self.level(self.modem.rts)

    @property
    def reaches_modem(self) -> bool:
        """True while what the modem's UART sends gets to the modem's RX."""
        tx = self.modem.tx
        return self._states[tx].mode == "uart" and not (tx in NETS and self.carrier.drowns_module(NETS[tx]))

    @property
    def hears_modem(self) -> bool:
        """True while the modem's TX gets to its UART."""
        return self._states[self.modem.rx].mode == "uart"

    @property
    def cts_asserted(self) -> bool:
        """What the PC sees as CTS."""
        return self.carrier.cts_asserted(self.level(G6_PIN), self.level(G7_PIN))

    def state(self) -> dict[str, Any]:
        """All of it as plain data."""
        return {"rts": self.rts_asserted, "pins": {name: asdict(state) for name, state in self._states.items()}}

    def restore(self, state: dict[str, Any]) -> None:
        """Become what ``state`` says."""
        self.rts_asserted = bool(state["rts"])
        self._states = {name: PinState(**fields) for name, fields in state["pins"].items()}
        self.on_change()
