"""The board that a test of somebody's own board code talks to, real or simulated (docs/pytest.md): a small surface.

What a test changes among the board's files is undone at its end, and copies lie on the PC until then.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from doctor.board.repl import ReplTraceback
from doctor.board.storage import files
from doctor.board.storage.files import BoardFileMissing
from doctor.errors import BoardError, DoctorError
from doctor.updater import states
from doctor.updater.at import AtChannel

if TYPE_CHECKING:
    from doctor.bench import Bench

_QUERY = re.compile(r"AT|ATI\d?|AT[+^!%$][A-Z0-9]+(?:=?\?)", re.IGNORECASE)
_WAKE_TRIES, _WAKE_MS = 10, 300  #: a first ERROR after a pause is normal (design.md 3)


class Raised(AssertionError):
    """Code raised on the board; the text is the board's traceback, ``error`` its last line."""

    def __init__(self, text: str, error: str) -> None:
        super().__init__(text)
        self.error = error


class BoardUnderTest:
    """A board at its prompt. Every call raises a ``doctor.errors.DoctorError`` if the board does not answer.

    port    what it is plugged into
    copies  folder on the PC for what is replaced or removed, until it is put back
    """

    def __init__(self, bench: Bench, port: str, copies: Path) -> None:
        self.port = port
        self._bench = bench
        self._copies = copies
        self._before: dict[str, Path | None] = {}

    def run(self, code: str, *, timeout_s: float = 60.0) -> str:
        """What ``code`` prints at the board's prompt. Raises Raised if it raises there."""
        try:
            return self._bench.board.repl.run(code, silence_s=timeout_s, total_s=timeout_s)
        except ReplTraceback as err:
            raise Raised(err.text, err.error) from None

    def read(self, path: str) -> bytes:
        """The content of a file of the board, proved by its own hash. Raises BoardFileMissing."""
        return files.read(self._bench.board, path)

    def listdir(self, path: str = "/flash") -> list[str]:
        """Names in a folder of the board, in its order."""
        return [entry.name for entry in files.listdir(self._bench.board, path)]

    def put(self, path: str, data: bytes | str) -> None:
        """Write a file of the board and prove it; text as UTF-8. What was there comes back when the test is over."""
        self._keep(path)
        files.write(self._bench.board, path, data.encode() if isinstance(data, str) else data)

    def remove(self, path: str) -> None:
        """Delete a file of the board; it comes back when the test is over."""
        self._keep(path)
        files.remove(self._bench.board, path)

    def modem(self, query: str, *, timeout_s: float = 20.0) -> list[str]:
        """The lines with which the modem answers a query, without its OK: ``AT``, ``ATI1``, ``AT+CSQ?``, ``AT+CFUN=?``.

        Raises ValueError for what is no query, since a command can brick the modem; BoardError if it does not run its
        application, or does not answer with OK.
        """
        if not _QUERY.fullmatch(query):
            raise ValueError(f"{query!r} is no query: AT, ATI, or a command that ends with ? or =?")
        mode = self._bench.modem_facts.mode  # found out as every check does: not every mode bears an AT
        if mode != states.APPLICATION:
            raise self._unanswered(f"the modem is in mode {mode}")
        with self._bench.modem_port() as port:
            channel = AtChannel(port, self._bench.clock)
            channel.wake(_WAKE_TRIES, _WAKE_MS)
            reply = channel.command(query, int(timeout_s * 1000))
        if reply.status != "OK":
            said = f"{reply.status} to {query}" if reply.status else f"nothing to {query}"
            raise self._unanswered(f"the modem answers {said}")
        return list(reply.lines)

    def _unanswered(self, what: str) -> BoardError:
        return BoardError("modem-answers", what, on=self.port, next="run `fipy-doctor check`")

    def put_back(self) -> None:
        """Give the board the files back that it had. Raises DoctorError that names the copies if that fails."""
        try:
            for path, copy in reversed(self._before.items()):
                self._restore(path, copy)
        except DoctorError as err:
            if any(self._before.values()):
                err.next = f"copies of the board's own files are in {self._copies}; {err.next}"
            raise
        self._before.clear()

    def _restore(self, path: str, copy: Path | None) -> None:
        if copy is None:
            files.remove(self._bench.board, path)
        else:
            files.write(self._bench.board, path, copy.read_bytes())

    def _keep(self, path: str) -> None:
        """Copy a file of the board to the PC before it is changed for the first time."""
        if path in self._before:
            return
        try:
            data = files.read(self._bench.board, path)
        except BoardFileMissing:
            self._before[path] = None
            return
        copy = self._copies / f"{len(self._before)}-{Path(path).name}"
        _write(copy, data)
        self._before[path] = copy


def _write(copy: Path, data: bytes) -> None:
    from doctor.documents.json_file import make_folder, write_whole

    make_folder(copy.parent)
    write_whole(copy, data)
