"""Adds, deletes and renames files on a FAT volume that our checks have passed; nothing is torn at any moment.

Every change goes through an overlay and is written in an order in which a cut leaves the file absent or whole
(fat-and-pyfatfs.md 7 and 8). pyfatfs is not used: it cannot write safely (fat-and-pyfatfs.md 4).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from doctor.errors import CardError
from doctor.fat.boot_sector import DIR_ENTRY_BYTES
from doctor.fat.chains import FREE, Chain, Run
from doctor.fat.directory import (
    ATTR_DIRECTORY,
    DELETED_MARK,
    END_MARK,
    MOST_DIR_BYTES,
    DirEntry,
    Listing,
    list_directory,
    walk,
)
from doctor.fat.names import LONGEST_NAME_UNITS, Aliases, long_name_slots, plain_short_name, short_entry
from doctor.fat.overlay import ADDING, DELETING, Group, Medium, Overlay
from doctor.fat.source import SECTOR_BYTES
from doctor.fat.volume import FatVolume, find_volume
from doctor.fat.writer import LARGEST_FILE_BYTES, NewFile
from doctor.text.escape import shown

_FSINFO_FREE_OFFSET = 488  #: free clusters, which the board trusts; the hint where to look for one follows
_FSINFO_SIGNATURES = (b"RRaA", b"rrAa")
_UNKNOWN = 0xFFFFFFFF  #: FSInfo says that it does not know
_WRITE_BYTES = 256 << 10  #: contents go into the overlay in pieces of this size


@dataclass(frozen=True)
class _Room:
    """Where a name goes: its 8.3 name, the slots of its long name, and the offsets of all its slots."""

    short: bytes
    long: bytes
    places: list[int]


class VolumeEditor:
    """Edits the volume that the board takes on a medium. The caller has judged it and found no fault.

    Raises CardError if there is no such volume. Every method raises CardError if what it is asked cannot
    be done; nothing is changed then.
    """

    def __init__(self, medium: Medium) -> None:
        self._overlay = Overlay(medium)
        volume = find_volume(self._overlay)
        if volume is None:
            raise CardError("sd-mount-no-fat", "has no FAT volume", on=medium.name)
        self.volume: FatVolume = volume

    def tree(self) -> dict[str, DirEntry]:
        """Everything on the volume, by path in lower case."""
        volume = self.volume
        return {step.entry.path.lower(): step.entry for step in walk(volume.view, volume.fat, volume.root())}

    def file(self, path: str) -> DirEntry:
        """The file at a path. Raises CardError if there is none."""
        entry = self.tree().get(path.lower())
        if entry is None or entry.is_dir:
            raise CardError("dup-path-enoent", "there is no such file on the card", on=shown(path))
        return entry

    def add(self, new: NewFile) -> None:
        """Add a file: its content, then its clusters, then its name."""
        if new.size_bytes > LARGEST_FILE_BYTES:
            raise CardError("card-is-fat", "is larger than FAT allows (4 GiB)", on=shown(new.path))
        self._check_free(new.path)
        count = -(-new.size_bytes // self.volume.geometry.cluster_bytes)
        self._find_free(count + 1)
        try:
            runs = self._take(count)
            self._write_content(runs, new)
            room = self._make_room(new.path)
            first = runs[0].start if runs else 0
            self._enter(room, new.attributes & ~ATTR_DIRECTORY, first, new.size_bytes, new.stamps)
            self._overlay.commit(ADDING)
        finally:
            self._forget()

    def delete(self, path: str) -> None:
        """Delete a file: its name, then its clusters."""
        entry = self.file(path)
        try:
            chain = self.volume.fat.chain(entry.first_cluster) if entry.first_cluster else Chain((), 0)
            self._strike(entry)
            for run in chain.runs:
                self._set_fat(run.start, [FREE] * run.count)
            self._count(chain.clusters)
            self._overlay.commit(DELETING)
        finally:
            self._forget()

    def rename(self, src: str, dst: str) -> None:
        """Give a file another path: the new name is there before the old one goes, so one of them always is."""
        entry = self.file(src)
        same_place = src.lower() == dst.lower()
        if not same_place:
            self._check_free(dst)
        try:
            room = self._make_room(dst)
            self._enter(room, entry.attributes, entry.first_cluster, entry.size_bytes, entry.stamps)
            touched = {(self.volume.view.offset + slot) // SECTOR_BYTES for slot in entry.slots}
            if not touched.issuperset(self._overlay.changed_sectors) or len(touched) != 1:
                self._overlay.commit(ADDING)
            self._strike(entry)
            self._overlay.commit(DELETING)
        finally:
            self._forget()

    def _forget(self) -> None:
        self._overlay.drop()
        self.volume.fat.forget()

    def _check_free(self, path: str) -> None:
        parent, _, name = path.rpartition("/")
        tree = self.tree()
        if path.lower() in tree:
            raise CardError("dup-path-enoent", "exists already; nothing was changed", on=shown(path))
        if parent and (parent.lower() not in tree or not tree[parent.lower()].is_dir):
            raise CardError("dup-path-enoent", "there is no such folder on the card", on=shown(parent))
        if any(name.lower() == entry.short_name.lower() for entry in self._folder(parent).entries):
            raise CardError(
                "dup-path-enoent", "is the short name of another file there; nothing was changed", on=shown(path)
            )
        units = len(name.encode("utf-16-le", "replace")) // 2
        if not 0 < units <= LONGEST_NAME_UNITS or any(char in '"*:<>?\\|' or ord(char) < 32 for char in name):
            raise CardError("dup-path-enoent", "is not a name that a card can hold", on=shown(name))

    # -- clusters ------------------------------------------------------------------------------------------------

    def _take(self, count: int) -> list[Run]:
        """Free clusters, linked in every FAT."""
        if count == 0:
            return []
        runs = self._find_free(count)
        self._link(runs)
        self._count(-count)
        return runs

    def _find_free(self, count: int) -> list[Run]:
        """Free clusters, in one piece if there is one long enough. Raises CardError if there are too few."""
        runs: list[Run] = []
        have = 0
        for run in self._free_runs(count):
            if run.count == count:
                return [run]
            if have < count:
                runs.append(Run(run.start, min(run.count, count - have)))
                have += runs[-1].count
        if have < count:
            missing = (count - have) * self.volume.geometry.cluster_bytes
            raise CardError(
                "flash-filesystem-full",
                f"the card is full: {missing} bytes are missing",
                on=self.volume.view.name,
                next="delete files that are not needed from the card",
            )
        return runs

    def _free_runs(self, enough: int) -> Iterator[Run]:
        """Free clusters that follow each other; none longer than ``enough``."""
        fat = self.volume.fat
        start = 0
        for cluster in range(2, len(fat)):
            if fat[cluster] == FREE:
                start = start or cluster
                if cluster + 1 - start == enough:
                    yield Run(start, enough)
                    start = 0
            elif start:
                yield Run(start, cluster - start)
                start = 0
        if start:
            yield Run(start, len(fat) - start)

    def _link(self, runs: list[Run]) -> None:
        end = self.volume.fat.end | 7
        following = [run.start for run in runs[1:]] + [end]
        for run, after in zip(runs, following, strict=True):
            self._set_fat(run.start, [*range(run.start + 1, run.start + run.count), after])

    def _set_fat(self, cluster: int, values: list[int]) -> None:
        """Set entries that follow each other, in every FAT."""
        geometry = self.volume.geometry
        for copy in range(geometry.fats):
            group = Group.FIRST_FAT if copy == 0 else Group.SECOND_FAT
            start = geometry.fat_offset(copy)
            if geometry.width == 12:
                for number, value in enumerate(values, cluster):
                    self._set_fat12(start + number * 3 // 2, number, value, group)
                continue
            code, size = ("I", 4) if geometry.width == 32 else ("H", 2)
            at = start + cluster * size
            if geometry.width == 32:
                # The four highest bits of an entry belong to nobody and stay.
                old = struct.unpack(f"<{len(values)}I", self._read(at, len(values) * 4))
                new = [before & 0xF0000000 | value for before, value in zip(old, values, strict=True)]
            else:
                new = values
            self._write(at, struct.pack(f"<{len(new)}{code}", *new), group)
        self.volume.fat.forget()

    def _set_fat12(self, at: int, cluster: int, value: int, group: Group) -> None:
        old = struct.unpack("<H", self._read(at, 2))[0]
        new = old & 0x000F | value << 4 if cluster & 1 else old & 0xF000 | value
        self._write(at, struct.pack("<H", new), group)

    def _count(self, freed: int) -> None:
        """Keep FSInfo right where it was: the board shows its number as the free space."""
        geometry = self.volume.geometry
        if geometry.width != 32 or not 0 < geometry.fsinfo_sector < geometry.reserved or not freed:
            return
        # A volume without a backup boot sector (number 0) has one FSInfo, not two.
        for sector in {geometry.fsinfo_sector, geometry.backup_sector + geometry.fsinfo_sector}:
            at = sector * geometry.sector_bytes
            if sector >= geometry.reserved or self._read(at, 4) != _FSINFO_SIGNATURES[0]:
                continue
            free = struct.unpack("<I", self._read(at + _FSINFO_FREE_OFFSET, 4))[0]
            free = free + freed if 0 <= free + freed <= geometry.clusters and free <= geometry.clusters else _UNKNOWN
            self._write(at + _FSINFO_FREE_OFFSET, struct.pack("<I", free), Group.BOOT)

    def _write_content(self, runs: list[Run], new: NewFile) -> None:
        geometry = self.volume.geometry
        places = Chain(tuple(runs), sum(run.count for run in runs)).offsets(geometry, _WRITE_BYTES)
        at, room = next(places, (0, 0))
        waiting = bytearray()
        for piece in new.pieces():
            waiting += piece
            while waiting and len(waiting) >= room:
                self._write(at, bytes(waiting[:room]), Group.DATA)
                del waiting[:room]
                at, room = next(places, (0, 0))
        if waiting:
            padded = -(-len(waiting) // SECTOR_BYTES) * SECTOR_BYTES
            self._write(at, bytes(waiting).ljust(padded, b"\0"), Group.DATA)

    # -- names ---------------------------------------------------------------------------------------------------

    def _make_room(self, path: str) -> _Room:
        """Slots for a name in its folder; a folder without any is longer by a cluster afterwards, on the medium too."""
        parent, _, name = path.rpartition("/")
        folder = self._folder(parent)
        taken = {self._read(entry.slots[-1], 11) for entry in folder.entries}
        plain = plain_short_name(name)
        names = [entry.name for entry in folder.entries]
        short = plain if plain and plain not in taken else Aliases(taken, names).give(name)
        long = b"" if plain == short else long_name_slots(name, short)
        return _Room(short, long, self._free_places(folder, parent, len(long) // DIR_ENTRY_BYTES + 1))

    def _enter(self, room: _Room, attributes: int, first_cluster: int, size_bytes: int, stamps: bytes) -> None:
        """Write a file's slots into its folder."""
        slots = room.long + short_entry(room.short, attributes, first_cluster, size_bytes, stamps)
        for index, place in enumerate(room.places):
            group = Group.DIRECTORY if index == len(room.places) - 1 else Group.LONG_NAME
            self._write(place, slots[index * DIR_ENTRY_BYTES : (index + 1) * DIR_ENTRY_BYTES], group)

    def _strike(self, entry: DirEntry) -> None:
        for slot in entry.slots:
            group = Group.DIRECTORY if slot == entry.slots[-1] else Group.LONG_NAME
            self._write(slot, bytes([DELETED_MARK]), group)

    def _folder(self, path: str) -> Listing:
        if not path:
            return self.volume.root()
        entry = self.tree()[path.lower()]
        return list_directory(self.volume.view, self.volume.fat, entry.first_cluster, entry.path)

    def _all_places(self, folder: Listing) -> list[int]:
        geometry = self.volume.geometry
        if folder.chain is None:
            start = geometry.root_sector * geometry.sector_bytes
            return [start + index * DIR_ENTRY_BYTES for index in range(geometry.root_entries)]
        pieces = folder.chain.offsets(geometry, geometry.cluster_bytes)
        return [start + at for start, length in pieces for at in range(0, length, DIR_ENTRY_BYTES)]

    def _free_places(self, folder: Listing, path: str, count: int) -> list[int]:
        """Offsets of ``count`` slots in a row; the folder grows by a cluster if it has none."""
        places = self._all_places(folder)
        free: list[int] = []
        end: int | None = None
        for index, place in enumerate(places):
            mark = END_MARK if end is not None else self._read(place, 1)[0]
            if end is None and mark == END_MARK:
                end = index
            free = [*free, place] if mark in (END_MARK, DELETED_MARK) else []
            if len(free) == count:
                if end is not None:
                    self._clear_behind(places[end : index + 2], place)
                return free
        if folder.chain is None or len(places) * DIR_ENTRY_BYTES >= MOST_DIR_BYTES:
            raise CardError(
                "flash-filesystem-full",
                "the folder has no room for another name; nothing was changed",
                on=shown(path or "/sd"),
                cause="a folder that long, and the root of a FAT16 card, cannot grow",
                next="take files out of it, or run `fipy-doctor fix --reformat-sd`, which lays the card out again",
            )
        if end is not None:
            for place in free:
                self._write(place, bytes(DIR_ENTRY_BYTES), Group.LONG_NAME)
        self._grow(folder)
        return self._free_places(self._folder(path), path, count)

    def _clear_behind(self, places: list[int], last: int) -> None:
        """Empty the slots behind a folder's end mark that the new name takes, and one more: the end mark moves along.

        places  from the end mark on
        last    where the name's last slot goes

        What lies there may be ghosts of old files. It goes out first: until the entry is there, nobody looks behind
        the old end. A name that takes the old end mark in one sector and ends in another needs it on the medium
        before: the first of its sectors opens the way into the next.
        """
        for place in places[1:]:
            self._write(place, bytes(DIR_ENTRY_BYTES), Group.LONG_NAME)
        if places[0] // SECTOR_BYTES != last // SECTOR_BYTES:
            self._overlay.commit(ADDING)

    def _grow(self, folder: Listing) -> None:
        geometry = self.volume.geometry
        assert folder.chain is not None
        (new,) = self._take(1)
        self._write(geometry.cluster_offset(new.start), bytes(geometry.cluster_bytes), Group.DATA)
        last = folder.chain.runs[-1]
        self._set_fat(last.start + last.count - 1, [new.start])
        # A commit of its own: the cluster must be empty on the medium before the folder leads to it.
        self._overlay.commit(ADDING)

    def _read(self, offset: int, length: int) -> bytes:
        return self.volume.view.read_at(offset, length)

    def _write(self, offset: int, data: bytes, group: Group) -> None:
        self._overlay.write_at(self.volume.view.offset + offset, data, group)
