"""Where the bytes of a card come from: whole media and bounded views of one volume on them.

Everything that judges or reads a card takes a ``BlockSource``; an image file is one kind, and a raw device
fits in beside it. No reader can leave the view it was given.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from contextlib import AbstractContextManager
from io import FileIO
from pathlib import Path
from typing import Protocol

from doctor.errors import CardError, DoctorError, UsageError
from doctor.fat.claim import share

SECTOR_BYTES = 512  #: the unit of partition tables, and the only sector size that the board takes


class BlockSource(Protocol):
    """A medium, or a part of one, that can be read anywhere."""

    @property
    def name(self) -> str:
        """What the user calls it."""

    @property
    def size_bytes(self) -> int:
        """How many bytes there are."""

    def read_at(self, offset: int, length: int) -> bytes:
        """Exactly ``length`` bytes at ``offset``. Raises CardError if they are not all there."""


def _no_such_bytes(name: str, offset: int, length: int, cause: str) -> CardError:
    return CardError(
        "sd-read-error-mid-flash",
        f"cannot read {length} bytes at sector {offset // SECTOR_BYTES}",
        on=name,
        cause=cause,
        next="copy the files to another card, or make the image again",
    )


def cannot_open(path: Path, err: OSError) -> DoctorError:
    """The error for a path of the user's that the system refuses."""
    if isinstance(err, FileNotFoundError):
        return UsageError("card-is-fat", "there is no such file or folder", on=str(path), next="name another with --sd")
    next_step = "check the access rights"
    return CardError("card-is-fat", f"cannot be opened: {err.strerror}", on=str(path), next=next_step)


def refuse_odd_file(mode: int, path: Path) -> None:
    """Raise CardError for what is no plain file: opening a pipe waits forever. ``mode`` as os.stat gives it."""
    if not stat.S_ISREG(mode):
        raise CardError(
            "card-is-fat",
            "is neither a folder, an image file nor a disk",
            on=str(path),
            next="give the folder where the card is mounted, an image file of it, or the device, which"
            " `fipy-doctor cards` lists",
        )


class FileSource(AbstractContextManager["FileSource"]):
    """An image file, opened read-only for as long as it is used; a context manager.

    name          the path as the user gave it
    size_bytes    of the file when it was opened
    sector_bytes  the unit of reading that suits a disk; a file takes any other, too

    Raises UsageError if the path does not exist and CardError if it cannot be read.
    """

    sector_bytes = SECTOR_BYTES

    def __init__(self, path: Path) -> None:
        try:
            refuse_odd_file(path.stat().st_mode, path)
            self._hold(path, path.open("rb", buffering=0))
        except OSError as err:
            raise cannot_open(path, err) from err

    def _hold(self, path: Path, file: FileIO) -> None:
        self.name = str(path)
        self._path = path
        self._file = file
        self.size_bytes = os.fstat(file.fileno()).st_size
        try:
            share(file.fileno(), str(path))
        except CardError:
            file.close()
            raise

    def fileno(self) -> int:
        """The descriptor, for a child process."""
        return self._file.fileno()

    def read_at(self, offset: int, length: int) -> bytes:
        """Exactly ``length`` bytes at ``offset``. Raises CardError if they are not all there."""
        if offset < 0 or offset + length > self.size_bytes:
            raise _no_such_bytes(self.name, offset, length, "the image ends before that: it was cut while copying")
        parts: list[bytes] = []
        left = length
        try:
            self._file.seek(offset)
            while left:
                part = self._file.read(left)
                if not part:
                    raise _no_such_bytes(self.name, offset, length, "the file became shorter while it was read")
                parts.append(part)
                left -= len(part)
        except OSError as err:
            raise _no_such_bytes(self.name, offset, length, f"the system reports: {err.strerror}") from err
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __exit__(self, *_error: object) -> None:
        self.close()


class View:
    """A part of a source, such as one volume; nothing outside can be reached through it."""

    def __init__(self, source: BlockSource, offset: int, size_bytes: int) -> None:
        if offset < 0 or size_bytes < 0 or offset + size_bytes > source.size_bytes:
            raise ValueError(f"{offset}+{size_bytes} is outside {source.name}")
        self.name = source.name
        self._source = source
        self.offset = offset
        self.size_bytes = size_bytes

    def read_at(self, offset: int, length: int) -> bytes:
        """Exactly ``length`` bytes at ``offset`` of this part. Raises CardError if they are not all there."""
        if offset < 0 or offset + length > self.size_bytes:
            raise _no_such_bytes(self.name, self.offset + offset, length, "the volume ends before that")
        return self._source.read_at(self.offset + offset, length)


class Remembering:
    """A medium whose tables are read once: what was read in small pieces is kept, whole sectors of it.

    known  sectors by number, which outlive this object; the caller empties it if the medium may have changed
    """

    _SMALL_BYTES = 128 << 10  #: of one read; FATs and files are read in larger pieces
    _MOST_SECTORS = 16 << 10  #: 8 MiB

    def __init__(self, source: BlockSource, known: dict[int, bytes]) -> None:
        self.name = source.name
        self.size_bytes = source.size_bytes
        self._source = source
        self._known = known

    def read_at(self, offset: int, length: int) -> bytes:
        """As the medium, which is not asked for sectors that are known."""
        first, skip = divmod(offset, SECTOR_BYTES)
        numbers = range(first, -(-(offset + length) // SECTOR_BYTES))
        if length > self._SMALL_BYTES or offset < 0:
            return self._source.read_at(offset, length)
        if numbers and all(number in self._known for number in numbers):
            return b"".join(self._known[number] for number in numbers)[skip : skip + length]
        data = self._source.read_at(offset, length)
        if not skip and length % SECTOR_BYTES == 0 and len(self._known) < self._MOST_SECTORS:
            self._known.update(
                (number, data[at : at + SECTOR_BYTES])
                for number, at in zip(numbers, range(0, length, SECTOR_BYTES), strict=True)
            )
        return data


class KnownSectors:
    """A medium of which only some sectors are known, by number; the others read as zeros."""

    size_bytes = 1 << 41  #: as far as a partition table reaches

    def __init__(self, name: str, sectors: Mapping[int, bytes]) -> None:
        self.name = name
        self._sectors = sectors

    def read_at(self, offset: int, length: int) -> bytes:
        """``length`` bytes from ``offset`` on."""
        first, at = divmod(offset, SECTOR_BYTES)
        numbers = range(first, -(-(offset + length) // SECTOR_BYTES))
        whole = b"".join(self._sectors.get(number, b"").ljust(SECTOR_BYTES, b"\0") for number in numbers)
        return whole[at : at + length]
