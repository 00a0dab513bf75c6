"""The firmware file on the board's own card: which one it is, and what the PC can know of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from doctor.board import sdcard
from doctor.errors import BoardError, DoctorError, FirmwareError
from doctor.escape import shown
from doctor.firmware.names import parse_name

if TYPE_CHECKING:
    from doctor.board.board import Board
    from doctor.firmware.image import FirmwareImage

PREFIX = "card:"  #: on the command line, in front of the name of a file on the board's card
ROOT = "/sd"


def path_of(name: str) -> str:
    """``/sd/X.dup`` for ``X.dup``, ``sd/X.dup`` and ``/sd/X.dup``."""
    inner = name.strip("/")
    return f"{ROOT}/{inner.removeprefix('sd/')}"


def find_on_card(board: Board, image: FirmwareImage) -> str | None:
    """Where on the board's card the very same bytes lie; None where nowhere. Raises BoardError for a broken card.

    The board hashes every file of that size, about ten seconds each for a full image.
    """
    view = sdcard.look(board)
    same = [f for f in view.files if f.size_bytes == image.size_bytes and not f.name.startswith("._")]
    for file in sorted(same, key=lambda f: f.name.lower() != image.path.name.lower()):
        if sdcard.sha256(board, file.path) == image.sha256:
            return file.path
    return None


def need_on_card(board: Board, image: FirmwareImage) -> str:
    """As ``find_on_card``. Raises BoardError where it is not there."""
    found = find_on_card(board, image)
    if found is None:
        raise BoardError(
            "dup-path-enoent",
            f"{shown(image.path.name, 80)} is not on the card in the board, or not with the same bytes",
            on="card in the board",
            next="copy it to the card's top level and eject the card, or run the same command with --via usb",
        )
    return found


def image_on_card(board: Board, name: str) -> FirmwareImage:
    """What ``card:NAME`` is, as far as its name, its beginning and its length tell. Raises DoctorError.

    The whole of it is in the board's card only: what is inside cannot be verified here, and is called so.
    """
    from doctor.firmware.image import FirmwareImage, Verdict
    from doctor.updater.image_file import HEAD_BYTES, judge

    path = path_of(name)
    size, head = sdcard.head(board, path, HEAD_BYTES)
    facts, refusal = judge(path, size, head)
    if refusal is not None:
        raise FirmwareError(refusal.id, refusal.what, on=PREFIX + path, cause=refusal.why, next=refusal.next)
    sha256 = sdcard.sha256(board, path)
    if sha256 is None:
        raise DoctorError(
            "board-cannot-hash",
            "the board's firmware cannot hash a file",
            on=PREFIX + path,
            next="give the file on this computer instead of card:",
        )
    return FirmwareImage(
        path=Path(path),
        size_bytes=size,
        sha256=sha256,
        name=parse_name(path),
        kind=facts.kind,
        family=facts.family,
        verdict=Verdict.UNVERIFIABLE,
        problems=(),
        containers=(),
        promised_build=facts.build or None,
        radio=facts.radio or None,
        base=facts.base or None,
    )
