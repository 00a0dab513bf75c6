"""The SD card as the board sees it: does SD() work, does it mount, what does it list."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from doctor.board.repl import ReplTraceback
from doctor.board.snippets import card
from doctor.board.storage import proof
from doctor.documents.json_file import count_in
from doctor.errors import BoardError
from doctor.fat.card_file import CardFile
from doctor.fat.layout import Layout, look_at, mbr_entries
from doctor.fat.source import SECTOR_BYTES, KnownSectors
from doctor.text.escape import shown

if TYPE_CHECKING:
    from doctor.board.board import Board

LOOK_SILENCE_S = 20.0  #: SD() on an empty slot returns after about 1 s; free space of a 32 GB card scans 4 MB of FAT
LOOK_TOTAL_S = 60.0
HASH_SILENCE_S = 15.0  #: a dot comes every 256 KiB; 1-bit SDMMC at default speed reads well over 100 kB/s
HASH_TOTAL_S = 600.0
FORMAT_SILENCE_S = 180.0  #: a 32 GB card writes some MB of FAT over the 1-bit bus; nothing is printed in that time
READ_BYTES_S = 400_000  #: for estimates: what such a bus usually gives; nobody has measured it on a board
FTP_BYTES_S = 100_000  #: for estimates: over the board's Wi-Fi onto its card; nobody has measured it either
KIB = 1024


class Stage(str, Enum):
    """Where looking at the card failed; each has another cause (board-and-repl.md 4, error texts)."""

    NONE = ""
    SD = "sd"
    """``SD()``: the card does not answer electrically."""
    MOUNT = "mount"
    """``os.mount``: no FAT volume (up to 1.18.3), or a mount point in use."""
    LIST = "list"
    """``os.listdir``: no FAT volume (1.20 on, where mounting always succeeds), or a directory that cannot be read."""


@dataclass(frozen=True)
class CardView:
    """What the board sees of its card.

    mounts         names that ``os.listdir('/')`` gave before we looked
    listed         files and folders two levels deep; None if nothing could be listed
    cut            True if the card holds more than was listed
    free_bytes     free space of the mounted volume, None if the board does not say
    total_bytes    its size, None before 1.20
    stage, error   where it failed, and the board's words
    mounted_by_us  we mounted it, and unmounted it again
    layout         partitions, None if the firmware does not let us read sectors
    """

    mounts: tuple[str, ...]
    listed: tuple[CardFile, ...] | None
    cut: bool
    free_bytes: int | None
    total_bytes: int | None
    stage: Stage
    error: str
    mounted_by_us: bool
    layout: Layout | None

    @property
    def files(self) -> tuple[CardFile, ...]:
        """The listed files without folders; empty if nothing could be listed."""
        return tuple(e for e in self.listed or () if not e.is_dir)

    @property
    def used_bytes(self) -> int | None:
        """Space that the volume counts as used; None if the board does not say both sizes."""
        if self.free_bytes is None or self.total_bytes is None:
            return None
        return self.total_bytes - self.free_bytes


def look(board: Board) -> CardView:
    """Look at the card and leave mounts as found. Raises BoardError, LinkError; a bad card is no error but a view."""
    answer: Any = proof.one(board, card.LOOK, "its card", silence_s=LOOK_SILENCE_S, total_s=LOOK_TOTAL_S)
    try:
        return _view(answer)
    except (TypeError, ValueError, LookupError, AttributeError) as err:
        raise BoardError(
            "sd-unable-to-mount-generic", "the board did not describe its card", on="card in the board"
        ) from err


def sha256(board: Board, path: str) -> str | None:
    """SHA-256 (hex) of a whole file on the card, read by the board; None if its firmware cannot hash.

    path  such as ``/sd/x.dup``. Mounts if needed and undoes it. A 6 MB file takes about half a minute.
    Raises BoardError if the file or the card cannot be read.
    """
    answer = board.repl.call(card.sha256(path), silence_s=HASH_SILENCE_S, total_s=HASH_TOTAL_S)
    return answer if isinstance(answer, str) else None


def head(board: Board, path: str, count: int, offset: int = 0) -> tuple[int, bytes]:
    """Size of a file on the card, and ``count`` bytes from ``offset`` on. Raises BoardError if there is none."""
    try:
        code = card.head(path, count, offset)
        answer: Any = proof.one(board, code, shown(path), silence_s=LOOK_SILENCE_S, total_s=LOOK_TOTAL_S)
    except ReplTraceback as err:
        raise BoardError(
            "dup-path-enoent",
            f"the board cannot read {path}: {shown(err.error, 100)}",
            on="card in the board",
            next="see what is on the card with `fipy-doctor check`",
        ) from err
    try:
        size, data = answer
        return count_in(size), base64.b64decode(str(data))
    except (TypeError, ValueError) as err:
        raise BoardError("dup-path-enoent", f"the board did not describe {path}", on="card in the board") from err


@contextmanager
def mounted(board: Board) -> Iterator[str]:
    """The card's mount point, mounted for the time of the block if it was not. Raises BoardError."""
    where = board.repl.call(card.MOUNT, silence_s=LOOK_SILENCE_S, total_s=LOOK_TOTAL_S)
    try:
        yield str(where)
    finally:
        board.repl.call(card.UNMOUNT, silence_s=LOOK_SILENCE_S, total_s=LOOK_TOTAL_S)


def format_card(board: Board) -> None:
    """Format the card in the board by the call of its era; everything on it is lost. Raises BoardError."""
    proof.one(board, card.FORMAT_CARD, "its card", silence_s=FORMAT_SILENCE_S, total_s=FORMAT_SILENCE_S)


def _view(answer: Mapping[str, Any]) -> CardView:
    listed = answer.get("files")
    stage = Stage(answer.get("stage") or "")
    return CardView(
        mounts=tuple(str(name) for name in answer.get("mounts") or ()),
        listed=None if listed is None else tuple(_entry(item) for item in listed),
        cut=bool(answer.get("cut")),
        free_bytes=_bytes(answer.get("free")),
        total_bytes=_bytes(answer.get("total")),
        stage=stage,
        error=str(answer.get("error") or ""),
        mounted_by_us=bool(answer.get("ours")),
        layout=layout_of(answer),
    )


def _entry(item: Any) -> CardFile:
    path = str(item[0])
    if type(item[1]) is not int:
        raise ValueError("is not a size")
    return CardFile(path, path.rsplit("/", 1)[-1], item[1], bool(item[2]))


def _bytes(kib: Any) -> int | None:
    return int(kib) * KIB if isinstance(kib, (int, float)) else None


def layout_of(answer: Mapping[str, Any]) -> Layout | None:
    """How the card is divided, by the sectors in the answer of ``look``; None if the board cannot read sectors."""
    try:
        sector0 = base64.b64decode(answer.get("sector0") or "")
        boots = [base64.b64decode(boot) for boot in answer.get("boots") or ()]
    except (binascii.Error, ValueError):
        return None
    if len(sector0) != SECTOR_BYTES:
        return None
    starts = [start for _, _, start, _ in mbr_entries(sector0)]
    return look_at(KnownSectors("card in the board", {**dict(zip(starts, boots, strict=False)), 0: sector0}))
