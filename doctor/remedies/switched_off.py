"""Scripts that run at boot, put out of the way: renamed on the board, and a copy of each on the PC."""

from __future__ import annotations

import hashlib
from pathlib import Path

from doctor.board.board import Board
from doctor.board.storage import files
from doctor.errors import BoardError
from doctor.remedies.backup_file import keep_copy

SUFFIX = ".off"


def name_off(board: Board, path: str) -> str:
    """The name that a script gets: ``….off``, or the first name like it that no file of the user's has."""
    return files.free_name(board, path + SUFFIX)


def switch_off(board: Board, path: str, copies: Path) -> tuple[str, Path]:
    """Rename a script of the board; returns its new name and where a copy lies. Raises BoardError, CardError."""
    data = files.read(board, path)
    kept = keep_copy(copies, path, data)
    target = name_off(board, path)
    files.move(board, path, target)
    if files.sha256(board, target) != hashlib.sha256(data).hexdigest():
        raise BoardError(
            "corrupt-upload",
            f"{target} is not what {path} was",
            on=board.link.name,
            cause="a program or a thread of the board wrote to it, or the board's flash is failing",
            next=f"compare it with the copy at {kept}",
        )
    return target, kept
