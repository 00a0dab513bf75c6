"""A thread writes what is printed, so that no wait for a reader is one that no signal ends."""

from __future__ import annotations

import errno
import os
import threading
from collections import deque

from doctor.cli.stdio import SteadyFile, steady_files

MOST_AHEAD_BYTES = 1 << 16  #: minutes of progress bars, and far more than all else that a flash prints
MOST_BESIDE_BYTES = 1 << 24  #: of what other threads print: they may not wait, since the main one may wait for them
PIECE_BYTES = 4096
READER_WAIT_S = 60.0  #: for somebody who pressed Ctrl-S, or looks at another page of a pager
ENDING_WAIT_S = 2.0  #: for the reader of a program that a signal ends
_LOOK_S = 0.1


class Ahead:
    """A thread that writes in the place of whoever prints, in order: it can be given up when its reader stops reading.

    patient  the main thread waits for room, and until what it flushed is read; else what finds no room is dropped
    limit_s  how long nothing may be read before the rest is given up; None: no limit
    """

    def __init__(self) -> None:
        self.patient = True
        self.limit_s: float | None = None
        self._pieces: deque[tuple[SteadyFile, bytes]] = deque()
        self._waiting_bytes = 0
        self._moved = False
        self._changed = threading.Condition()
        threading.Thread(target=self._run, name="output", daemon=True).start()

    def put(self, file: SteadyFile, data: bytes) -> None:
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


def write_ahead() -> None:
    """From now on a thread writes what is printed, so that no wait for a reader is one that no signal ends."""
    files = steady_files()
    for file in files:
        same = (other.ahead for other in files if other.ahead is not None and _is_same(file, other))
        file.ahead = file.ahead or next(same, None) or Ahead()


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


def _is_same(one: SteadyFile, other: SteadyFile) -> bool:
    """Whether both go to one place, where their order counts."""
    return (one.isatty() and other.isatty()) or os.path.sameopenfile(one.fileno(), other.fileno())


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


def _aheads() -> list[Ahead]:
    return [file.ahead for file in steady_files() if isinstance(file.ahead, Ahead)]
