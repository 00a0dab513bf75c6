"""A file that the user names for what a run writes: an earlier one of its kind is replaced, nothing else is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import IO

from doctor.computer import is_windows
from doctor.documents.json_file import lock, open_ours
from doctor.errors import UsageError, reason

#: By what such a file is to hold.
_NOT_WRITABLE_IDS = {
    "trace": "trace-not-writable",
    "log": "log-not-writable",
    "report": "report-not-writable",
    "list of ports": "usage",
}


def replaced(path: Path, kind: str, is_ours: Callable[[bytes], bool], head_bytes: int) -> IO[bytes]:
    """The file at ``path``, empty and open for writing.

    kind     what it is to hold: ``trace``, ``log``, ``report``
    is_ours  whether a file that begins with these bytes, at most ``head_bytes``, is an earlier one of that kind

    Raises UsageError if it cannot be written, holds anything else, or is being written by another run.
    """
    refuse_other(path, kind, is_ours, head_bytes)
    try:
        file = open_ours(path, "ab")
    except OSError as err:
        raise UsageError(
            _NOT_WRITABLE_IDS[kind],
            f"the {kind} file cannot be written",
            on=str(path),
            cause=reason(err),
            next="name a file in a folder that exists and that you may write to",
        ) from err
    if _is_taken(file):
        file.close()
        raise UsageError(
            _NOT_WRITABLE_IDS[kind],
            f"another run is writing this {kind}; it is left as it is",
            on=str(path),
            next=f"wait until that run is over, or give the {kind} a name of its own",
        )
    file.truncate(0)
    return file


def _is_taken(file: IO[bytes]) -> bool:
    """Whether another run is writing it; if not, it is locked as long as it is open."""
    if not is_windows():  # which lets nobody read what is locked
        try:
            lock(file)
        except BlockingIOError:
            return True
        except OSError:  # some file systems have no locks
            return False
    return False


def refuse_other(path: Path, kind: str, is_ours: Callable[[bytes], bool], head_bytes: int) -> None:
    """Raises UsageError if there is a file at ``path`` that is no earlier one of its kind: it may be the only firmware.

    The arguments are those of ``replaced``.
    """
    if not _may_go(path, is_ours, head_bytes):
        raise UsageError(
            _NOT_WRITABLE_IDS[kind],
            f"the file exists and is not a {kind}; it is left as it is",
            on=str(path),
            next=f"give the {kind} a name of its own",
        )


def _may_go(path: Path, is_ours: Callable[[bytes], bool], head_bytes: int) -> bool:
    """Whether nothing is lost: no file yet, an empty one, an earlier one."""
    try:
        with open_ours(path, "rb") as file:
            head = file.read(head_bytes)
            return not head or is_ours(head)
    except OSError:
        return True  # opening it for writing says why not
