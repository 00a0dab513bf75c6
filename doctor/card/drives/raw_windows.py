r"""A disk device of Windows, ``\\.\PhysicalDriveN``: every volume on it is locked and dismounted before writing.

Calls and numbers from fat-and-pyfatfs.md 10 (winioctl.h). Not run on a real Windows yet.
"""

from __future__ import annotations

import os
import sys

if sys.platform == "win32":
    import ctypes
    import msvcrt
    import struct
    from collections.abc import Iterable
    from contextlib import suppress
    from ctypes import wintypes

    from doctor.card.drives.raw import RawDevice

    _GET_LENGTH_INFO, _GET_DRIVE_GEOMETRY, _UPDATE_PROPERTIES = 0x0007405C, 0x00070000, 0x00070140
    _LOCK_VOLUME, _DISMOUNT_VOLUME = 0x00090018, 0x00090020
    _ANSWER_BYTES = 64

    class WindowsDevice(RawDevice):
        """A physical drive. Raises OSError if it cannot be opened, or a volume on it is in use.

        volumes  drive letters on it; locked and dismounted if ``writing``, until the device is closed
        """

        def __init__(self, name: str, *, writing: bool, volumes: Iterable[str] = ()) -> None:
            self._volumes: list[int] = []
            try:
                for letter in volumes if writing else ():
                    volume = os.open(rf"\\.\{letter[0]}:", os.O_RDWR | os.O_BINARY)
                    self._volumes.append(volume)
                    _ask(volume, _LOCK_VOLUME)
                    _ask(volume, _DISMOUNT_VOLUME)
                self._handle = os.open(name, (os.O_RDWR if writing else os.O_RDONLY) | os.O_BINARY)
                (self.size_bytes,) = struct.unpack_from("<q", _ask(self._handle, _GET_LENGTH_INFO))
                (self.sector_bytes,) = struct.unpack_from("<I", _ask(self._handle, _GET_DRIVE_GEOMETRY), 20)
            except OSError:
                self.close()
                raise

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

    def _ask(handle: int, call: int) -> bytes:
        """DeviceIoControl without input."""
        answer = ctypes.create_string_buffer(_ANSWER_BYTES)
        got = wintypes.DWORD()
        good = ctypes.windll.kernel32.DeviceIoControl(
            wintypes.HANDLE(msvcrt.get_osfhandle(handle)),
            call,
            None,
            0,
            answer,
            _ANSWER_BYTES,
            ctypes.byref(got),
            None,
        )
        if not good:
            raise ctypes.WinError()
        return answer.raw[: got.value]
