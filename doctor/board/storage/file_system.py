"""Which file system a board's /flash has; the release alone does not tell: ``pycom.bootmgr()`` chooses either."""

from __future__ import annotations

import posixpath
from contextlib import suppress

from doctor.board.board import Board
from doctor.board.storage import files
from doctor.board.storage.kept_files import ROOT


def is_fat(board: Board) -> bool:
    """Whether /flash is FAT, which finds a file under its name in another case; LittleFS does not.

    Where /flash holds nothing with a letter in its name, the release decides. Only reads. Raises BoardError
    (board-and-repl.md 4).
    """
    with suppress(files.BoardFileRefused, files.BoardFileMissing):
        names = {entry.name for entry in files.listdir(board, ROOT)}
        for name in sorted(name for name in names if name.isascii() and name.upper() != name.lower()):
            return name.swapcase() not in names and files.exists(board, posixpath.join(ROOT, name.swapcase()))
    return board.identify().era.flash_is_fat
