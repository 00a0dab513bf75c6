"""The simulated modem as JSON-able data, so that it outlives a run of the program."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from doctor.sim.modem.faults import Faults
from doctor.sim.modem.flash import Flash
from doctor.sim.modem.modem import Modem, Received
from doctor.sim.modem.switches import Switches
from doctor.sim.modem.upgrade import Upgrade

_KEPT = ("family", "imei", "misuse", "extra_answers", "is_dead")
_KEPT_IN_AT = ("cfun", "echo_off", "is_stuck", "holds_cts")
"""What a system that listens has besides."""


def dump(modem: Modem) -> dict[str, Any]:
    """All that outlives a run. No time passes between two runs: what was awaited is awaited again."""
    stp = modem.stp
    session: dict[str, Any] | None = None
    if stp is not None:
        session = {"method": stp.method, "taken": stp.taken, "total": stp.total, "open": stp.session_open}
        session["stuck"] = stp.is_stuck
    return {
        **{name: getattr(modem, name) for name in (*_KEPT, *_KEPT_IN_AT)},
        "flash": asdict(modem.flash),
        "switches": asdict(modem.switches),
        "faults": modem.faults.as_list(),
        "received": [asdict(replace(item, data=None)) for item in modem.received],
        "system": modem.system,
        "baud": modem.baud,
        "data_mode": modem.ppp is not None,
        "upgrade": None if modem.upgrade is None else modem.upgrade.as_dict(),
        "session": session,
    }


def load(modem: Modem, state: dict[str, Any]) -> None:
    """Make a modem what ``dump`` told. Raises KeyError or TypeError for anything else."""
    modem.power_off()
    for name in _KEPT:
        setattr(modem, name, state[name])
    modem.flash = Flash.from_dict(state["flash"])
    modem.switches = Switches.from_dict(state["switches"])
    modem.faults = Faults.from_list(state["faults"])
    modem.received = [Received(**item) for item in state["received"]]
    system = state["system"]
    if state["upgrade"] is not None:
        modem.start_upgrade(Upgrade.from_dict(modem, state["upgrade"]))
    elif system in ("booting", "working"):
        modem.come_up(modem.boots_to())
    elif system in ("off", "hung", "dead"):
        modem.system = system
    else:
        modem.come_up(system, state["baud"])
        _load_channel(modem, state)
        for name in _KEPT_IN_AT:
            setattr(modem, name, state.get(name, False))
    modem.on_cts(modem.cts)


def _load_channel(modem: Modem, state: dict[str, Any]) -> None:
    session = state["session"]
    if session is not None:
        stp = modem.open_stp(session["method"])
        if session["open"]:
            stp.break_off(session["taken"], session["total"])
        if session.get("stuck"):
            stp.get_stuck()
    elif state["data_mode"]:
        modem.enter_data_mode()
