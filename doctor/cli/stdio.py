"""Standard streams that outlive their reader; loads nothing that ``--version`` has no use for.

A closed or full standard output changes no exit code, and above all never ends a flash that is under way.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from contextlib import suppress
from typing import Any, cast

_READER_LEFT = (errno.EPIPE, errno.EIO, errno.ENXIO)  #: a pipe, or a terminal, that somebody closed: no news to them


class _SteadyFile(io.FileIO):
    """A descriptor to write to; once it takes no more, everything goes nowhere."""

    lost: OSError | None = None

    def write(self, data: Any, /) -> int:
        """Write ``data``, or drop it."""
        size = memoryview(data).nbytes
        if self.lost is None:
            try:
                written = super().write(data)
            except OSError as err:
                self.lost = err
            else:
                return size if written is None else written
        return size


class _SteadyBuffer(io.BufferedWriter):
    """A buffer that drops what comes in the middle of a write: the answer to a Ctrl-C. No message is worth a flash."""

    def write(self, data: Any, /) -> int:
        """Write ``data``, or drop it."""
        with suppress(RuntimeError):
            return super().write(data)
        return memoryview(data).nbytes

    def flush(self) -> None:
        """Flush, unless a write is under way."""
        with suppress(RuntimeError):
            super().flush()


def make_steady() -> None:
    """Give every standard stream somewhere to go, and let none of them raise for what cannot be shown or written."""
    _open_closed()
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        old = _descriptor(stream)
        if type(old) is io.FileIO:
            setattr(sys, name, _like(stream, _SteadyFile(old.fileno(), "w", closefd=False)))
        elif isinstance(old, io.RawIOBase):  # a Windows console: nobody can close it behind our back
            setattr(sys, name, _like(stream, old))


def tell_what_was_lost() -> None:
    """Say on standard error that standard output took no more, unless its reader simply left."""
    with suppress(OSError, ValueError):  # nobody left to tell
        sys.stdout.flush()
        lost = getattr(_descriptor(sys.stdout), "lost", None)
        if isinstance(lost, OSError) and lost.errno not in _READER_LEFT:
            sys.stderr.write(
                f"fipy-doctor: standard output stopped accepting text, and some is missing: {lost.strerror}\n"
            )


def _descriptor(stream: Any) -> object:
    """What a text stream writes to in the end; with ``python -u`` there is no buffer between."""
    buffer = getattr(stream, "buffer", None)
    return getattr(buffer, "raw", buffer)


def _like(stream: io.TextIOWrapper, steady: io.RawIOBase) -> io.TextIOWrapper:
    """The same stream on another descriptor; characters that it cannot show become question marks."""
    unbuffered = isinstance(stream.buffer, io.RawIOBase)
    return io.TextIOWrapper(
        cast("Any", steady) if unbuffered else _SteadyBuffer(steady),
        encoding=stream.encoding,
        errors="replace",
        line_buffering=stream.line_buffering,
        write_through=unbuffered,
    )


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
