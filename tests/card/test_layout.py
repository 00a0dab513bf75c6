from __future__ import annotations

import struct
from pathlib import Path

import pytest

from doctor.fat.layout import Scheme, VolumeKind, board_mount, look_at
from doctor.fat.source import FileSource
from tests.card.images import BIG, MIB, SMALL, START, card, mkfs_fat, patched, with_mbr
from tests.card.media import among_old_bytes, old_bytes


@pytest.mark.parametrize(("length", "kind"), [(0, VolumeKind.BLANK), (300, VolumeKind.HTML)])
def test_tiny_file_is_judged_too(tmp_path: Path, length: int, kind: VolumeKind) -> None:
    path = tmp_path / "tiny"
    path.write_bytes(b"<html>".ljust(length)[:length])
    with FileSource(path) as source:
        assert look_at(source).whole is kind
        assert board_mount(source).start_sector is None


def gpt(path: Path, volume: Path) -> Path:
    """A disk with a GPT and one volume at sector 2048."""
    sectors = volume.stat().st_size // 512
    with_mbr(path, [(0xEE, 1, volume)])
    entry = b"\xa2" * 16 + b"\x01" * 16 + struct.pack("<QQ", 2048, 2048 + sectors - 1)
    with path.open("r+b") as file:
        file.seek(512)
        file.write(b"EFI PART".ljust(72, b"\0") + struct.pack("<QII", 2, 128, 128).ljust(440, b"\0"))
        file.write(entry.ljust(16384, b"\0"))
        file.seek(2048 * 512)
        file.write(volume.read_bytes())
    return path


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    """A FAT16 volume without a partition table."""
    path = tmp_path / "volume"
    image = card(tmp_path / "card")
    path.write_bytes(image.read_bytes()[8192 * 512 :])
    return path


def test_gpt_hides_its_volume_from_the_board(tmp_path: Path, volume: Path) -> None:
    with FileSource(gpt(tmp_path / "gpt", volume)) as source:
        layout = look_at(source)
        assert layout.scheme is Scheme.GPT
        assert [(part.start_sector, part.kind) for part in layout.partitions] == [(2048, VolumeKind.FAT16)]
        assert board_mount(source).start_sector is None


@pytest.mark.parametrize(("place", "mark"), [(1024, b"H+"), (1024, b"BD"), (1080, b"\x53\xef")])
def test_old_marks_behind_a_fat_boot_sector_mean_nothing(tmp_path: Path, place: int, mark: bytes) -> None:
    image = patched(card(tmp_path / "a"), tmp_path / "card.img", {START + place: mark})
    with FileSource(image) as source:
        assert [part.kind for part in look_at(source).partitions] == [VolumeKind.FAT16]


def test_super_floppy_is_one_volume(volume: Path) -> None:
    with FileSource(volume) as source:
        layout = look_at(source)
        assert (layout.scheme, layout.partitions[0].kind) == (Scheme.NONE, VolumeKind.FAT16)
        assert board_mount(source).start_sector == 0


def test_board_takes_the_first_fat_among_primary_slots(tmp_path: Path, volume: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(among_old_bytes(1080, b"\x53\xef") + old_bytes(MIB))
    image = with_mbr(tmp_path / "two", [(0x83, 2048, other), (0x01, 8192, volume)])
    with FileSource(image) as source:
        assert [part.kind for part in look_at(source).partitions] == [VolumeKind.EXT, VolumeKind.FAT16]
        assert board_mount(source).start_sector == 8192


def test_logical_drive_is_found_but_not_by_the_board(tmp_path: Path, volume: Path) -> None:
    image = with_mbr(tmp_path / "logical", [(0x05, 2048, volume)])
    table = struct.pack("<B3sB3sII", 0, b"\0\0\0", 6, b"\0\0\0", 2048, volume.stat().st_size // 512)
    with image.open("r+b") as file:
        file.seek(2048 * 512)
        file.write(bytes(446) + table.ljust(64, b"\0") + b"\x55\xaa")
        file.seek(4096 * 512)
        file.write(volume.read_bytes())
    with FileSource(image) as source:
        (part,) = look_at(source).partitions
        assert (part.start_sector, part.kind, part.primary) == (4096, VolumeKind.FAT16, False)
        assert board_mount(source).start_sector is None


def test_looping_extended_partitions_end(tmp_path: Path, volume: Path) -> None:
    image = with_mbr(tmp_path / "loop", [(0x05, 2048, volume)])
    table = struct.pack("<B3sB3sII", 0, b"\0\0\0", 5, b"\0\0\0", 0x10, 1)
    with image.open("r+b") as file:
        for sector in (2048, 2048 + 0x10):
            file.seek(sector * 512)
            file.write(bytes(446) + table.ljust(64, b"\0") + b"\x55\xaa")
    with FileSource(image) as source:
        assert look_at(source).partitions == ()


@pytest.mark.needs_tool("mkfs.fat")
@pytest.mark.parametrize(
    ("args", "kind"),
    [
        (("-F", "12"), VolumeKind.FAT12),
        (("-F", "16", "-s", "1"), VolumeKind.FAT16),
        (("-F", "32", "-s", "1"), VolumeKind.FAT32),
        (("-F", "16", "-s", "1", "--mbr=y"), VolumeKind.FAT16),
    ],
)
def test_volumes_of_mkfs_fat(tmp_path: Path, args: tuple[str, ...], kind: VolumeKind) -> None:
    path = mkfs_fat(tmp_path / "volume", BIG if "32" in args else SMALL, *args)
    with FileSource(path) as source:
        assert look_at(source).partitions[0].kind is kind
        assert board_mount(source).start_sector == 0
