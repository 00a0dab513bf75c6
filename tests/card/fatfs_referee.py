"""FatFs itself (PyPI ``fatfs-ng``), the board's file system, as a second opinion on what the board can read."""

from __future__ import annotations

import io
from pathlib import Path
from typing import IO, Any

import pytest

fatfs: Any = pytest.importorskip("fatfs", reason="fatfs-ng is not installed")


class ImageDisk(fatfs.diskio.Disk):  # type: ignore[misc,unused-ignore]
    """An image file; what is written stays in memory, bytes behind its end cannot be read, as on a card."""

    def __init__(self) -> None:
        super().__init__()
        self._file: IO[bytes] = io.BytesIO()
        self._size = 0
        self._written: dict[int, bytes] = {}

    def insert(self, path: Path) -> None:
        self._file = path.open("rb")
        self._size = path.stat().st_size
        self._written = {}

    def ioctl_get_sector_count(self) -> int:
        return self._size // 512

    def ioctl_get_sector_size(self) -> int:
        return 512

    def ioctl_get_block_size(self) -> int:
        return 1

    def read(self, sector: int, count: int) -> bytes:
        self._file.seek(sector * 512)
        data = self._file.read(count)
        if len(data) != count:
            raise OSError("behind the end")
        parts = (self._written.get(sector + at // 512, data[at : at + 512]) for at in range(0, count, 512))
        return b"".join(parts)

    def write(self, sector: int, count: int, buff: bytes) -> None:
        self._written.update({sector + at // 512: buff[at : at + 512] for at in range(0, count, 512)})

    def close(self) -> None:
        self._file.close()


#: One drive, into which cards are put and never unmounted: FatFs has ten drives, and does not get them all back.
_DISK = ImageDisk()
_PARTITION = fatfs.Partition(_DISK)


def board_reads(path: Path, name: str) -> bytes | None:
    """The content of a file at the root as FatFs reads it; None if it mounts nothing, or finds no such file."""
    _DISK.insert(path)
    try:
        return _content(_PARTITION._adjust_path(f"/{name}")) if _PARTITION.mount() else None
    except Exception:  # errors of the C side surface as SystemError, OSError and others
        return None
    finally:
        _DISK.close()


def _content(path: Any) -> bytes | None:
    handle = fatfs.FIL_Handle()
    if fatfs.pyf_open(handle, path, fatfs.PY_FA_READ) != fatfs.PY_FR_OK:
        return None
    parts = []
    while True:
        result, data = fatfs.pyf_read(handle, 32768)
        if result != fatfs.PY_FR_OK:
            return None
        if not data:
            break
        parts.append(data)
    fatfs.pyf_close(handle)
    return b"".join(parts)
