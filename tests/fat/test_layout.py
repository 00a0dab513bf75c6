"""Partition tables by their bytes: what is found in which slot, and that no chain of tables is followed without end."""

from __future__ import annotations

import struct

import pytest

from doctor.fat.format import boot_sector, format_plans
from doctor.fat.layout import BoardMount, Partition, Scheme, VolumeKind, board_mount, kind_of, look_at, mbr_entries
from doctor.fat.source import KnownSectors
from tests.card.media import KIND, among_old_bytes, old_bytes

FAT16 = boot_sector(next(format_plans(8 << 20)).geometry, 1)
FAT32 = boot_sector(next(format_plans(40 << 20)).geometry, 1)
NTFS = b"\xeb\x52\x90NTFS    " + bytes(499) + b"\x55\xaa"


def table(*rows: tuple[int, int, int], used: bool = True) -> bytes:
    """A sector with a partition table; rows are (type, start, sectors), in front of it old boot code."""
    slots = b"".join(struct.pack("<4xB3xII", *row) for row in rows).ljust(64, b"\0")
    return (old_bytes(446) if used else bytes(446)) + slots + b"\x55\xaa"


def medium(**sectors: bytes) -> KnownSectors:
    return KnownSectors("card", {int(name[1:]): data for name, data in sectors.items()})


def test_each_slot_is_read_by_its_number() -> None:
    rows = [(0x0C, 8192, 100), (0, 5, 5), (0x06, 0, 9), (0x83, 0x01020304, 0x05060708)]
    assert mbr_entries(table(*rows)) == [(0, 0x0C, 8192, 100), (3, 0x83, 0x01020304, 0x05060708)]


def test_partitions_are_told_with_what_lies_in_them() -> None:
    found = look_at(medium(s0=table((0x0C, 8192, 100), (0x07, 9000, 50), (0x83, 9999, 1)), s8192=FAT32, s9000=NTFS))
    assert found.scheme is Scheme.MBR and found.whole is VolumeKind.UNKNOWN
    assert found.partitions == (
        Partition(0, 0x0C, 8192, 100, VolumeKind.FAT32),
        Partition(1, 0x07, 9000, 50, VolumeKind.NTFS),
        Partition(2, 0x83, 9999, 1, VolumeKind.BLANK),
    )
    assert all(part.primary for part in found.partitions)
    assert found.in_words() == "3 partitions: FAT32 at sector 8192, NTFS at sector 9000, type 83 at sector 9999"


@pytest.mark.parametrize("kind", [0x05, 0x0F, 0x85])
def test_logical_drives_are_counted_from_their_own_table(kind: int) -> None:
    found = look_at(
        medium(
            s0=table((0x0C, 100, 50), (kind, 1000, 5000)),
            s100=FAT16,
            s1000=table((0x06, 63, 10), (0x05, 2000, 99)),
            s1063=FAT16,
            s3000=table((0x0B, 7, 10), (0x05, 4000, 99)),
            s3007=FAT32,
            s5000=table((0x0B, 1, 1))[:510] + b"\0\0",
        )
    )
    assert found.partitions == (
        Partition(0, 0x0C, 100, 50, VolumeKind.FAT16),
        Partition(4, 0x06, 1063, 10, VolumeKind.FAT16, primary=False),
        Partition(5, 0x0B, 3007, 10, VolumeKind.FAT32, primary=False),
    )


def test_logical_drives_that_lead_to_themselves_end_after_32() -> None:
    found = look_at(
        medium(
            s0=table((0x05, 1000, 9)), s1000=table((0x06, 63, 10), (0x05, 1, 9)), s1001=table((0x06, 1, 1), (5, 1, 9))
        )
    )
    assert len(found.partitions) == 32
    assert not any(part.primary for part in found.partitions)


def gpt(count: int, entry_bytes: int, *rows: tuple[int, int], start: int = 2) -> tuple[bytes, bytes]:
    head = b"EFI PART" + bytes(64) + struct.pack("<QII", start, count, entry_bytes)
    entries = b"".join((b"\x28" * 16 + bytes(16) + struct.pack("<QQ", *row)).ljust(entry_bytes, b"\0") for row in rows)
    return head.ljust(512, b"\0"), entries


@pytest.mark.parametrize(("entry_bytes", "read"), [(127, False), (128, True), (256, True), (4096, True), (4097, False)])
@pytest.mark.parametrize("start", [2, 40])
def test_a_gpt_is_read_by_its_own_numbers(entry_bytes: int, read: bool, start: int) -> None:
    head, entries = gpt(3, entry_bytes, (100, 199), (300, 299), (500, 500), (600, 700), start=start)
    sectors = {0: table((0xEE, 1, 9)), 1: head, 100: FAT16, 500: NTFS}
    sectors |= {start + n: entries[512 * n : 512 * n + 512] for n in range(-(-len(entries) // 512))}
    found = look_at(KnownSectors("card", sectors))
    assert (found.scheme, found.whole) == (Scheme.GPT, VolumeKind.GPT)
    assert found.in_words() == "a GUID partition table"
    assert found.partitions == (
        (
            Partition(0, 0, 100, 100, VolumeKind.FAT16, primary=False),
            Partition(2, 0, 500, 1, VolumeKind.NTFS, primary=False),
        )
        if read
        else ()
    )


@pytest.mark.parametrize(("rows", "whole"), [(((0xEE, 1, 9),), True), (((0x0C, 100, 9),), False), ((), False)])
def test_a_gpt_counts_only_where_the_table_in_front_names_it(
    rows: tuple[tuple[int, int, int], ...], whole: bool
) -> None:
    head, entries = gpt(1, 128, (100, 199))
    found = look_at(medium(s0=table(*rows), s1=head, s2=entries, s100=FAT16))
    assert (found.scheme is Scheme.GPT) is whole


def test_a_gpt_without_a_table_in_front_is_one_too() -> None:
    head, entries = gpt(1, 128, (100, 199))
    found = look_at(medium(s0=old_bytes(510) + b"\0\0", s1=head, s2=entries, s100=FAT16))
    assert found.scheme is Scheme.GPT and len(found.partitions) == 1


def test_no_more_than_128_entries_of_a_gpt_are_looked_at() -> None:
    head, entries = gpt(500, 128, *[(100, 199)] * 200)
    sectors = {0: table((0xEE, 1, 9)), 1: head, 100: FAT16}
    sectors |= {2 + n: entries[512 * n : 512 * n + 512] for n in range(50)}
    assert len(look_at(KnownSectors("card", sectors)).partitions) == 128


#: Where the mark of a file system lies, behind the first bytes.
MARKS = (
    (3, b"EXFAT   ", VolumeKind.EXFAT),
    (3, b"NTFS    ", VolumeKind.NTFS),
    (1080, b"\x53\xef", VolumeKind.EXT),
    (1024, b"H+", VolumeKind.HFS),
    (1024, b"H+\0\4", VolumeKind.HFS),
    (1024, b"HX", VolumeKind.HFS),
    (1024, b"BD", VolumeKind.HFS),
    (32, b"NXSB", VolumeKind.APFS),
    (32769, b"CD001", VolumeKind.ISO9660),
)


def marked(place: int, mark: bytes) -> bytes:
    """A mark among old bytes, behind a first byte that is no mark itself."""
    return b"\0"[:place] + among_old_bytes(place, mark)[min(place, 1) :]


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", VolumeKind.BLANK),
        (b"\xff" * 512, VolumeKind.BLANK),
        (b"\0" * 600, VolumeKind.BLANK),
        (b"\0" * 511 + b"\xff", VolumeKind.UNKNOWN),
        *((fill(place, mark), kind) for fill in (marked, among_old_bytes) for place, mark, kind in MARKS),
        (marked(0, b"\xef\xbb\xbf \r\n<!DOCTYPE html>"), VolumeKind.HTML),
        (marked(0, b"<HTML>"), VolumeKind.HTML),
        *(
            (marked(0, mark), VolumeKind.ARCHIVE)
            for mark in (b"PK\3\4", b"\x1f\x8b", b"\xfd7zXZ", b"7z\xbc\xaf", b"Rar!", b"BZh")
        ),
        *(
            (marked(0, mark), VolumeKind.DISK_IMAGE)
            for mark in (b"QFI\xfb", b"conectix", b"KDMV", b"vhdxfile", b"<<< ")
        ),
        (FAT16, VolumeKind.FAT16),
        (FAT32, VolumeKind.FAT32),
        (FAT16[:510] + b"\0\0", VolumeKind.FAT16),
        (marked(1, b"x"), VolumeKind.UNKNOWN),
        (among_old_bytes(512, b""), VolumeKind.BLANK if KIND != "random" else VolumeKind.UNKNOWN),
        (b"\n\n<!DOCTYPE html><html>", VolumeKind.HTML),
        (b"\x1f\x8b\x08", VolumeKind.ARCHIVE),
        (b"PK\x03\x04", VolumeKind.ARCHIVE),
        (b"QFI\xfb", VolumeKind.DISK_IMAGE),
        (bytes(4096), VolumeKind.BLANK),
        (b"\xff" * 4096, VolumeKind.BLANK),
        (b"\x01" * 4096, VolumeKind.UNKNOWN),
    ],
    ids=lambda value: value.name if isinstance(value, VolumeKind) else None,
)
def test_a_volume_is_known_by_its_marks(data: bytes, kind: VolumeKind) -> None:
    assert kind_of(data) is kind


def test_what_the_board_would_mount() -> None:
    assert board_mount(medium(s0=FAT16)) == BoardMount(0)
    rows = ((0x83, 50, 1), (0x07, 60, 1), (0x0C, 70, 1), (0x0C, 80, 1))
    assert board_mount(medium(s0=table(*rows), s60=NTFS, s70=FAT32, s80=FAT32)) == BoardMount(70)
    none = board_mount(medium(s0=table(*rows)))
    assert none.start_sector is None and "four slots" in none.why_not
    unsigned = board_mount(medium(s0=table(*rows)[:510] + b"\x55\xab", s70=FAT32))
    assert unsigned.start_sector is None and "55 AA" in unsigned.why_not


class Short:
    """The beginning of a medium that ends early."""

    name = "short"

    def __init__(self, data: bytes) -> None:
        self.data, self.size_bytes = data, len(data)

    def read_at(self, offset: int, length: int) -> bytes:
        assert offset >= 0 and offset + length <= self.size_bytes
        return self.data[offset : offset + length]


@pytest.mark.parametrize("size", [0, 1, 511, 512, 513, 1023, 1024, 1535, 1536, 1537])
def test_a_medium_that_ends_anywhere_is_only_read_to_its_end(size: int) -> None:
    head, _ = gpt(9, 128)
    data = (table((0xEE, 1, 9), (0x0C, 1, 5), (0x05, 2, 5)) + head + table((0x06, 1, 1), (0x05, 1, 9)) + FAT16)[:size]
    found = look_at(Short(data))
    assert found.scheme is (Scheme.NONE if size < 512 else Scheme.GPT if size >= 1536 else Scheme.MBR)
    mount = board_mount(Short(data))
    assert mount.start_sector is None
    assert ("not even one sector" in mount.why_not) is (size < 512)


def test_a_super_floppy_fills_its_medium() -> None:
    data = FAT16 + old_bytes(512 * 9)
    found = look_at(Short(data))
    assert found.scheme is Scheme.NONE
    assert found.partitions == (Partition(-1, 0, 0, 10, VolumeKind.FAT16),)
    assert found.in_words() == "FAT16 without a partition table"
    assert look_at(Short(b"\0" * 4096)).in_words() == "no partition table and no file system"
    assert look_at(Short(table(used=False) + bytes(512))).in_words() == "an empty partition table"
