"""The jobs behind ``fipy-doctor backup`` and ``restore``: the board's files on the PC, and back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from doctor.bench import Bench
from doctor.board import flash_copy
from doctor.board.flash_copy import Kept


@dataclass(frozen=True)
class Copied:
    """What was copied: the files of the backup, and how many went over."""

    files: tuple[Kept, ...]
    written: int


def backup(bench: Bench, folder: Path, say: Callable[[str], None] = flash_copy.quiet) -> Copied:
    """Copy all of /flash into ``folder``, proved file by file. Raises DoctorError."""
    kept = flash_copy.backup(bench.board, folder, say)
    return Copied(kept, len(kept))


def restore(
    bench: Bench,
    folder: Path,
    agreed: Callable[[tuple[Kept, ...]], bool],
    say: Callable[[str], None] = flash_copy.quiet,
) -> Copied | None:
    """Write a backup's files to the board, those that differ; None where it was not agreed. Raises DoctorError.

    Files that the backup does not have stay as they are.
    """
    kept = flash_copy.read_backup(folder)
    bench.board_facts  # noqa: B018 - no plan is shown before the board has answered
    if not agreed(kept):
        return None
    return Copied(kept, flash_copy.restore(bench.board, folder, kept, say))
