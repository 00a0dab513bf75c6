"""The process of one board: its events on a pipe to the parent, and the parent's word to stop on one to it.

It has a session of its own, so that Ctrl-C reaches only the parent, and it outlives the parent: a pipe that nobody
reads stops no flash, and its log and its journal are its own.
"""

from __future__ import annotations

import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from typing import Any

from doctor import own_process
from doctor.computer import is_windows
from doctor.documents import foreign_json
from doctor.errors import DoctorError, Exit
from doctor.fleet.boards import Board

MOST_BYTES = 1 << 24  #: of one line: the document of a board that has many findings takes a hundredth of this
_BREAK = getattr(signal, "CTRL_BREAK_EVENT", signal.SIGTERM)  #: what reaches a process group on Windows
_LAST_BYTES = 600  #: of what a process said that wrote no document


class NotStarted(DoctorError):
    """The process of a board cannot be started: this computer has no room for one more."""


class Child:
    """One process of this program.

    words  its command line, the program's name left out
    hear   called in a thread of its own with each object that it writes, and with None when it has ended

    Raises NotStarted.
    """

    def __init__(
        self, board: Board, words: Sequence[str], hear: Callable[[Child, dict[str, Any] | None], None]
    ) -> None:
        self.board = board
        self.code: int | None = None
        self.document: dict[str, Any] | None = None
        self._interrupted = False
        self._hear = hear
        line = own_process.command(*words)
        own_group: dict[str, Any] = {"start_new_session": True}
        if is_windows():
            own_group = {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}
        try:
            with ExitStack() as undone:
                self._told = undone.enter_context(tempfile.TemporaryFile())
                self._process = subprocess.Popen(
                    line,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=self._told,
                    **own_group,
                )
                undone.pop_all()
        except (OSError, ValueError, IndexError) as err:
            raise NotStarted("internal", f"its process cannot be started: {err}", on=board.port) from err
        threading.Thread(target=self._read, name=f"board {board.port}", daemon=True).start()

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    def say(self, line: bytes) -> None:
        """Write a line to its standard input; one that has ended hears nothing."""
        if self._process.stdin is not None:
            with suppress(OSError, ValueError):
                self._process.stdin.write(line + b"\n")
                self._process.stdin.flush()

    def interrupt(self) -> None:
        """End it as Ctrl-C would (cli/signals.py); that one is ignored in what a shell runs in the background."""
        self._interrupted = True
        with suppress(OSError):
            self._process.send_signal(_BREAK if is_windows() else signal.SIGTERM)

    @property
    def is_cut_short(self) -> bool:
        """Whether ``interrupt`` ended it before it could say how it ends.

        In its first moments it does not listen; while it loads its command line it ends as stopped, without a document.
        """
        untold = self.code == Exit.STOPPED and self.document is None
        return self._interrupted and (untold or self.code not in (None, *Exit))

    @property
    def killed_by(self) -> str:
        """That its process was killed, and by which signal; "" if it ended by itself."""
        if self.code is None or self.code >= 0:
            return ""
        name = signal.Signals(-self.code).name if -self.code in set(signal.Signals) else str(-self.code)
        return f"its process was killed ({name})"

    @property
    def last_words(self) -> str:
        """What it said beside its documents at its end; "" if nothing."""
        return self._last_words

    _last_words = ""

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as pipe:
            while line := pipe.readline(MOST_BYTES):
                with suppress(ValueError):
                    said = foreign_json.read(line, MOST_BYTES)
                    if isinstance(said, dict):
                        self._take(said)
        self.code = self._process.wait()
        with suppress(OSError, ValueError):
            self._process.stdin.close()  # type: ignore[union-attr]
        with self._told as told:
            told.seek(max(0, told.seek(0, 2) - _LAST_BYTES))
            self._last_words = told.read().decode(errors="replace").strip()
        self._hear(self, None)

    def _take(self, said: dict[str, Any]) -> None:
        if "event" not in said:
            self.document = said
        self._hear(self, said)


def exit_code(code: int, *, sent: bool) -> int:
    """The exit code of a process that may have been killed: then nobody knows how the modem stands."""
    if code in tuple(Exit):
        return code
    return Exit.UNPROVED if sent else Exit.FAILED
