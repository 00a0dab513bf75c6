"""Mirror mode: the board copies bytes between USB and the modem's UART at 921600, until it is reset.

Entered by the era's own call (board-and-repl.md 5.4, with its traps) or, if the firmware has none, by our bridge
(bridge.py). The modem keeps its mode over entering and leaving. There is no way out but the reset button or power.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, suppress
from typing import TYPE_CHECKING

from doctor.board.line import bridge
from doctor.board.repl import ReplTraceback, tagged
from doctor.board.snippets import modem as snippets
from doctor.clock import Clock, Deadline
from doctor.errors import BoardError, LinkError
from doctor.text.escape import shown
from doctor.updater.board_hw import WDT_MS

if TYPE_CHECKING:
    from doctor.board.board import Board, BoardFacts
    from doctor.link.link import Link

BAUD = bridge.BAUD
SAY_S = 5.0  #: the board announces the mirror before it begins
BEGIN_MS = 400  #: from its announcement to copying: SAID_MS, then two UARTs set up again
LTE_SILENCE_S = 60.0  #: LTE() in eras E and F: 9.8 s with a dead modem, 60 s with a busy one (board-and-repl.md 5.2)
PROVE_S = 60.0  #: a modem may take a minute to answer (known failure ``mirror-no-answer``)
ANSWER_MS = 1000
PROMPT_MS = 500

LEAVE_ADVICE = "the board is still in mirror mode: press the reset button to get its Python prompt back"


class MirrorPort(AbstractContextManager["MirrorPort"]):
    """The modem behind a mirroring board. Satisfies the core's port contract.

    max_block     longest STP block that the way bears: our own bridge copies; 0 if any does
    leave_advice  how to get the board's prompt back, for the user

    Both ends are fixed at 921600: at any other speed this port is deaf, exactly as the modem would be.
    ``close`` sets the PC's port back to 115200; the board goes on mirroring until it is reset.
    """

    leave_advice = LEAVE_ADVICE

    def __init__(self, link: Link, *, max_block: int) -> None:
        self.max_block = max_block
        self.baud = BAUD
        self._link = link
        self._baud_before = link.baud

    @property
    def clock(self) -> Clock:
        """The clock of the link."""
        return self._link.clock

    def read(self, max_bytes: int, wait_ms: int) -> bytes:
        """Bytes as soon as at least one is there; ``b""`` after ``wait_ms``. Raises PortLost, DeadlineOverrun."""
        if self.baud == BAUD:
            return self._link.read(max_bytes, wait_ms)
        self.clock.sleep_ms(wait_ms)
        return b""

    def write(self, data: bytes) -> None:
        """Send all of ``data``. Raises PortLost, DeadlineOverrun."""
        if self.baud == BAUD:
            self._link.write(data)

    def set_baud(self, baud: int) -> None:
        """Note the speed; only 921600 reaches the modem."""
        self.baud = baud

    def drain(self) -> bytes:
        """Take and return all that was received so far."""
        return self._link.drain()

    def close(self) -> None:
        """Set the PC's side back to the REPL's speed, for the first contact after the reset; a lost port needs none."""
        with suppress(LinkError):
            self._link.set_baud(self._baud_before)

    def __exit__(self, *_error: object) -> None:
        self.close()


def enter(board: Board, facts: BoardFacts) -> MirrorPort:
    """Make the board mirror, and prove the way with an answered AT.

    board  with its REPL in raw mode; it is void afterwards
    facts  of that board

    Raises LinkError before anything is changed if the port cannot change its speed; BoardError if the board
    does not begin (``modem-upgrade-mode-missing``, ``non-lte-board``) or nothing comes back through it
    (``mirror-no-answer``).
    """
    link = board.link
    _refuse(link, facts)
    native = facts.era.has_modem_upgrade_mode and bool(facts.features.get("LTE.modem_upgrade_mode", True))
    board.repl.call(snippets.WDT_LATER % WDT_MS)
    if native and facts.era.mirror_needs_lte_tried and not board.repl.call(snippets.LTE_STARTED):
        board.repl.call(snippets.LTE_TRY, silence_s=LTE_SILENCE_S, total_s=LTE_SILENCE_S)
    _begin(board, _snippet(facts, native))
    port = MirrorPort(link, max_block=0 if native else bridge.MAX_BLOCK)
    link.set_baud(BAUD)
    link.drain()
    try:
        _prove(port)
    except BoardError:
        port.close()
        raise
    return port


def _refuse(link: Link, facts: BoardFacts) -> None:
    if not link.can_change_baud:
        raise LinkError(
            "mirror-no-answer",
            "this link cannot change its speed, and mirror mode needs 921600 baud",
            on=link.name,
            cause="a plain network socket cannot change the speed",
            next="connect the board by USB, or use rfc2217:// instead of socket://",
        )
    if not facts.has_modem:
        raise BoardError("non-lte-board", "this board has no LTE modem to mirror", on=facts.sysname)


def _snippet(facts: BoardFacts, native: bool) -> str:
    if not native:
        return bridge.bridge()
    return snippets.MIRROR_B1 if facts.era.mirror_needs_deinit else snippets.MIRROR


class _Announced(Exception):
    """The board has said that it begins."""


def _begin(board: Board, code: str) -> None:
    """Start the mirror and wait for its announcement, which comes at the REPL's speed; then the REPL is void."""

    def listen(line: str) -> None:
        if "mirror" in tagged(line):
            raise _Announced

    try:
        board.repl.run(code, silence_s=SAY_S, total_s=SAY_S, on_line=listen)
    except _Announced:
        board.repl.forget()
    except ReplTraceback as err:
        raise _refused(board, err.error) from err
    else:
        raise _refused(board, "nothing")
    begun = Deadline(board.clock, BEGIN_MS / 1000)
    heard = b""
    while not begun.expired:
        heard += board.link.read(1024, begun.left_ms)
    if b"Traceback" in heard:
        lines = [line for line in heard.decode("utf-8", "replace").splitlines() if line.strip("\x04> \r")]
        raise _refused(board, lines[-1])


def _refused(board: Board, said: str) -> BoardError:
    return BoardError(
        "modem-upgrade-mode-missing",
        "the board does not enter mirror mode",
        on=board.link.name,
        cause=f"it says: {shown(said)}",
        next="press the reset button and run the same command again",
    )


def _prove(port: MirrorPort) -> None:
    """AT until it is answered; the first answer after a pause may be ERROR. Raises BoardError after a minute."""
    limit = Deadline(port.clock, PROVE_S)
    heard = b""
    while not limit.expired:
        port.write(b"AT\r\n")
        answer = Deadline(port.clock, ANSWER_MS / 1000)
        while not answer.expired:
            heard = (heard + port.read(256, answer.left_ms))[-1024:]
            if b"OK\r" in heard or b"ERROR\r" in heard:
                _settle(port)
                return
    raise _no_answer(port, heard)


def _settle(port: MirrorPort) -> None:
    """Let late answers to earlier questions pass by."""
    while port.read(256, PROMPT_MS):
        pass


def _no_answer(port: MirrorPort, heard: bytes) -> BoardError:
    """Tell a board that has left the mirror from a modem that says nothing: the former shows a prompt at 115200."""
    port.close()
    link = port._link
    link.drain()
    link.write(b"\r")
    text = link.read(256, PROMPT_MS)
    if b">>>" in text:
        return BoardError(
            "mirror-no-answer",
            "the board went back to its prompt instead of staying in mirror mode",
            on=link.name,
            cause="it was restarted, by its watchdog or by another program on the port",
            next="close every other program that uses the port, then run the same command again",
        )
    return BoardError(
        "mirror-no-answer",
        "the modem did not answer AT through the mirror within a minute",
        on=link.name,
        cause="bytes arrived, but no answer" if heard else "nothing at all came back",
        next=f"{LEAVE_ADVICE}; then run `fipy-doctor check`",
    )
