"""Where the sectors of a simulated card live: in memory, sparse, or in an image file on the PC's disk."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

SECTOR_BYTES = 512
"""The only sector size that the board's FAT driver takes (fat-and-pyfatfs.md 9)."""
PAGE_BYTES = 4096
"""Unit in which memory is taken; a card of 96 MiB with a 6 MB file then costs 6 MB."""


class Blocks(Protocol):
    """A row of 512-byte sectors."""

    @property
    def sector_count(self) -> int:
        """How many sectors there are."""
        ...

    def read(self, lba: int, count: int = 1) -> bytes:
        """The bytes of ``count`` sectors. Raises ValueError outside the card."""
        ...

    def write(self, lba: int, data: bytes) -> None:
        """Store whole sectors. Raises ValueError outside the card or for a part of a sector."""
        ...


def _bounds(blocks: Blocks, lba: int, size_bytes: int) -> None:
    if size_bytes % SECTOR_BYTES:
        raise ValueError(f"{size_bytes} bytes are not whole sectors")
    if lba < 0 or lba + size_bytes // SECTOR_BYTES > blocks.sector_count:
        raise ValueError(f"sectors {lba}+{size_bytes // SECTOR_BYTES} lie outside a card of {blocks.sector_count}")


class MemoryBlocks:
    """Sectors in memory; those never written read as zeros and cost nothing."""

    def __init__(self, sector_count: int, pages: dict[int, bytes] | None = None) -> None:
        self.sector_count = sector_count
        self._pages: dict[int, bytes] = pages if pages is not None else {}

    def copy(self) -> MemoryBlocks:
        """An independent card with the same content; pages are shared until one side writes."""
        return MemoryBlocks(self.sector_count, dict(self._pages))

    def read(self, lba: int, count: int = 1) -> bytes:
        """The bytes of ``count`` sectors. Raises ValueError outside the card."""
        size = count * SECTOR_BYTES
        _bounds(self, lba, size)
        start = lba * SECTOR_BYTES
        first, last = start // PAGE_BYTES, (start + size - 1) // PAGE_BYTES
        zeros = bytes(PAGE_BYTES)
        joined = b"".join(self._pages.get(number, zeros) for number in range(first, last + 1))
        skip = start - first * PAGE_BYTES
        return joined[skip : skip + size]

    def write(self, lba: int, data: bytes) -> None:
        """Store whole sectors. Raises ValueError outside the card or for a part of a sector."""
        _bounds(self, lba, len(data))
        position, done = lba * SECTOR_BYTES, 0
        while done < len(data):
            number, skip = divmod(position + done, PAGE_BYTES)
            piece = data[done : done + PAGE_BYTES - skip]
            old = self._pages.get(number, bytes(PAGE_BYTES))
            self._pages[number] = old[:skip] + piece + old[skip + len(piece) :]
            done += len(piece)

    def clear(self) -> None:
        """Make every sector read as zeros."""
        self._pages.clear()

    def save(self, path: Path) -> None:
        """Write the whole card to an image file, sparse if the file system can; the file appears at once or not."""
        draft = path.with_name(path.name + ".part")
        with draft.open("wb") as out:
            out.truncate(self.sector_count * SECTOR_BYTES)
            for number, page in sorted(self._pages.items()):
                out.seek(number * PAGE_BYTES)
                out.write(page[: self.sector_count * SECTOR_BYTES - number * PAGE_BYTES])
        draft.replace(path)


class FileBlocks:
    """Sectors of an image file; opened again for every access.

    No handle is kept, so that a PC tool may replace the file (write a copy, rename) while the bench is open, also on
    Windows: that is the card being taken out, changed and put back.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def sector_count(self) -> int:
        """How many whole sectors the file holds now; 0 if it is gone."""
        try:
            return self.path.stat().st_size // SECTOR_BYTES
        except OSError:
            return 0

    def read(self, lba: int, count: int = 1) -> bytes:
        """The bytes of ``count`` sectors. Raises ValueError outside the card."""
        _bounds(self, lba, count * SECTOR_BYTES)
        with self.path.open("rb") as image:
            image.seek(lba * SECTOR_BYTES)
            return image.read(count * SECTOR_BYTES)

    def write(self, lba: int, data: bytes) -> None:
        """Store whole sectors. Raises ValueError outside the card or for a part of a sector."""
        _bounds(self, lba, len(data))
        with self.path.open("r+b") as image:
            image.seek(lba * SECTOR_BYTES)
            image.write(data)


def copy_of(source: Blocks) -> MemoryBlocks:
    """A card in memory with the content of another; stretches of zeros cost nothing."""
    copy = MemoryBlocks(source.sector_count)
    step = 2048
    zeros = bytes(step * SECTOR_BYTES)
    for lba in range(0, copy.sector_count, step):
        data = source.read(lba, min(step, copy.sector_count - lba))
        if data != zeros[: len(data)]:
            copy.write(lba, data)
    return copy
