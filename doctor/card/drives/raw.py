"""A disk device as the system gives it, in one shape for every system."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod


class RawDevice(ABC):
    """An open device. Offsets and lengths are multiples of ``sector_bytes``; OSError if it refuses.

    size_bytes    of the whole device; 0 if the system does not say
    sector_bytes  the unit of reading and writing
    """

    size_bytes: int
    sector_bytes: int
    _handle = -1

    def fileno(self) -> int:
        """The descriptor."""
        return self._handle

    @abstractmethod
    def read(self, offset: int, length: int) -> bytes:
        """As many bytes as come."""

    @abstractmethod
    def write(self, offset: int, data: bytes | memoryview) -> int:
        """Write, and return how many bytes were taken."""

    def sync(self) -> None:
        """Return when everything written lies on the medium."""
        os.fsync(self._handle)

    @abstractmethod
    def forget(self) -> None:
        """Drop what the system remembers of the medium, so that reading asks the medium."""

    @abstractmethod
    def reread_table(self) -> None:
        """Let the system look at the partition table again."""

    def close(self) -> None:
        """Close the device, and let go what was locked."""
        os.close(self._handle)
