"""The firmware file on the board's own card: which one it is, and what the PC can know of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from doctor.board.card import sdcard
from doctor.errors import BoardError, DoctorError, FirmwareError
from doctor.fat.card_file import ROOT
from doctor.firmware.names import parse_name
from doctor.text.command import ON_CARD
from doctor.text.escape import shown

if TYPE_CHECKING:
    from doctor.board.board import Board
    from doctor.firmware.caba import Container
    from doctor.firmware.elf import ElfImage
    from doctor.firmware.image import FirmwareImage
    from doctor.firmware.problems import Problem, Verdict
    from doctor.updater.side_file import SideFile

    OnPc = FirmwareImage | ElfImage  # what was examined on this computer

#: By board and SHA-256: where a file lies on its card.
_FOUND: WeakKeyDictionary[Board, dict[str, str]] = WeakKeyDictionary()
SIDE_MAX_BYTES = 16_384  #: of a side file that is read from here: a 16 MB image has one of this size


def path_of(name: str) -> str:
    """``/sd/X.dup`` for ``X.dup``, ``sd/X.dup`` and ``/sd/X.dup``."""
    inner = name.strip("/")
    return f"{ROOT}/{inner.removeprefix('sd/')}"


def find_on_card(board: Board, image: OnPc) -> str | None:
    """Where on the board's card the very same bytes lie; None if nowhere. Raises BoardError for a broken card.

    The board hashes every file of that size, about ten seconds each for a full image. What was found once is not hashed
    again in this run: the updater on the board hashes it itself before it sends anything.
    """
    known = _FOUND.setdefault(board, {})
    view = sdcard.look(board)
    if known.get(image.sha256) in [f.path for f in view.files if f.size_bytes == image.size_bytes]:
        return known[image.sha256]
    same = [f for f in view.files if f.size_bytes == image.size_bytes and not f.is_companion]
    for file in sorted(same, key=lambda f: f.name.lower() != image.path.name.lower()):
        if sdcard.sha256(board, file.path) == image.sha256:
            known[image.sha256] = file.path
            return file.path
    return None


def need_on_card(board: Board, image: OnPc) -> str:
    """As ``find_on_card``. Raises BoardError if it is not there."""
    found = find_on_card(board, image)
    if found is None:
        raise BoardError(
            "dup-path-enoent",
            f"{shown(image.path.name, 80)} is not on the card in the board, or has different content there",
            on="card in the board",
            next="copy it to the card's top level and eject the card, or run the same command with --via usb",
        )
    return found


def image_on_card(board: Board, name: str) -> FirmwareImage:
    """What ``card:NAME`` is, by its side file, else by its name and every header in it. Raises DoctorError.

    Its bytes are on the board's card only. If a side file of ours has its very SHA-256, a PC has examined all of
    it; else the headers are walked from here, and the board recomputes the checksums before it sends anything.
    """
    from doctor.firmware.image import FirmwareImage, Verdict
    from doctor.updater.image_file import HEAD_BYTES, judge

    path = path_of(name)
    size, head = sdcard.head(board, path, HEAD_BYTES)
    facts, refusal = judge(path, size, head)
    if refusal is not None:
        raise FirmwareError(refusal.id, refusal.what, on=ON_CARD + path, cause=refusal.why, next=refusal.next)
    sha256 = sdcard.sha256(board, path)
    if sha256 is None:
        raise DoctorError(
            "board-cannot-hash",
            "the board's firmware cannot hash a file",
            on=ON_CARD + path,
            next="give the file on this computer instead of card:",
        )
    side = _side_of(board, path, size, sha256)
    if side is None:
        verdict, problems, containers = _walked(board, path, size)
    else:
        verdict, problems, containers = Verdict.VERIFIED if side.whole else Verdict.UNVERIFIABLE, (), ()
        facts = side.image
    return FirmwareImage(
        path=Path(path),
        size_bytes=size,
        sha256=sha256,
        name=parse_name(path),
        kind=facts.kind,
        family=facts.family,
        verdict=verdict,
        problems=problems,
        containers=containers,
        promised_build=facts.build or None,
        radio=facts.radio or None,
        base=facts.base or None,
    )


def _side_of(board: Board, path: str, size: int, sha256: str) -> SideFile | None:
    """The side file beside an image, if it is whole and about the very same bytes; else None."""
    from doctor.updater import side_file

    try:
        there, content = sdcard.head(board, path + side_file.SUFFIX, SIDE_MAX_BYTES)
        side = side_file.parse(content) if there == len(content) else None
    except (BoardError, ValueError):
        return None
    return side if side is not None and (side.size, side.sha256) == (size, sha256) else None


def _walked(board: Board, path: str, size: int) -> tuple[Verdict, tuple[Problem, ...], tuple[Container, ...]]:
    """What every header in the file says; its checksums are left to the board."""
    from doctor.firmware.caba import Container
    from doctor.firmware.problems import Problem, Verdict
    from doctor.updater.containers import Walk

    with sdcard.mounted(board):
        walk = Walk(lambda offset, count: sdcard.head(board, path, count, offset)[1], size)
    if walk.trouble:
        return Verdict.DAMAGED, (Problem("firmware-file-truncated", walk.trouble),), ()
    sums = tuple(Container("", s.offset, s.length, "", s.kind, checked=False) for s in walk.sums)
    return Verdict.UNVERIFIABLE, (), sums
