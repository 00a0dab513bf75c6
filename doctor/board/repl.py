"""The raw REPL of a board: one command in flight, bounded in silence and in total, restarts recognised.

Rules of repl-stack.md 8: never raw paste (no Pycom release has it), small
writes, results as tagged lines so that other threads' output cannot corrupt them, no Ctrl-C into foreign programs.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from doctor.board.at_work import in_the_way
from doctor.board.signs import CTRL_A, CTRL_B, CTRL_C, CTRL_D, CTRL_F, PROMPT, RESET_SIGNS, UPDATER_SIGNS
from doctor.clock import Deadline
from doctor.documents import foreign_json
from doctor.errors import BoardError, BoardReset
from doctor.link.link import Link
from doctor.text.escape import shown
from doctor.text.power_off import UNPLUG

RAW_BANNER = b"raw REPL; CTRL-B to exit\r\n>"
TAG = "@@FD "

WRITE_BYTES = 256  #: per write; half of the smallest receive buffer (512 bytes, board-and-repl.md 3.6)
ENTER_S = 2.0  #: for the raw banner; an idle board answers within milliseconds
ACCEPT_S = 2.0  #: for ``OK`` after a command, repl-stack.md 8, rule 3
OUTPUT_MAX_BYTES = 1 << 20  #: a snippet of ours prints a few kB; a device that sends more than 1 MB is not well

LISTEN_MS = 3_000  #: a program that says something regularly says it in this time
RESET_TEXT_MS = 200  #: the ROM speaks at once, long before the firmware does
RESET_WINDOW_BYTES = 8192  #: two reads: a sign cannot slip between searches, and long outputs stay cheap

_UNPRINTABLE = re.compile(rb"[^\t\n\x20-\xff]")

#: The line of a traceback that names the exception: what a thread prints there by itself does not.
_RAISED = re.compile(r"^\s*(\w*(?:Error|Exception|Interrupt|Exit|Iteration)\b.*)", re.M)
TRIES = 4  #: an answer is asked for again up to three times


class ReplTraceback(BoardError):
    """A snippet raised on the board; ``text`` is the traceback, ``error`` the line of it that names the exception."""

    def __init__(self, text: str, *, on: str = "") -> None:
        self.text = text
        self.error = (_RAISED.findall(text) or ["an empty traceback"])[-1]
        super().__init__("repl-answers", f"the board raised {shown(self.error)}", on=on)


class ReplTimeout(BoardError):
    """The board did not finish a command in time; ``heard`` is what it printed until then."""

    def __init__(self, what: str, heard: str, *, on: str = "") -> None:
        super().__init__(
            "main-py-blocks-repl",
            what,
            on=on,
            cause="a call that hangs on the board, such as LTE() with a modem that does not answer",
            next=f"{UNPLUG}, wait 10 s, plug in again, and run `fipy-doctor check`",
        )
        self.heard = heard


class ReplBroken(BoardError):
    """The dialogue with the REPL went wrong."""

    def __init__(self, what: str, heard: bytes, *, on: str = "") -> None:
        super().__init__(
            "repl-answers",
            f"{what}; it sent {shown(heard[-80:]) or 'nothing'}",
            on=on,
            cause="another program on the same port, a program running on the board, or lost bytes",
            next="close other programs that use the port, then run `fipy-doctor check`; "
            "`fipy-doctor fix --stop-program` stops a program on the board",
        )


class Repl:
    """The raw REPL behind a link.

    ``enter`` needs a board that sits idle at a prompt (doctor/board/first_contact.py tells); it sends no Ctrl-C.
    """

    def __init__(self, link: Link) -> None:
        self.link = link
        self.entered = False
        self._unfinished = False  # a command of ours may still run, because waiting for it was cut short
        self._held = b""
        self._heard = b""  # the last part of all that came
        self._line = b""  # the part of it that is no whole line yet
        self._updater = False  # a whole line was an updater's

    @property
    def is_back(self) -> bool:
        """Whether no command of ours may still run on the board."""
        return not self._unfinished

    def enter(self, *, cancel_input: bool = False) -> None:
        """Go from the idle prompt to the raw REPL.

        cancel_input  send Ctrl-C first: for what is left of a command of ours
        Raises ReplBroken if the exact banner does not come, BoardReset if the board restarts instead, UpdaterAtWork.
        """
        self._take(self.link.drain())
        self.look_for_updater()
        self._held = b""
        if cancel_input:
            self.link.write(CTRL_C)
            self._read_until(PROMPT, Deadline(self.link.clock, ENTER_S))
        self.entered = True  # before the byte is out: if the wait for the banner is cut short, there is a REPL to leave
        self.link.write(CTRL_A)
        heard, found = self._read_until(RAW_BANNER, Deadline(self.link.clock, ENTER_S))
        if not found:
            self.entered = False
            self.look_for_updater()
            self.link.write(CTRL_B)  # it may have entered, and its banner was spoilt on the way
            raise ReplBroken("the board does not enter its raw REPL", heard, on=self.link.name)
        self._unfinished = False

    def leave(self) -> str:
        """Go back to the friendly prompt; returns the banner that the board prints. Does nothing if not entered."""
        if not self.entered:
            return ""
        if self._unfinished:
            self._stop_own_command()
        self.link.write(CTRL_B)
        self.entered = False
        heard, _ = self._read_until(PROMPT, Deadline(self.link.clock, ENTER_S))
        return heard.decode("utf-8", errors="replace").replace("\r\n", "\n").strip("> \n")

    def watch_for_reset(self) -> None:
        """Take what the board has sent since then. Raises BoardReset if it has restarted."""
        self._watch(self._take(self.link.read(4096, RESET_TEXT_MS)))

    def look_for_updater(self, listen_ms: int = 0) -> None:
        """Raise UpdaterAtWork if one was heard so far, or is heard in the next ``listen_ms``; nothing is sent.

        A thread prints at the prompt as well: a restart ends it, Ctrl-C may hit it instead of our own code, and any
        command of ours may reach for the modem that it is flashing.
        """
        until = Deadline(self.link.clock, listen_ms / 1000)
        while not (self._updater or _is_of_updater(self._line)):
            if until.expired:
                return
            self._take(self.link.read(4096, until.left_ms))
        raise in_the_way(self._heard.decode("utf-8", "replace").replace("\r\n", "\n"), self.link.name)

    def restart_safe(self) -> None:
        """Send Ctrl-F, which restarts the board without boot.py and main.py, unless an updater is heard just before.

        The caller has the user's consent. Raises UpdaterAtWork.
        """
        self.look_for_updater(LISTEN_MS)
        self.forget()
        self.link.drain()
        self.link.write(CTRL_F)

    def forget(self) -> None:
        """The board was restarted or bridged away on purpose: whatever we knew about its REPL is void."""
        self.entered = False
        self._unfinished = False
        self._held = self._heard = self._line = b""
        self._updater = False

    def hand_over(self) -> bytes:
        """Give the line away after ``send``, to somebody who listens to what the code prints and never stops it.

        Returns what was received already. Afterwards nothing is known of the REPL any more.
        """
        held = self._held
        self.forget()
        return held

    def run(
        self,
        code: str,
        *,
        silence_s: float = 10.0,
        total_s: float = 60.0,
        on_line: Callable[[str], None] | None = None,
        errors: str = "replace",
    ) -> str:
        """Run ``code`` and return what it printed, ``\\r\\n`` as ``\\n``.

        silence_s  longest time without a byte
        total_s    longest time altogether
        on_line    called with each line as it arrives, without its end
        errors     what becomes of bytes that are not UTF-8, as for ``bytes.decode``
        Raises ReplTraceback, ReplTimeout (after trying to stop our own code), ReplBroken, BoardReset, UpdaterAtWork.
        """
        self.send(code)
        try:
            return self._answer(silence_s, total_s, on_line, errors)
        finally:
            self.look_for_updater()

    def _answer(self, silence_s: float, total_s: float, on_line: Callable[[str], None] | None, errors: str) -> str:
        total = Deadline(self.link.clock, total_s)
        printed = self._stream(total, silence_s, on_line)
        error = self._section(total, silence_s)
        prompt, found = self._read_until(b">", Deadline(self.link.clock, ACCEPT_S))
        if not found:
            raise ReplBroken("the board did not come back to its raw prompt", prompt, on=self.link.name)
        self._unfinished = False
        if _RAISED.search(_text(error)):
            raise ReplTraceback(_text(error), on=self.link.name)
        if error.strip():
            raise ReplBroken("the board printed between its answer and its prompt", error, on=self.link.name)
        return _text(printed, errors)

    def call(self, code: str, *, silence_s: float = 10.0, total_s: float = 60.0, tries: int = 1) -> object:
        """Run ``code``, which prints one line ``@@FD `` + JSON, and return that value. Raises as ``run`` does.

        tries  how often it is run at most until that line comes whole; more than once only if that does no harm
        """
        printed = ""
        for before in range(tries):
            printed = self.run(behind_lines(before, code), silence_s=silence_s, total_s=total_s)
            values = tagged(printed)
            if values:
                return values[-1]
        raise ReplBroken("the board's answer has no result", printed.encode(), on=self.link.name)

    def send(self, code: str) -> None:
        """Start ``code`` and return as soon as the board has accepted it; its output is left unread.

        For code that does not come back to the prompt, such as a restart or a bridge. Raises ReplBroken, BoardReset,
        UpdaterAtWork.
        """
        data = code.encode("ascii")
        if _UNPRINTABLE.search(data):
            raise ValueError("code for the board must be printable: Ctrl-C and Ctrl-F act even inside it")
        if not self.entered:
            self.enter()
        if self._unfinished:
            self._stop_own_command()
        self._watch(self._take(self.link.drain()))
        self.look_for_updater()
        self._held = b""
        for start in range(0, len(data), WRITE_BYTES):
            self.link.write(data[start : start + WRITE_BYTES])
        self.link.write(CTRL_D)
        self._unfinished = True
        heard, found = self._read_until(b"OK", Deadline(self.link.clock, ACCEPT_S))
        if not found:
            raise ReplBroken("the board did not accept a command", heard, on=self.link.name)

    def _stream(self, total: Deadline, silence_s: float, on_line: Callable[[str], None] | None) -> bytes:
        if on_line is None:
            return self._section(total, silence_s)
        told = 0

        def tell(so_far: bytes) -> None:
            nonlocal told
            while (end := so_far.find(b"\n", told)) >= 0:
                line = so_far[told:end]
                told = end + 1
                on_line(_text(line).rstrip("\r"))

        return self._section(total, silence_s, tell)

    def _section(self, total: Deadline, silence_s: float, tell: Callable[[bytes], None] | None = None) -> bytes:
        """Everything up to the next 04; stops our own code and raises ReplTimeout if it does not come."""
        heard, self._held = bytearray(self._held), b""
        quiet = Deadline(self.link.clock, silence_s)
        while True:
            end = heard.find(CTRL_D)
            if tell is not None:
                tell(bytes(heard if end < 0 else heard[:end]))
            if end >= 0:
                self._held = bytes(heard[end + 1 :])
                return bytes(heard[:end])
            self._watch(bytes(heard))
            over, silent = total.expired or len(heard) > OUTPUT_MAX_BYTES, quiet.expired
            # Read before judging: while this computer was held up, the board may have said what is waited for.
            data = self._take(self.link.read(4096, min(total.left_ms, quiet.left_ms)))
            if CTRL_D not in data and (over or (silent and not data)):
                self._overrun(bytes(heard + data), total, silence_s)
            if data:
                heard += data
                quiet = Deadline(self.link.clock, silence_s)

    def _overrun(self, heard: bytes, total: Deadline, silence_s: float) -> None:
        stopped = self._stop_own_command()
        limit = f"in {total.limit_s:g} s" if total.expired else f"and was silent for {silence_s:g} s"
        if len(heard) > OUTPUT_MAX_BYTES:
            limit = "and never stopped printing"
        after = "" if stopped else "; Ctrl-C did not stop it"
        raise ReplTimeout(f"the board did not finish a command {limit}{after}", _text(heard), on=self.link.name)

    def _stop_own_command(self) -> bool:
        """Ctrl-C into code that we sent ourselves; True if the raw prompt is back. Raises UpdaterAtWork."""
        self.look_for_updater()
        self.link.write(CTRL_C)
        self._read_until(CTRL_D + b">", Deadline(self.link.clock, ACCEPT_S))
        self.link.write(CTRL_A)
        _, found = self._read_until(RAW_BANNER, Deadline(self.link.clock, ENTER_S))
        self._unfinished = not found
        self._held = b""
        return found

    def _read_until(self, wanted: bytes, deadline: Deadline) -> tuple[bytes, bool]:
        """What came up to and with ``wanted``, and whether it came; the rest is kept for the next reader."""
        heard, self._held = bytearray(self._held), b""
        over = False
        while True:
            end = heard.find(wanted)
            if end >= 0:
                end += len(wanted)
                self._held = bytes(heard[end:])
                return bytes(heard[:end]), True
            self._watch(bytes(heard))
            if over:
                return bytes(heard), False
            over = deadline.expired  # what came while this computer was held up still counts: one more look
            heard += self._take(self.link.read(4096, deadline.left_ms))

    def _take(self, data: bytes) -> bytes:
        self._heard = (self._heard + data)[-RESET_WINDOW_BYTES:]
        *whole, line = (self._line + data).replace(b"\r", b"\n").split(b"\n")
        self._line = line[-RESET_WINDOW_BYTES:]
        self._updater = self._updater or any(map(_is_of_updater, whole))
        return data

    def _watch(self, heard: bytes) -> None:
        if RESET_SIGNS.search(heard[-RESET_WINDOW_BYTES:]):
            self.forget()
            raise BoardReset(shown(heard[-400:], 400), on=self.link.name)


def behind_lines(number: int, code: str) -> str:
    """``code`` behind empty lines: a thread that prints in step with its lines would spoil the same one each time."""
    return "print()\n" * number + code


def _is_of_updater(line: bytes) -> bool:
    """Whether an updater speaks in the line; a file on the board may bear its words as a name, in a row of ours."""
    sign, at = UPDATER_SIGNS.search(line), line.find(TAG.encode())
    if sign is None or not 0 <= at < sign.start():
        return sign is not None
    try:
        foreign_json.read(line[at + len(TAG) :])
    except ValueError:
        return True
    return False


def tagged(printed: str) -> list[object]:
    """The values of the ``@@FD `` lines in a snippet's output; what else stands around them is ignored."""
    values: list[object] = []
    for part in printed.split(TAG)[1:]:
        try:
            values.append(foreign_json.first_in(part)[0])
        except ValueError:
            continue  # another thread printed into the line
    return values


def _text(data: bytes, errors: str = "replace") -> str:
    return data.decode("utf-8", errors=errors).replace("\r\n", "\n")
