from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest

from doctor.card.image import ImageCard
from doctor.card.reformat.image import DEFAULT_SERIAL, make_card
from doctor.card.target import FileTarget, used_bytes
from doctor.errors import CardError
from doctor.fat.format import format_card, plan_format
from doctor.fat.writer import best_layout, new_file, write_files
from tests.card.images import BIG, DUP, DUP_NAME, MIB, SMALL, START, card, tool, volume_of
from tests.card.media import used

GB = 1 << 30
TREE = {
    DUP_NAME: DUP,
    "EMPTY.BIN": b"",
    "Mixed Case.txt": b"m",
    "ünïcode · 漢字.dup": b"u" * 5000,
    "a.b.c.d": b"dots",
    "sub/deeper/and deeper/file.bin": b"deep" * 999,
    **{f"many/long file number {number}.bin": bytes([number]) * number for number in range(1, 120)},
}


@pytest.mark.sampled(2, "long")
@pytest.mark.medium
@pytest.mark.needs_tool("fsck.fat", "mdir")
@pytest.mark.parametrize("size", [SMALL, 20 * MIB, 36 * MIB, BIG, 64 * MIB, 300 * MIB])
def test_referees_find_no_fault(tmp_path: Path, size: int) -> None:
    image = card(tmp_path / "card", TREE, size)
    tool("fsck.fat", "-n", volume_of(image))
    listed = {line[3:].rstrip("/") for line in tool("mdir", "-/", "-b", "-i", f"{image}@@4M", "::").splitlines()}
    folders = {"sub", "sub/deeper", "sub/deeper/and deeper", "many"}
    assert listed == set(TREE) | folders


@pytest.mark.medium
@pytest.mark.needs_tool("mcopy")
@pytest.mark.parametrize("size", [SMALL, BIG])
def test_mcopy_reads_the_same_bytes(tmp_path: Path, size: int) -> None:
    image = card(tmp_path / "card", TREE, size)
    tool("mcopy", "-s", "-i", f"{image}@@4M", "::*", tmp_path)
    for name, data in TREE.items():
        assert (tmp_path / name).read_bytes() == data


@pytest.mark.medium
@pytest.mark.needs_tool("mtype")
@pytest.mark.parametrize("first", [0, 1])
def test_no_name_is_the_short_name_of_another_file(tmp_path: Path, first: int) -> None:
    names = ["longfilename one.txt", "longfi~1.txt", "LONGFI~2.TXT", "longfilename two.txt"]
    files = {name: name.encode() for name in (names[first:] + names[:first])}
    image = card(tmp_path / "card", files)
    for name in names:
        assert tool("mtype", "-i", f"{image}@@4M", f"::{name}") == name


@pytest.mark.sampled(2)
@pytest.mark.parametrize("size", [SMALL, BIG, 2 * GB, 32 * GB])
def test_own_reader_agrees(tmp_path: Path, size: int) -> None:
    image = ImageCard(card(tmp_path / "card", TREE, size))
    volume = image.volume()
    assert (volume.board_reads, volume.pc_reads, volume.problems) == (True, True, ())
    assert all(b"".join(image.read(f"/sd/{name}")) == data for name, data in TREE.items())


@pytest.mark.parametrize(
    ("size", "width", "cluster"),
    [
        (SMALL, 16, 512),
        (39 * MIB, 16, 1024),
        (BIG, 32, 512),
        (259_999_999, 32, 512),
        (300 * MIB, 32, 4096),
        (2 * GB, 32, 16384),
        (4 * GB, 32, 32768),
        (128 * GB, 32, 32768),
    ],
)
def test_layout_by_size(size: int, width: int, cluster: int) -> None:
    plan = plan_format(size)
    geometry = plan.geometry
    assert (geometry.width, geometry.cluster_bytes, plan.start_sector) == (width, cluster, 8192)
    assert width == 16 or geometry.clusters >= 65526
    assert width == 16 or geometry.data_sector % 8192 == 0
    assert geometry.fat_sectors * 512 * 8 // width >= geometry.clusters + 2


@pytest.mark.parametrize("size", [SMALL, SMALL + 511, 33 * MIB, 35 * MIB + 512, 38 * MIB + 1, BIG - 1, 259_999_999])
def test_every_small_size_has_a_layout_the_board_takes(tmp_path: Path, size: int) -> None:
    assert ImageCard(card(tmp_path / "card", {}, size)).volume().problems == ()


@pytest.mark.parametrize("size", [0, SMALL - 1, 1 << 45])
def test_impossible_size_is_refused(size: int) -> None:
    with pytest.raises(CardError):
        plan_format(size)


def test_old_content_is_wiped_where_it_would_be_seen(tmp_path: Path) -> None:
    image = used(tmp_path / "dirty", SMALL)
    with FileTarget(image) as target:
        format_card(target, plan_format(SMALL), serial=1)
    assert ImageCard(image).volume().problems == ()
    assert ImageCard(image).files() == ()
    assert not any(image.read_bytes()[512 : 33 * 512])
    assert not any(image.read_bytes()[-33 * 512 :])


@pytest.mark.parametrize(
    "files",
    [
        [new_file("big", b"x" * SMALL)],
        [new_file("a", b""), new_file("A", b"")],
        [new_file(f"{number}", b"") for number in range(600)],
        [new_file("n" * 256, b"")],
        [new_file("a", b""), new_file("A/deep/down", b"")],
        [new_file("a\0b", b"")],
        [new_file("half \ud800", b"")],
    ],
    ids=[
        "too much",
        "same name twice",
        "too many in a FAT16 root",
        "name too long",
        "a file as a folder",
        "a name that would be cut",
        "half of a surrogate pair",
    ],
)
def test_what_cannot_be_on_a_card_is_refused(tmp_path: Path, files: list) -> None:  # type: ignore[type-arg]
    with pytest.raises(CardError):
        make_card(tmp_path / "card", SMALL, files)


def test_existing_file_is_not_overwritten(tmp_path: Path) -> None:
    path = card(tmp_path / "card")
    with pytest.raises(CardError):
        make_card(path, SMALL)
    assert ImageCard(path).sha256(f"/sd/{DUP_NAME}")


@pytest.mark.parametrize("size", [SMALL, BIG])
def test_a_new_image_is_what_formatting_a_used_card_makes(tmp_path: Path, size: int) -> None:
    """It is not filled with zeros that are there already, and takes no room for them."""
    files = [new_file("a/long name.bin", b"x" * 5000)]
    make_card(tmp_path / "new", size, files)
    with FileTarget(used(tmp_path / "used", size)) as target:
        format_card(target, (layout := best_layout(size, files)).plan, serial=DEFAULT_SERIAL)
        write_files(target, layout)
    front = layout.plan.start_sector + layout.plan.geometry.data_sector + layout.plan.geometry.cluster_sectors
    first, other = (tmp_path / name for name in ("new", "used"))
    assert first.read_bytes()[: front * 512] == other.read_bytes()[: front * 512]
    assert first.read_bytes()[-33 * 512 :] == other.read_bytes()[-33 * 512 :]
    assert not hasattr(os, "SEEK_HOLE") or used_bytes(first) < 512 << 10


def test_a_card_filled_to_the_last_cluster_is_good(tmp_path: Path) -> None:
    geometry = plan_format(SMALL).geometry
    data = b"f" * (geometry.clusters * geometry.cluster_bytes)
    image = ImageCard(card(tmp_path / "card", {"FULL.BIN": data}))
    volume = image.volume()
    assert (volume.free_bytes, volume.problems) == (0, ())
    assert b"".join(image.read("/sd/FULL.BIN")) == data


@pytest.mark.sampled(2, "long")
@pytest.mark.parametrize("spare", [0, 1, 1000])
def test_the_board_is_told_what_is_free_and_where(tmp_path: Path, spare: int) -> None:
    """It trusts FSInfo, and the copy of it (fat-and-pyfatfs.md 2)."""
    geometry = plan_format(BIG).geometry
    used = geometry.clusters - spare  # the root takes one of them
    path = card(tmp_path / "card", {"BIG.BIN": b"f" * ((used - 1) * geometry.cluster_bytes)}, BIG)
    for sector in (geometry.fsinfo_sector, geometry.backup_sector + geometry.fsinfo_sector):
        told = path.read_bytes()[START + sector * 512 :][:512]
        assert struct.unpack("<I480xIII12xI", told) == (
            0x41615252,
            0x61417272,
            spare,
            min(used + 2, geometry.clusters + 1),
            0xAA550000,
        )


def test_partition_table_names_one_primary_partition(tmp_path: Path) -> None:
    sector = card(tmp_path / "card", {}, BIG).read_bytes()[:512]
    assert sector[450] == 0x0C
    assert int.from_bytes(sector[454:458], "little") * 512 == START
    assert sector[462:510] == bytes(48)
