"""A trace as a port: ``replay://FILE`` says what the device said then, by the clock of the trace, and asks nobody.

What is sent must be what was sent then, byte for byte; the pieces may be others. The first thing that is not is the
divergence: from there on the trace can tell nothing, so every use of the port raises it.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import IO, Any

from doctor import __version__
from doctor.documents import values
from doctor.documents.json_file import open_ours
from doctor.documents.trace_lines import RX, TX, VERSION, Line, is_trace, lines_of
from doctor.errors import BoardError, CardError, DoctorError, FirmwareError, LinkError, UsageError, reason
from doctor.link.link import REPL_BAUD, Link
from doctor.link.port_url import PortUrl
from doctor.link.ports import PortInfo
from doctor.link.telnet_url import TelnetAddress, parse
from doctor.link.trace import Trace
from doctor.text.command import Command
from doctor.text.escape import shown

#: What an error of a recorded run is again; any other is a plain one.
_ERRORS: dict[str, type[DoctorError]] = {
    kind.__name__: kind for kind in (UsageError, LinkError, FirmwareError, CardError, BoardError)
}
_LINES = ("baud", "rts", "dtr", "reconnect")
_ON_WIRE = (RX, TX, "none", "slept", "lost", "cts", "close", *_LINES)
#: How long the board is asked to wait for its modem (snippets/modem.py): what is left by the clock, to the millisecond.
_WAIT = re.compile(rb"', \d+, (\d+)\)\Z")
_HEAD_BYTES = 100  #: in which a trace shows that it is one
_PACKED, _WIDE = ("is compressed", "unpack it first"), ("is text in UTF-16", "save it as UTF-8")
#: What becomes of a trace on its way, and what helps, by how it begins then.
_BECAME = {b"\x1f\x8b": _PACKED, b"PK\x03\x04": _PACKED, b"\xff\xfe": _WIDE, b"\xfe\xff": _WIDE}
_SHOWN_BYTES = 24  #: of what was expected and what came, in an error
_MOST_PARTS = 200  #: of what a trace knows besides bytes; ours have twenty


class DivergenceError(LinkError):
    """This run does something else at the port than the run that was recorded."""


def open_trace(path: Path) -> IO[bytes]:
    """A trace, to be read. Raises UsageError if it is not one, or cannot be read."""
    why, step = "is not a trace", "name a file that --trace wrote"
    try:
        file = open_ours(path, "rb", follow=True)
        head = file.read(_HEAD_BYTES)
        if is_trace(head):
            file.seek(0)
            return file
        file.close()
        why, step = next((became for sign, became in _BECAME.items() if head.startswith(sign)), (why, step))
    except (OSError, ValueError) as err:  # a name that no file can have
        why = f"cannot be read: {reason(err)}"
    raise UsageError("trace-unreadable", why, on=str(path), next=step)


class Recording:
    """A trace as a whole: what was run, and what it knew from elsewhere. Looked through once, and not kept.

    Raises UsageError if it is not a trace.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines = 0
        self.last_ms = 0
        self.bytes = {RX: 0, TX: 0}
        self.open: Mapping[str, Any] = {}
        self.damaged = 0  #: number of the first line that cannot be read; 0 if there is none
        self.another = 0  #: number of the line in which another trace begins; 0 if there is one trace
        self.stopped = False  #: whether Ctrl-C or a signal ended the run
        self._head: Mapping[str, Any] = {}
        self._asides: dict[tuple[str, str], Mapping[str, Any]] = {}
        with open_trace(path) as file:
            for line in lines_of(file):
                self._look(line)

    def _look(self, line: Line) -> None:
        what = line.what
        if self.another or (what == "trace" and self.lines):
            self.another = self.another or line.number
            return
        self.lines += 1
        if line.number != self.lines and not self.damaged:
            self.damaged = self.lines
        self.last_ms = max(self.last_ms, line.t_ms)
        if what in self.bytes:
            self.bytes[what] += len(line.data)
        if what == "trace":
            self._head = line.members
        elif what == "stopped":
            self.stopped = True
        elif what == "open" and not self.open:
            self.open = line.members
        elif what in ("failed", "found", "part") and len(self._asides) < _MOST_PARTS:
            self._asides[what, str(line.members.get("name"))] = line.members

    @property
    def version(self) -> int:
        """Of the format; 1 if it does not say."""
        version = self._head.get("version")
        return version if type(version) is int else 1

    @property
    def tool(self) -> str:
        """The version of fipy-doctor that wrote it; "" if it does not say."""
        return shown(str(self._head.get("tool", "")), 40)

    @property
    def command(self) -> str:
        """The command that it was taken with; "" if it does not say."""
        return shown(str(self._head.get("command", "")), 40)

    @property
    def at(self) -> str:
        """When it was taken; "" if it does not say."""
        return shown(str(self._head.get("at", "")), 40)

    def said(self, name: str) -> Mapping[str, Any]:
        """What its first line says of ``options`` or ``asked``; empty if it does not."""
        said = self._head.get(name)
        return said if isinstance(said, dict) else {}

    def aside(self, what: str, name: str) -> Mapping[str, Any] | None:
        """What it says last of ``part``, ``found`` or ``failed`` NAME; None if nothing."""
        return self._asides.get((what, name))

    def never_knew(self, name: str) -> bool:
        """Whether the run did not come to ``part`` NAME: a trace of ours has each that was looked for."""
        return self.version >= VERSION and self.aside("part", name) is None

    @cached_property
    def url(self) -> PortUrl:
        """The port that it was taken at."""
        return PortUrl.read(shown(str(self.open.get("url", "")), 1000))


class Player:
    """What stands in for pySerial's object behind a replayed link: the bytes, the lines and the time of a trace."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.diverged: DivergenceError | None = None
        self._bytes_only = recording.version < VERSION  # and whoever recorded it may not have seen the lines
        self._file = open_trace(recording.path)
        self._lines = lines_of(self._file)
        self._now_ms = 0
        self._late_ms = 0  # how far this run is behind the trace
        self._came = bytearray()
        self._due = b""
        self._sent = 0
        self._last = 0
        self._baud = REPL_BAUD
        self._rts = False
        self._next = self._read_on()
        if self._next is not None and self._next.what == "rts":  # as it was set before the port was opened
            self._pass(self._next)

    # --- the clock ---

    @property
    def clock(self) -> Player:
        """The clock of the trace."""
        return self

    def ticks_ms(self) -> int:
        """Milliseconds since the trace began."""
        return self._now_ms

    def sleep_ms(self, ms: int) -> None:
        """Let as much time pass as then, or what is asked for if the trace does not say; nobody waits."""
        if self._next is not None and self._next.what == "slept":
            self._pass(self._next)
        else:
            self._now_ms += ms

    # --- bytes ---

    def take(self, max_bytes: int, wait_ms: int) -> bytes:
        """What came, at most ``max_bytes``; b"" if nothing came in time. Raises DivergenceError, OSError as then."""
        self._refuse()
        end_ms = self._now_ms + wait_ms
        while not self._came:
            line = self._next
            if line is None:
                raise self._diverge("the trace ends here, and the port was not closed", "", "this run goes on reading")
            if line.what == "none":
                self._pass(line)
                return b""
            if line.what == "lost":
                self._pass(line)
                raise OSError(shown(str(line.members.get("value")), 200))
            in_time = not self._bytes_only or line.t_ms + self._late_ms <= end_ms  # a read of ours brought what it did
            if line.what not in (RX, "slept") or not in_time:
                self._now_ms = end_ms
                return b""
            self._pass(line)
            self._came += line.data
        taken = bytes(self._came[:max_bytes])
        del self._came[: len(taken)]
        return taken

    def write(self, data: bytes) -> int:
        """Send what was sent then. Raises DivergenceError at the first byte that is another."""
        self._refuse()
        wait = _WAIT.search(data)
        if wait is None:
            self._match(data)
            return len(data)
        self._match(data[: wait.start(1)])
        self._skip_number()
        self._match(data[wait.end(1) :])
        return len(data)

    def _match(self, left: bytes) -> None:
        while left:
            if not self._due:
                self._due = self._expect(TX, left).data
            length = min(len(left), len(self._due))
            if left[:length] != self._due[:length]:
                at = next(n for n in range(length) if left[n] != self._due[n])
                self._sent += at
                raise self._diverge("another byte was sent", _bytes(self._due[at:]), _bytes(left[at:]))
            left, self._due = left[length:], self._due[length:]
            self._sent += length

    def _skip_number(self) -> None:
        """Go past the digits that were sent then, in however many pieces."""
        while not (rest := self._due.lstrip(b"0123456789")):
            self._sent += len(self._due)
            self._due = self._expect(TX, b"").data
        self._sent += len(self._due) - len(rest)
        self._due = rest

    # --- lines ---

    @property
    def baudrate(self) -> int:
        """The speed."""
        return self._baud

    @baudrate.setter
    def baudrate(self, baud: int) -> None:
        self._changed("baud", baud)
        self._baud = baud

    @property
    def rts(self) -> bool:
        """The RTS line."""
        return self._rts

    @rts.setter
    def rts(self, asserted: bool) -> None:
        self._changed("rts", asserted)
        self._rts = asserted

    @property
    def cts(self) -> bool:
        """The CTS line as it was."""
        self._refuse()
        return bool(self._expect("cts", None).members.get("value"))

    def reconnect(self, limit_s: float) -> None:
        """The board came back, as it did then."""
        self._changed("reconnect", None)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    @property
    def address(self) -> TelnetAddress | None:
        """Where the board was on Wi-Fi; nobody is called there."""
        with contextlib.suppress(ValueError):
            return parse(self.recording.url.text, "", {}) if self.recording.url.is_telnet else None
        return None

    # --- the trace ---

    def _read_on(self) -> Line | None:
        line = next((line for line in self._lines if line.what in _ON_WIRE), None)
        return None if line is None or 0 < self.recording.another < line.number else line

    def _pass(self, line: Line) -> None:
        """Go past a line: it is now as late as it was then, at least."""
        self._now_ms = max(self._now_ms, line.t_ms + self._late_ms)
        self._last = line.number
        self._next = self._read_on()

    def _changed(self, what: str, value: int | None) -> None:
        self._refuse()
        if self._bytes_only:
            return
        said = self._expect(what, value).members.get("value")
        if value is not None and said != value:
            raise self._diverge(f"{what} was set to another value", _value(said), _value(value))

    def _expect(self, what: str, does: bytes | int | None) -> Line:
        """The next line, which must be of this kind; what the device said before it is there to be read."""
        past = (RX, "none", "slept", *(_LINES if self._bytes_only else ()))
        while (line := self._next) is not None and line.what in past:
            self._came += line.data
            self._pass(line)
        does_words = _bytes(does) if isinstance(does, bytes) else f"{what} {_value(does)}"
        if line is None or line.what == "close":
            raise self._diverge("the trace ends here", "nothing more", does_words)
        if line.what != what:
            was = _bytes(line.data) if line.what == TX else f"{line.what} {_value(line.members.get('value'))}"
            raise self._diverge("something else was done", was, does_words)
        self._pass(line)
        self._late_ms = self._now_ms - line.t_ms
        return line

    def _refuse(self) -> None:
        if self.diverged is not None:
            raise self.diverged

    def _diverge(self, what: str, expected: str, got: str) -> DivergenceError:
        where = self._next.number if self._next is not None and not self._due else self._last
        again = Command("check", ("--trace", "FILE"), port=self.recording.url.text)
        expects = f": expected {expected}, got {got}" if expected else f": {got}"
        self.diverged = DivergenceError(
            "replay-differs",
            f"line {where}, byte {self._sent} of what was sent: {what}{expects}",
            on=str(self.recording.path),
            cause=self._cause(where),
            next=f"take a new trace of the board: {again}",
        )
        return self.diverged

    def _cause(self, where: int) -> str:
        """What the trace itself tells; "" if that is nothing."""
        recording = self.recording
        if 0 < recording.damaged <= where:
            return f"the trace was damaged: line {recording.damaged} cannot be read"
        this = f"this is {__version__}"
        if recording.version > VERSION:
            return f"the trace was written by a newer fipy-doctor ({recording.tool}); {this}"
        if recording.version < VERSION and not recording.tool:
            return f"an older fipy-doctor wrote the trace and asked otherwise, or another program did; {this}"
        if recording.tool not in ("", __version__):
            return f"the trace is of an older fipy-doctor ({recording.tool}), which asked otherwise; {this}"
        if recording.stopped:
            return "the run was stopped before its end (Ctrl-C, or a signal)"
        if self._next is None:
            return "the trace was cut, or the run that it is of was killed"
        return ""


class ReplayedLink(Link):
    """A link into a trace."""

    def __init__(self, player: Player, trace: Trace | None) -> None:
        self._player = player
        super().__init__(player, player.recording.url, rts=True, trace=trace)

    @cached_property
    def listed(self) -> PortInfo | None:
        """What the system said of the port."""
        said = self._player.recording.open.get("listed")
        with contextlib.suppress(ValueError):
            return None if said is None else values.of_json(PortInfo, said)
        return None

    @property
    def recording(self) -> Recording:
        """The trace."""
        return self._player.recording

    @property
    def diverged(self) -> DivergenceError | None:
        """Where this run left the trace; None if it did not."""
        return self._player.diverged

    def _read(self, max_bytes: int, wait_ms: int) -> bytes:
        return self._player.take(max_bytes, wait_ms)

    def _lines_answer(self) -> bool:
        return self._player.recording.open.get("lines") is True


def recording_at(path: Path) -> Recording:
    """The trace at ``path``, looked through once as long as it is the same file. Raises UsageError."""
    try:
        stands = path.stat()
    except (OSError, ValueError):
        return Recording(path)  # which says what is wrong
    return _recording(path, stands.st_mtime_ns, stands.st_size)


@lru_cache(maxsize=1)
def _recording(path: Path, _mtime_ns: int, _size: int) -> Recording:
    return Recording(path)


def open_replay(recording: Recording, trace: Trace | None) -> Link:
    """A trace as a link. Raises the recorded error if the port could not be opened, UsageError if none was."""
    if not recording.open:
        raise recorded_error(recording.aside("failed", "link") or {}) or UsageError(
            "trace-unreadable",
            "holds no port that was opened",
            on=str(recording.path),
            cause="the run ended before it, or the file was cut",
            next=f"take a new trace of the board: {Command('check', ('--trace', 'FILE'), port='PORT')}",
        )
    return ReplayedLink(Player(recording), trace)


def recorded_error(aside: Mapping[str, Any]) -> DoctorError | None:
    """The error that an aside of a trace tells of, safe to show; None if it tells of none."""
    said = aside.get("error")
    if not isinstance(said, dict):
        return None
    texts = {name: shown(str(said.get(name, "")), 1000) for name in ("id", "what", "on", "cause", "next")}
    return _ERRORS.get(str(said.get("kind")), DoctorError)(texts.pop("id"), texts.pop("what"), **texts)


def _value(value: Any) -> str:
    return shown(str(value), 40)


def _bytes(data: bytes) -> str:
    """Bytes as people read them, and in hex."""
    return f'"{shown(data[:_SHOWN_BYTES].decode("latin-1"), 60)}" ({data[:_SHOWN_BYTES].hex(" ")})'
