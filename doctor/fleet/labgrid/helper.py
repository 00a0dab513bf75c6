"""The program that holds places, in labgrid's Python: started, told what to do, and heard (data/labgrid_places.py)."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from doctor import data
from doctor.computer import is_windows
from doctor.documents import foreign_json
from doctor.errors import DoctorError
from doctor.fleet.labgrid.owner import Owner
from doctor.text.escape import shown

PROGRAM = "labgrid_places.py"
_MOST_BYTES = 1 << 24  #: of one line: a thousand places take a megabyte
Told = Mapping[str, Any]
UNASKED = ("lost", "changed", "coordinator")


class Helper:
    """One running helper. ``end`` it: it gives back what it holds, and so it does if we are killed.

    python  of labgrid
    owner   the name that it holds places under; its lock is shared with the helper
    heard   told in another thread what happens to places unasked: ``lost``, ``changed``, ``coordinator``

    Raises DoctorError if it cannot be started.
    """

    def __init__(self, python: str, owner: Owner, heard: Callable[[Told], None]) -> None:
        self.python = python
        self._heard = heard
        self._told: queue.SimpleQueue[Told | None] = queue.SimpleQueue()
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        lasting = {} if is_windows() else {"pass_fds": (owner.handle,)}
        try:
            self._process = subprocess.Popen(
                [python, *_program(), owner.coordinator, owner.name],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                start_new_session=True,  # Ctrl-C is for us alone
                **lasting,  # type: ignore[call-overload,unused-ignore]
            )
        except OSError as err:
            self._errors.close()
            raise DoctorError(
                "labgrid-missing",
                "labgrid's Python cannot be started",
                on=python,
                cause=str(err),
                next="`pipx install labgrid`, then run the same command again",
            ) from err
        threading.Thread(target=self._read, name="labgrid", daemon=True).start()

    def do(self, what: str, **more: Any) -> None:
        """Tell it to do something; one that has ended is told nothing."""
        stdin = self._process.stdin
        assert stdin is not None
        with suppress(OSError, ValueError):
            stdin.write(json.dumps({"do": what, **more}).encode() + b"\n")
            stdin.flush()

    def next(self, limit_s: float | None = None) -> Told | None:
        """What it says next; None if it has ended. Raises TimeoutError."""
        try:
            told = self._told.get(timeout=limit_s)
        except queue.Empty:
            raise TimeoutError from None
        if told is None:
            self._told.put(None)  # whoever asks again is told again
        return told

    def end(self, limit_s: float) -> Iterator[Told]:
        """Have it give back all places, and wait until it has; what it says meanwhile. Raises TimeoutError."""
        self.do("end")
        while (told := self.next(limit_s)) is not None:
            yield told
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            assert stream is not None
            with suppress(OSError):
                stream.close()
        self._process.wait()

    def last_words(self) -> str:
        """The end of what it wrote to its standard error: why it failed."""
        with suppress(OSError, ValueError):
            self._errors.seek(max(0, self._errors.seek(0, os.SEEK_END) - 500))
            lines = self._errors.read().decode(errors="replace").strip().splitlines()
            return shown(lines[-1]) if lines else ""
        return ""

    def _read(self) -> None:
        stdout = self._process.stdout
        assert stdout is not None
        with suppress(OSError, ValueError):
            for line in stdout:
                with suppress(ValueError):
                    told = foreign_json.read(line, _MOST_BYTES)
                    if not isinstance(told, dict):
                        continue
                    if told.get("what") in UNASKED:
                        self._heard(told)
                    elif isinstance(told.get("what"), str):
                        self._told.put(told)
        self._told.put(None)


def _program() -> list[str]:
    """The words that run the program; from a zip it is handed over as text."""
    file = data.beside(data.__file__, data.__name__) / PROGRAM
    return [str(file)] if isinstance(file, Path) else ["-c", data.text(PROGRAM)]
