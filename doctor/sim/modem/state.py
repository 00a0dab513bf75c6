"""The simulated modem as JSON-able data, so that it outlives a run of the program."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from doctor.sim.modem.faults import Faults
from doctor.sim.modem.flash import Flash
from doctor.sim.modem.ppp import DataMode
from doctor.sim.modem.stp import StpSlave
from doctor.sim.modem.switches import Switches
from doctor.sim.modem.upgrade import Upgrade

if TYPE_CHECKING:
    from doctor.sim.modem.modem import Modem


def dump(modem: Modem) -> dict[str, Any]:
    """All that outlives a run. No time passes between two runs: what was awaited is awaited again."""
    stp = modem.stp
    session: dict[str, Any] | None = None
    if stp is not None:
        session = {"method": stp.method, "taken": stp.taken, "total": stp.total, "open": stp.session_open}
        session["stuck"] = stp.is_stuck
    return {
        "family": modem.family,
        "imei": modem.imei,
        "flash": asdict(modem.flash),
        "switches": asdict(modem.switches),
        "faults": modem.faults.as_list(),
        "received": [asdict(replace(item, data=None)) for item in modem.received],
        "misuse": list(modem.misuse),
        "extra_answers": dict(modem.extra_answers),
        "system": modem.system,
        "is_dead": modem.is_dead,
        "baud": modem.baud,
        "cfun": modem.cfun,
        "echo_off": modem.echo_off,
        "stuck": modem.is_stuck,
        "holds_cts": modem.holds_cts,
        "data_mode": modem.ppp is not None,
        "upgrade": None if modem.upgrade is None else modem.upgrade.as_dict(),
        "session": session,
    }


def load(modem: Modem, state: dict[str, Any]) -> None:
    """Make a modem, just switched off, what ``dump`` told. Raises KeyError or TypeError for anything else."""
    from doctor.sim.modem.modem import Received  # it imports us

    modem.family = state["family"]
    modem.imei = state["imei"]
    modem.flash = Flash.from_dict(state["flash"])
    modem.switches = Switches.from_dict(state["switches"])
    modem.faults = Faults.from_list(state["faults"])
    modem.received = [Received(**item) for item in state["received"]]
    modem.misuse = list(state["misuse"])
    modem.extra_answers = dict(state["extra_answers"])
    modem.is_dead = bool(state["is_dead"])
    system = state["system"]
    if state["upgrade"] is not None:
        Upgrade.from_dict(modem, state["upgrade"]).start()
    elif system in ("booting", "working"):
        modem.come_up(modem.boots_to())
    elif system in ("off", "hung", "dead"):
        modem.system = system
    else:
        modem.come_up(system, state["baud"])
        modem.cfun = state["cfun"]
        modem.echo_off = bool(state["echo_off"])
        _load_channel(modem, state)
        modem.is_stuck = bool(state.get("stuck"))
        modem.holds_cts = bool(state.get("holds_cts"))


def _load_channel(modem: Modem, state: dict[str, Any]) -> None:
    session = state["session"]
    if session is not None:
        modem.stp = StpSlave(modem, session["method"])
        if session["open"]:
            modem.stp.break_off(session["taken"], session["total"])
        if session.get("stuck"):
            modem.stp.get_stuck()
    elif state["data_mode"]:
        modem.ppp = DataMode(modem)
