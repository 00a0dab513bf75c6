"""FatFs (as in the board), mtools and fsck.fat look at the same cards: what we call good, they read byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from doctor.card.image import ImageCard
from tests.card.fatfs_referee import board_reads
from tests.card.images import BIG, DUP, DUP_NAME, MIB, START, Inside, card, mkfs_fat, patched, tool, volume_of, with_mbr
from tests.card.media import used
from tests.card.test_judge import DEFECTS, fat16, fat32

__all__ = ["fat16", "fat32"]


def mtools_reads(image: Path, start: int) -> bytes | None:
    """The .dup as mcopy reads it; None if it refuses."""
    out = image.with_suffix(".read")
    out.unlink(missing_ok=True)
    try:
        tool("mcopy", "-n", "-i", f"{image}@@{start}", f"::{DUP_NAME}", out)
    except AssertionError:
        return None
    return out.read_bytes() if out.exists() else None


@pytest.mark.sampled(6)
@pytest.mark.parametrize("what", DEFECTS)
def test_fatfs_agrees_on_defects(what: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    base, changes, *_ = DEFECTS[what]
    source: Path = request.getfixturevalue(base)
    image = patched(source, tmp_path / "card", changes(Inside(source)))
    seen = board_reads(image, DUP_NAME)
    verdict = ImageCard(image).volume()
    if any(problem.path == DUP_NAME for problem in verdict.problems):
        return  # what the board makes of a torn file, nobody needs to agree upon
    if verdict.board_reads:
        assert seen == (DUP[: len(DUP) - 2000] if what == "chain goes on" else DUP)
    else:
        # The board notices less than we do: it may still read the .dup of a card on which another file is damaged.
        assert seen in (None, DUP) or what in ("file loops", "file loops (FAT16)", "cross-linked", "chain free")


#: Healthy and odd variants by the tools of a Linux PC: (arguments of mkfs.fat, size in MiB, the board can read it).
MADE = {
    "FAT12": (("-F", "12"), 4, True),
    "FAT12 one FAT": (("-F", "12", "-f", "1"), 4, True),
    "FAT16": (("-F", "16"), 32, True),
    "FAT16 small clusters": (("-F", "16", "-s", "1"), 20, True),
    "FAT16 one FAT": (("-F", "16", "-f", "1"), 32, True),
    "FAT16 large root": (("-F", "16", "-r", "1024"), 32, True),
    "FAT16 many reserved": (("-F", "16", "-R", "64"), 32, True),
    "FAT16 4096-byte sectors": (("-F", "16", "-S", "4096", "-s", "1"), 32, False),
    "FAT16 2048-byte sectors": (("-F", "16", "-S", "2048", "-s", "1"), 32, False),
    "FAT16 1024-byte sectors": (("-F", "16", "-S", "1024", "-s", "1"), 32, False),
    "FAT16 not aligned": (("-F", "16", "-a"), 32, True),
    "FAT32": (("-F", "32", "-s", "1"), 40, True),
    "FAT32 one FAT": (("-F", "32", "-s", "1", "-f", "1"), 40, True),
    "FAT32 many reserved": (("-F", "32", "-s", "1", "-R", "2000"), 40, True),
    "FAT32 backup elsewhere": (("-F", "32", "-s", "1", "-b", "12"), 40, True),
    "FAT32 large clusters": (("-F", "32", "-s", "2"), 72, True),
    "FAT32 labelled": (("-F", "32", "-s", "1", "-n", "MY CARD"), 40, True),
    "FAT32 odd serial": (("-F", "32", "-s", "1", "-i", "00000000"), 40, True),
    "FAT32 not aligned": (("-F", "32", "-s", "1", "-a"), 40, True),
    "FAT32 media F0": (("-F", "32", "-s", "1", "-M", "0xF0"), 40, True),
    "FAT32 with a table in sector 0": (("-F", "32", "-s", "1", "--mbr=y"), 40, True),
    "Atari": (("-A", "-F", "16"), 32, False),
}


@pytest.fixture(params=MADE)
def made(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, bool]:
    args, size_mib, board = MADE[request.param]
    volume, local = mkfs_fat(tmp_path / "volume", size_mib * MIB, *args), tmp_path / DUP_NAME
    local.write_bytes(DUP)
    tool("mcopy", "-i", volume, local, f"::{DUP_NAME}")
    return volume, board


@pytest.mark.sampled(3, "long")
@pytest.mark.needs_tool("mkfs.fat", "mcopy")
def test_volumes_of_other_formatters(made: tuple[Path, bool]) -> None:
    volume, board = made
    verdict = ImageCard(volume).volume()
    assert (verdict.pc_reads, verdict.board_reads) == (True, board), verdict.problems
    assert b"".join(ImageCard(volume).read(f"/sd/{DUP_NAME}")) == DUP
    assert (board_reads(volume, DUP_NAME) == DUP) == board


#: Partition tables as sfdisk writes them around one FAT16 volume of 8 MiB: (script, start of the volume, board reads).
TABLES = {
    "MBR": ("label: dos\nstart=8192, size=16384, type=6\n", 8192, True),
    "MBR at sector 63": ("label: dos\nstart=63, size=16384, type=6\n", 63, True),
    "MBR type e": ("label: dos\nstart=2048, size=16384, type=e\n", 2048, True),
    "MBR type Linux": ("label: dos\nstart=2048, size=16384, type=83\n", 2048, True),
    "MBR type hidden": ("label: dos\nstart=2048, size=16384, type=16\n", 2048, True),
    "MBR bootable": ("label: dos\nstart=2048, size=16384, type=6, bootable\n", 2048, True),
    "MBR slot 4": ("label: dos\n4: start=2048, size=16384, type=6\n", 2048, True),
    "MBR logical": ("label: dos\n1: start=2048, size=40960, type=f\n5: start=4096, size=16384, type=6\n", 4096, False),
    "MBR behind Linux": ("label: dos\nstart=2048, size=2048, type=83\nstart=8192, size=16384, type=6\n", 8192, True),
    "GPT": ("label: gpt\nstart=2048, size=16384, type=EBD0A0A2-B9E5-4433-87C0-68B6B72699C7\n", 2048, False),
}


@pytest.mark.sampled(3, "long")
@pytest.mark.needs_tool("sfdisk", "mcopy", "mkfs.fat")
@pytest.mark.parametrize("table", TABLES)
def test_partition_tables_of_sfdisk(table: str, tmp_path: Path) -> None:
    script, start, board = TABLES[table]
    volume = mkfs_fat(tmp_path / "volume", 8 * MIB, "-F", "16", "-s", "2")
    image, local, lines = used(tmp_path / "card.img", 32 * MIB), tmp_path / DUP_NAME, tmp_path / "script"
    local.write_bytes(DUP)
    tool("mcopy", "-i", volume, local, f"::{DUP_NAME}")
    lines.write_text(script)
    tool("sh", "-c", f"sfdisk -q --no-reread {image} < {lines}")
    with image.open("r+b") as file:
        file.seek(start * 512)
        file.write(volume.read_bytes())
    verdict = ImageCard(image).volume()
    assert (verdict.pc_reads, verdict.board_reads) == (True, board), verdict.problems
    assert (board_reads(image, DUP_NAME) == DUP) == board
    assert mtools_reads(image, start * 512) == DUP


@pytest.mark.sampled(2, "long")
@pytest.mark.needs_tool("fsck.fat", "mcopy")
@pytest.mark.parametrize("size", [8 * MIB, 33 * MIB, BIG, 64 * MIB, 300 * MIB, 2 << 30])
def test_all_agree_on_what_we_format(tmp_path: Path, size: int) -> None:
    image = card(tmp_path / "card.img", {DUP_NAME: DUP, "sub/another long name.bin": b"1"}, size)
    assert board_reads(image, DUP_NAME) == DUP
    assert mtools_reads(image, START) == DUP
    if size <= 64 * MIB:
        tool("fsck.fat", "-n", volume_of(image))


def test_fatfs_takes_the_same_of_two_partitions(tmp_path: Path) -> None:
    empty, full = tmp_path / "empty", tmp_path / "full"
    empty.write_bytes(card(tmp_path / "a", {}).read_bytes()[START:])
    full.write_bytes(card(tmp_path / "b").read_bytes()[START:])
    for order in ((empty, full), (full, empty)):
        image = with_mbr(tmp_path / f"{order[0].name}.img", [(6, 2048, order[0]), (6, 16384, order[1])])
        ours = DUP_NAME in [file.name for file in ImageCard(image).files()]
        assert (board_reads(image, DUP_NAME) == DUP) == ours
