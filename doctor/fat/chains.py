"""Bounded access to a FAT: entries by page, chains as runs, loops and cross-links found.

Only the sectors of the FAT that a chain touches are read, so a 64 GB card costs no more than a small one.
"""

from __future__ import annotations

import sys
from array import array
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

from doctor.fat.boot_sector import Geometry
from doctor.fat.source import BlockSource

FREE = 0
_BAD = {12: 0xFF7, 16: 0xFFF7, 32: 0x0FFFFFF7}
_END = {12: 0xFF8, 16: 0xFFF8, 32: 0x0FFFFFF8}
_PAGE_BYTES = 64 * 1024  #: one read of a card takes about as long for 64 KiB as for 512 bytes
_MOST_PAGES = 64  #: 4 MiB of FAT in memory at most
_SCAN_BYTES = 256 << 10
_ALL_FREE = bytes(_SCAN_BYTES)
_RESERVED_BITS_CLEAR = bytes(range(16))  #: highest bytes of FAT32 entries whose reserved bits are clear


@dataclass(frozen=True)
class Run:
    """Clusters that follow each other on the medium."""

    start: int
    count: int


@dataclass(frozen=True)
class Chain:
    """The clusters of one file or directory, in order, as far as they could be followed.

    fault    what stopped the walk, in words; empty if the chain ends as it should
    cluster  the cluster at fault; 0 without a fault
    """

    runs: tuple[Run, ...]
    clusters: int
    fault: str = ""
    cluster: int = 0

    def offsets(self, geometry: Geometry, longest_bytes: int) -> Iterator[tuple[int, int]]:
        """(offset, length) of the chain's pieces on the volume, none longer than ``longest_bytes``."""
        step = max(1, longest_bytes // geometry.cluster_bytes)
        for run in self.runs:
            for first in range(run.start, run.start + run.count, step):
                count = min(step, run.start + run.count - first)
                yield geometry.cluster_offset(first), count * geometry.cluster_bytes


class Fat:
    """One FAT of a volume, read page by page.

    volume  the view of the volume
    copy    which FAT, from 0; the board and PCs use the first
    """

    def __init__(self, volume: BlockSource, geometry: Geometry, copy: int = 0) -> None:
        self._volume = volume
        self.geometry = geometry
        self._start = geometry.fat_offset(copy)
        self._pages: OrderedDict[int, array[int]] = OrderedDict()
        self._per_page = _PAGE_BYTES // (4 if geometry.width == 32 else 2)
        self.bad = _BAD[geometry.width]
        self.end = _END[geometry.width]

    def __len__(self) -> int:
        return self.geometry.clusters + 2

    def __getitem__(self, cluster: int) -> int:
        """The entry of a cluster. Raises IndexError behind the volume, CardError if the FAT cannot be read."""
        if not 0 <= cluster < len(self):
            raise IndexError(cluster)
        index = 0 if self.geometry.width == 12 else cluster // self._per_page
        page = self._pages.get(index)
        if page is None:
            page = self._load(index)
            self._pages[index] = page
            if len(self._pages) > _MOST_PAGES:
                self._pages.popitem(last=False)
        return page[cluster - index * self._per_page]

    def forget(self) -> None:
        """Drop what was read, after the FAT was written."""
        self._pages.clear()

    def _load(self, index: int) -> array[int]:
        if self.geometry.width == 12:
            return self._load_fat12()
        return self._entries(self._raw(index, _PAGE_BYTES))

    def _raw(self, index: int, piece_bytes: int) -> bytes:
        entry_bytes = 4 if self.geometry.width == 32 else 2
        length = min(piece_bytes, len(self) * entry_bytes - index * piece_bytes)
        return self._volume.read_at(self._start + index * piece_bytes, length)

    def _entries(self, raw: bytes) -> array[int]:
        wide = self.geometry.width == 32
        page: array[int] = array("I" if wide else "H")
        assert page.itemsize == (4 if wide else 2)
        page.frombytes(raw)
        if sys.byteorder == "big":
            page.byteswap()
        if wide and raw[3::4].translate(None, _RESERVED_BITS_CLEAR):
            # The four highest bits of a FAT32 entry are reserved and belong to nobody.
            page = array("I", (entry & 0x0FFFFFFF for entry in page))
        return page

    def _load_fat12(self) -> array[int]:
        count = len(self)
        data = self._volume.read_at(self._start, (count * 3 + 1) // 2) + b"\0"
        return array(
            "H",
            (
                (data[at] | data[at + 1] << 8) >> 4 if index & 1 else (data[at] | data[at + 1] << 8) & 0xFFF
                for index, at in ((index, index * 3 // 2) for index in range(count))
            ),
        )

    def chain(self, first: int, *, most_clusters: int | None = None) -> Chain:
        """Follow the chain that starts at ``first``.

        most_clusters  stop with a fault once the chain is longer than this

        Never endless: a chain that meets itself, or is longer than the volume, ends with a fault.
        """
        limit = len(self) if most_clusters is None else most_clusters
        runs: list[Run] = []
        start, count, total = first, 0, 0
        cluster, fault = first, ""
        seen: set[int] = set()  # starts of runs; every circle holds a jump, and comes back to where it led
        while True:
            if not self.geometry.holds(cluster):
                fault = "leads to a cluster that does not exist"
                break
            if count == 0:
                start = cluster
                if cluster in seen:
                    fault = "runs in a circle"
                    break
                seen.add(cluster)
            if total >= limit:
                fault = "continues beyond the end of the file"
                break
            count += 1
            total += 1
            entry = self[cluster]
            if entry == cluster + 1 and self.geometry.holds(entry):
                cluster = entry
                continue
            runs.append(Run(start, count))
            count = 0
            if entry >= self.end:
                return Chain(tuple(runs), total)
            if entry == self.bad or entry in (FREE, 1):
                fault = {self.bad: "leads to a cluster marked bad", FREE: "leads to a free cluster"}.get(
                    entry, "leads to cluster 1, which cannot be"
                )
                break
            cluster = entry
        if count:
            runs.append(Run(start, count))
        return Chain(tuple(runs), total, fault, cluster)

    def count_free(self) -> int:
        """How many clusters are free; reads the whole FAT, page by page, keeping none of it."""
        if self.geometry.width == 12:
            return self._load_fat12()[2:].count(FREE)
        entry_bytes = 4 if self.geometry.width == 32 else 2
        pieces = -(-len(self) * entry_bytes // _SCAN_BYTES)
        free = sum(self.free_in(self._raw(index, _SCAN_BYTES)) for index in range(pieces))
        return free - [self[0], self[1]].count(FREE)

    def free_in(self, raw: bytes) -> int:
        """Free clusters in a piece of a FAT16 or FAT32, of at most 256 KiB."""
        if raw == _ALL_FREE[: len(raw)]:  # most of most cards: bytes compare many times faster than numbers count
            return len(raw) // (4 if self.geometry.width == 32 else 2)
        return self._entries(raw).count(FREE)


class Claims:
    """Which clusters already belong to somebody; finds files that share clusters.

    One byte a cluster, in pages that exist only if something was claimed.
    """

    _PAGE = 1 << 16

    def __init__(self) -> None:
        self._pages: dict[int, bytearray] = {}

    def claim(self, chain: Chain) -> int:
        """Claim a chain; the first cluster that was claimed before, or 0."""
        shared = 0
        for run in chain.runs:
            first, last = run.start, run.start + run.count
            while first < last:
                index, at = divmod(first, self._PAGE)
                stop = min(self._PAGE, at + last - first)
                page = self._pages.setdefault(index, bytearray(self._PAGE))
                hit = page.find(1, at, stop)
                if hit >= 0 and not shared:
                    shared = index * self._PAGE + hit
                page[at:stop] = b"\1" * (stop - at)
                first += stop - at
        return shared


@dataclass(frozen=True)
class FatScan:
    """What reading both FATs from end to end told.

    difference  the first sector of the volume (in FAT 1) in which FAT 2 differs; None if they are equal, or if
                there is only one
    free        free clusters; None if there are too many to be counted through
    """

    difference: int | None
    free: int | None


def scan_fats(volume: BlockSource, fat: Fat, *, count: bool = True) -> FatScan:
    """Compare the FATs and count the free clusters, each sector read once. Raises CardError.

    Only the part that numbers real clusters is looked at.
    """
    geometry = fat.geometry
    used = min(geometry.fat_sectors * geometry.sector_bytes, -(-(geometry.clusters + 2) * geometry.width // 8))
    counted = count and geometry.width != 12
    difference, free = None, 0
    for at in range(0, used, _SCAN_BYTES):
        length = min(_SCAN_BYTES, used - at)
        one = volume.read_at(geometry.fat_offset(0) + at, length)
        if difference is None and geometry.fats > 1:
            two = volume.read_at(geometry.fat_offset(1) + at, length)
            if one != two:
                where = at + next(index for index, (a, b) in enumerate(zip(one, two, strict=True)) if a != b)
                difference = geometry.reserved + where // geometry.sector_bytes
        elif not counted:
            break
        if counted:
            free += fat.free_in(one)
    if not count:
        return FatScan(difference, None)
    return FatScan(difference, fat.count_free() if not counted else free - [fat[0], fat[1]].count(FREE))
