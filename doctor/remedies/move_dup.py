"""Cure ``move-dup``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from doctor.board import sdcard
from doctor.check import Finding
from doctor.errors import CardError
from doctor.escape import shown
from doctor.remedies.cure import CureContext, DoableCure

if TYPE_CHECKING:
    from doctor.bench import Bench

ROOT = "/sd"


class MoveDup(DoableCure):
    """Move the firmware image to the card's root."""

    id = "move-dup"
    flag = "move-dup"

    def plan(self, bench: Bench, finding: Finding | None, context: CureContext) -> tuple[str, ...]:
        """One step for each image that lies in a folder. Raises CardError where the root has that name already."""
        where = "the card in the board" if bench.options.sd is None else str(bench.options.sd)
        return tuple(f"on {where}: move {shown(src)} to {shown(dst)}" for src, dst in self._moves(bench))

    def do(self, bench: Bench, finding: Finding | None, context: CureContext) -> str:
        """Move them. Raises CardError or BoardError."""
        moves = self._moves(bench)
        for src, dst in moves:
            if bench.options.sd is None:
                sdcard.move(bench.board, src, dst)
            else:
                bench.card.move(src, dst)
        return ", ".join(f"{shown(src)} is now {shown(dst)}" for src, dst in moves)

    def _moves(self, bench: Bench) -> list[tuple[str, str]]:
        paths = self._files(bench)
        taken = {path.lower() for path in paths}
        moves = []
        for path in paths:
            name = path.rpartition("/")[2]
            if path.count("/") == 2 or not name.lower().endswith(".dup") or name.startswith("._"):
                continue
            target = f"{ROOT}/{name}"
            if target.lower() in taken:
                raise CardError(
                    "dup-in-folder-named-sd",
                    f"{shown(name)} lies at the root and in a folder too",
                    on=shown(path),
                    next="delete the one that you do not want, then run fipy-doctor check",
                )
            taken.add(target.lower())
            moves.append((path, target))
        return moves

    def _files(self, bench: Bench) -> list[str]:
        if bench.options.sd is not None:
            return [f.path for f in bench.card.files() if not f.is_dir]
        return [f.path for f in sdcard.look(bench.board).files]
