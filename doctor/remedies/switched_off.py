"""Scripts that run at boot, put out of the way: renamed on the board, and a copy of each on the PC."""

from __future__ import annotations

from pathlib import Path

from doctor.board import files
from doctor.board.board import Board
from doctor.remedies.backup_file import keep_copy

SUFFIX = ".off"


def switch_off(board: Board, path: str, copies: Path) -> Path:
    """Rename a script of the board to ``….off``; returns where the copy lies. Raises BoardError, CardError."""
    data = files.read(board, path)
    kept = keep_copy(copies, path, data)
    files.write(board, path + SUFFIX, data)
    files.remove(board, path)
    return kept
