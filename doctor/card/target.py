"""Image files that are being written: always a new file beside the original, never the original itself."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from doctor.errors import CardError
from doctor.fat.source import FileSource

_COPY_BYTES = 1 << 20
Identity = tuple[int, int, int, int, int]  #: of a file: device, number, size, and its two times
PART_MARK = ".fipy-doctor-part-"  #: in the name of every unfinished copy, so that leftovers can be told


class FileTarget(FileSource):
    """An image file opened for reading and writing, which never grows or shrinks; a context manager."""

    def __init__(self, path: Path) -> None:
        self._hold(path, path.open("r+b", buffering=0))

    def write_at(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        """Write all of ``data``. Raises ValueError outside the file, CardError if the disk is full or broken."""
        if offset < 0 or offset + len(data) > self.size_bytes:
            raise ValueError(f"{offset}+{len(data)} is outside {self.name}")
        left = memoryview(data)
        try:
            self._file.seek(offset)
            while left:
                left = left[self._file.write(left) :]
        except OSError as err:
            raise disk_error(self._path, err) from err

    def sync(self) -> None:
        """Return when everything written lies on the disk. Raises CardError."""
        try:
            os.fsync(self._file.fileno())
        except OSError as err:
            raise disk_error(self._path, err) from err

    def __enter__(self) -> FileTarget:
        return self


def disk_error(path: Path, err: OSError) -> CardError:
    """The error for a PC's disk that refuses a file."""
    full = err.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
    first = "make room" if full else "check the disk and your access rights"
    return CardError(
        "card-is-fat",
        "the disk is full" if full else f"cannot be written: {err.strerror}",
        on=str(path),
        cause="there is not enough room for the copy" if full else "",
        next=f"{first} and start again; the original is as it was",
    )


@contextmanager
def copy_that_takes_the_name(image: Path) -> Iterator[Path]:
    """A new file beside ``image``; takes its name at the end, and vanishes if anything goes wrong before.

    The original is whole at every moment: it is only ever replaced, by a rename, with a finished file. Refuses
    if somebody changed the original in that time. The caller has claimed the image: unfinished copies of it that are
    there were left by runs that were killed, and go. Raises CardError.
    """
    before = identity(image.lstat())
    for killed in leftovers(image):
        with suppress(OSError):
            killed.unlink()
    try:
        handle, name = tempfile.mkstemp(prefix=f".{image.name}{PART_MARK}", dir=image.parent)
        os.close(handle)
    except OSError as err:
        raise disk_error(image.parent, err) from err
    part = Path(name)
    try:
        yield part
        with part.open("r+b") as file:  # Windows flushes only files open for writing
            os.fsync(file.fileno())
        shutil.copymode(image, part)
        with suppress(OSError, AttributeError):  # what root changes stays whose it was; Windows has no such owners
            os.chown(part, (owner := image.stat()).st_uid, owner.st_gid)
        if identity(image.lstat()) != before:
            raise CardError(
                "card-is-fat",
                "was changed by another program during the copy; nothing was replaced",
                on=str(image),
                next="close the other program and start again",
            )
        os.replace(part, image)  # noqa: PTH105 - named as what it does
        sync_folder(image.parent)
    except OSError as err:
        raise disk_error(image, err) from err
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def leftovers(image: Path) -> tuple[Path, ...]:
    """Unfinished copies beside an image. Of an image that nobody works on, a kill or a power cut left them."""
    start = f".{image.name}{PART_MARK}"
    try:
        return tuple(sorted(path for path in image.parent.iterdir() if path.name.startswith(start)))
    except OSError:
        return ()


def identity(found: os.stat_result) -> Identity:
    """What tells that nobody has changed a file.

    Whoever writes into it and gives it back its old time (rsync, ``cp --preserve``) leaves the time of change, which
    nobody can set.
    """
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def sync_folder(folder: Path) -> None:
    """Make a rename last through a power cut, if the system can (Windows cannot open folders)."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def set_size(path: Path, size_bytes: int) -> None:
    """Give a new, empty file its size; what was never written reads as zeros and takes no room."""
    with path.open("r+b") as file:
        file.truncate(size_bytes)


def used_bytes(path: Path) -> int:
    """Room that a file takes on the disk, holes not counted; its size if the system does not say."""
    found = path.stat()
    blocks: int | None = getattr(found, "st_blocks", None)
    return found.st_size if blocks is None else min(found.st_size, blocks * 512)


def copy_sparse(source: Path, destination: Path) -> None:
    """Copy a file's content into an existing empty file, leaving holes where there are only zeros. Raises CardError."""
    size = source.stat().st_size
    try:
        with source.open("rb", buffering=0) as src, destination.open("r+b", buffering=0) as dst:
            dst.truncate(size)
            for start, end in _filled(src.fileno(), size):
                at = start
                while at < end:
                    src.seek(at)
                    piece = src.read(min(_COPY_BYTES, end - at))
                    if not piece:
                        break
                    if piece.strip(b"\0"):
                        dst.seek(at)
                        _write_all(dst.fileno(), piece)
                    at += len(piece)
            os.fsync(dst.fileno())
    except OSError as err:
        raise disk_error(destination, err) from err


def _write_all(handle: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(handle, left) :]


def _filled(handle: int, size: int) -> Iterator[tuple[int, int]]:
    """The parts of a file that are no holes, if the system tells; else all of it."""
    if not hasattr(os, "SEEK_DATA"):
        yield 0, size
        return
    at = 0
    while at < size:
        try:
            start = os.lseek(handle, at, os.SEEK_DATA)
        except OSError as err:
            if err.errno == errno.ENXIO:
                return
            yield at, size
            return
        at = os.lseek(handle, start, os.SEEK_HOLE)
        yield start, at


def same_content(one: Path, two: Path) -> bool:
    """Whether two files hold the same bytes; holes that both have are not read."""
    size = one.stat().st_size
    if two.stat().st_size != size:
        return False
    with one.open("rb", buffering=0) as left, two.open("rb", buffering=0) as right:
        for handle in (left.fileno(), right.fileno()):
            for start, end in _filled(handle, size):
                for at in range(start, end, _COPY_BYTES):
                    length = min(_COPY_BYTES, end - at)
                    left.seek(at)
                    right.seek(at)
                    if left.read(length) != right.read(length):
                        return False
    return True


def sha256_of(pieces: Iterator[bytes]) -> str:
    """SHA-256 of what comes, as hexadecimal digits."""
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()


def first_difference(pieces: Iterator[bytes], local: Path) -> int | None:
    """The first offset at which a file on the card differs from one on the PC; None if they are equal.

    A file that ends early differs at its end. Raises CardError from the card, OSError from the PC's file.
    """
    at = 0
    with local.open("rb") as file:
        for piece in pieces:
            ours = file.read(len(piece))
            if ours != piece:
                pairs = zip(piece, ours, strict=False)
                return at + next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(piece), len(ours)))
            at += len(piece)
        return at if file.read(1) else None
