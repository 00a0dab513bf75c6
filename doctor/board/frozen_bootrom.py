"""The boot ROM package that a board has built in, read over its REPL: `--bootrom board`.

Releases from 1.18.1 on hold the vendor's sqnsbrz or sqnsbr as frozen modules, which have no source to parse
(board-and-repl.md 2.3, modem-protocol.md 6.5). The board imports the frozen module, which defines its class and no
more, and its BOOTROM attribute is read in pieces; no function of it is called. What it is, the PC decides: by hash.
"""

from __future__ import annotations

import base64
import binascii
from contextlib import suppress
from typing import TYPE_CHECKING

from doctor.board.repl import ReplTraceback, tagged
from doctor.board.snippets import bootrom as snippets
from doctor.errors import BoardError, FirmwareError
from doctor.firmware.bootrom import FROM_BOARD, MAX_BYTES, BootRom, from_attribute

if TYPE_CHECKING:
    from doctor.board.board import Board

LINE_BYTES = 384  #: in one line of base64: 512 characters
PIECE_BYTES = 24 * LINE_BYTES  #: in one command: about 1 s at 115200 baud
IMPORT_S = 20.0  #: a frozen class may inflate 55 KB while it is defined


def read_bootrom(board: Board) -> BootRom:
    """The verified package that is frozen into the board's firmware; takes some 10 s.

    Raises FirmwareError if the firmware has none or an unknown one, BoardError, LinkError.
    """
    encoded = _attribute(board)
    return from_attribute(encoded, f"boot ROM in the firmware of {board.link.name}")


def _attribute(board: Board) -> bytes:
    on = board.link.name
    try:
        size = board.repl.call(snippets.OPEN, silence_s=IMPORT_S)
    except ReplTraceback as err:
        raise _none(on, "the board cannot load its built-in boot ROM module") from err
    if size is None:
        raise _none(on, "the board's firmware has no boot ROM built in")
    if not isinstance(size, int) or not 0 < size <= MAX_BYTES:
        raise _none(on, "what the board's firmware calls BOOTROM is no package")
    try:
        content = b""
        while len(content) < size:
            wanted = min(PIECE_BYTES, size - len(content))
            piece = _piece(board, len(content), wanted)
            if len(piece) != wanted:  # another thread printed into a line: once again, then it is an error
                piece = _piece(board, len(content), wanted)
            if len(piece) != wanted:
                raise BoardError(
                    "repl-answers",
                    "the boot ROM did not come over the REPL undamaged",
                    on=on,
                    cause="another program on the board prints into the answer",
                    next="run the same command again",
                )
            content += piece
        return content
    finally:
        with suppress(ReplTraceback):
            board.repl.call(snippets.CLOSE)


def _piece(board: Board, offset: int, size: int) -> bytes:
    content = b""
    for value in tagged(board.repl.run(snippets.piece(offset, size, LINE_BYTES))):
        try:
            content += base64.b64decode(str(value), validate=True)
        except binascii.Error:
            return b""
    return content


def _none(on: str, what: str) -> FirmwareError:
    return FirmwareError(
        "recovery-bootrom-module-missing",
        what,
        on=on,
        cause="only the LTE firmware of FiPy and GPy from release 1.18.1 on holds one",
        next=f"give the vendor's sqnsbrz.py with --bootrom FILE instead of --bootrom {FROM_BOARD}",
    )
