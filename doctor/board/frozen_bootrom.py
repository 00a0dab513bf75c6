"""The boot ROM package that a board has built in, read over its REPL: `--bootrom board`.

Releases from 1.18.1 on hold the vendor's sqnsbrz or sqnsbr as frozen modules, which have no source to parse
(board-and-repl.md 2.3, modem-protocol.md 6.5). The board imports the frozen module, which defines its class and no
more, and its BOOTROM attribute is read in pieces; no function of it is called. What it is, the PC decides: by hash.
"""

from __future__ import annotations

import base64
from contextlib import suppress
from typing import TYPE_CHECKING

from doctor.board.repl import ReplTraceback
from doctor.board.snippets import bootrom as snippets
from doctor.board.storage import proof
from doctor.errors import FirmwareError, UsageError
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
        raise _none(on, "BOOTROM in the board's firmware is not a boot ROM package")
    try:
        content = b""
        for at in range(0, size, PIECE_BYTES):
            code = snippets.piece(at, min(PIECE_BYTES, size - at), LINE_BYTES)
            content += b"".join(base64.b64decode(str(line)) for line in proof.rows(board, code, "its boot ROM"))
        return content
    finally:
        with suppress(ReplTraceback):
            board.repl.call(snippets.CLOSE)


def behind_no_board(on: str, *, mirrors: bool) -> UsageError:
    """The port leads to the modem only; ``mirrors``: through a board that is still in mirror mode."""
    give = "give the vendor's sqnsbrz.py with --bootrom FILE"
    return UsageError(
        "recovery-bootrom-module-missing",
        "no boot ROM can be read from the board: the port leads only to the modem",
        on=on,
        cause="the board is still in mirror mode after an interrupted flash" if mirrors else "",
        next="press the board's reset button, then run the same command again" if mirrors else give,
    )


def _none(on: str, what: str) -> FirmwareError:
    return FirmwareError(
        "recovery-bootrom-module-missing",
        what,
        on=on,
        cause="only the LTE firmware of FiPy and GPy has one, from release 1.18.1 on",
        next=f"give the vendor's sqnsbrz.py with --bootrom FILE instead of --bootrom {FROM_BOARD}",
    )
