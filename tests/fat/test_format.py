"""What our formatter writes, decoded here by hand from the tables of the FAT specification (fat-and-pyfatfs.md 8)."""

from __future__ import annotations

import struct
from dataclasses import replace
from itertools import pairwise

import pytest

from doctor.errors import CardError
from doctor.fat.boot_sector import Geometry, check_numbers, read_geometry
from doctor.fat.format import (
    FormatPlan,
    boot_sector,
    fat_head,
    format_card,
    format_plans,
    fs_info,
    label_entry,
    plan_format,
)
from doctor.fat.layout import mbr_entries
from tests.card.media import old_bytes

MIB = 1 << 20
GIB = 1 << 30
SIZES = [8 * MIB, 33 * MIB, 40 * MIB, 130 * MIB, 259_999_744, 260_000_256, 2 * GIB - 512, 2 * GIB, 32 * GIB]
SERIAL = 0x12345678


def plans() -> list[FormatPlan]:
    return [plan for size in SIZES for plan in format_plans(size, "Fipy Card")]


@pytest.mark.parametrize("plan", plans(), ids=str)
def test_each_number_of_a_boot_sector_is_where_the_specification_has_it(plan: FormatPlan) -> None:
    shape = plan.geometry
    boot = boot_sector(shape, SERIAL)
    jump, oem, sector, cluster, reserved, fats, roots, small, media, fat16, track, heads, hidden, large = struct.unpack(
        "<3s8sHBHBHHBHHHII", boot[:36]
    )
    assert (jump[:1] + jump[2:], oem, sector, media, track, heads) == (b"\xeb\x90", b"MSDOS5.0", 512, 0xF8, 63, 255)
    assert (cluster, reserved, fats, hidden) == (shape.cluster_sectors, shape.reserved, 2, 8192)
    assert small + large == shape.total_sectors and not small * large
    rest = boot[36:]
    if shape.width == 32:
        assert (roots, fat16, small, jump[1]) == (0, 0, 0, 0x58)
        assert struct.unpack("<IHHIHH12s", rest[:28]) == (shape.fat_sectors, 0, 0, 2, 1, 6, b"\0" * 12)
        rest = rest[28:]
    else:
        assert (roots, fat16, reserved, jump[1]) == (512, shape.fat_sectors, 1, 0x3C)
    drive, zero, mark, serial, label, kind = struct.unpack("<BBBI11s8s", rest[:26])
    assert (drive, zero, mark, serial, label) == (0x80, 0, 0x29, SERIAL, b"FIPY CARD  ")
    assert kind == f"FAT{shape.width}   ".encode()
    assert not rest[26:-2].strip(b"\0") and boot[510:] == b"\x55\xaa" and len(boot) == 512
    assert replace(read_geometry(boot) or shape, label="Fipy Card") == shape
    assert not check_numbers(boot, shape, shape.size_bytes)


@pytest.mark.parametrize("plan", plans(), ids=str)
def test_the_fats_number_every_cluster_and_the_data_lies_on_its_border(plan: FormatPlan) -> None:
    shape = plan.geometry
    data = shape.total_sectors - shape.reserved - 2 * shape.fat_sectors - shape.root_entries * 32 // 512
    assert shape.clusters == data // shape.cluster_sectors
    need = (shape.clusters + 2) * shape.width // 8
    assert need <= shape.fat_sectors * 512
    if shape.width == 32:
        assert (shape.reserved + 2 * shape.fat_sectors) % 8192 == 0
        assert shape.reserved >= 32
        assert shape.clusters >= 65526
    else:
        assert shape.fat_sectors * 512 - need < 2048
        assert 4096 <= shape.clusters <= 65000


@pytest.mark.parametrize(
    ("size", "first"),
    [
        (8 * MIB, (16, 1)),
        (40 * MIB, (32, 1)),
        (259_999_744, (32, 1)),
        (260_000_256, (32, 4)),  # eight sectors would make too few clusters
        (280_000_000, (32, 8)),
        (2 * GIB - 512, (32, 8)),
        (2 * GIB, (32, 32)),  # 64 would make too few
        (4 * GIB, (32, 64)),
        (32 * GIB, (32, 64)),
    ],
)
def test_the_usual_layout_comes_first_then_smaller_clusters_then_fat16(size: int, first: tuple[int, int]) -> None:
    found = [(plan.geometry.width, plan.geometry.cluster_sectors) for plan in format_plans(size)]
    assert found[0] == first == (plan_format(size).geometry.width, plan_format(size).geometry.cluster_sectors)
    fat32 = [cluster for width, cluster in found if width == 32]
    fat16 = [cluster for width, cluster in found if width == 16]
    assert [width for width, _ in found] == [32] * len(fat32) + [16] * len(fat16)
    assert all(one == 2 * two for one, two in pairwise(fat32))
    assert all(two == 2 * one for one, two in pairwise(fat16))
    assert all(cluster <= 64 for _, cluster in found)


@pytest.mark.parametrize("size", [0, 512, 8 * MIB - 512])
def test_what_is_too_small_for_a_card_says_what_is_not(size: int) -> None:
    with pytest.raises(CardError) as refused:
        plan_format(size)
    assert "8 MiB or more" in refused.value.next


def test_a_partition_table_counts_sectors_in_32_bits() -> None:
    assert plan_format(0xFFFFFFFF * 512).geometry.width == 32
    with pytest.raises(CardError) as refused:
        plan_format((0xFFFFFFFF + 1) * 512)
    assert refused.value.id == "sd-exfat-or-over-32gb"


def test_a_plan_reads_as_a_sentence() -> None:
    texts = [str(plan_format(size)) for size in (40 * MIB, 64 * GIB)]
    assert texts[0] == "MBR, one primary FAT32 partition of 36 MiB at 4 MiB, clusters of 512 bytes"
    assert texts[1] == "MBR, one primary FAT32 partition of 65532 MiB at 4 MiB, clusters of 32 KiB"
    kib = replace(plan_format(40 * MIB).geometry, cluster_sectors=2)
    assert str(FormatPlan(kib, 8192)).endswith("clusters of 1 KiB")


def test_small_pieces_are_as_the_specification_has_them() -> None:
    assert fs_info(7, 9) == (b"RRaA" + b"\0" * 480 + b"rrAa" + struct.pack("<II", 7, 9) + b"\0" * 12 + b"\0\0\x55\xaa")
    assert label_entry("a" * 12) == b"A" * 11 + b"\x08" + b"\0" * 12 + b"\x21\0" + b"\0" * 6
    assert label_entry("ü")[:11] == b"?".ljust(11)
    plan32, plan16 = plan_format(40 * MIB), plan_format(8 * MIB)
    assert fat_head(plan32.geometry) == bytes.fromhex("f8ffff0f ffffff0f ffffff0f")
    assert fat_head(plan16.geometry) == bytes.fromhex("f8ff ffff")


class Used:
    """A medium full of old bytes that notes the order in which it is written."""

    name = "used"

    def __init__(self, size_bytes: int) -> None:
        self.size_bytes = size_bytes
        self.data = bytearray(old_bytes(size_bytes))
        self.log: list[str | int] = []

    def read_at(self, offset: int, length: int) -> bytes:
        return bytes(self.data[offset : offset + length])

    def write_at(self, offset: int, data: bytes) -> None:
        assert offset >= 0 and offset + len(data) <= self.size_bytes
        self.log.append(offset)
        self.data[offset : offset + len(data)] = data

    def sync(self) -> None:
        self.log.append("sync")


@pytest.mark.parametrize("size", [8 * MIB, 40 * MIB])
def test_every_byte_up_to_the_first_file_is_written_and_the_table_last(size: int) -> None:
    plan, medium = plan_format(size), Used(size)
    shape: Geometry = plan.geometry
    format_card(medium, plan, serial=SERIAL)
    start, data = 8192 * 512, medium.data
    boot = boot_sector(shape, SERIAL)
    wanted = bytearray(start + shape.data_sector * 512 + shape.cluster_bytes)
    wanted[start : start + 512] = boot
    if shape.width == 32:
        behind = fs_info(shape.clusters - 1, 3) + bytes(510) + b"\x55\xaa"
        wanted[start + 512 : start + 512 + len(behind)] = behind
        wanted[start + 6 * 512 : start + 6 * 512 + 512 + len(behind)] = boot + behind
    for copy in (0, 1):
        at = start + (shape.reserved + copy * shape.fat_sectors) * 512
        wanted[at : at + len(fat_head(shape))] = fat_head(shape)
    root = start + (shape.reserved + 2 * shape.fat_sectors) * 512
    wanted[root : root + 32] = label_entry(shape.label)
    assert data[512 : len(wanted)] == wanted[512:]
    assert mbr_entries(bytes(data[:512])) == [(0, 0x0C if shape.width == 32 else 0x0E, 8192, shape.total_sectors)]
    assert data[440:444] == struct.pack("<I", SERIAL) and data[510:512] == b"\x55\xaa"
    assert not data[size - 33 * 512 :].strip(b"\0")
    behind_root = old_bytes(size)[len(wanted) : size - 33 * 512]
    assert data[len(wanted) : size - 33 * 512] == behind_root
    assert medium.log[:2] == [0, "sync"] and medium.log[-3:] == ["sync", 0, "sync"]


def test_with_a_mark_there_is_no_table_yet() -> None:
    plan, medium = plan_format(8 * MIB), Used(8 * MIB)
    format_card(medium, plan, serial=SERIAL, mark=b"M" * 512)
    assert medium.data[:512] == b"M" * 512
    assert medium.log[-1] == "sync" and medium.log.count(0) == 1
