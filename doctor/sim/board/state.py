"""What a simulated board keeps between two runs of the program, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from doctor.sim.board.eras import sim_era
from doctor.sim.board.sqnsupgrade import frozen_modules

if TYPE_CHECKING:
    from doctor.sim.board.board import BoardSim

MIRROR_BAUD = 921_600


@dataclass
class LteTask:
    """What the firmware's LTE driver knows since boot."""

    tried: bool = False
    ready: bool = False
    recovery_seen: bool = False


def dump(board: BoardSim) -> dict[str, Any]:
    """The board's state, JSON-able.

    A program that runs cannot be kept: it starts again from boot, or, if it had set UART0 to 921600 (a bridge
    of somebody's own), the board is kept as mirroring.
    """
    mode = board.mode
    if board.running_code:
        mode = "mirror" if board.uart0.baud == MIRROR_BAUD and board.uart1_on_modem else "boot"
    return {
        "release": board.era.release,
        "kind": board.kind,
        "powered": board.powered,
        "mode": mode,
        "raw_mode": board.raw_mode,
        "reset_cause": board.reset_cause,
        "safe_boot": board.safe_boot,
        "flash": board.flash.state(),
        "file_faults": board.file_faults.state(),
        "nvs": dict(board.nvs),
        "settings": dict(board.settings),
        "main_file": board.main_file,
        "heartbeat": board.heartbeat,
        "mounted": [name for name in board.vm.vfs.mounts if name != "flash"],
        "lte": asdict(board.lte),
        "pins": board.pins.state(),
        "carrier": board.carrier.state(),
        "uart1_on_modem": board.uart1_on_modem,
        "uart1_baud": board.uart1.baud,
        "wdt_ms": board.wdt_ms,
    }


def load(board: BoardSim, state: Mapping[str, Any]) -> None:
    """Make the board what ``dump`` told."""
    board.era = sim_era(str(state["release"]))
    board.kind = str(state["kind"])
    board.frozen = frozen_modules(board.era)
    board.uart0.capacity = board.era.rx_buffer_bytes
    board.flash.restore(state["flash"])
    board.file_faults.restore(state.get("file_faults", {}))
    board.nvs.clear()
    board.nvs.update(state["nvs"])
    board.settings.update(state["settings"])
    board.main_file = str(state["main_file"])
    board.forget_life()
    board.powered = bool(state["powered"])
    board.safe_boot = bool(state["safe_boot"])
    for name, value in state["carrier"].items():
        setattr(board.carrier, name, value)
    if not board.powered:
        return
    if state["mode"] != "boot":
        _load_ram(board, state)
    board.wake(str(state["mode"]), list(state["mounted"]))


def _load_ram(board: BoardSim, state: Mapping[str, Any]) -> None:
    board.raw_mode = bool(state["raw_mode"])
    board.reset_cause = str(state["reset_cause"])
    board.heartbeat = bool(state["heartbeat"])
    board.lte = LteTask(**state["lte"])
    board.uart1_on_modem = bool(state["uart1_on_modem"])
    board.uart1.setup(int(state["uart1_baud"]))
    board.pins.restore(state["pins"])
    if state["wdt_ms"] is not None:
        board.feed_wdt(float(state["wdt_ms"]))
