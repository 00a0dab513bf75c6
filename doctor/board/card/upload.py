"""A firmware file onto the card in a board that is on Wi-Fi: by FTP, else in pieces over the REPL; proved by its hash.

It is written under a temporary name and gets its own once the board has read it back right: a half image never has
the name of a whole one.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from doctor.board.card import sdcard
from doctor.board.card.ftp import ANSWER_S, BoardFtp, FtpUnusable
from doctor.board.card.image import find_on_card
from doctor.board.storage import files
from doctor.board.storage.own_names import draft_of
from doctor.errors import BoardError, DoctorError
from doctor.text.escape import shown

if TYPE_CHECKING:
    from doctor.board.board import Board
    from doctor.firmware.image import FirmwareImage

OLD_SUFFIX = ".old"  #: what a file of the same name and other bytes is called afterwards
ROOM_BYTES = 1 << 20  #: to be left on the card for the updater's log and the checksums


@dataclass(frozen=True)
class Listeners:
    """Who hears of an upload.

    step    called with what is done now
    notice  called with what the user must know
    sent    called with (bytes that have left, bytes altogether); may raise to stop
    """

    step: Callable[[str], None] = lambda _text: None
    notice: Callable[[str], None] = lambda _text: None
    sent: Callable[[int, int], None] = lambda _done, _total: None


def bring_to_card(board: Board, image: FirmwareImage, tell: Listeners, *, answer_s: float = ANSWER_S) -> str:
    """Path on the board of a file with the very bytes of ``image``: where it lies already, else after an upload.

    Raises BoardError if the card cannot be read, is full, or the copy is not whole; what ``tell.sent`` raises.
    """
    found = find_on_card(board, image)
    if found is not None:
        return found
    _need_room(board, image)
    data = image.path.read_bytes()
    with sdcard.mounted(board) as root:
        target = f"{root}/{re.sub(r'[^A-Za-z0-9._+-]', '_', image.path.name)}"
        draft = draft_of(target)
        try:
            _send(board, draft, data, tell, answer_s)
            tell.step("the board reads the copy back from its card and hashes it")
            _prove(board, draft, image)
        except BaseException:
            with contextlib.suppress(DoctorError):
                files.remove(board, draft)
            raise
        if files.exists(board, target):
            kept = files.free_name(board, target + OLD_SUFFIX)
            tell.notice(f"the card has another file called {shown(target)}; it is kept as {shown(kept)}")
            _rename(board, target, kept)
        _rename(board, draft, target)
    return target


def _send(board: Board, path: str, data: bytes, tell: Listeners, answer_s: float) -> None:
    """By FTP if the board's server can be used; else 512 bytes at a time over the REPL."""
    total = len(data)

    def sent(done: int) -> None:
        tell.sent(done, total)

    address = board.link.network
    assert address is not None, "only a board on Wi-Fi has an FTP server"
    try:
        with BoardFtp(address, answer_s=answer_s) as ftp:
            tell.step(f"copying the image to the card in the board by FTP: {total:,} bytes")
            ftp.store(path, data, sent, on=board.link.name)
        return
    except FtpUnusable as err:
        tell.notice(
            f"the board's FTP server cannot be used ({err}); copying over the REPL instead, which is several times "
            "slower. It is faster to put the card into this computer"
        )
    tell.step(f"copying the image to the card in the board over the REPL: {total:,} bytes")
    files.send(board, path, data, sent)


def _prove(board: Board, draft: str, image: FirmwareImage) -> None:
    size = files.stat(board, draft).size_bytes
    if size != image.size_bytes:
        raise BoardError(
            "ftp-truncated-file",
            f"the copy on the card has {size:,} bytes, the file on this computer {image.size_bytes:,}; it was removed",
            on="card in the board",
            cause="the copy ended early, or the card is full",
            next="run the same command again",
        )
    digest = sdcard.sha256(board, draft)
    if digest is None:
        raise DoctorError(
            "board-cannot-hash",
            "the board's firmware cannot hash a file, so the copy cannot be proved; it was removed",
            on="card in the board",
            next="copy the file to the card in this computer, and start the board's own updater by hand",
        )
    if digest != image.sha256:
        raise BoardError(
            "sd-socket-contact",
            "the copy on the card differs from what was sent; it was removed",
            on="card in the board",
            cause="bad contact, or a failing card",
            next="take the card out and put it in again, then run the same command again; else use another card",
        )


def _need_room(board: Board, image: FirmwareImage) -> None:
    free = sdcard.look(board).free_bytes
    if free is not None and free < image.size_bytes + ROOM_BYTES:
        raise BoardError(
            "flash-filesystem-full",
            f"the card has {free:,} bytes free, the image needs {image.size_bytes:,}",
            on="card in the board",
            next="delete files from the card, or use another one",
        )


def _rename(board: Board, source: str, target: str) -> None:
    """By the REPL; if the release cannot, by FTP. Raises BoardError if neither does it."""
    try:
        files.move(board, source, target)
    except BoardError:
        address = board.link.network
        with contextlib.suppress(FtpUnusable):
            if address is not None:
                with BoardFtp(address) as ftp:
                    if ftp.rename(source, target):
                        return
        raise
