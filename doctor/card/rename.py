"""Gives a file on a card image another path: its directory entry moves, its data stay where they are.

Done in a copy of the image that takes the original's name once it is verified: the original is whole at every moment.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from doctor.card.bpb import DIR_ENTRY_BYTES
from doctor.card.chains import FREE
from doctor.card.directory import DELETED_MARK, END_MARK, Entry, Listing, list_directory, walk
from doctor.card.guard import check_replaceable, check_room
from doctor.card.judge import CardProblem, FatVolume, find_volume, judge
from doctor.card.names import LONGEST_NAME_UNITS, Aliases, long_name_slots, plain_short_name, short_entry
from doctor.card.reader import read_file
from doctor.card.source import FileSource
from doctor.card.target import FileTarget, copy_sparse, copy_that_takes_the_name, used_bytes
from doctor.errors import CardError
from doctor.escape import shown

_FSINFO_FREE_OFFSET = 488  #: free clusters, which the board trusts
_MOST_DIR_SLOTS = 65536


def move_in_image(image: Path, src: str, dst: str) -> None:
    """Move a file; paths from the volume's root, parts joined by "/".

    Raises CardError where ``src`` is no file, ``dst`` exists, the volume has faults, or the disk is full.
    """
    check_replaceable(image)
    with FileSource(image) as source:
        before = judge(source)
        bad = next((problem for problem in before.problems if problem.pc or problem.board), None)
        if before.volume is None or bad is not None:
            raise _refused(image, bad)
        seen = _tree(before.volume)
        content = _digest(before.volume, _file(seen, src))
        _check_destination(seen, dst)
    check_room(image.parent, used_bytes(image), "a copy of the image")
    with copy_that_takes_the_name(image) as part:
        copy_sparse(image, part)
        with FileTarget(part) as target:
            volume = find_volume(target)
            assert volume is not None
            _Mover(target, volume).move(_file(_tree(volume), src), dst)
            target.sync()
        _verify(part, seen, src, dst, content)


def _refused(image: Path, problem: CardProblem | None) -> CardError:
    what = "holds no FAT volume" if problem is None else problem.text
    catalogue = "sd-mount-no-fat" if problem is None else problem.catalogue
    return CardError(
        catalogue, f"{what}; nothing is moved on it", on=str(image), next="run fipy-doctor fix --reformat-sd"
    )


def _tree(volume: FatVolume) -> dict[str, Entry]:
    return {step.entry.path.lower(): step.entry for step in walk(volume.view, volume.fat, volume.root())}


def _file(tree: dict[str, Entry], path: str) -> Entry:
    entry = tree.get(path.lower())
    if entry is None or entry.is_dir:
        raise CardError("dup-path-enoent", "there is no such file on the card", on=shown(path))
    return entry


def _check_destination(tree: dict[str, Entry], dst: str) -> None:
    parent, _, name = dst.rpartition("/")
    if dst.lower() in tree:
        raise CardError("dup-path-enoent", "exists already; nothing was moved", on=shown(dst))
    if parent and (parent.lower() not in tree or not tree[parent.lower()].is_dir):
        raise CardError("dup-path-enoent", "there is no such folder on the card", on=shown(parent))
    units = len(name.encode("utf-16-le", "replace")) // 2
    if not 0 < units <= LONGEST_NAME_UNITS or any(char in '"*:<>?\\|' or ord(char) < 32 for char in name):
        raise CardError("dup-path-enoent", "is no name that a card can hold", on=shown(name))


def _digest(volume: FatVolume, entry: Entry) -> str:
    from doctor.card.card import sha256_of

    return sha256_of(read_file(volume, entry))


def _verify(part: Path, seen: dict[str, Entry], src: str, dst: str, content: str) -> None:
    """The copy lists everything that was there, the moved file holds what it held, and no fault has appeared."""
    with FileSource(part) as source:
        after = judge(source)
        assert after.volume is not None
        now = _tree(after.volume)
        expected = {path: entry.size_bytes for path, entry in seen.items() if path != src.lower()}
        expected[dst.lower()] = seen[src.lower()].size_bytes
        whole = {path: entry.size_bytes for path, entry in now.items()} == expected
        faults = any(problem.pc or problem.board for problem in after.problems)
        if not whole or faults or _digest(after.volume, now[dst.lower()]) != content:
            raise CardError("card-is-fat", "the changed copy is not as it should be; the image was left as it was")


@dataclass(frozen=True)
class _Mover:
    """Edits one volume of a copy."""

    target: FileTarget
    volume: FatVolume

    def move(self, entry: Entry, dst: str) -> None:
        parent, _, name = dst.rpartition("/")
        folder = self._folder(parent)
        taken = {self._read(entry.slots[-1], 11) for entry in folder.entries}
        short = plain_short_name(name) or Aliases(taken).give(name)
        long = b"" if plain_short_name(name) else long_name_slots(name, short)
        moved = short_entry(short, entry.attributes, entry.first_cluster, entry.size_bytes, entry.stamps)
        slots = long + moved
        places = self._free_places(folder, parent, len(slots) // DIR_ENTRY_BYTES)
        for index, place in enumerate(places):
            self._write(place, slots[index * DIR_ENTRY_BYTES : (index + 1) * DIR_ENTRY_BYTES])
        for slot in entry.slots:
            self._write(slot, bytes([DELETED_MARK]))

    def _folder(self, path: str) -> Listing:
        if not path:
            return self.volume.root()
        entry = _tree(self.volume)[path.lower()]
        return list_directory(self.volume.view, self.volume.fat, entry.first_cluster, entry.path)

    def _all_places(self, folder: Listing) -> list[int]:
        geometry = self.volume.geometry
        if folder.chain is None:
            start = geometry.root_sector * geometry.sector_bytes
            return [start + index * DIR_ENTRY_BYTES for index in range(geometry.root_entries)]
        pieces = folder.chain.offsets(geometry, geometry.cluster_bytes)
        return [start + at for start, length in pieces for at in range(0, length, DIR_ENTRY_BYTES)]

    def _free_places(self, folder: Listing, path: str, count: int) -> list[int]:
        """Offsets of ``count`` slots in a row; the folder grows by a cluster where it has none."""
        places = self._all_places(folder)
        free: list[int] = []
        ended = False
        for index, place in enumerate(places):
            mark = END_MARK if ended else self._read(place, 1)[0]
            ended = ended or mark == END_MARK
            free = [*free, place] if mark in (END_MARK, DELETED_MARK) else []
            if len(free) == count:
                if ended and index + 1 < len(places):
                    # What lies behind the end of a directory may be ghosts of old files: the end mark moves along.
                    self._write(places[index + 1], bytes(DIR_ENTRY_BYTES))
                return free
        if folder.chain is None or len(places) >= _MOST_DIR_SLOTS:
            raise CardError("flash-filesystem-full", "the folder has no room for another name", on=shown(path or "/sd"))
        if ended:
            for place in free:
                self._write(place, bytes(DIR_ENTRY_BYTES))
        self._grow(folder)
        return self._free_places(self._folder(path), path, count)

    def _grow(self, folder: Listing) -> None:
        fat, geometry = self.volume.fat, self.volume.geometry
        assert folder.chain is not None
        new = next((cluster for cluster in range(2, len(fat)) if fat[cluster] == FREE), None)
        if new is None:
            raise CardError("flash-filesystem-full", "the card is full: no room for another name")
        self._write(geometry.cluster_offset(new), bytes(geometry.cluster_bytes))
        last = folder.chain.runs[-1]
        self._set_fat(new, fat.end | 7)
        self._set_fat(last.start + last.count - 1, new)
        fat.forget()
        if geometry.width == 32 and geometry.fsinfo_sector:
            at = geometry.fsinfo_sector * geometry.sector_bytes + _FSINFO_FREE_OFFSET
            free = struct.unpack("<I", self._read(at, 4))[0]
            if 0 < free <= geometry.clusters:
                self._write(at, struct.pack("<I", free - 1))

    def _set_fat(self, cluster: int, value: int) -> None:
        geometry = self.volume.geometry
        for copy in range(geometry.fats):
            start = geometry.fat_offset(copy)
            if geometry.width == 32:
                top = struct.unpack("<I", self._read(start + cluster * 4, 4))[0] & 0xF0000000
                self._write(start + cluster * 4, struct.pack("<I", top | value))
            elif geometry.width == 16:
                self._write(start + cluster * 2, struct.pack("<H", value))
            else:
                at = start + cluster * 3 // 2
                old = struct.unpack("<H", self._read(at, 2))[0]
                new = old & 0x000F | value << 4 if cluster & 1 else old & 0xF000 | value
                self._write(at, struct.pack("<H", new))

    def _read(self, offset: int, length: int) -> bytes:
        return self.volume.view.read_at(offset, length)

    def _write(self, offset: int, data: bytes) -> None:
        self.target.write_at(self.volume.view.offset + offset, data)
