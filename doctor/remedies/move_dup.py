"""Cure ``move-dup``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from doctor.board.card import sdcard
from doctor.board.storage import files
from doctor.card.dups import find_dups, real_name
from doctor.check import Finding
from doctor.errors import CardError
from doctor.fat.card_file import APPLE_DOUBLE_MAGIC, ROOT, CardFile
from doctor.remedies import side_files
from doctor.remedies.backup_file import keep_copy
from doctor.remedies.cure import CureContext, DoableCure
from doctor.remedies.device_consent import device_lines, take_consent
from doctor.text.escape import shown

if TYPE_CHECKING:
    from doctor.bench import Bench


@dataclass(frozen=True)
class _Tidying:
    """What will be done: files that get another path, as (old, new), and notes of macOS that go."""

    moves: tuple[tuple[str, str], ...]
    deleted: tuple[str, ...]


class MoveDup(DoableCure):
    """Put the firmware image at the card's root under its right name.

    Out of folders, without the .txt that a system hid behind its name, and without the ._ files that macOS laid
    beside it and that the vendor's scripts take for firmware.
    """

    id = "move-dup"

    def plan(self, bench: Bench, finding: Finding | None, context: CureContext) -> tuple[str, ...]:
        """One step for each file. Raises CardError if the root has such a name already."""
        path = bench.options.sd
        where = "the card in the board" if path is None else str(path)
        if path is not None:
            bench.card.refuse_if_damaged()
        todo = self._todo(bench)
        lines = [f"on {where}: move {shown(src)} to {shown(dst)}" for src, dst in todo.moves]
        lines += [f"on {where}: delete {shown(name)}, a metadata file of macOS, not firmware" for name in todo.deleted]
        if not lines:
            return ()
        if path is not None and todo.moves:
            lines.append(f"on {where}: {side_files.PLANNED}")
        return (*(device_lines(path, context) if path is not None else ()), *lines)

    def do(self, bench: Bench, finding: Finding | None, context: CureContext) -> str:
        """Move and delete them. Raises CardError or BoardError."""
        if bench.options.sd is not None:
            take_consent(bench.options.sd, context)
        todo = self._todo(bench)
        for src, dst in todo.moves:
            if bench.options.sd is None:
                with sdcard.mounted(bench.board):
                    files.move(bench.board, src, dst)
            else:
                bench.card.move(src, dst, context.emit)
        for path in todo.deleted:
            self._delete(bench, path, context)
        done = [f"{shown(src)} is now {shown(dst)}" for src, dst in todo.moves]
        done += [f"{shown(path)} is deleted" for path in todo.deleted]
        if bench.options.sd is not None and todo.moves:
            done += filter(None, [side_files.tend(bench.card, context.emit)])
        return ", ".join(done)

    def _delete(self, bench: Bench, path: str, context: CureContext) -> None:
        if bench.options.sd is None:
            with sdcard.mounted(bench.board):
                _keep(context, path, files.read(bench.board, path))
                files.remove(bench.board, path)
            return
        _keep(context, path, b"".join(bench.card.read(path)))
        bench.card.remove(path, context.emit)

    def _todo(self, bench: Bench) -> _Tidying:
        listed = self._files(bench)
        dups = find_dups(listed)
        taken = {file.path.lower() for file in listed}
        moves = []
        for file in (*dups.in_folders, *dups.double):
            target = f"{ROOT}/{real_name(file.name)}"
            if target.lower() in taken:
                raise CardError(
                    "dup-in-folder-named-sd",
                    f"{shown(real_name(file.name))} is already at the root",
                    on=shown(file.path),
                    next=f"delete the one that you do not want, then run {bench.options.command('check')}",
                )
            taken.add(target.lower())
            moves.append((file.path, target))
        deleted = [file.path for file in dups.companions if self._is_apple_double(bench, file.path)]
        return _Tidying(tuple(moves), tuple(deleted))

    def _is_apple_double(self, bench: Bench, path: str) -> bool:
        """Whether it is what its name says, and not a file of the user's; ``_keep`` looks again before it goes."""
        if bench.options.sd is None:
            return sdcard.head(bench.board, path, len(APPLE_DOUBLE_MAGIC))[1] == APPLE_DOUBLE_MAGIC
        return next(iter(bench.card.read(path)), b"").startswith(APPLE_DOUBLE_MAGIC)

    def _files(self, bench: Bench) -> list[CardFile]:
        if bench.options.sd is not None:
            return [f for f in bench.card.files() if not f.is_dir]
        return list(sdcard.look(bench.board).files)


def _keep(context: CureContext, path: str, data: bytes) -> None:
    """Copy a ``._`` file to the PC. Raises CardError if it is no metadata of macOS, and so not ours to delete."""
    if not data.startswith(APPLE_DOUBLE_MAGIC):
        raise CardError("appledouble-companion", "is not a metadata file of macOS; it was not deleted", on=path)
    keep_copy(context.backup, path, data)
