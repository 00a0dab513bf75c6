"""A boot sector with one number wrong: what a PC makes of it, and what the board does (fat-and-pyfatfs.md 9)."""

from __future__ import annotations

import struct
from dataclasses import replace

import pytest

from doctor.fat.boot_sector import Geometry, board_sees_fat, check_numbers, looks_like_fat, read_geometry
from doctor.fat.format import boot_sector, format_plans

MIB = 1 << 20
FAT32 = next(format_plans(40 * MIB, "A")).geometry
FAT16 = next(format_plans(8 * MIB, "B")).geometry
#: Offset and format of the numbers.
FIELDS = {
    "sector": (11, "<H"),
    "cluster": (13, "<B"),
    "reserved": (14, "<H"),
    "fats": (16, "<B"),
    "roots": (17, "<H"),
    "total16": (19, "<H"),
    "media": (21, "<B"),
    "fat16": (22, "<H"),
    "total32": (32, "<I"),
    "fat32": (36, "<I"),
    "version": (42, "<H"),
    "root cluster": (44, "<I"),
}


def boot(shape: Geometry, **changes: int | bytes) -> bytes:
    data = bytearray(boot_sector(shape, 1))
    for name, value in changes.items():
        if isinstance(value, bytes):
            at = {"jump": 0, "kind16": 54, "kind32": 82, "signature": 510, "flags16": 37, "flags32": 65}[name]
            data[at : at + len(value)] = value
        else:
            at, code = FIELDS[name.replace("_", " ")]
            struct.pack_into(code, data, at, value)
    return bytes(data)


def told(data: bytes, room: int = 1 << 40) -> list[tuple[str, bool, bool]]:
    shape = read_geometry(data)
    assert shape is not None
    found = check_numbers(data, shape, room)
    assert all(defect.sector == 0 for defect in found)
    return [(defect.text, defect.pc, defect.board) for defect in found]


@pytest.mark.parametrize("shape", [FAT16, FAT32])
@pytest.mark.parametrize(
    ("change", "looks"),
    [
        *(({"sector": size}, size in (512, 1024, 2048, 4096)) for size in (0, 256, 512, 513, 1024, 2048, 4096, 8192)),
        *(({"cluster": size}, size in (1, 2, 64, 128)) for size in (0, 1, 2, 3, 64, 96, 128, 255)),
        ({"reserved": 0}, False),
        ({"reserved": 1}, True),
        *(({"fats": count}, 1 <= count <= 4) for count in range(7)),
        *(({"media": media}, media == 0xF0 or media >= 0xF8) for media in (0, 0xEF, 0xF0, 0xF1, 0xF7, 0xF8, 0xFF)),
        ({"total16": 0, "total32": 0}, False),
        ({"total16": 0, "total32": 1 << 24}, True),
        ({"total16": 1 << 8, "total32": 0}, True),
        ({"fat16": 0, "fat32": 0}, False),
        ({"fat16": 0, "fat32": 1 << 24}, True),
        ({"fat16": 1 << 8, "fat32": 0}, True),
    ],
)
def test_numbers_that_make_a_boot_sector(shape: Geometry, change: dict[str, int], looks: bool) -> None:
    data = boot(shape, **change)
    assert looks_like_fat(data) is looks
    if not looks:
        assert read_geometry(data) is None


@pytest.mark.parametrize(
    ("change", "sees"),
    [
        ({}, True),
        *(({"jump": bytes([jump])}, jump in (0xEB, 0xE9, 0xE8)) for jump in (0xE7, 0xE8, 0xE9, 0xEA, 0xEB, 0xEC, 0)),
        ({"signature": b"\x55\xab"}, False),
        ({"signature": b"\x54\xaa"}, False),
        ({"kind32": b"NTFS    "}, False),
        ({"kind32": b"FAT3"}, True),
        ({"kind32": b"FAT33"}, False),
        ({"kind32": b"        ", "kind16": b"FAT     "}, True),
    ],
)
def test_what_the_board_takes_for_fat(change: dict[str, bytes], sees: bool) -> None:
    assert board_sees_fat(boot(FAT32, **change)) is sees
    if not sees:
        ((_, pc, board),) = told(boot(FAT32, **change))
        assert (pc, board) == (False, True)


def test_numbers_are_read_as_they_stand_there() -> None:
    assert read_geometry(boot(FAT32)) == FAT32
    assert read_geometry(boot(FAT16)) == FAT16
    for shape, flags in ((FAT32, "flags32"), (FAT16, "flags16")):
        for value, dirty in ((b"\0", False), (b"\1", True), (b"\2", False), (b"\3", True)):
            assert read_geometry(boot(shape, **{flags: value})) == replace(shape, dirty=dirty)
    other = read_geometry(boot(FAT16, roots=17, cluster=2, reserved=3, fats=1))
    assert other is not None
    assert (other.root_sectors, other.root_sector, other.data_sector) == (
        2,
        3 + FAT16.fat_sectors,
        5 + FAT16.fat_sectors,
    )
    assert other.clusters == (FAT16.total_sectors - other.data_sector) // 2
    assert (other.cluster_sector(2), other.cluster_sector(5)) == (other.data_sector, other.data_sector + 6)
    assert other.cluster_offset(3) == (other.data_sector + 2) * 512
    assert [other.holds(number) for number in (1, 2, other.clusters + 1, other.clusters + 2)] == [
        False,
        True,
        True,
        False,
    ]
    assert (other.fat_offset(0), other.fat_offset(1)) == (3 * 512, (3 + FAT16.fat_sectors) * 512)


@pytest.mark.parametrize(("clusters", "width"), [(0, None), (1, 12), (0xFF5, 12), (0xFF6, 16), (0xFFF5, 16)])
def test_the_number_of_clusters_decides_between_fat12_and_fat16(clusters: int, width: int | None) -> None:
    front = 1 + 2 * 300 + 32
    data = boot(FAT16, cluster=1, fat16=300, total16=0, total32=front + clusters)
    shape = read_geometry(data)
    assert (None if shape is None else shape.width) == width
    assert shape is None or (shape.clusters == clusters and not told(data))


@pytest.mark.parametrize(
    ("shape", "change", "text", "pc", "board"),
    [
        (FAT32, {"sector": 1024}, "sectors of 1024 bytes", False, True),
        (FAT32, {"fats": 3, "total32": FAT32.total_sectors + 999}, "3 FATs", False, True),
        (FAT32, {"roots": 16}, "fixed root directory", False, True),
        (FAT32, {"version": 1}, "unknown version", True, True),
        (FAT32, {"version": 256}, "unknown version", True, True),
        (FAT32, {"root_cluster": 1}, "starts at cluster 1, which", True, True),
        (FAT32, {"root_cluster": FAT32.clusters + 2}, "does not exist", True, True),
        (FAT16, {"roots": 0}, "no room for entries", True, True),
        (FAT16, {"roots": 17}, "whole sectors", False, True),
        (FAT16, {"fat16": 31}, "the FAT is too short", True, True),
        (FAT32, {"fat32": 300}, "the FAT is too short", True, True),
        (FAT16, {"total16": 0, "total32": 70_000, "fat16": 300}, "a FAT16 layout with", True, True),
    ],
)
def test_one_wrong_number_is_named_with_who_cannot_use_it(
    shape: Geometry, change: dict[str, int], text: str, pc: bool, board: bool
) -> None:
    found = told(boot(shape, **change))
    named = [(defect_pc, defect_board) for words, defect_pc, defect_board in found if text in words]
    assert named == [(pc, board)], found
    assert len(found) == 1, found


@pytest.mark.parametrize(("clusters", "refused"), [(0xFFF5, True), (0xFFF6, False)])
def test_a_fat32_with_few_clusters_is_refused_by_the_board(clusters: int, refused: bool) -> None:
    shape = replace(FAT32, total_sectors=FAT32.data_sector + clusters)
    found = told(boot_sector(shape, 1))
    assert bool(found) is refused
    assert not refused or (found[0][1:] == (False, True) and f"only {clusters} clusters" in found[0][0])


@pytest.mark.parametrize(("cluster", "refused"), [(128, False), (128, True)])
def test_clusters_of_more_than_64_kib_are_too_large_for_the_board(cluster: int, refused: bool) -> None:
    shape = read_geometry(boot(FAT16, cluster=cluster, total16=0, total32=1 << 20, fat16=64))
    assert shape is not None
    shape = replace(shape, sector_bytes=1024) if refused else shape
    found = [
        text for text in (defect.text for defect in check_numbers(boot(FAT16), shape, 1 << 40)) if "too large" in text
    ]
    assert bool(found) is refused


@pytest.mark.parametrize("shape", [FAT16, FAT32])
@pytest.mark.parametrize("spare", [0, -1])
def test_a_fat_that_is_one_bit_short_is_too_short(shape: Geometry, spare: int) -> None:
    clusters = shape.fat_sectors * 512 * 8 // shape.width - 2
    wide = replace(shape, clusters=clusters - spare)
    found = [defect for defect in check_numbers(boot(shape), wide, 1 << 40) if "too short" in defect.text]
    assert bool(found) is (spare < 0)


@pytest.mark.parametrize("missing", [0, 1])
def test_a_volume_that_is_longer_than_its_medium_is_cut(missing: int) -> None:
    found = told(boot(FAT16), FAT16.size_bytes - missing)
    assert found == [("the volume is 1 bytes longer than the medium has room for", True, False)] * missing
