from __future__ import annotations

import base64
import struct

import pytest

from doctor.board.card.sdcard import layout_of
from doctor.fat.layout import Layout, Scheme, VolumeKind

FAT32_BOOT = b"\xeb\x58\x90MSDOS5.0\0\x02\x08\x20\0\x02\0\0\0\0\xf8".ljust(32, b"\0") + struct.pack(
    "<II", 9999999, 9000
)
FAT32_BOOT = FAT32_BOOT.ljust(82, b"\0") + b"FAT32   ".ljust(428, b"\0") + b"\x55\xaa"
EXFAT_BOOT = b"\xeb\x76\x90EXFAT   "


def mbr(*entries: tuple[int, int, int]) -> bytes:
    sector = bytearray(512)
    for number, (kind, first, sectors) in enumerate(entries):
        struct.pack_into("<B3xB3xII", sector, 446 + 16 * number, 0, kind, first, sectors)
    sector[510:] = b"\x55\xaa"
    return bytes(sector)


def layout(sector0: bytes, *boots: bytes) -> Layout:
    """What the board says of its card: sector 0, and the sectors that its table leads to."""
    sectors = [base64.b64encode(boot.ljust(512, b"\0")) for boot in (sector0, *boots)]
    found = layout_of({"sector0": sectors[0], "boots": sectors[1:]})
    assert found is not None
    return found


def test_one_partition_is_named_with_its_file_system() -> None:
    assert layout(mbr((0x0C, 8192, 1000)), FAT32_BOOT).in_words() == "1 partition: FAT32 at sector 8192"


def test_entries_that_lead_nowhere_shift_no_other() -> None:
    found = layout(mbr((0x0C, 0, 9), (0x0C, 8192, 1000), (0, 7, 7), (0x07, 99999, 9)), FAT32_BOOT, EXFAT_BOOT)
    assert found.in_words() == "2 partitions: FAT32 at sector 8192, exFAT at sector 99999"


def test_exfat_behind_the_type_byte_of_ntfs_is_seen() -> None:
    assert layout(mbr((0x07, 2048, 9)), EXFAT_BOOT).partitions[0].kind is VolumeKind.EXFAT


def test_guid_table_is_seen() -> None:
    assert layout(mbr((0xEE, 1, 9)), b"EFI PART").scheme is Scheme.GPT


def test_volume_without_partition_table() -> None:
    found = layout(FAT32_BOOT)
    assert found.in_words() == "FAT32 without a partition table"
    assert len(found.partitions) == 1


@pytest.mark.parametrize("sector", [bytes(512), b"\xff" * 512, b"old bytes" * 56 + b"\0" * 8])
def test_blank_card(sector: bytes) -> None:
    assert layout(sector).in_words() == "no partition table and no file system"


def test_missing_boot_sectors_leave_the_type_byte() -> None:
    assert layout(mbr((0x83, 63, 9))).in_words() == "1 partition: type 83 at sector 63"


@pytest.mark.parametrize(
    "answer", [{}, {"sector0": "AAAA"}, {"sector0": "no base64!"}, {"sector0": "", "boots": ["A"]}]
)
def test_firmware_that_shows_no_sectors_tells_no_layout(answer: dict[str, object]) -> None:
    assert layout_of(answer) is None
