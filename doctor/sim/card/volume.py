"""A FAT volume as the board's driver works on it: every listing, read and write goes through the image's bytes."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from doctor.fat.directory import ATTR_ARCHIVE, ATTR_DIRECTORY, DELETED_MARK, short_name
from doctor.fat.format import fs_info
from doctor.sim.card.blocks import SECTOR_BYTES, Blocks
from doctor.sim.card.layout import CardFault, Geometry
from doctor.sim.card.names import SLOT_BYTES, Slot, live_slots, short_slot, slots_for

DIRECTORY_SLOTS_MAX = 65536
"""The board's driver stops after so many slots (fat-and-pyfatfs.md 3), which bounds looping directories."""


CHAINS_KEPT = 8
"""Chains of files and folders that are remembered; a flash reads one file and looks it up in one folder."""


_ENTRIES = {16: struct.Struct(f"<{SECTOR_BYTES // 2}H"), 32: struct.Struct(f"<{SECTOR_BYTES // 4}I")}
"""A sector of the table, by its bits."""


@dataclass(frozen=True)
class DirEntry:
    """One line of a listing."""

    name: str
    is_dir: bool
    size_bytes: int


class FatVolume:
    """One mounted FAT12, FAT16 or FAT32 volume. Paths are absolute within it, ``/`` its root; case does not matter.

    Every method raises CardFault ('not-found', 'damaged', 'full', …) when the board would raise OSError.
    """

    is_atomic = False
    """Whether a file that is written stays what it was until all of it is there; FAT promises nothing."""

    def __init__(self, blocks: Blocks, geometry: Geometry) -> None:
        self._blocks = blocks
        self.geometry = geometry
        self._fat_cache: dict[int, bytearray] = {}
        self._fat_dirty: set[int] = set()
        self._chains: dict[int, list[int]] = {}
        """Chains by their first cluster, as long as no link changes: a file read in pieces is followed once."""
        self._next_free = 2

    # --- the allocation table ---

    def _fat_sector(self, index: int) -> bytearray:
        sector = self._fat_cache.get(index)
        if sector is None:
            if len(self._fat_cache) > 64 and not self._fat_dirty:
                self._fat_cache.clear()
            sector = bytearray(self._blocks.read(self.geometry.fat_lba + index))
            self._fat_cache[index] = sector
        return sector

    def _entry_at(self, cluster: int) -> tuple[int, bytes, int, int]:
        """The table entry of a cluster: where it begins, the bytes it lies in, and its first bit and mask in them."""
        bits = self.geometry.fat_type
        position = cluster * bits // 8
        index, offset = divmod(position, SECTOR_BYTES)
        size = -(-bits // 8)
        raw = bytes(self._fat_sector(index)[offset : offset + size])
        if len(raw) < size:  # of 12 bits it may lie in two sectors
            raw += self._fat_sector(index + 1)[:1]
        return position, raw, 4 * (cluster & 1) if bits == 12 else 0, 0x0FFFFFFF if bits == 32 else (1 << bits) - 1

    def _link(self, cluster: int) -> int:
        _, raw, shift, mask = self._entry_at(cluster)
        return int.from_bytes(raw, "little") >> shift & mask

    def _set_link(self, cluster: int, value: int) -> None:
        self._chains.clear()
        position, raw, shift, mask = self._entry_at(cluster)
        kept = int.from_bytes(raw, "little") & ~(mask << shift)
        for place, byte in enumerate((kept | value << shift).to_bytes(len(raw), "little"), position):
            index, offset = divmod(place, SECTOR_BYTES)
            self._fat_sector(index)[offset] = byte
            self._fat_dirty.add(index)

    @property
    def _end(self) -> int:
        return {12: 0xFFF, 16: 0xFFFF, 32: 0x0FFFFFFF}[self.geometry.fat_type]

    def _chain(self, first: int) -> list[int]:
        """The clusters of a file or folder in order; 'damaged' if a link leads outside or in a circle."""
        if first in self._chains:
            return self._chains[first].copy()
        chain: list[int] = []
        cluster, clusters, end = first, self.geometry.clusters, self._end - 7
        while True:
            if not 2 <= cluster < clusters + 2 or len(chain) > clusters:
                raise CardFault("damaged", f"cluster {cluster}")
            chain.append(cluster)
            cluster = self._link(cluster)
            if cluster >= end:
                if len(self._chains) >= CHAINS_KEPT:
                    self._chains.clear()
                self._chains[first] = chain
                return chain.copy()

    def _allocate(self, count: int) -> list[int]:
        """Free clusters, not yet linked. Raises 'full'."""
        found: list[int] = []
        end = self.geometry.clusters + 2
        start = self._next_free
        for cluster in itertools.chain(self._free(start, end), self._free(2, start)):
            found.append(cluster)
            if len(found) == count:
                self._next_free = cluster + 1 if cluster + 1 < end else 2
                return found
        raise CardFault("full")

    def _free(self, first: int, end: int) -> Iterator[int]:
        """The free clusters from ``first`` up to ``end``, by whole sectors: most of the table is scanned at times."""
        bits = self.geometry.fat_type
        if bits == 12:  # an entry may lie in two sectors
            yield from (cluster for cluster in range(first, end) if self._link(cluster) == 0)
            return
        entries = _ENTRIES[bits]
        in_sector = SECTOR_BYTES // (bits // 8)
        while first < end:
            index, offset = divmod(first, in_sector)
            links = entries.unpack(self._fat_sector(index))[offset : offset + end - first]
            yield from (first + place for place, link in enumerate(links) if not link & 0x0FFFFFFF)
            first += len(links)

    def _join(self, clusters: list[int]) -> None:
        for cluster, following in zip(clusters, [*clusters[1:], self._end], strict=False):
            self._set_link(cluster, following)

    def _flush(self, free_change: int) -> None:
        """Write the changed parts of every FAT copy and the free count."""
        for index in sorted(self._fat_dirty):
            for copy in range(self.geometry.fat_count):
                lba = self.geometry.fat_lba + copy * self.geometry.fat_sectors + index
                self._blocks.write(lba, bytes(self._fat_cache[index]))
        self._fat_dirty.clear()
        if self.geometry.fsinfo_lba and free_change:
            stored = self._stored_free()
            free = self._count_free() if stored is None else stored + free_change
            self._blocks.write(self.geometry.fsinfo_lba, fs_info(free, self._next_free))

    def _stored_free(self) -> int | None:
        if not self.geometry.fsinfo_lba:
            return None
        info = self._blocks.read(self.geometry.fsinfo_lba)
        free = int(struct.unpack_from("<I", info, 488)[0])
        return free if info[:4] == b"RRaA" and free <= self.geometry.clusters else None

    def _count_free(self) -> int:
        return sum(1 for _ in self._free(2, self.geometry.clusters + 2))

    # --- clusters ---

    def _lba(self, cluster: int) -> int:
        return self.geometry.data_lba + (cluster - 2) * self.geometry.sectors_per_cluster

    def _runs(self, clusters: list[int]) -> list[tuple[int, int]]:
        """(first cluster, count) of neighbours, so that one access moves many."""
        runs: list[tuple[int, int]] = []
        for cluster in clusters:
            if runs and runs[-1][0] + runs[-1][1] == cluster:
                runs[-1] = (runs[-1][0], runs[-1][1] + 1)
            else:
                runs.append((cluster, 1))
        return runs

    def _read_clusters(self, clusters: list[int]) -> bytes:
        per = self.geometry.sectors_per_cluster
        try:
            return b"".join(self._blocks.read(self._lba(first), count * per) for first, count in self._runs(clusters))
        except ValueError as outside:
            raise CardFault("read-error", "beyond the end of the card") from outside

    def _write_clusters(self, clusters: list[int], data: bytes) -> None:
        size = self.geometry.cluster_bytes
        done = 0
        for first, count in self._runs(clusters):
            piece = data[done : done + count * size]
            done += len(piece)
            self._blocks.write(self._lba(first), piece.ljust(-(-len(piece) // SECTOR_BYTES) * SECTOR_BYTES, b"\0"))

    # --- directories ---

    def _directory(self, first: int) -> tuple[bytes, list[int]]:
        """Raw slots of a folder and the sectors they lie in; ``first`` 0 = the root."""
        geometry = self.geometry
        first = first or geometry.root_cluster
        if not first:
            sectors = list(range(geometry.root_lba, geometry.root_lba + geometry.root_entries // 16))
            return self._blocks.read(geometry.root_lba, len(sectors)), sectors
        clusters = self._chain(first)[: DIRECTORY_SLOTS_MAX * SLOT_BYTES // geometry.cluster_bytes]
        per = geometry.sectors_per_cluster
        return self._read_clusters(clusters), [self._lba(c) + n for c in clusters for n in range(per)]

    def _store_slots(self, first: int, index: int, slots: bytes) -> None:
        raw, sectors = self._directory(first)
        changed = bytearray(raw)
        changed[index * SLOT_BYTES : index * SLOT_BYTES + len(slots)] = slots
        for number, lba in enumerate(sectors):
            new = bytes(changed[number * SECTOR_BYTES : (number + 1) * SECTOR_BYTES])
            if new != raw[number * SECTOR_BYTES : (number + 1) * SECTOR_BYTES]:
                self._blocks.write(lba, new)

    def _room(self, first: int, count: int) -> int:
        """Index of ``count`` free slots in a row, growing the folder if needed. Raises 'full'."""
        raw, _ = self._directory(first)
        run = 0
        total = len(raw) // SLOT_BYTES
        for index in range(total):
            run = run + 1 if raw[index * SLOT_BYTES] in (0, DELETED_MARK) else 0
            if run == count:
                return index - count + 1
        start = first or self.geometry.root_cluster
        if not start:
            raise CardFault("full", "the root directory")
        more = self._allocate(1)
        self._write_clusters(more, bytes(self.geometry.cluster_bytes))
        self._join([*self._chain(start), *more])
        self._flush(-1)
        return self._room(first, count)

    def _find(self, first: int, name: str) -> Slot | None:
        raw, _ = self._directory(first)
        wanted = name.casefold()
        for slot in live_slots(raw):
            if slot.name.casefold() == wanted or short_name(slot.short).casefold() == wanted:
                return slot
        return None

    def _walk(self, parts: list[str]) -> int:
        """First cluster of the folder named by ``parts``; 0 for the root."""
        first = 0
        for name in parts:
            slot = self._find(first, name)
            if slot is None:
                raise CardFault("not-found", name)
            if not slot.is_dir:
                raise CardFault("not-a-directory", name)
            first = slot.first_cluster
        return first

    def _locate(self, path: str) -> tuple[int, str, Slot | None]:
        """(folder, name, entry if it exists) of a path that is not the root."""
        parts = [part for part in path.split("/") if part]
        if not parts:
            raise CardFault("bad-name", path)
        folder = self._walk(parts[:-1])
        return folder, parts[-1], self._find(folder, parts[-1])

    def _entry(self, path: str) -> tuple[int, Slot]:
        folder, name, slot = self._locate(path)
        if slot is None:
            raise CardFault("not-found", name)
        return folder, slot

    # --- what the board does ---

    def listdir(self, path: str = "/") -> list[DirEntry]:
        """The entries of a folder, up to the first end mark; no ``.`` and ``..``."""
        raw, _ = self._directory(self._walk([part for part in path.split("/") if part]))
        return [DirEntry(s.name, s.is_dir, s.size_bytes) for s in live_slots(raw) if s.name not in (".", "..")]

    def stat(self, path: str) -> DirEntry:
        """The entry of one path; the root is a folder without a name."""
        if not path.strip("/"):
            return DirEntry("", True, 0)
        _, slot = self._entry(path)
        return DirEntry(slot.name, slot.is_dir, slot.size_bytes)

    def read(self, path: str, offset: int = 0, size: int = -1) -> bytes:
        """Bytes of a file from ``offset``; all that follow if ``size`` is negative."""
        _, slot = self._entry(path)
        if slot.is_dir:
            raise CardFault("is-a-directory", path)
        end = slot.size_bytes if size < 0 else min(slot.size_bytes, offset + size)
        if offset >= end:
            return b""
        chain = self._chain(slot.first_cluster)
        step = self.geometry.cluster_bytes
        first, last = offset // step, (end - 1) // step
        if last >= len(chain):
            raise CardFault("damaged", f"{path} is longer than its chain")
        raw = self._read_clusters(chain[first : last + 1])
        return raw[offset - first * step : end - first * step]

    def refuse_without_room(self, path: str, size_bytes: int) -> None:
        """Nothing: ``write`` finds out, and leaves the old file as it was."""

    def write(self, path: str, data: bytes) -> None:
        """Make or replace a whole file. Raises 'full' before the old file is touched if there is no room."""
        folder, name, old = self._locate(path)
        if old is not None and old.is_dir:
            raise CardFault("is-a-directory", path)
        step = self.geometry.cluster_bytes
        released = self._chain(old.first_cluster) if old is not None and old.first_cluster else []
        clusters = self._allocate(-(-len(data) // step)) if data else []
        self._write_clusters(clusters, data)
        self._join(clusters)
        first = clusters[0] if clusters else 0
        if old is None:
            self._add(folder, name, ATTR_ARCHIVE, first, len(data))
        else:
            slot = short_slot(old.short, old.attributes, first, len(data))
            self._store_slots(folder, old.index + old.slot_count - 1, slot)
        self._release(released, len(clusters))

    def _release(self, clusters: list[int], taken: int = 0) -> None:
        """Give clusters back, in exchange for so many that were ``taken`` before."""
        for cluster in clusters:
            self._set_link(cluster, 0)
        self._flush(len(clusters) - taken)

    def _add(self, folder: int, name: str, attributes: int, first: int, size_bytes: int) -> None:
        raw, _ = self._directory(folder)
        shorts = {slot.short for slot in live_slots(raw)}
        try:
            slots = slots_for(name, attributes, first, size_bytes, shorts.__contains__)
        except ValueError as error:
            raise CardFault("bad-name", name) from error
        self._store_slots(folder, self._room(folder, len(slots) // SLOT_BYTES), slots)

    def _strike(self, folder: int, slot: Slot) -> None:
        raw, _ = self._directory(folder)
        places = range(slot.index, slot.index + slot.slot_count)
        freed = (bytes([DELETED_MARK]) + raw[n * SLOT_BYTES + 1 : (n + 1) * SLOT_BYTES] for n in places)
        self._store_slots(folder, slot.index, b"".join(freed))

    def remove(self, path: str) -> None:
        """Delete a file or an empty folder."""
        folder, slot = self._entry(path)
        if slot.is_dir and self.listdir(path):
            raise CardFault("not-empty", path)
        self._strike(folder, slot)
        self._release(self._chain(slot.first_cluster) if slot.first_cluster else [])

    def mkdir(self, path: str) -> None:
        """Make a folder. Raises 'exists'."""
        folder, name, old = self._locate(path)
        if old is not None:
            raise CardFault("exists", path)
        clusters = self._allocate(1)
        dots = short_slot(b".".ljust(11), ATTR_DIRECTORY, clusters[0], 0)
        dots += short_slot(b"..".ljust(11), ATTR_DIRECTORY, folder, 0)
        self._write_clusters(clusters, dots.ljust(self.geometry.cluster_bytes, b"\0"))
        self._join(clusters)
        self._flush(-1)
        self._add(folder, name, ATTR_DIRECTORY, clusters[0], 0)

    def rename(self, old_path: str, new_path: str) -> None:
        """Move a file or folder to a name that is free. Raises 'exists'."""
        old_folder, slot = self._entry(old_path)
        new_folder, name, taken = self._locate(new_path)
        if taken is not None:
            raise CardFault("exists", new_path)
        self._add(new_folder, name, slot.attributes, slot.first_cluster, slot.size_bytes)
        self._strike(old_folder, slot)
        if slot.is_dir and new_folder != old_folder:
            self._store_slots(slot.first_cluster, 1, short_slot(b"..".ljust(11), ATTR_DIRECTORY, new_folder, 0))

    @property
    def size_bytes(self) -> int:
        """Room for data, used or not."""
        return self.geometry.clusters * self.geometry.cluster_bytes

    def free_bytes(self) -> int:
        """Free room; FAT32 trusts the stored count, as the board does."""
        stored = self._stored_free()
        return (self._count_free() if stored is None else stored) * self.geometry.cluster_bytes
