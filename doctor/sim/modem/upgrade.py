"""The last part of an upgrade in the simulated modem: after the transfer nobody answers, then there is a verdict."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from doctor.sim.modem.core import ModemCore
from doctor.sim.modem.faults import DEPLOY
from doctor.sim.modem.flash import SELECT_FFF, install
from doctor.sim.modem.images import Judged

SILENT, ONGOING = "silent", "on-going"

FINISH_MS = {
    ("SQN3330", True): 30_000, ("SQN3330", False): 1_000,
    ("MONARCH2", True): 30_000, ("MONARCH2", False): 2_500,
}  # fmt: skip
"""How long nobody answers, by family and whether the store method kept the file (modem-protocol.md 5.7)."""
FOUND_BUSY_MS = 600_000
"""How long a modem stays busy that is found deploying."""


@dataclass
class Upgrade:
    """One image on its way from the receive buffer into flash.

    image   what was judged; None if a modem is found busy with somebody else's
    stored  by the store method: the modem restarts into its updater and comes back as application
    home    the system that is running, to which an ON_THE_FLY upgrade returns
    whole   whether the application could start before the transfer began
    """

    modem: ModemCore
    image: Judged | None
    size_bytes: int
    stored: bool
    home: str
    whole: bool = True
    phase: str = SILENT
    problem: str = ""
    is_settled: bool = False
    _spoiled: bool = False
    _is_late: bool = False

    def start(self) -> None:
        """Fall silent, and wake up when flash is written."""
        modem = self.modem
        modem.flash.report = "on-going"
        if self.image is None:
            self.phase = ONGOING
            modem.come_up("deploying")
            modem.later(FOUND_BUSY_MS, self._wake_up)
            return
        modem.system = "working"
        fault = modem.faults.strike(DEPLOY)
        kind = "" if fault is None else fault.kind
        asked_ms = modem.switches.deploy_ms
        delay_ms = FINISH_MS[modem.family, self.stored] if asked_ms is None else asked_ms
        if kind in ("cut", "blip"):
            modem.later(delay_ms / 2, lambda: modem.suffer(kind))
        if fault is not None and kind == "stall":
            if fault.ms is None:
                return
            delay_ms += fault.ms
        self._spoiled = kind == "fail"
        self._is_late = kind == "late-start" and self.stored
        modem.later(delay_ms, self._wake_up)

    def cut(self) -> None:
        """Power went away in the middle."""
        modem = self.modem
        if self.phase == ONGOING and self.image is not None:
            self.settle()
            return
        policy = modem.switches.cut_while_deploying
        modem.flash.report = modem.switches.failure_word
        if policy == "brick":
            modem.is_dead = True
        elif policy == "recovery":
            modem.flash.whole = False

    def settle(self) -> None:
        """Make the verdict known."""
        self.is_settled = True
        self.modem.flash.report = self.modem.switches.failure_word if self.problem else "success"

    def _wake_up(self) -> None:
        modem = self.modem
        if self._spoiled:
            self.problem = "found unusable"
        elif self.image is not None and not self._is_late:
            in_application = self.home == "application" and not self.stored
            self.problem = install(
                modem.flash, self.image, self.size_bytes, stored=self.stored, in_application=in_application
            )
        if self.problem == "wrong base":  # a differential compares before it writes
            modem.flash.whole = self.whole
        if self.stored or self.image is None:
            self.settle()
            modem.reboot()
            modem.flash.late = self.image if self._is_late else None
            return
        self.phase = ONGOING
        modem.come_up(self.home, modem.baud)
        modem.later(modem.switches.ongoing_ms, self._end_in_place)

    def _end_in_place(self) -> None:
        modem = self.modem
        self.settle()
        if self.problem == "wrong base" and self.home == "recovery" and modem.switches.wrong_base == "application":
            modem.flash.selector = SELECT_FFF
            modem.reboot()

    def as_dict(self) -> dict[str, Any]:
        """JSON-able copy."""
        kept = {name: getattr(self, name) for name in ("size_bytes", "stored", "home", "whole")}
        return {"image": None if self.image is None else asdict(self.image), **kept}

    @classmethod
    def from_dict(cls, modem: ModemCore, data: dict[str, Any]) -> Upgrade:
        """What ``as_dict`` told; it starts from its beginning again."""
        values = dict(data)
        image = values.pop("image")
        return cls(modem, None if image is None else Judged(**image), **values)
