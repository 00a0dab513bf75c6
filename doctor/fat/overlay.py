"""Changes to a card, held back until all of them are known, then written in an order in which no cut hurts.

The order is that of fat-and-pyfatfs.md 7: what is added shows up only when all of it is there, what is
deleted disappears before its room is given away. Each group is on the medium before the next begins.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum
from typing import Protocol

from doctor.errors import CardError
from doctor.fat.source import SECTOR_BYTES, BlockSource

_LONGEST_WRITE_BYTES = 1 << 20  #: one request of a card reader; longer ones are cut by the system anyway
_MOST_DATA_SECTORS_HELD = (16 << 20) // SECTOR_BYTES  #: then file contents go out early: nothing points at them yet


class Medium(BlockSource, Protocol):
    """What can be read and written anywhere, and made to last."""

    def write_at(self, offset: int, data: bytes) -> None:
        """Write all of ``data`` there. Raises CardError."""

    def sync(self) -> None:
        """Return when everything written is on the medium. Raises CardError."""


class Group(Enum):
    """What a sector holds; sectors of one group are written and made to last together."""

    DATA = "data"
    SECOND_FAT = "second FAT"
    FIRST_FAT = "first FAT"
    LONG_NAME = "directory sectors with only parts of a long name"
    DIRECTORY = "directory"
    BOOT = "boot area"


ADDING = (Group.DATA, Group.SECOND_FAT, Group.FIRST_FAT, Group.LONG_NAME, Group.DIRECTORY, Group.BOOT)
DELETING = (Group.DIRECTORY, Group.LONG_NAME, Group.SECOND_FAT, Group.FIRST_FAT, Group.DATA, Group.BOOT)


class Overlay:
    """A medium with changes that are not written yet: reading sees them, ``commit`` writes them, ``drop`` forgets.

    Whole sectors only ever reach the medium.
    """

    def __init__(self, medium: Medium) -> None:
        self.name, self.size_bytes = medium.name, medium.size_bytes
        self._medium = medium
        self._sectors: dict[int, bytearray] = {}
        self._groups: dict[int, Group] = {}
        self._data_held = 0

    def read_at(self, offset: int, length: int) -> bytes:
        """Bytes as they will be. Raises CardError if they are not all there."""
        first, last = offset // SECTOR_BYTES, (offset + length - 1) // SECTOR_BYTES
        if last - first < len(self._sectors):
            held = [sector for sector in range(first, last + 1) if sector in self._sectors]
        else:
            held = [sector for sector in self._sectors if first <= sector <= last]
        if not held:
            return self._medium.read_at(offset, length)
        whole = bytearray(self._medium.read_at(first * SECTOR_BYTES, (last - first + 1) * SECTOR_BYTES))
        for sector in held:
            at = (sector - first) * SECTOR_BYTES
            whole[at : at + SECTOR_BYTES] = self._sectors[sector]
        at = offset - first * SECTOR_BYTES
        return bytes(whole[at : at + length])

    def write_at(self, offset: int, data: bytes, group: Group = Group.DATA) -> None:
        """Change bytes. Raises CardError beyond the end of the medium, and if its sectors cannot be read."""
        if offset < 0 or offset + len(data) > self.size_bytes:
            raise CardError("flash-filesystem-full", "the card ends before that", on=self.name)
        left = memoryview(data)
        while left:
            sector, at = divmod(offset, SECTOR_BYTES)
            piece = left[: SECTOR_BYTES - at]
            self._sector(sector, whole=len(piece) == SECTOR_BYTES)[at : at + len(piece)] = piece
            self._put_into(sector, group)
            offset += len(piece)
            left = left[len(piece) :]
        if self._data_held > _MOST_DATA_SECTORS_HELD:
            self._write_group(Group.DATA)

    def _sector(self, sector: int, *, whole: bool) -> bytearray:
        held = self._sectors.get(sector)
        if held is None:
            old = bytes(SECTOR_BYTES) if whole else self._medium.read_at(sector * SECTOR_BYTES, SECTOR_BYTES)
            held = self._sectors[sector] = bytearray(old)
        return held

    def _put_into(self, sector: int, group: Group) -> None:
        old = self._groups.get(sector)
        # A sector with a directory entry in it counts as one, whatever else lies there.
        if old is Group.DIRECTORY and group is Group.LONG_NAME:
            return
        self._data_held += (group is Group.DATA) - (old is Group.DATA)
        self._groups[sector] = group

    def drop(self) -> None:
        """Forget all changes that are not written."""
        self._sectors.clear()
        self._groups.clear()
        self._data_held = 0

    @property
    def changed_sectors(self) -> tuple[int, ...]:
        """Sectors with changes that are not written yet, ascending."""
        return tuple(sorted(self._sectors))

    def commit(self, order: Sequence[Group]) -> None:
        """Write all changes, group by group; ``order`` names every group. Raises CardError."""
        for group in order:
            self._write_group(group)
        assert not self._sectors, "the order left a group out"

    def _write_group(self, group: Group) -> None:
        mine = sorted(sector for sector, of in self._groups.items() if of is group)
        if group is not Group.DATA:
            mine = [sector for sector in mine if not self._same_as_medium(sector)]
        for first, count in _runs(mine):
            data = b"".join(self._sectors[sector] for sector in range(first, first + count))
            self._medium.write_at(first * SECTOR_BYTES, data)
        if mine:
            self._medium.sync()
        for sector in [sector for sector, of in self._groups.items() if of is group]:
            del self._sectors[sector], self._groups[sector]
        if group is Group.DATA:
            self._data_held = 0

    def _same_as_medium(self, sector: int) -> bool:
        return self._medium.read_at(sector * SECTOR_BYTES, SECTOR_BYTES) == self._sectors[sector]


def _runs(sectors: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Sectors that follow each other, as (first, count), none longer than one write."""
    most = _LONGEST_WRITE_BYTES // SECTOR_BYTES
    first, count = -1, 0
    for sector in sectors:
        if count and sector == first + count and count < most:
            count += 1
            continue
        if count:
            yield first, count
        first, count = sector, 1
    if count:
        yield first, count
