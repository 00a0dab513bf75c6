"""A disk device as the system gives it: open, size, reads and writes of whole sectors. Linux and macOS.

Numbers of the calls from fat-and-pyfatfs.md 10 (linux/fs.h, sys/disk.h).
"""

from __future__ import annotations

import os
import struct
from contextlib import suppress

from doctor.card.drives.raw import RawDevice
from doctor.computer import is_linux, is_mac
from doctor.errors import CardError
from doctor.fat.claim import share

_BLKSSZGET, _BLKGETSIZE64, _BLKFLSBUF, _BLKRRPART = 0x1268, 0x80081272, 0x1261, 0x125F
_DKIOCGETBLOCKSIZE, _DKIOCGETBLOCKCOUNT = 0x40046418, 0x40086419
_SMALLEST_SECTOR_BYTES, _LARGEST_SECTOR_BYTES = 512, 65536


class PosixDevice(RawDevice):
    """A device node of Linux or macOS. Raises OSError if it cannot be opened.

    writing  open for writing too, for nobody but us: a mounted device gives EBUSY
    """

    def __init__(self, node: str, *, writing: bool) -> None:
        flags = os.O_RDWR | os.O_EXCL if writing else os.O_RDONLY
        self._handle = os.open(node, flags | getattr(os, "O_CLOEXEC", 0))
        try:
            share(self._handle, node)
            self.sector_bytes = self._ask_sector_bytes()
            self.size_bytes = self._ask_size()
        except (OSError, CardError):
            os.close(self._handle)
            raise

    def _ioctl(self, call: int, answer: bytes) -> bytes:
        import fcntl

        return fcntl.ioctl(self._handle, call, answer)

    def _ask_sector_bytes(self) -> int:
        call = _DKIOCGETBLOCKSIZE if is_mac() else _BLKSSZGET
        found = 0
        with suppress(OSError):
            (found,) = struct.unpack("=I", self._ioctl(call, bytes(4)))
        return found if _SMALLEST_SECTOR_BYTES <= found <= _LARGEST_SECTOR_BYTES else _SMALLEST_SECTOR_BYTES

    def _ask_size(self) -> int:
        with suppress(OSError):
            if is_mac():
                (count,) = struct.unpack("=Q", self._ioctl(_DKIOCGETBLOCKCOUNT, bytes(8)))
                return int(count) * self.sector_bytes
            (size,) = struct.unpack("=Q", self._ioctl(_BLKGETSIZE64, bytes(8)))
            return int(size)
        return os.lseek(self._handle, 0, os.SEEK_END)

    def read(self, offset: int, length: int) -> bytes:
        """As many bytes as come."""
        return os.pread(self._handle, length, offset)

    def write(self, offset: int, data: bytes | memoryview) -> int:
        """Write, and return how many bytes were taken."""
        return os.pwrite(self._handle, data, offset)

    def forget(self) -> None:
        """Drop what Linux remembers of the medium; rdisk of macOS remembers nothing."""
        if is_linux():
            with suppress(OSError):
                self._ioctl(_BLKFLSBUF, bytes(0))

    def reread_table(self) -> None:
        """Let Linux look at the partition table again; macOS does so when the device is closed."""
        if is_linux():
            with suppress(OSError):
                self._ioctl(_BLKRRPART, bytes(0))
