"""Directories of a FAT volume: entries with their long names, and the tree of files, read with bounds.

pyfatfs is not used here: it fails on one odd long name, lists entries behind the end mark as live, ignores
the flags for lower case and never ends on a looping root (fat-and-pyfatfs.md 3). The rules here are
those of FatFs, so what is listed is what the board lists.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from doctor.errors import CardError
from doctor.fat.boot_sector import DIR_ENTRY_BYTES, Geometry
from doctor.fat.chains import Chain, Fat
from doctor.fat.source import BlockSource

ATTR_READ_ONLY, ATTR_HIDDEN, ATTR_SYSTEM, ATTR_VOLUME, ATTR_DIRECTORY, ATTR_ARCHIVE = 1, 2, 4, 8, 16, 32
ATTR_LONG_NAME = 0x0F
END_MARK, DELETED_MARK, KANJI_MARK = 0x00, 0xE5, 0x05
_LOWER_BASE, _LOWER_EXTENSION = 0x08, 0x10  #: NTRes flags that Windows sets instead of writing a long name
MOST_DIR_BYTES = 65536 * DIR_ENTRY_BYTES  #: longest directory that the standard allows; FatFs stops there too
_LONGEST_NAME_UNITS = 255  #: of UTF-16
MOST_ENTRIES_OF_TREE = 20_000  #: a card with more files than this is not one that holds a .dup for us
#: How every folder but the root begins. What does not is file content or old bytes, full of names that never were,
#: among them folders which lead to more of them.
_ITSELF = b".".ljust(11)
_DEEPEST = 60  #: folders in each other; ``MOST_ENTRIES_OF_TREE`` bounds the walk, and a second reader follows 64


@dataclass(frozen=True)
class DirEntry:
    """One file or directory as its directory entry says.

    path    from the root of the volume, parts joined by "/", such as ``sd/x.dup``
    slots   offsets on the volume of all its 32-byte slots, the short entry last
    stamps  the entry's bytes 13 to 26 that hold times, kept to be put back
    """

    path: str
    name: str
    short_name: str
    attributes: int
    first_cluster: int
    size_bytes: int
    slots: tuple[int, ...] = ()
    stamps: bytes = b""

    @property
    def is_dir(self) -> bool:
        """Whether it is a directory."""
        return bool(self.attributes & ATTR_DIRECTORY)


@dataclass(frozen=True)
class Listing:
    """One directory.

    fault   why the directory could not be followed to its end, in words; empty if it could
    sector  where, on the volume
    """

    entries: tuple[DirEntry, ...]
    label: str
    chain: Chain | None
    fault: str = ""
    sector: int = 0


def short_name(raw: bytes, flags: int = 0) -> str:
    """The 8.3 name of an entry; the flags say which part Windows wants shown in lower case."""
    if raw[0] == KANJI_MARK:
        raw = b"\xe5" + raw[1:]
    base, extension = raw[:8].decode("cp437").rstrip(), raw[8:11].decode("cp437").rstrip()
    base = base.lower() if flags & _LOWER_BASE else base
    extension = extension.lower() if flags & _LOWER_EXTENSION else extension
    return f"{base}.{extension}" if extension else base


def short_name_checksum(raw: bytes) -> int:
    """The checksum that ties long name slots to their short entry."""
    total = 0
    for byte in raw[:11]:
        total = ((total >> 1) | (total & 1) << 7) + byte & 0xFF
    return total


class _LongName:
    """Collects the slots of one long name; like FatFs it drops a name whose slots do not fit."""

    def __init__(self) -> None:
        self.slots: list[int] = []
        self._units = b""
        self._next = 0
        self._checksum = -1

    def add(self, slot: bytes, offset: int) -> None:
        """Take the next slot."""
        order, checksum = slot[0], slot[13]
        is_first = bool(order & 0x40)
        number = order & 0x3F
        good = slot[26:28] == b"\0\0" and 1 <= number <= 20
        if not good or not (is_first or (number == self._next - 1 and checksum == self._checksum)):
            self.__init__()  # type: ignore[misc]
            return
        if is_first:
            self.__init__()  # type: ignore[misc]
        self._next, self._checksum = number, checksum
        self._units = slot[1:11] + slot[14:26] + slot[28:32] + self._units
        self.slots.append(offset)

    def take(self, short: bytes) -> str:
        """The finished name for this short entry; empty if it does not belong to it."""
        if self._next != 1 or self._checksum != short_name_checksum(short):
            return ""
        text = self._units.decode("utf-16-le", errors="replace").split("\0", 1)[0]
        # Twenty slots have room for five more than the standard allows; then the board takes the short name.
        return text if len(text.encode("utf-16-le")) <= 2 * _LONGEST_NAME_UNITS else ""


def _entries(data: bytes, offsets: list[tuple[int, int]], parent: str, width: int) -> tuple[list[DirEntry], str]:
    """The live entries of a directory's bytes, and its volume label; ``width`` is that of the FAT, in bits."""
    found: list[DirEntry] = []
    label = ""
    long_name = _LongName()
    places = (start + at for start, length in offsets for at in range(0, length, DIR_ENTRY_BYTES))
    for at, place in zip(range(0, len(data), DIR_ENTRY_BYTES), places, strict=True):
        slot = data[at : at + DIR_ENTRY_BYTES]
        if slot[0] == END_MARK:
            break
        attributes = slot[11]
        if slot[0] == DELETED_MARK:
            long_name = _LongName()
        elif attributes & 0x3F == ATTR_LONG_NAME:
            long_name.add(slot, place)
        else:
            if attributes & ATTR_VOLUME:
                label = label or slot[:11].decode("cp437").rstrip()
            elif slot[0] != ord("."):
                found.append(_entry(slot, place, long_name, parent, width))
            long_name = _LongName()
    return found, label


def _entry(slot: bytes, place: int, long_name: _LongName, parent: str, width: int) -> DirEntry:
    high, low, size = struct.unpack_from("<20xH4xHI", slot)
    # On FAT12 and FAT16 the high half belongs to OS/2 and is not part of the cluster number.
    first_cluster = high << 16 | low if width == 32 else low
    short = short_name(slot[:11], slot[12])
    long = long_name.take(slot)
    # A slash in a name would make two parts of it, and a long name ends at a NUL; no system opens such files anyway.
    name = (long or short).replace("/", "\ufffd").replace("\0", "\ufffd")
    return DirEntry(
        path=f"{parent}/{name}" if parent else name,
        name=name,
        short_name=short_name(slot[:11]),
        attributes=slot[11],
        first_cluster=first_cluster,
        size_bytes=size,
        slots=(*(long_name.slots if long else ()), place),
        stamps=slot[13:20] + slot[22:26],
    )


def list_directory(volume: BlockSource, fat: Fat, first_cluster: int | None, parent: str = "") -> Listing:
    """One directory of a volume whose boot sector was checked.

    first_cluster  None for the root
    parent         path of this directory, put in front of the names

    A directory that cannot be followed or read has a ``fault``. Raises CardError if even the FAT cannot be read.
    """
    geometry = fat.geometry
    if first_cluster is None and geometry.width != 32:
        start, length = geometry.root_sector * geometry.sector_bytes, geometry.root_entries * DIR_ENTRY_BYTES
        entries, label = _entries(volume.read_at(start, length), [(start, length)], parent, geometry.width)
        return Listing(tuple(entries), label, None)
    most = -(-MOST_DIR_BYTES // geometry.cluster_bytes)
    chain = fat.chain(geometry.root_cluster if first_cluster is None else first_cluster, most_clusters=most)
    offsets = list(chain.offsets(geometry, geometry.cluster_bytes))
    try:
        data = b"".join(volume.read_at(start, length) for start, length in offsets)
    except CardError as err:
        return Listing(
            (), "", chain, f"cannot be read: {err.cause or err.what}", offsets[0][0] // geometry.sector_bytes
        )
    if first_cluster is not None and not data.startswith(_ITSELF):
        return Listing((), "", chain, chain.fault or "holds no folder", fat_sector(geometry, chain.cluster))
    entries, label = _entries(data, offsets, parent, geometry.width)
    return Listing(tuple(entries), label, chain, chain.fault, fat_sector(geometry, chain.cluster))


def fat_sector(geometry: Geometry, cluster: int) -> int:
    """The sector of FAT 1 that holds a cluster's entry."""
    return geometry.reserved + cluster * geometry.width // 8 // geometry.sector_bytes


@dataclass(frozen=True)
class TreeStep:
    """One directory entry met on a walk through the tree.

    depth    1 in the root
    listing  set for directories that were entered
    circle   a directory that leads back to one entered before
    """

    entry: DirEntry
    depth: int
    listing: Listing | None = None
    circle: bool = False


def walk(volume: BlockSource, fat: Fat, root: Listing, *, deepest: int = _DEEPEST) -> Iterator[TreeStep]:
    """Every entry below a root, directories before their content.

    deepest  how many directories deep to enter; 1 lists the root's own folders

    Bounded: a directory is entered once (one that points back is listed, not entered), at most 20,000 entries.
    """
    entered: set[int] = {0, fat.geometry.root_cluster}
    waiting: list[tuple[DirEntry, int]] = [(entry, 1) for entry in reversed(root.entries)]
    left = MOST_ENTRIES_OF_TREE
    while waiting and left:
        entry, depth = waiting.pop()
        left -= 1
        listing = None
        circle = entry.is_dir and entry.first_cluster in entered
        if entry.is_dir and depth <= deepest and not circle:
            entered.add(entry.first_cluster)
            listing = list_directory(volume, fat, entry.first_cluster, entry.path)
            waiting.extend((below, depth + 1) for below in reversed(listing.entries))
        yield TreeStep(entry, depth, listing, circle)


def find(volume: BlockSource, fat: Fat, root: Listing, path: str) -> DirEntry | None:
    """The entry at a path, such as ``sd/x.dup``, whatever its case; None if there is none. Raises CardError.

    Only the folders on the way are read: a damaged one elsewhere may list thousands of files that never were.
    """
    listing, found = root, None
    for part in path.lower().split("/"):
        if found is not None:
            if not found.is_dir:
                return None
            listing = list_directory(volume, fat, found.first_cluster, found.path)
        found = next((entry for entry in listing.entries if entry.name.lower() == part), None)
        if found is None:
            return None
    return found
