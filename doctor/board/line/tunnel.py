"""The modem's UART as a byte stream, carried through the board's REPL: the way of the checks, in every firmware era.

The board opens UART(1) on the modem's pins (never ``LTE()``, which hangs forever on half the releases,
board-and-repl.md 5.3) and answers one short call for each write or read. Slow, some 30 ms a call, and harmless.
"""

from __future__ import annotations

import base64
import binascii
from contextlib import AbstractContextManager, suppress
from typing import TYPE_CHECKING

from doctor.board.snippets import modem as snippets
from doctor.errors import BoardError, LinkError

if TYPE_CHECKING:
    from doctor.board.board import Board

WRITE_BYTES = 192  #: 256 characters of base64: half the smallest REPL buffer (board-and-repl.md 3.6)
READ_BYTES = 1024  #: most that one call brings back: the board builds its base64 in RAM
SLICE_MS = 500  #: longest wait on the board in one call, so that deadlines and Ctrl-C are noticed on the PC
ANSWER_MS = 40  #: after a write the board waits this long for the answer's beginning: saves a call for each command
DRAIN_CALLS = 16  #: a modem or a noisy line that never falls silent must not hold us up
CALL_SLACK_S = 5.0  #: on top of the board's own wait; a call takes some 30 ms at 115200


class ModemTunnel(AbstractContextManager["ModemTunnel"]):
    """The modem's UART through the REPL. Satisfies the core's port contract; close it, or use ``with``.

    board  with its REPL in raw mode
    baud   speed of the modem's UART

    restored  None while open; afterwards whether the firmware has its modem UART back without a reset
    """

    max_block = 0
    long_writes = False
    """More bytes than the UART's FIFO takes hang the board if a modem holds CTS, as a dead one does."""

    def __init__(self, board: Board, baud: int) -> None:
        self.baud = baud
        self.restored: bool | None = None
        self._board = board
        self._held = b""
        self._call(snippets.tunnel_open(baud))

    @property
    def leave_advice(self) -> str:
        """What the board still needs after ``close``; empty if it needs nothing."""
        if self.restored:
            return ""
        return "the board's own LTE functions work again after its next reset, which does not touch the modem"

    def read(self, max_bytes: int, wait_ms: int) -> bytes:
        """Bytes as soon as at least one is there; ``b""`` after ``wait_ms``. Raises BoardError, LinkError.

        It is the board that waits: how often it is asked hangs on no clock of the PC.
        """
        for waited_ms in range(0, max(wait_ms, 1), SLICE_MS):
            if self._held:
                break
            self._held = self._exchange(b"", min(wait_ms - waited_ms, SLICE_MS))
        got, self._held = self._held[:max_bytes], self._held[max_bytes:]
        return got

    def write(self, data: bytes) -> None:
        """Send all of ``data``; what the modem answers at once is kept for ``read``."""
        for start in range(0, len(data), WRITE_BYTES):
            last = start + WRITE_BYTES >= len(data)
            self._held += self._exchange(data[start : start + WRITE_BYTES], ANSWER_MS if last else 0)

    def set_baud(self, baud: int) -> None:
        """Change the speed of the modem's UART; bytes not read yet are lost."""
        self._held = b""
        if baud != self.baud:
            self._call(snippets.tunnel_set_baud(baud))
            self.baud = baud

    def drain(self) -> bytes:
        """Take and return all that was received so far."""
        heard, self._held = self._held, b""
        for _ in range(DRAIN_CALLS):
            more = self._exchange(b"", 0)
            heard += more
            if len(more) < READ_BYTES:
                break
        return heard

    def close(self) -> None:
        """Give the modem's UART back. Never raises: a board that is gone, or was reset, needs no giving back.

        ``LTE.reconnect_uart`` hands it to the firmware in 1.18.1.r5 to 1.20.2.r1; before there is no such call, and
        later it crashes if LTE() was never tried (board-and-repl.md 5.4): there a reset restores it.
        """
        if self.restored is not None:
            return
        self.restored = False
        with suppress(BoardError, LinkError):
            self._call(snippets.TUNNEL_CLOSE)
            era = self._board.identify().era
            if era.has_reconnect_uart and not era.reconnect_uart_crashes:
                self._call(snippets.TUNNEL_RECONNECT)
                self.restored = True

    def __exit__(self, *_error: object) -> None:
        self.close()

    def _exchange(self, data: bytes, wait_ms: int) -> bytes:
        code = snippets.tunnel_exchange(base64.b64encode(data).decode("ascii"), READ_BYTES, wait_ms)
        answer = self._call(code, wait_ms)
        try:
            return base64.b64decode(str(answer), validate=True)
        except (binascii.Error, ValueError) as err:
            raise BoardError(
                "repl-answers",
                "the board's answer about its modem is garbled",
                on=self._board.link.name,
                cause="another program on the board prints in the middle of the answer",
                next="run `fipy-doctor check` again",
            ) from err

    def _call(self, code: str, wait_ms: int = 0) -> object:
        return self._board.repl.call(code, silence_s=wait_ms / 1000 + CALL_SLACK_S)
