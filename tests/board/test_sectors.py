from __future__ import annotations

import struct

from doctor.board.sectors import read_layout

FAT32_BOOT = b"\xeb\x58\x90MSDOS5.0".ljust(82, b"\0") + b"FAT32   "
EXFAT_BOOT = b"\xeb\x76\x90EXFAT   "


def mbr(*entries: tuple[int, int, int]) -> bytes:
    sector = bytearray(512)
    for number, (kind, first, sectors) in enumerate(entries):
        struct.pack_into("<B3xB3xII", sector, 446 + 16 * number, 0, kind, first, sectors)
    sector[510:] = b"\x55\xaa"
    return bytes(sector)


def test_one_partition_is_named_with_its_file_system() -> None:
    layout = read_layout(mbr((0x0C, 8192, 1000)), (FAT32_BOOT,))
    assert layout.in_words() == "1 partition: FAT32 at sector 8192"
    assert layout.sectors == 1000


def test_exfat_behind_the_type_byte_of_ntfs_is_seen() -> None:
    assert read_layout(mbr((0x07, 2048, 9)), (EXFAT_BOOT,)).exfat


def test_guid_table_is_seen() -> None:
    assert read_layout(mbr((0xEE, 1, 9)), (b"EFI PART",)).gpt


def test_volume_without_partition_table() -> None:
    sector = FAT32_BOOT.ljust(510, b"\0") + b"\x55\xaa"
    layout = read_layout(sector, ())
    assert layout.whole == "FAT32"
    assert layout.slots == ()


def test_blank_card() -> None:
    assert read_layout(bytes(512), ()).blank


def test_missing_boot_sectors_leave_the_type_byte() -> None:
    assert read_layout(mbr((0x83, 63, 9)), ()).in_words() == "1 partition: type 83 at sector 63"
