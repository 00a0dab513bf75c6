"""Directories by their bytes: names, numbers, and how far a tree is followed (fat-and-pyfatfs.md 2 and 3)."""

from __future__ import annotations

import struct
from dataclasses import replace
from functools import cache

import pytest

from doctor.fat import names
from doctor.fat.chains import Fat, scan_fats
from doctor.fat.directory import DirEntry, fat_sector, find, list_directory, short_name, short_name_checksum, walk
from doctor.fat.format import format_plans
from doctor.fat.volume import FatVolume, follow_file
from tests.card.media import old_bytes

MIB = 1 << 20
FAT32 = next(format_plans(40 * MIB)).geometry
FAT16 = next(format_plans(8 * MIB)).geometry
END = 0x0FFFFFFF
STAMPS = bytes(range(1, 12))


@cache
def used(size_bytes: int) -> bytes:
    """Old bytes, made once."""
    return old_bytes(size_bytes)


class Volume:
    """A volume of old bytes with an empty FAT, to put entries and folders into."""

    name = "volume"

    def __init__(self, width: int = 32) -> None:
        self.geometry = FAT32 if width == 32 else FAT16
        self.size_bytes = self.geometry.size_bytes
        self.data = bytearray(used(self.size_bytes))
        for copy in (0, 1):
            at = self.geometry.fat_offset(copy)
            self.data[at : at + self.geometry.fat_sectors * 512] = bytes(self.geometry.fat_sectors * 512)

    def read_at(self, offset: int, length: int) -> bytes:
        assert offset >= 0 and offset + length <= self.size_bytes
        return bytes(self.data[offset : offset + length])

    def link(self, *clusters: int, end: int = END) -> None:
        code, width = ("<I", 4) if self.geometry.width == 32 else ("<H", 2)
        for cluster, after in zip(clusters, (*clusters[1:], end), strict=True):
            for copy in (0, 1):
                at = self.geometry.fat_offset(copy) + cluster * width
                struct.pack_into(code, self.data, at, after & (0xFFFFFFFF if width == 4 else 0xFFFF))

    def put(self, cluster: int, data: bytes) -> None:
        at = self.geometry.cluster_offset(cluster)
        self.data[at : at + len(data)] = data

    def fat(self) -> Fat:
        return Fat(self, self.geometry)


def entry(short: str, cluster: int = 0, size: int = 0, *, attributes: int = 0x20) -> bytes:
    base, _, extension = (short, "", "") if short.startswith(".") else short.partition(".")
    raw = base.encode("cp437").ljust(8) + extension.encode("cp437").ljust(3)
    return names.short_entry(raw, attributes, cluster, size, STAMPS)


DOTS = entry(".", attributes=0x10) + entry("..", attributes=0x10)


def test_an_entry_is_read_number_by_number() -> None:
    volume = Volume()
    volume.link(2)
    long = names.long_name_slots("a long name.txt", b"ALONGN~1TXT")
    short = names.short_entry(b"ALONGN~1TXT", 0x21, 0x00123456, 7890, STAMPS)
    volume.put(2, entry("FIPY CAR.D", attributes=0x08) + long + short + bytes(32))
    found = list_directory(volume, volume.fat(), None)
    at = volume.geometry.cluster_offset(2)
    assert found.label == "FIPY CARD"
    assert found.entries == (
        DirEntry(
            path="a long name.txt",
            name="a long name.txt",
            short_name="ALONGN~1.TXT",
            attributes=0x21,
            first_cluster=0x00123456,
            size_bytes=7890,
            slots=(at + 32, at + 64, at + 96),
            stamps=STAMPS,
        ),
    )
    assert (found.fault, found.chain and found.chain.clusters) == ("", 1)


def test_the_slots_of_a_name_are_as_the_specification_has_them() -> None:
    (slot,) = [names.long_name_slots("abcdefghijklm", b"ABCDEF~1   ")]
    assert slot[:1] + slot[11:14] == b"\x41\x0f\0" + bytes([short_name_checksum(b"ABCDEF~1   ")])
    assert slot[1:11] + slot[14:26] + slot[28:32] == "abcdefghijklm".encode("utf-16-le") and slot[26:28] == b"\0\0"
    two = names.long_name_slots("abcdefghijklmn", b"ABCDEF~1   ")
    assert (len(two), two[0], two[32]) == (64, 0x42, 0x01)
    assert two[1:11] == "n\0".encode("utf-16-le") + b"\xff" * 6 and two[28:32] == b"\xff" * 4
    assert names.short_entry(b"A          ", 0x20, 0, 0, b"")[12:28] == bytes.fromhex(
        "00 000000 2100 2100 0000 0000 2100 0000".replace(" ", "")
    )


@pytest.mark.parametrize(
    ("raw", "flags", "shown"),
    [
        (b"README  TXT", 0, "README.TXT"),
        (b"README  TXT", 0x08, "readme.TXT"),
        (b"README  TXT", 0x10, "README.txt"),
        (b"README  TXT", 0x18, "readme.txt"),
        (b"NOEXT      ", 0x10, "NOEXT"),
        (b"\x05AB     TXT", 0, "\u03c3AB.TXT"),
        (b"ABCDEFGHIJK", 0, "ABCDEFGH.IJK"),
        (b"ABCDEFGHIJKL", 0, "ABCDEFGH.IJK"),
    ],
)
def test_a_short_name_is_shown_as_windows_shows_it(raw: bytes, flags: int, shown: str) -> None:
    assert short_name(raw, flags) == shown


@pytest.mark.parametrize("extra", [{}, {26: 1}, {13: 0xAA}, {0: 0x01}, {0: 0x55}, {32: 2}])
def test_a_long_name_whose_slots_do_not_fit_is_none(extra: dict[int, int]) -> None:
    volume = Volume()
    volume.link(2)
    slots = bytearray(names.long_name_slots("abcdefghijklmn", b"ABCDEF~1   "))
    for at, value in extra.items():
        slots[at] = value
    volume.put(2, bytes(slots) + entry("ABCDEF~1") + entry("B") + bytes(32))
    assert [one.name for one in list_directory(volume, volume.fat(), None).entries] == [
        "ABCDEF~1" if extra else "abcdefghijklmn",
        "B",
    ]


@pytest.mark.parametrize(("units", "long"), [(255, True), (256, False)])
def test_the_longest_name_has_255_units(units: int, long: bool) -> None:
    volume = Volume()
    volume.link(2, 3)
    slots = names.long_name_slots("x" * units, b"XXXXXX~1   ") + entry("XXXXXX~1") + bytes(32)
    volume.put(2, slots[:512])
    volume.put(3, slots[512:])
    (found,) = list_directory(volume, volume.fat(), None).entries
    assert found.name == ("x" * units if long else "XXXXXX~1")
    assert len(found.slots) == (21 if long else 1)


def test_what_is_deleted_or_behind_the_end_is_not_there() -> None:
    volume = Volume()
    volume.link(2)
    long = names.long_name_slots("kept away", b"B          ")
    gone = b"\xe5" + entry("GONE")[1:]
    volume.put(2, entry("A") + long + gone + entry("B") + entry(".HIDDEN") + bytes(1) + entry("LATER")[1:] + entry("C"))
    assert [one.name for one in list_directory(volume, volume.fat(), None).entries] == ["A", "B"]


@pytest.mark.parametrize("width", [16, 32])
def test_only_fat32_has_a_high_half_of_a_cluster_number(width: int) -> None:
    volume = Volume(width)
    data = entry("A", 0x00070003, 1) + bytes(32)
    if width == 32:
        volume.link(2)
        volume.put(2, data)
    else:
        at = volume.geometry.root_sector * 512
        volume.data[at : at + len(data)] = data
    (found,) = list_directory(volume, volume.fat(), None).entries
    assert found.first_cluster == (0x00070003 if width == 32 else 3)


def test_the_fixed_root_ends_where_it_ends() -> None:
    volume = Volume(16)
    at = volume.geometry.root_sector * 512
    rows = b"".join(entry(f"F{number}") for number in range(600))
    volume.data[at : at + len(rows)] = rows
    found = list_directory(volume, volume.fat(), None).entries
    assert len(found) == 512 and found[-1].slots == (at + 511 * 32,)


def tree() -> Volume:
    """/A/B/C/FILE, and /A/BACK which leads to A again."""
    volume = Volume()
    for cluster in (2, 5, 6, 7):
        volume.link(cluster)
    volume.put(2, entry("A", 5, attributes=0x10) + entry("Z") + bytes(32))
    volume.put(5, DOTS + entry("B", 6, attributes=0x10) + entry("BACK", 5, attributes=0x10) + bytes(32))
    volume.put(6, DOTS + entry("C", 7, attributes=0x10) + bytes(32))
    volume.put(7, DOTS + entry("FILE", 9, 9) + bytes(32))
    return volume


@pytest.mark.parametrize(
    ("deepest", "paths"),
    [
        (0, "A Z"),
        (1, "A A/B A/BACK Z"),
        (2, "A A/B A/B/C A/BACK Z"),
        (3, "A A/B A/B/C A/B/C/FILE A/BACK Z"),
        (60, "A A/B A/B/C A/B/C/FILE A/BACK Z"),
    ],
)
def test_a_tree_is_walked_as_deep_as_is_asked(deepest: int, paths: str) -> None:
    volume = tree()
    steps = list(walk(volume, volume.fat(), list_directory(volume, volume.fat(), None), deepest=deepest))
    assert [step.entry.path for step in steps] == paths.split()
    assert [step.depth for step in steps] == [path.count("/") + 1 for path in paths.split()]
    assert [step.entry.path for step in steps if step.circle] == ["A/BACK"] * (deepest > 0)
    entered = [step.entry.path for step in steps if step.listing is not None]
    assert entered == [path for path in ("A", "A/B", "A/B/C") if path.count("/") < deepest]


@pytest.mark.parametrize(
    ("path", "there"),
    [
        ("a/b/c/file", True),
        ("A/B", True),
        ("z", True),
        ("a/x", False),
        ("z/y", False),
        ("", False),
        ("a/b/c/file/x", False),
    ],
)
def test_a_path_is_found_in_any_case(path: str, there: bool) -> None:
    volume = tree()
    found = find(volume, volume.fat(), list_directory(volume, volume.fat(), None), path)
    assert (found is not None) is there
    assert found is None or found.path == path.upper()


def test_a_folder_that_does_not_begin_as_one_holds_none() -> None:
    volume = Volume()
    volume.link(5)
    found = list_directory(volume, volume.fat(), 5, "A")
    assert (found.entries, found.fault) == ((), "holds no folder")
    assert found.sector == volume.geometry.reserved


@pytest.mark.parametrize("width", [16, 32])
def test_the_sector_of_a_fat_entry(width: int) -> None:
    shape = FAT32 if width == 32 else FAT16
    per_sector = 128 if width == 32 else 256
    for cluster in (0, per_sector - 1, per_sector, 5 * per_sector + 3):
        assert fat_sector(shape, cluster) == shape.reserved + cluster // per_sector
    wide = replace(shape, sector_bytes=1024)
    assert fat_sector(wide, 2 * per_sector) == shape.reserved + 1


@pytest.mark.parametrize("width", [16, 32])
@pytest.mark.parametrize("cluster", [2, 255, 256, 5000])
def test_two_fats_that_differ_are_told_by_sector(width: int, cluster: int) -> None:
    volume = Volume(width)
    volume.link(0, 1, 2)
    fat = volume.fat()
    clean = scan_fats(volume, fat)
    assert (clean.difference, clean.free) == (None, volume.geometry.clusters - 1)
    assert fat.count_free() == volume.geometry.clusters - 1
    at = volume.geometry.fat_offset(1) + cluster * width // 8
    volume.data[at] ^= 1
    found = scan_fats(volume, volume.fat())
    assert found.difference == fat_sector(volume.geometry, cluster)
    assert found.free == volume.geometry.clusters - 1  # the first FAT counts
    assert scan_fats(volume, volume.fat(), count=False).free is None
    assert scan_fats(volume, volume.fat(), count=False).difference == found.difference
    alone = replace(volume.geometry, fats=1)
    assert scan_fats(volume, Fat(volume, alone)).difference is None


def test_a_file_has_as_many_clusters_as_its_size_needs() -> None:
    volume = tree()
    volume.link(20, 21, 30)
    whole = FatVolume(volume, volume.geometry, volume.fat(), 0)  # type: ignore[arg-type]

    def followed(size: int, cluster: int = 20) -> tuple[int, str, int, bool]:
        found = follow_file(whole, DirEntry("F", "F", "F", 0x20, cluster, size))
        return found.chain.clusters, found.fault, found.sector, found.torn

    cluster_bytes = volume.geometry.cluster_bytes
    first = volume.geometry.reserved
    assert followed(0) == (0, "", 0, False)
    assert followed(3 * cluster_bytes) == followed(2 * cluster_bytes + 1) == (3, "", 0, False)
    assert followed(2 * cluster_bytes)[:2] == (2, "continues beyond the end of the file (cluster 30)")
    assert followed(2 * cluster_bytes)[2:] == (first, False)
    short = followed(4 * cluster_bytes)
    assert short[0] == 3 and f"holds only {3 * cluster_bytes}" in short[1] and short[2:] == (first, True)
    free = ("leads to a free cluster (cluster 999)", first + 999 // 128)
    assert followed(9, 999)[1:] == (*free, False)  # its one cluster is still there
    assert followed(cluster_bytes + 1, 999)[1:] == (*free, True)
    gone = followed(9, volume.geometry.clusters + 9)
    assert gone[0] == 0 and "does not exist" in gone[1] and gone[3]
