r"""A disk device of Windows, ``\\.\PhysicalDriveN``: every volume on it is locked and dismounted before writing.

Calls and numbers from fat-and-pyfatfs.md 10 (winioctl.h). Not run on a real Windows yet.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from collections.abc import Iterable
from contextlib import suppress

from doctor.card.drives.raw import RawDevice
from doctor.computer import O_BINARY, kernel32, msvcrt

_GET_LENGTH_INFO, _GET_DRIVE_GEOMETRY, _UPDATE_PROPERTIES = 0x0007405C, 0x00070000, 0x00070140
_LOCK_VOLUME, _DISMOUNT_VOLUME = 0x00090018, 0x00090020
_ANSWER_BYTES = 64
#: What Windows tells apart (winerror.h) and Python calls EACCES alike: write-protected; no card in the reader, twice.
_MEANT = {19: errno.EROFS, 21: errno.ENXIO, 1112: errno.ENXIO}


class WindowsDevice(RawDevice):
    r"""A physical drive. Raises OSError if it cannot be opened; EBUSY if a volume on it is in use.

    volumes  what opens each volume on it, such as ``\\.\E:``; locked and dismounted if ``writing``, until it is closed
    """

    def __init__(self, name: str, *, writing: bool, volumes: Iterable[str] = ()) -> None:
        self._handle, self._volumes = -1, list[int]()
        try:
            for volume in volumes if writing else ():
                self._volumes.append(_opened(volume, os.O_RDWR))
                self._take(volume)
            self._handle = _opened(name, os.O_RDWR if writing else os.O_RDONLY)
            (self.size_bytes,) = struct.unpack_from("<q", _ask(self._handle, _GET_LENGTH_INFO))
            (self.sector_bytes,) = struct.unpack_from("<I", _ask(self._handle, _GET_DRIVE_GEOMETRY), 20)
        except OSError:
            self.close()
            raise

    def _take(self, volume: str) -> None:
        try:
            _ask(self._volumes[-1], _LOCK_VOLUME)  # it is denied while a program has a file on it open
        except PermissionError as err:
            raise OSError(errno.EBUSY, "a program uses a file on it", volume) from err
        _ask(self._volumes[-1], _DISMOUNT_VOLUME)

    def read(self, offset: int, length: int) -> bytes:
        """As many bytes as come."""
        os.lseek(self._handle, offset, os.SEEK_SET)
        return os.read(self._handle, length)

    def write(self, offset: int, data: bytes | memoryview) -> int:
        """Write, and return how many bytes were taken."""
        os.lseek(self._handle, offset, os.SEEK_SET)
        return os.write(self._handle, data)

    def forget(self) -> None:
        """Nothing: Windows does not remember what was read from a physical drive."""

    def reread_table(self) -> None:
        """Let Windows look at the partition table again."""
        with suppress(OSError):
            _ask(self._handle, _UPDATE_PROPERTIES)

    def close(self) -> None:
        """Close the device, and let go of its volumes."""
        for handle in (self._handle, *self._volumes):
            if handle >= 0:
                os.close(handle)
        self._handle, self._volumes = -1, []


def _opened(name: str, access: int) -> int:
    return os.open(name, access | O_BINARY)


def _ask(handle: int, call: int) -> bytes:
    """DeviceIoControl without input. Raises OSError."""
    answer, got = ctypes.create_string_buffer(_ANSWER_BYTES), ctypes.c_uint32()
    device = ctypes.c_void_p(msvcrt().get_osfhandle(handle))
    good = kernel32().DeviceIoControl(device, call, None, 0, answer, _ANSWER_BYTES, ctypes.byref(got), None)
    if not good:
        failed: OSError = getattr(ctypes, "WinError")()  # noqa: B009 - exists on Windows only
        number = _MEANT.get(getattr(failed, "winerror", 0))
        raise failed if number is None else OSError(number, failed.strerror) from failed
    return answer.raw[: got.value]
