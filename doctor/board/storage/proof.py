"""Answers of a board about its files: each row is proved, and asked for again if it is not what the board said.

The board sends with every row its hash, and at the end how many there were and the hash of them all (snippets.proved).
If a release cannot hash, an answer counts once it came twice alike.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from doctor.board.repl import TAG, TRIES, ReplBroken, ReplTimeout, ReplTraceback, behind_lines
from doctor.documents import foreign_json
from doctor.errors import BoardError

if TYPE_CHECKING:
    from doctor.board.board import Board

END = -1  #: number of the row that ends an answer
SUM_DIGITS = 16
SILENCE_S = 10.0
TOTAL_S = 60.0
_ROW = re.compile(r'\["([0-9a-f]*)", (-?\d{1,9}), ')
#: What our code itself can raise once it runs; anything else is what code becomes that the line has damaged.
_TRUE_ERRORS = re.compile(r"(OSError|MemoryError)\b")


class LineSpoils(BoardError):
    """What a board says, or hears, does not arrive as it was sent, however often it is tried."""

    def __init__(self, what: str, *, on: str = "") -> None:
        super().__init__(
            "repl-answers",
            what,
            on=on,
            cause="bytes are lost or changed on the line, another program uses the port, or a program of the board "
            "prints all the time",
            next="close other programs that use the port, try another cable and another socket, and run the same "
            "command again; `fipy-doctor fix --stop-program` stops a program on the board",
        )


def rows(
    board: Board, code: str, about: str, *, silence_s: float = SILENCE_S, total_s: float = TOTAL_S
) -> list[object]:
    """The values that proved ``code`` says. It may run more than once, so it must do no harm the second time.

    about  what the answer is about, for the error: ``/flash/lib``
    Raises ReplTraceback for an error of the board's own, LineSpoils, BoardReset, LinkError.
    """
    answer = _Answer()
    failed: BoardError | None = None
    raised: list[str] = []
    for before in range(TRIES):
        try:
            printed = board.repl.run(
                behind_lines(before, code), silence_s=silence_s, total_s=total_s, errors="surrogateescape"
            )
        except ReplTraceback as err:
            if _TRUE_ERRORS.match(err.error):
                raise
            failed = err
            raised.append(err.error)
            back_at_prompt(board)
        except (ReplBroken, ReplTimeout) as err:
            if isinstance(err, ReplTimeout) and not board.repl.is_back:
                raise  # Ctrl-C did not stop it: it hangs
            failed = err
            back_at_prompt(board)
        else:
            values = answer.take(printed)
            if values is not None:
                return values
            failed = None
    if failed is not None and len(raised) == TRIES and len(set(raised)) == 1:
        raise failed  # no bad line spoils code in the same way each time
    said = f": {failed.what}" if failed is not None else ""
    raise LineSpoils(
        f"the board's answer about {about} arrived incomplete {TRIES} times{said}", on=board.link.name
    ) from failed


def one(board: Board, code: str, about: str, *, silence_s: float = SILENCE_S, total_s: float = TOTAL_S) -> object:
    """The one value that proved ``code`` says. Raises as ``rows``, and LineSpoils if there are none or several."""
    values = rows(board, code, about, silence_s=silence_s, total_s=total_s)
    if len(values) != 1:
        raise LineSpoils(f"the board gave no usable answer about {about}", on=board.link.name)
    return values[0]


def back_at_prompt(board: Board) -> None:
    """After a dialogue that went wrong: into the raw REPL again. Raises ReplBroken if the board does not come back.

    Ctrl-C may hit nothing but what is left of a command of ours: the board sat idle before it, and BoardReset is raised
    if it has restarted since.
    """
    board.repl.watch_for_reset()
    try:
        board.repl.enter()
    except ReplBroken:
        board.repl.enter(cancel_input=True)


@dataclass
class _Answer:
    """What is proved of an answer so far, over the times that it was asked for.

    texts   rows by number, as the board printed them
    end     the last row, as it came last: how many there are, and the hash of them all
    before  the rows of an earlier answer that came whole, if the board cannot hash
    """

    texts: dict[int, str] = field(default_factory=dict)
    end: str = '[-1, ""]'
    before: list[str] | None = None

    def take(self, printed: str) -> list[object] | None:
        """Add what came; the values of all rows once they are proved."""
        hashed, plain = _rows_in(printed)
        if END in plain:
            return self._twice(plain)
        self.end = hashed.pop(END, self.end)
        count, whole = foreign_json.read(self.end)
        for known in ({**self.texts, **hashed}, hashed):  # the board may say something else than the last time
            texts = [known[number] for number in range(min(count, len(known))) if number in known]
            if len(texts) == count and chain(texts) == whole:
                return [foreign_json.read(text) for text in texts]
        self.texts.update(hashed)
        return None

    def _twice(self, plain: dict[int, str]) -> list[object] | None:
        count = foreign_json.read(plain.pop(END))[0]
        texts = [plain[number] for number in range(min(count, len(plain))) if number in plain]
        if len(texts) != count:
            return None
        if texts == self.before:
            return [foreign_json.read(text) for text in texts]
        self.before = texts
        return None


def _rows_in(printed: str) -> tuple[dict[int, str], dict[int, str]]:
    """The rows whose hash fits by number, and those that came without one."""
    hashed: dict[int, str] = {}
    plain: dict[int, str] = {}
    for part in printed.split(TAG)[1:]:
        found = _ROW.match(part)
        if found is None:
            continue  # another thread printed into the line, or it lost a byte
        try:
            value, end = foreign_json.first_in(part, found.end())
        except ValueError:
            continue
        number, text = int(found[2]), part[found.end() : end]
        if part[end : end + 1] != "]" or (number == END and not _is_end(value)):
            continue
        if not found[1]:
            plain[number] = text
        elif found[1] == digest(f"{number} {text}"):
            hashed[number] = text
    return hashed, plain


def _is_end(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and isinstance(value[0], int) and isinstance(value[1], str)


def chain(texts: list[str]) -> str:
    """The hash of all rows of an answer."""
    whole = ""
    for text in texts:
        whole = digest(whole + text)
    return whole


def digest(text: str) -> str:
    """The hash of a row: of its number, a space and its text."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:SUM_DIGITS]
