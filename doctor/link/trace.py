"""A record of every byte that crossed a link, both ways, as JSON Lines."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping
from io import TextIOWrapper
from pathlib import Path
from threading import Lock
from typing import Any, TextIO

from doctor import __version__
from doctor.clock import Clock, Now, SystemClock, utc_now
from doctor.documents.output_file import replaced
from doctor.documents.trace_lines import FIRST_BYTES, RX, TX, VERSION, Line
from doctor.errors import reason
from doctor.events import Listener, Note, ignore


class Trace(contextlib.AbstractContextManager["Trace"]):
    """Writes one JSON object a line, ``{"t": seconds, "dir": "rx", "hex": "…"}``; also the clock of the link it is of.

    That clock stands still between two lines: what the run decides by the time hangs on no moment that the trace does
    not hold, so the replay decides alike. ``t`` counts seconds of it from the opening; ``dir`` says what happened:

    trace              the first line: version of the format and of this program, and what was run
    open, close        the port, what the system says of it, and whether it has RTS and CTS
    failed             the port could not be opened: the error
    rx, tx             bytes from the device and to it
    none               a read ended without a byte, at this time
    slept              a wait without a read was over, at this time
    lost               the port went away: what the system said
    baud, rts          were set to this value; ``cts`` was read
    reconnect          over Wi-Fi, after a restart that was meant
    check, found       a check begins; what it found
    stopped            Ctrl-C or a signal ends the run
    part               what the run knew from elsewhere: of a file on the PC, or from an earlier run

    Lines are written as they happen and nothing is kept, so memory use is constant. A full disk ends the trace with
    one Note; the work goes on. A trace holds no firmware but what was sent.

    path    the file to write; None: only ``hear`` gets it. An earlier trace is replaced, any other file is not: it may
            be the only firmware. Raises UsageError if it cannot be made
    listen  gets the Note
    hear    gets each line of the port as well, with the time of the clock
    run     command and options of this run, as JSON
    """

    def __init__(
        self,
        path: Path | None,
        listen: Listener = ignore,
        now: Now = utc_now,
        run: Mapping[str, Any] | None = None,
        hear: Callable[[Line], None] | None = None,
    ) -> None:
        self._now = now
        self.path = path
        self._listen = listen
        self._hear = hear
        self._clock: Clock = SystemClock()  # until a link brings its own
        self._start_ms: int | None = None
        self._now_ms = 0
        self._ahead_ms = 0  # of a clock that began anew when the port was opened again
        self._lock = Lock()
        self._file: TextIO | None = None
        if path is None:
            return
        # Line-buffered: what crossed the wire before a crash is in the file.
        file = replaced(path, "trace", lambda head: head == FIRST_BYTES, len(FIRST_BYTES))
        self._file = TextIOWrapper(file, "ascii", newline="\n", line_buffering=True)
        first = {"version": VERSION, "tool": __version__, "at": self._at(), **(run or {})}
        self._line({"dir": "trace", **first})

    def ticks_ms(self) -> int:
        """When the last line was written, by the clock of the link."""
        return self._now_ms

    def sleep_ms(self, ms: int) -> None:
        """Sleep by the clock of the link, and record that."""
        self._clock.sleep_ms(ms)
        self.change("slept", ms)

    def opened(self, clock: Clock, url: str, baud: int, **known: Any) -> None:
        """Note that a link was opened, its clock, and what is ``known`` of its port; times count from the first one."""
        self._clock = clock
        if self._start_ms is None:
            self._start_ms = clock.ticks_ms()
        else:
            self._ahead_ms = max(0, self._now_ms - clock.ticks_ms())
        self._event({"dir": "open", "url": url, "baud": baud, "at": self._at(), **known})

    def received(self, data: bytes) -> None:
        """Record what a read brought: bytes from the device, or none."""
        self._event({"dir": RX, "hex": data.hex()} if data else {"dir": "none"}, data)

    def sent(self, data: bytes) -> None:
        """Record bytes to the device."""
        self._event({"dir": TX, "hex": data.hex()}, data)

    def change(self, what: str, value: int | bool | str) -> None:
        """Record what else happened: ``baud``, ``rts``, ``cts``, ``lost``, ``reconnect``, ``slept``, ``close``."""
        self._event({"dir": what, "value": value})

    def aside(self, what: str, name: str, **said: Any) -> None:
        """Record what did not cross the port, beside the line before: ``failed``, ``check``, ``part`` …"""
        self._line({"dir": what, "name": name, **said})

    def close(self, err: OSError | None = None) -> None:
        """End the trace; ``err`` is what has ended it before its time. Does no harm twice."""
        file, self._file = self._file, None
        try:
            if file is not None:
                file.close()
        except OSError as late:  # the unwritten rest cannot be written either
            err = err or late
        if err is not None:
            self._listen(Note(f"the trace {self.path} ends here: {reason(err)}"))

    def __exit__(self, *_error: object) -> None:
        self.close()

    def _at(self) -> str:
        return self._now().isoformat(timespec="seconds")

    def _event(self, members: dict[str, Any], data: bytes = b"") -> None:
        """Go on to the time that it is now, and write a line."""
        self._now_ms = self._clock.ticks_ms() + self._ahead_ms
        if self._hear is not None:
            self._hear(Line(0, self._now_ms, members["dir"], data, members))
        self._line(members)

    def _line(self, members: dict[str, Any]) -> None:
        seconds = 0.0 if self._start_ms is None else (self._now_ms - self._start_ms) / 1000
        with self._lock:  # checks of files run beside those of the port
            if self._file is None:
                return
            try:
                self._file.write(json.dumps({"t": seconds, **members}) + "\n")
            except OSError as err:
                self.close(err)
