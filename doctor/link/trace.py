"""A record of every byte that crossed a link, both ways, as JSON Lines."""

from __future__ import annotations

import contextlib
import json
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO

from doctor.clock import Now, utc_now
from doctor.documents.json_file import open_ours
from doctor.errors import UsageError
from doctor.events import Listener, Note, ignore

FIRST_BYTES = b'{"t": '
"""What every trace begins with; ``_line`` writes it."""


class Trace(contextlib.AbstractContextManager["Trace"]):
    """Writes one JSON object a line: ``{"t": seconds, "dir": "rx", "hex": "…"}``.

    ``dir`` is ``open``, ``rx``, ``tx``, ``baud``, ``rts``, ``dtr`` or ``close``; ``t`` counts seconds of the
    link's clock from its opening. Lines are written as they happen and nothing is kept, so memory use is constant.
    A full disk ends the trace with one Note; the work goes on.

    path    the file to write. An earlier trace is replaced, any other file is not: it may be the only firmware.
            Raises UsageError if it cannot be made
    listen  gets the Note
    """

    def __init__(self, path: Path, listen: Listener = ignore, now: Now = utc_now) -> None:
        self._now = now
        self.path = path
        self._listen = listen
        self._start_ms: int | None = None
        if not _may_be_replaced(path):
            raise UsageError(
                "trace-not-writable",
                "the file exists and is not a trace; it is left as it is",
                on=str(path),
                next="give the trace a name of its own",
            )
        try:
            # Line-buffered: what crossed the wire before a crash is in the file.
            self._file: TextIO | None = TextIOWrapper(open_ours(path, "wb"), "ascii", newline="\n", line_buffering=True)
        except OSError as err:
            raise UsageError(
                "trace-not-writable",
                "the trace file cannot be written",
                on=str(path),
                cause=err.strerror or str(err),
                next="name a file in a folder that exists and that you may write to",
            ) from err

    def opened(self, ticks_ms: int, url: str, baud: int) -> None:
        """Note that a link was opened; its times count from the first one."""
        if self._start_ms is None:
            self._start_ms = ticks_ms
        self._line(ticks_ms, {"dir": "open", "url": url, "baud": baud, "at": self._now().isoformat(timespec="seconds")})

    def data(self, ticks_ms: int, direction: str, data: bytes) -> None:
        """Record bytes; ``direction`` is ``rx`` (from the device) or ``tx``."""
        self._line(ticks_ms, {"dir": direction, "hex": data.hex()})

    def change(self, ticks_ms: int, what: str, value: int | bool | str) -> None:
        """Record a change of the line: ``baud``, ``rts``, ``dtr``, ``close``."""
        self._line(ticks_ms, {"dir": what, "value": value})

    def close(self, err: OSError | None = None) -> None:
        """End the trace; ``err`` is what has ended it before its time. Does no harm twice."""
        file, self._file = self._file, None
        try:
            if file is not None:
                file.close()
        except OSError as late:  # the unwritten rest cannot be written either
            err = err or late
        if err is not None:
            self._listen(Note(f"the trace {self.path} ends here: {err.strerror or err}"))

    def __exit__(self, *_error: object) -> None:
        self.close()

    def _line(self, ticks_ms: int, members: dict[str, int | bool | str]) -> None:
        if self._file is None:
            return
        seconds = (ticks_ms - (self._start_ms if self._start_ms is not None else ticks_ms)) / 1000
        try:
            self._file.write(json.dumps({"t": seconds, **members}) + "\n")
        except OSError as err:
            self.close(err)


def _may_be_replaced(path: Path) -> bool:
    """Whether nothing is lost: no file yet, an empty one, an earlier trace."""
    try:
        with open_ours(path, "rb") as file:
            return file.read(len(FIRST_BYTES)) in (b"", FIRST_BYTES)
    except OSError:
        return True  # opening it for writing says why not
