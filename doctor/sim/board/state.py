"""What a simulated board keeps between two runs of the program, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from doctor.sim.board.board import BoardSim
from doctor.sim.board.eras import sim_era
from doctor.sim.board.hardware import LteTask
from doctor.sim.board.sqnsupgrade import frozen_modules
from doctor.sim.board.uart import MIRROR_BAUD

_KEPT_IN_RAM = ("raw_mode", "reset_cause", "heartbeat", "uart1_on_modem", "runs_programs")
_KEPT = (*_KEPT_IN_RAM, "powered", "safe_boot", "nvs", "settings", "main_file")


def dump(board: BoardSim) -> dict[str, Any]:
    """The board's state, JSON-able.

    A program that runs cannot be kept: it starts again from boot, or, if it had set UART0 to 921600 (a bridge
    of somebody's own), the board is kept as mirroring.
    """
    mode = board.mode
    if board.running_code:
        mode = "mirror" if board.uart0.baud == MIRROR_BAUD and board.uart1_on_modem else "boot"
    return {
        **{name: getattr(board, name) for name in _KEPT},
        "release": board.era.release,
        "kind": board.kind,
        "mode": mode,
        "flash": board.flash.state(),
        "file_faults": board.file_faults.state(),
        "mounted": [name for name in board.vm.vfs.mounts if name != "flash"],
        "lte": asdict(board.lte),
        "pins": board.pins.state(),
        "carrier": board.carrier.state(),
        "uart1_baud": board.uart1.baud,
        "wdt_ms": board.wdt_ms,
    }


def load(board: BoardSim, state: Mapping[str, Any]) -> None:
    """Make the board what ``dump`` told; a prompt comes back silently, a program starts again from boot."""
    board.era = sim_era(str(state["release"]))
    board.kind = str(state["kind"])
    board.frozen = frozen_modules(board.era)
    board.uart0.capacity = board.era.rx_buffer_bytes
    board.flash.restore(state["flash"])
    board.file_faults.restore(state.get("file_faults", {}))
    board.nvs = dict(state["nvs"])
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
        for name in _KEPT_IN_RAM:
            setattr(board, name, state.get(name, getattr(board, name)))
        board.lte = LteTask(**state["lte"])
        board.uart1.setup(int(state["uart1_baud"]))
        board.pins.restore(state["pins"])
        if state["wdt_ms"] is not None:
            board.feed_wdt(float(state["wdt_ms"]))
    board.wake(str(state["mode"]), list(state["mounted"]))
