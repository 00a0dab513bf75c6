"""Standard streams that outlive their reader; loads nothing that ``--version`` has no use for, not even ``typing``.

A closed or full standard output changes no exit code, and above all never ends a flash that is under way.
"""

from __future__ import annotations

import codecs
import errno
import io
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    class Writer(Protocol):
        """What writes in the place of whoever prints (doctor/cli/ahead.py)."""

        def put(self, file: SteadyFile, data: bytes, /) -> None:
            """Have ``data`` written to ``file``."""

        def flushed(self) -> None:
            """Whoever prints has flushed."""

        def finish(self) -> None:
            """Return once all is written, or given up."""


_READER_LEFT = (errno.EPIPE, errno.EIO, errno.ENXIO)  #: a pipe, or a terminal, that somebody closed: no news to them
_STDOUT, _STDERR = 1, 2  #: numbers of descriptors
_PLAINER = "fipy-doctor-plainer"  #: how ``codecs`` knows it


class SteadyFile(io.RawIOBase):
    """What a standard stream writes to in the end; once it takes no more, everything goes nowhere.

    lost   why it takes no more
    ahead  what writes in its place, so that nobody waits for the reader (doctor/cli/ahead.py)
    """

    def __init__(self, raw: io.RawIOBase) -> None:
        self._raw = raw
        self.lost: OSError | None = None
        self.ahead: Writer | None = None

    def keep(self) -> None:
        """Write to a descriptor of our own from now on, and leave the old one to standard error.

        So what a child inherits, or foreign code writes to the number itself, goes there too.
        """
        if self._raw.fileno() == _STDOUT:
            own = os.dup(_STDOUT)
            os.dup2(_STDERR, _STDOUT)
            self._raw = io.FileIO(own, "w", closefd=False)  # a thread may be writing: it stays open until the end

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


class _SteadyText(io.TextIOWrapper):
    """A standard stream: what the main thread flushes was written, though another thread does that."""

    def flush(self) -> None:
        """Flush, and wait for a reader who is waited for."""
        super().flush()
        file = _descriptor(self)
        if isinstance(file, SteadyFile) and file.ahead is not None:
            file.ahead.flushed()


def make_steady() -> None:
    """Give every standard stream somewhere to go, and let none of them raise for what cannot be shown or written."""
    _open_closed()
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        old = _descriptor(stream)
        if type(old) is io.FileIO:  # the stream takes its own with it when it goes
            old = io.FileIO(old.fileno(), "w", closefd=False)
        if isinstance(old, io.RawIOBase):
            setattr(sys, name, _like(stream, SteadyFile(old)))


class _Aside:
    """Standard output while a program reads the results: what anybody else prints goes to standard error."""

    def __init__(self, stream: Any) -> None:
        self.kept = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(sys.stderr, name)


def keep_for_results() -> None:
    """From now on only who asks for ``results`` writes to standard output: no check or cure of another package does."""
    if isinstance(sys.stdout, _Aside):
        return
    file = _descriptor(sys.stdout)
    if isinstance(file, SteadyFile):
        file.keep()
    sys.stdout = _Aside(sys.stdout)


def give_back() -> None:
    """End what ``keep_for_results`` began."""
    sys.stdout = results()


def results() -> Any:
    """Standard output for the results of the run."""
    return sys.stdout.kept if isinstance(sys.stdout, _Aside) else sys.stdout


def finish() -> None:
    """Return once all that was printed is written, or given up."""
    for stream in (results(), sys.stderr):
        try:
            _finish(stream)
        except (OSError, ValueError):
            continue


def has_reader() -> bool:
    """Whether standard output still takes what is printed: after ``| head`` there is no point in going on."""
    return getattr(_descriptor(results()), "lost", None) is None


def tell_what_was_lost() -> None:
    """Say on standard error that standard output took no more, unless its reader simply left."""
    try:
        _finish(results())
        lost = getattr(_descriptor(results()), "lost", None)
        if isinstance(lost, OSError) and lost.errno not in _READER_LEFT:
            sys.stderr.write(
                f"fipy-doctor: standard output stopped accepting text, and some is missing: {lost.strerror}\n"
            )
        _finish(sys.stderr)
    except (OSError, ValueError):  # nobody left to tell
        return


def _finish(stream: Any) -> None:
    stream.flush()
    file = _descriptor(stream)
    if isinstance(file, SteadyFile) and file.ahead is not None:
        file.ahead.finish()


def steady_files() -> list[SteadyFile]:
    """The standard streams that were made steady."""
    files = (_descriptor(stream) for stream in (results(), sys.stderr))
    return [file for file in files if isinstance(file, SteadyFile)]


def _descriptor(stream: Any) -> object:
    """What a text stream writes to in the end; with ``python -u`` there is no buffer between."""
    buffer = getattr(stream, "buffer", None)
    return getattr(buffer, "raw", buffer)


def _like(stream: io.TextIOWrapper, steady: SteadyFile) -> io.TextIOWrapper:
    """The same stream on another descriptor; what it cannot show is a question mark, but for an ellipsis."""
    codecs.register_error(_PLAINER, _plainer)
    unbuffered = isinstance(stream.buffer, io.RawIOBase)
    raw: Any = steady
    return _SteadyText(
        raw if unbuffered else io.BufferedWriter(steady),
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
