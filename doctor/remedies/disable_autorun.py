"""Cure ``disable-autorun``."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from doctor.board import autorun
from doctor.board.storage import files
from doctor.check import Finding
from doctor.remedies.cure import CureContext, DoableCure
from doctor.remedies.switched_off import name_off, switch_off

if TYPE_CHECKING:
    from doctor.bench import Bench

STARTED_AT_BOOT = ("/flash/boot.py", "/flash/main.py")


class DisableAutorun(DoableCure):
    """Keep boot.py and main.py from starting an updater by themselves."""

    id = "disable-autorun"

    def plan(self, bench: Bench, finding: Finding | None, context: CureContext) -> tuple[str, ...]:
        """One step for each file that starts an updater."""
        return tuple(
            f"keep a copy of {path} on this PC; on the board, rename it to "
            f"{posixpath.basename(name_off(bench.board, path))}"
            for path in self._starting(bench)
        )

    def do(self, bench: Bench, finding: Finding | None, context: CureContext) -> str:
        """Rename them; the text stays on the board and on the PC. Raises BoardError."""
        done = []
        for path in self._starting(bench):
            target, kept = switch_off(bench.board, path, context.backup)
            context.say(f"{path} is now {target}; a copy is at {kept}")
            done.append(f"{path} is now {target}")
        return f"no updater starts at boot any more: {', '.join(done)}"

    def _starting(self, bench: Bench) -> list[str]:
        return [
            path
            for path in STARTED_AT_BOOT
            if files.exists(bench.board, path)
            and autorun.find_starters(files.read(bench.board, path).decode("utf-8", errors="replace"))
        ]
