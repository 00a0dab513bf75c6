"""Two programs of ours on one image file or device exclude each other: the system's own lock on the object itself.

A lock lies on what is opened, not on a name, so links, other names of a device and other users meet it too, and the
system frees it when we die. Linux's udev keeps to the same rule (systemd.io, "Locking Block Device Access").
Windows has no such lock on files: there a changed image is noticed before it is replaced, and a device is locked by
its volumes (``raw_windows``).
"""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from doctor.computer import is_windows
from doctor.errors import CardError

_PATIENCE_S = 2.0  #: udev looks at a device for moments after it appeared, and shares the lock in that time
_RETRY_S = 0.05
_guard = threading.Lock()
_ours: dict[tuple[int, int], int] = {}  #: what this process has claimed, and how often


@contextmanager
def claimed(path: Path) -> Iterator[None]:
    """Keep an image or device for ourselves within the block. Raises CardError if another program has it."""
    handle = -1
    if not is_windows():
        with suppress(OSError):  # the next opening, which is meant, says why not
            handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if handle < 0:
        yield
        return
    key = _key(handle)
    try:
        with _guard:
            first = key not in _ours
            if first:
                _lock(handle, str(path), exclusive=True)
            _ours[key] = _ours.get(key, 0) + 1
        try:
            yield
        finally:
            with _guard:
                _ours[key] -= 1
                if not _ours[key]:
                    del _ours[key]
    finally:
        os.close(handle)


def share(handle: int, name: str) -> None:
    """An open image or device is read until it is closed. Raises CardError if another program writes it."""
    if is_windows():
        return
    with _guard:
        if _key(handle) not in _ours:
            _lock(handle, name, exclusive=False)


def _key(handle: int) -> tuple[int, int]:
    found = os.fstat(handle)
    return (found.st_rdev, -1) if found.st_rdev else (found.st_dev, found.st_ino)


def _lock(handle: int, name: str, *, exclusive: bool) -> None:
    import fcntl

    how = (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB
    until = time.monotonic() + (_PATIENCE_S if exclusive else 0)
    while True:
        try:
            fcntl.flock(handle, how)
            return
        except OSError as err:
            if err.errno not in (errno.EAGAIN, errno.EACCES):  # a file system without locks
                return
        if time.monotonic() >= until:
            raise CardError(
                "card-is-fat",
                "is in use by another program",
                on=name,
                cause="another fipy-doctor works on it",
                next="wait until that has ended, then run the same command again",
            )
        time.sleep(_RETRY_S)
