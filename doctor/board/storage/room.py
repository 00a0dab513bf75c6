"""How much fits on a board's /flash, counted in the blocks of its file system."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from doctor.board import snippets
from doctor.board.board import Board
from doctor.board.storage import files, proof
from doctor.board.storage.file_names import fat_key
from doctor.board.storage.kept_files import ROOT

BLOCK_BYTES = 4096  #: what one file takes at least, FAT or LittleFS: an erase block of the flash chip
SPARE_BLOCKS = 2  #: for folders that grow
_KIB = 1024
_POINTERS_BYTES = 16  #: LittleFS keeps up to four pointers of a long file's list in each of its blocks


@dataclass(frozen=True)
class Room:
    """Free space on /flash right now; ``free_bytes`` is None if the board does not say."""

    free_bytes: int | None
    block_bytes: int = BLOCK_BYTES
    is_fat: bool = False

    @property
    def spare_bytes(self) -> int:
        """What stays free after all is written."""
        return SPARE_BLOCKS * self.block_bytes

    @property
    def folder_bytes(self) -> int:
        """What one folder takes; LittleFS keeps each twice."""
        return self.block_bytes * (1 if self.is_fat else 2)

    def file_bytes(self, size_bytes: int) -> int:
        """What a file of ``size_bytes`` takes."""
        in_block = self.block_bytes - (0 if self.is_fat else _POINTERS_BYTES)
        return -(-max(1, size_bytes) // in_block) * self.block_bytes

    @property
    def key(self) -> Callable[[str], str]:
        """As ``name_key``."""
        return _key(fat=self.is_fat)


def room_on(board: Board) -> Room:
    """Ask the board, each time again. Raises BoardError."""
    told = proof.one(board, snippets.ROOM, "its free space")
    answer = told if isinstance(told, dict) else {}
    free, block = answer.get("free_kib"), answer.get("block")
    return Room(
        free * _KIB if isinstance(free, int) else None,
        block if isinstance(block, int) and block > 0 else BLOCK_BYTES,
        is_fat(board),
    )


def is_fat(board: Board) -> bool:
    """Whether /flash is FAT, which finds a file under its name in another case; LittleFS does not.

    If /flash holds nothing that can be examined and has a letter in its name, the release decides. Only reads. Raises
    BoardError (board-and-repl.md 4).
    """
    with suppress(files.BoardFileRefused, files.BoardFileMissing):
        listed = files.listdir(board, ROOT)
        names = {entry.name for entry in listed}
        for name in sorted(entry.name for entry in listed if entry.is_named and entry.size_bytes >= 0):
            other = name.swapcase()
            if name.isascii() and other not in names:
                return files.exists(board, posixpath.join(ROOT, other))
    return board.identify().era.flash_is_fat


def name_key(board: Board) -> Callable[[str], str]:
    """What makes one of all paths that name one file on /flash. Raises BoardError."""
    return _key(fat=is_fat(board))


def _key(*, fat: bool) -> Callable[[str], str]:
    return fat_key if fat else str
