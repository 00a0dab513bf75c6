"""Files of ours: opened without a trap, written so that they last, read as what anybody may have changed."""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from doctor.computer import O_BINARY, is_windows, msvcrt
from doctor.documents import foreign_json

_MODES = {
    "rb": os.O_RDONLY,
    "wb": os.O_WRONLY | os.O_CREAT | os.O_TRUNC,
    "xb": os.O_WRONLY | os.O_CREAT | os.O_EXCL,
    "ab": os.O_WRONLY | os.O_CREAT | os.O_APPEND,
    "a+b": os.O_RDWR | os.O_CREAT | os.O_APPEND,
}
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)  #: Windows has neither, nor the modes
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)
_DRAFT = re.compile(r".+\.[0-9a-f]{8}\.part")
_TRIES = 3  #: another run may take a draft for one of a killed run, just before it is locked or has its name
_ODD = {errno.ELOOP: "it is a link", errno.ENXIO: "it is a pipe"}  #: nobody reads that pipe


def open_ours(path: Path, mode: str, *, follow: bool = False) -> IO[bytes]:
    """A file that is a file: no pipe, no device, and no link unless ``follow``. What is written is for one user only.

    That is this user; if root writes in somebody's folder, the one whose folder it is. Raises OSError.
    """
    try:
        handle = os.open(path, _MODES[mode] | _NO_WAIT | O_BINARY | (0 if follow else _NO_LINK), 0o600)
    except OSError as err:
        if err.errno in _ODD:
            raise OSError(err.errno, _ODD[err.errno], str(path)) from err
        raise
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "it is not a file", str(path))
        if mode != "rb" and hasattr(os, "fchmod"):
            with suppress(OSError):  # somebody else's, or on a card
                os.fchmod(handle, 0o600)
            _hand_over(handle, path)
        return os.fdopen(handle, mode.replace("x", "w"))
    except BaseException:
        os.close(handle)
        raise


def lock(stream: IO[bytes], *, shared: bool = False) -> None:
    """Take an open file until it is closed or we die; ``shared``: to look only. Raises OSError if another has it."""
    if is_windows():
        library = msvcrt()
        stream.seek(0)
        library.locking(stream.fileno(), library.LK_NBRLCK if shared else library.LK_NBLCK, 1)
        return
    import fcntl

    fcntl.flock(stream, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)


def make_folder(path: Path) -> None:
    """Make a folder, and what it lies in, as ``new_folder`` does; one that is there stays as it is. Raises OSError."""
    for place in (*reversed(path.parents), path):
        if not place.is_dir():
            try:
                new_folder(place)
            except FileExistsError as err:  # another run made it, or it is none
                if not place.is_dir():
                    raise NotADirectoryError(errno.ENOTDIR, "what has its name is no folder", str(place)) from err


def new_folder(path: Path) -> None:
    """Make a folder for the user that ``open_ours`` writes for. Raises OSError; FileExistsError if it is there."""
    path.mkdir(0o700)
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | _NO_LINK)
        try:
            _hand_over(handle, path)
        finally:
            os.close(handle)


def _hand_over(handle: int, path: Path) -> None:
    """Give what root made to the owner of the folder that it lies in, who could not use it after one run with sudo.

    A file with a second name may be one of the system's, laid there to be had.
    """
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return
    made, folder = os.fstat(handle), path.parent.stat()
    only_here = made.st_nlink == 1 or stat.S_ISDIR(made.st_mode)
    if made.st_uid == 0 != folder.st_uid and only_here:
        with suppress(OSError):  # a card has no owners
            os.fchown(handle, folder.st_uid, folder.st_gid)


def read_json(path: Path, max_bytes: int) -> Any:
    """The document in a file. Raises OSError, and ValueError for whatever is no document of at most ``max_bytes``."""
    return foreign_json.read(read_bounded(path, max_bytes), max_bytes)


def read_bounded(path: Path, max_bytes: int, *, follow: bool = False) -> bytes:
    """What a file holds, which may be a link if ``follow``. Raises OSError, and ValueError if it is larger."""
    with open_ours(path, "rb", follow=follow) as file:
        data = file.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise ValueError(f"has more than {max_bytes} bytes")
    return data


def write_synced(path: Path, data: bytes, mode: str = "wb") -> None:
    """Write to a file, opened in a binary ``mode`` and locked; what returns outlives a power cut. Raises OSError."""
    with open_ours(path, mode) as file:
        with suppress(OSError):  # some file systems have no locks
            lock(file)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that a power cut leaves the old one or the new one. Raises OSError."""
    for left in reversed(range(_TRIES)):
        draft = draft_beside(path)
        try:
            write_synced(draft, data, "xb")
            draft.replace(path)
            return
        except FileNotFoundError:
            if not left:
                raise
        finally:
            draft.unlink(missing_ok=True)


def draft_beside(path: Path) -> Path:
    """A new name in the folder of ``path``, for ``write_synced``; makes the folder. Raises OSError.

    Files with such a name that no living run writes go: they are of runs that were killed.
    """
    make_folder(path.parent)
    with suppress(OSError):
        for draft in path.parent.iterdir():
            if _DRAFT.fullmatch(draft.name):
                forget_unlocked(draft)
    return path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")


def forget_unlocked(draft: Path) -> None:
    """Remove a file of ours that no living run holds; one that cannot be removed stays."""
    with suppress(OSError):
        with open_ours(draft, "rb") as file:
            lock(file)
        draft.unlink()  # Windows removes nothing that is open


def text_in(value: object, limit: int = 1 << 14) -> str:
    """``value`` if it is a text that a file of ours may hold. Raises ValueError."""
    if not isinstance(value, str) or len(value) > limit or "\0" in value:
        raise ValueError("is not text")
    value.encode()  # half a surrogate pair is not text either: UnicodeEncodeError is a ValueError
    return value


def place_in(value: object, limit: int = 1 << 14) -> str:
    """``value`` if it can name a file of this computer, whatever its bytes. Raises ValueError."""
    if not isinstance(value, str) or len(value) > limit or "\0" in value:
        raise ValueError("is not a path")
    os.fsencode(value)  # UnicodeEncodeError is a ValueError
    return value


def count_in(value: object) -> int:
    """``value`` if it is a whole number from 0 on. Raises ValueError."""
    if type(value) is not int or value < 0:
        raise ValueError("is not a number of things")
    return value
