"""Standard streams that outlive their reader; loads nothing that ``--version`` has no use for.

A closed or full standard output changes no exit code, and above all never ends a flash that is under way.
"""

from __future__ import annotations

import codecs
import errno
import io
import os
import sys
import threading
from collections import deque
from contextlib import suppress
from typing import Any, cast

_READER_LEFT = (errno.EPIPE, errno.EIO, errno.ENXIO)  #: a pipe, or a terminal, that somebody closed: no news to them
MOST_AHEAD_BYTES = 1 << 16  #: minutes of progress bars, and far more than all else that a flash prints
MOST_BESIDE_BYTES = 1 << 24  #: of what other threads print: they may not wait, since the main one may wait for them
PIECE_BYTES = 4096
_PLAINER = "fipy-doctor-plainer"  #: how ``codecs`` knows it
READER_WAIT_S = 60.0  #: for somebody who pressed Ctrl-S, or looks at another page of a pager
ENDING_WAIT_S = 2.0  #: for the reader of a program that a signal ends
_LOOK_S = 0.1


class _SteadyFile(io.RawIOBase):
    """What a standard stream writes to in the end; once it takes no more, everything goes nowhere.

    lost   why it takes no more
    ahead  what writes in its place, so that nobody waits for the reader
    """

    def __init__(self, raw: io.RawIOBase) -> None:
        self._raw = raw
        self.lost: OSError | None = None
        self.ahead: _Ahead | None = None

    def writable(self) -> bool:
        """Always."""
        return True

    def fileno(self) -> int:
        """The descriptor's number."""
        return self._raw.fileno()

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return self._raw.isatty()

    @property
    def name(self) -> int:
        """What ``io.FileIO`` calls a descriptor."""
        return self._raw.fileno()

    def write(self, data: Any, /) -> int:
        """Write ``data``, or drop it."""
        if self.ahead is None or self.lost is not None:
            return self.write_now(data)
        self.ahead.put(self, bytes(data))
        return memoryview(data).nbytes

    def write_now(self, data: Any, /) -> int:
        """Write ``data`` however long that takes; how much of it went out, or was dropped."""
        size = memoryview(data).nbytes
        if self.lost is None:
            try:
                written = self._raw.write(data)
            except OSError as err:
                self.lost = err
            except ValueError as err:  # somebody closed it in this process
                self.lost = OSError(errno.EBADF, str(err))
            else:
                return size if written is None else written
        return size


class _Ahead:
    """A thread that writes in the place of whoever prints, in order: it can be given up when its reader stops reading.

    patient  the main thread waits for room, and until what it flushed is read; else what finds no room is dropped
    limit_s  how long nothing may be read before the rest is given up; None: no limit
    """

    def __init__(self) -> None:
        self.patient = True
        self.limit_s: float | None = None
        self._pieces: deque[tuple[_SteadyFile, bytes]] = deque()
        self._waiting_bytes = 0
        self._moved = False
        self._changed = threading.Condition()
        threading.Thread(target=self._run, name="output", daemon=True).start()

    def put(self, file: _SteadyFile, data: bytes) -> None:
        """Have ``data`` written to ``file``."""
        with self._changed:
            if self.patient and _in_main_thread():
                self._wait_until_at_most(MOST_AHEAD_BYTES)
            elif self._waiting_bytes + len(data) > (MOST_BESIDE_BYTES if self.patient else MOST_AHEAD_BYTES):
                return
            while data:
                size = PIECE_BYTES
                while size < len(data) and data[size] & 0xC0 == 0x80:  # within a character of UTF-8
                    size -= 1
                self._pieces.append((file, data[:size]))
                self._waiting_bytes += len(data[:size])
                data = data[size:]
            self._changed.notify_all()

    def flushed(self) -> None:
        """Whoever prints has flushed."""
        if self.patient and _in_main_thread():
            self.finish()

    def finish(self) -> None:
        """Return once all is written, or the reader has read nothing for a while: then the rest is lost."""
        with self._changed:
            self._wait_until_at_most(0)

    def _wait_until_at_most(self, size: int) -> None:
        waited_s = 0.0
        while self._waiting_bytes > size:
            self._moved = False
            if self._changed.wait_for(lambda: self._moved, _LOOK_S):
                waited_s = 0.0
                continue
            waited_s += _LOOK_S
            if self.limit_s is not None and waited_s >= self.limit_s:
                for file, _ in self._pieces:
                    file.lost = file.lost or OSError(errno.ETIMEDOUT, "nobody reads it")
                self._pieces.clear()
                self._waiting_bytes = 0

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._pieces)
                file, piece = self._pieces[0]
            written = file.write_now(piece)
            with self._changed:
                if self._pieces:  # nobody has given it up meanwhile
                    self._pieces.popleft()
                    if written < len(piece):
                        self._pieces.appendleft((file, piece[written:]))
                    self._waiting_bytes -= written
                self._moved = True
                self._changed.notify_all()


class _SteadyText(io.TextIOWrapper):
    """A standard stream: what the main thread flushes was written, though another thread does that."""

    def flush(self) -> None:
        """Flush, and wait for a reader who is waited for."""
        super().flush()
        file = _descriptor(self)
        if isinstance(file, _SteadyFile) and file.ahead is not None:
            file.ahead.flushed()


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


def make_steady() -> None:
    """Give every standard stream somewhere to go, and let none of them raise for what cannot be shown or written."""
    _open_closed()
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        old = _descriptor(stream)
        if type(old) is io.FileIO:  # the stream takes its own with it when it goes
            old = io.FileIO(old.fileno(), "w", closefd=False)
        if isinstance(old, io.RawIOBase):
            setattr(sys, name, _like(stream, _SteadyFile(old)))


def write_ahead() -> None:
    """From now on a thread writes what is printed, so that no wait for a reader is one that no signal ends."""
    files = _steady()
    for file in files:
        same = (other.ahead for other in files if other.ahead is not None and _is_same(file, other))
        file.ahead = file.ahead or next(same, None) or _Ahead()


def wait_for_nobody() -> None:
    """From now on what is printed holds nothing up: a stopped terminal, a full pipe and a slow line lose the rest."""
    write_ahead()
    for ahead in _aheads():
        ahead.patient, ahead.limit_s = False, READER_WAIT_S


def wait_for_the_reader() -> None:
    """What matters comes now: whoever stopped reading has READER_WAIT_S to go on."""
    for ahead in _aheads():
        ahead.patient, ahead.limit_s = True, READER_WAIT_S


def wait_no_longer() -> None:
    """A signal ends the program: whoever reads nothing for ENDING_WAIT_S loses the rest. Safe in its handler."""
    for ahead in _aheads():
        ahead.limit_s = ahead.limit_s or ENDING_WAIT_S


def finish() -> None:
    """Return once all that was printed is written, or given up."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            _finish(stream)


def has_reader() -> bool:
    """Whether standard output still takes what is printed: after ``| head`` there is no point in going on."""
    return getattr(_descriptor(sys.stdout), "lost", None) is None


def tell_what_was_lost() -> None:
    """Say on standard error that standard output took no more, unless its reader simply left."""
    with suppress(OSError, ValueError):  # nobody left to tell
        _finish(sys.stdout)
        lost = getattr(_descriptor(sys.stdout), "lost", None)
        if isinstance(lost, OSError) and lost.errno not in _READER_LEFT:
            sys.stderr.write(
                f"fipy-doctor: standard output stopped accepting text, and some is missing: {lost.strerror}\n"
            )
        _finish(sys.stderr)


def _finish(stream: Any) -> None:
    stream.flush()
    file = _descriptor(stream)
    if isinstance(file, _SteadyFile) and file.ahead is not None:
        file.ahead.finish()


def _is_same(one: _SteadyFile, other: _SteadyFile) -> bool:
    """Whether both go to one place, where their order counts."""
    return (one.isatty() and other.isatty()) or os.path.sameopenfile(one.fileno(), other.fileno())


def _steady() -> list[_SteadyFile]:
    """The standard streams that were made steady."""
    files = (_descriptor(stream) for stream in (sys.stdout, sys.stderr))
    return [file for file in files if isinstance(file, _SteadyFile)]


def _aheads() -> list[_Ahead]:
    return [file.ahead for file in _steady() if file.ahead is not None]


def _descriptor(stream: Any) -> object:
    """What a text stream writes to in the end; with ``python -u`` there is no buffer between."""
    buffer = getattr(stream, "buffer", None)
    return getattr(buffer, "raw", buffer)


def _like(stream: io.TextIOWrapper, steady: _SteadyFile) -> io.TextIOWrapper:
    """The same stream on another descriptor; what it cannot show is a question mark, but for an ellipsis."""
    codecs.register_error(_PLAINER, _plainer)
    unbuffered = isinstance(stream.buffer, io.RawIOBase)
    return _SteadyText(
        cast("Any", steady) if unbuffered else io.BufferedWriter(steady),
        encoding=stream.encoding,
        errors=_PLAINER,
        line_buffering=stream.line_buffering,
        write_through=unbuffered,
    )


def _plainer(err: UnicodeError) -> tuple[str, int]:
    """What stands for characters that an encoding lacks: the old code pages of Windows have no ellipsis."""
    if not isinstance(err, UnicodeEncodeError):
        raise err
    lacking = err.object[err.start : err.end]
    return "".join("..." if letter == "\u2026" else "?" for letter in lacking), err.end


def _open_closed() -> None:
    """Give a stream that the shell closed (``>&-``) somewhere to go, before a port gets its number.

    Nothing printed may ever land in a serial port.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            null = os.open(os.devnull, os.O_RDWR)
            if null != number:
                os.dup2(null, number)
                os.close(null)
            setattr(sys, name, open(number, "r" if number == 0 else "w", encoding="utf-8", closefd=False))  # noqa: SIM115
