from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from doctor.card.card import VolumeKind
from doctor.card.image import ImageCard
from tests.card.images import BIG, DUP, DUP_NAME, MIB, SMALL, START, Inside, card, mkfs_fat, patched, with_mbr
from tests.card.media import old_bytes

Changes = dict[int, bytes]
UNSAFE = "write-protected-or-unsafe-eject"


@pytest.fixture(scope="module")
def fat32(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return card(tmp_path_factory.mktemp("cards") / "fat32", {DUP_NAME: DUP, "OTHER.BIN": DUP, "sd/x": b"1"}, BIG)


@pytest.fixture(scope="module")
def fat16(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return card(tmp_path_factory.mktemp("cards") / "fat16", {DUP_NAME: DUP, "OTHER.BIN": DUP, "sd/x": b"1"}, SMALL)


@pytest.mark.parametrize("base", ["fat16", "fat32"])
def test_healthy_card_is_faultless(base: str, request: pytest.FixtureRequest) -> None:
    volume = ImageCard(request.getfixturevalue(base)).volume()
    assert volume.kind.value.lower() == base
    assert (volume.pc_reads, volume.board_reads, volume.problems, volume.label) == (True, True, (), "FIPY")


def dup_chain(inside: Inside) -> int:
    return inside.entries[DUP_NAME].first_cluster


# What is broken: (base, changes, catalogue id, PC reads, board reads, word in the text).
DEFECTS: dict[str, tuple[str, Callable[[Inside], Changes], str, bool, bool, str]] = {
    "no 55 AA": ("fat32", lambda _: {START + 510: b"\0\0"}, "sd-mount-no-fat", True, False, "55 AA"),
    "no type text": ("fat32", lambda _: {START + 82: b"XXXXX"}, "sd-mount-no-fat", True, False, "text FAT"),
    "jump of another kind": ("fat32", lambda _: {START: b"\xe8\0\0"}, "", True, True, ""),
    "jump EB 76 90": ("fat32", lambda _: {START: b"\xeb\x76\x90"}, "", True, True, ""),
    "no jump": ("fat32", lambda _: {START: b"\0\0\0"}, "sd-mount-no-fat", True, False, "jump"),
    "no 55 AA in the MBR": ("fat32", lambda _: {510: b"\0\0"}, "sd-mount-no-fat", False, False, "no volume"),
    "partition type odd": ("fat32", lambda _: {450: b"\x83"}, "", True, True, ""),
    "three FATs": (
        "fat32",
        # The root lies behind the third one: what is there now must be a root, if only an empty one.
        lambda i: {START + 16: b"\3", i.cluster(2) + i.geometry.fat_sectors * 512: bytes(512)},
        "sd-mount-no-fat",
        True,
        False,
        "3 FATs",
    ),
    "FAT too short": ("fat32", lambda _: {START + 36: b"\1\0\0\0"}, "sd-mount-no-fat", False, False, "too short"),
    "FAT32 version": ("fat32", lambda _: {START + 42: b"\1\0"}, "sd-mount-no-fat", False, False, "version"),
    "root cluster beyond": ("fat32", lambda _: {START + 44: b"\0\0\0\7"}, "sd-mount-no-fat", False, False, "root"),
    "volume too long": (
        "fat32",
        lambda _: {START + 32: struct.pack("<I", (BIG - START) // 512 + 100)},
        "sd-partition-layout",
        True,
        True,
        "longer",
    ),
    "partition too long": (
        "fat32",
        lambda _: {458: struct.pack("<I", (BIG - START) // 512 + 1)},
        "sd-partition-layout",
        True,
        True,
        "beyond the end",
    ),
    "dirty (Windows)": ("fat32", lambda _: {START + 65: b"\1"}, UNSAFE, True, True, "not ejected cleanly"),
    "dirty (DOS)": ("fat16", lambda i: i.fats(1, 0x7FFF), UNSAFE, True, True, "not ejected cleanly"),
    "FATs differ": ("fat32", lambda i: {i.fat(200, 1): b"\1\0\0\0"}, UNSAFE, True, True, "differ"),
    "root loops": ("fat32", lambda i: i.fats(2, 2), UNSAFE, False, False, "circle"),
    "root chain free": ("fat32", lambda i: i.fats(2, 0), UNSAFE, False, False, "free"),
    "file loops": ("fat32", lambda i: i.fats(dup_chain(i) + 5, dup_chain(i)), UNSAFE, True, True, "circle"),
    "file loops (FAT16)": ("fat16", lambda i: i.fats(dup_chain(i) + 5, dup_chain(i)), UNSAFE, True, True, "circle"),
    "chain free": ("fat16", lambda i: i.fats(dup_chain(i) + 5, 0), UNSAFE, True, True, "free"),
    "chain bad": ("fat32", lambda i: i.fats(dup_chain(i) + 5, 0x0FFFFFF7), UNSAFE, True, True, "bad"),
    "chain to cluster 1": ("fat32", lambda i: i.fats(dup_chain(i) + 5, 1), UNSAFE, True, True, "cluster 1"),
    "chain beyond": ("fat32", lambda i: i.fats(dup_chain(i) + 5, 0x00FFFFFF), UNSAFE, True, True, "not exist"),
    "chain ends early": ("fat32", lambda i: i.fats(dup_chain(i) + 5, 0x0FFFFFFF), UNSAFE, True, True, "holds only"),
    "chain goes on": (
        "fat32",
        lambda i: {i.slot(DUP_NAME) + 28: struct.pack("<I", len(DUP) - 2000)},
        UNSAFE,
        True,
        True,
        "continues beyond",
    ),
    "first cluster 0": ("fat32", lambda i: {i.slot(DUP_NAME) + 26: b"\0\0"}, UNSAFE, True, True, "not exist"),
    "first cluster beyond": ("fat32", lambda i: {i.slot(DUP_NAME) + 20: b"\7\0"}, UNSAFE, True, True, "not exist"),
    "size too large": ("fat16", lambda i: {i.slot(DUP_NAME) + 30: b"\7\0"}, UNSAFE, True, True, "holds only"),
    "cross-linked": (
        "fat32",
        lambda i: {i.slot("OTHER.BIN") + 26: struct.pack("<H", dup_chain(i))},
        UNSAFE,
        True,
        True,
        "shares",
    ),
    "folder leads to the root": ("fat32", lambda i: {i.slot("sd") + 26: b"\2\0"}, UNSAFE, True, True, "leads back"),
    "folder's chain is free": (
        "fat16",
        lambda i: i.fats(i.entries["sd"].first_cluster, 0),
        UNSAFE,
        True,
        True,
        "folder sd",
    ),
    "garbage in FSInfo": ("fat32", lambda _: {START + 512: b"garbage"}, UNSAFE, True, True, "FSInfo"),
    "wrong free space": ("fat32", lambda _: {START + 512 + 488: b"\1\0\0\0"}, UNSAFE, True, True, "really"),
    "free space not noted": ("fat32", lambda _: {START + 512 + 488: b"\xff" * 4}, "", True, True, ""),
    "backup boot sector gone": (
        "fat32",
        lambda _: {START + 6 * 512: bytes(512)},
        UNSAFE,
        True,
        True,
        "backup of the boot",
    ),
    "high bits of FAT entries": ("fat32", lambda i: {i.fat(dup_chain(i)) + 3: b"\xf0"}, UNSAFE, True, True, "differ"),
    "GPT type in the MBR, FAT behind": ("fat32", lambda _: {450: b"\xee"}, "", True, True, ""),
    "first 8 KiB wiped": ("fat32", lambda _: {0: bytes(8192)}, "sd-mount-no-fat", False, False, "blank"),
    "boot sector wiped": ("fat32", lambda _: {START: bytes(512)}, "sd-mount-no-fat", False, False, "is good"),
    "both boot sectors wiped": (
        "fat32",
        lambda _: {START: bytes(512), START + 6 * 512: bytes(512)},
        "sd-mount-no-fat",
        False,
        False,
        "no volume",
    ),
    "exFAT inside": (
        "fat32",
        lambda _: {START: b"\xeb\x76\x90EXFAT   " + bytes(501)},
        "sd-exfat-or-over-32gb",
        True,
        False,
        "exFAT",
    ),
    "NTFS inside": (
        "fat32",
        lambda _: {START: b"\xeb\x52\x90NTFS    " + bytes(499) + b"\x55\xaa"},
        "sd-mount-no-fat",
        True,
        False,
        "NTFS",
    ),
}


@pytest.mark.sampled(3, "long")
@pytest.mark.parametrize("what", DEFECTS)
def test_defect_is_named_with_both_answers(what: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    base, changes, catalogue, pc, board, word = DEFECTS[what]
    source: Path = request.getfixturevalue(base)
    volume = ImageCard(patched(source, tmp_path / "card", changes(Inside(source)))).volume()
    texts = "; ".join(problem.text for problem in volume.problems)
    assert (volume.pc_reads, volume.board_reads) == (pc, board), texts
    if catalogue:
        assert volume.problems[0].catalogue == catalogue, texts
        assert word in texts
    else:
        assert volume.problems == ()


def test_defect_names_its_sector(fat32: Path, tmp_path: Path) -> None:
    inside = Inside(fat32)
    broken = patched(fat32, tmp_path / "card", inside.fats(dup_chain(inside) + 5, 0))
    (problem,) = ImageCard(broken).volume().problems
    assert problem.sector == inside.fat(dup_chain(inside) + 5) // 512


@pytest.mark.sampled(2, "long")
@pytest.mark.parametrize("keep", [0, 1, 300, 512, 4000, START, START + 300, START + 5000, BIG - 40_000_00])
def test_cut_image_never_crashes_and_is_never_good(fat32: Path, tmp_path: Path, keep: int) -> None:
    cut = tmp_path / "cut"
    cut.write_bytes(fat32.read_bytes()[:keep])
    volume = ImageCard(cut).volume()
    assert volume.pc_reads == (keep > START + 5000)
    assert volume.problems


def test_image_cut_behind_its_files_is_not_whole_but_lists(fat32: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut"
    cut.write_bytes(fat32.read_bytes()[:-4096])
    image = ImageCard(cut)
    assert image.volume().problems[0].stops_changes
    assert {file.name for file in image.files()} >= {DUP_NAME}


#: Damage that concerns one file or folder, and which.
ONE_OF_MANY = {
    "chain free": DUP_NAME,
    "cross-linked": "OTHER.BIN",
    "folder leads to the root": "sd",
    "folder's chain is free": "sd",
    "size too large": DUP_NAME,
}


@pytest.mark.parametrize("what", ONE_OF_MANY)
def test_damage_of_one_file_names_it_and_stops_changes_only(
    what: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    base, changes, *_ = DEFECTS[what]
    source: Path = request.getfixturevalue(base)
    volume = ImageCard(patched(source, tmp_path / "card", changes(Inside(source)))).volume()
    assert {problem.path for problem in volume.problems} == {ONE_OF_MANY[what]}
    assert all(problem.stops_changes for problem in volume.problems)


def test_two_partitions_are_worth_a_warning_only(tmp_path: Path, fat16: Path) -> None:
    volume = tmp_path / "volume"
    volume.write_bytes(fat16.read_bytes()[START:])
    verdict = ImageCard(with_mbr(tmp_path / "two", [(6, 2048, volume), (6, 16384, volume)])).volume()
    assert (verdict.pc_reads, verdict.board_reads) == (True, True)
    assert [problem.catalogue for problem in verdict.problems] == ["sd-partition-layout"]


def test_large_card_is_judged_without_reading_its_fat_into_objects(tmp_path: Path) -> None:
    volume = ImageCard(card(tmp_path / "64gb", {}, 64_000_000_000)).volume()
    assert [problem.catalogue for problem in volume.problems] == ["sd-exfat-or-over-32gb"]
    assert volume.board_reads


@pytest.mark.needs_tool("mkfs.fat")
@pytest.mark.parametrize(
    ("args", "board"),
    [
        (("-F", "32", "-s", "8"), False),  # a FAT32 layout with too few clusters: the board refuses
        (("-F", "32", "-s", "1"), True),
        (("-F", "16", "-S", "4096", "-s", "1"), False),
        (("-F", "12"), True),
        (("-F", "16", "-f", "1"), True),
    ],
)
def test_verdict_on_mkfs_fat(tmp_path: Path, args: tuple[str, ...], board: bool) -> None:
    path = mkfs_fat(tmp_path / "volume", BIG if "32" in args else 32 * MIB, *args)
    volume = ImageCard(path).volume()
    assert (volume.pc_reads, volume.board_reads) == (True, board)


@pytest.mark.parametrize("kind", [VolumeKind.HTML, VolumeKind.ARCHIVE])
def test_what_is_no_card_is_named(tmp_path: Path, kind: VolumeKind) -> None:
    path = tmp_path / "card.img"
    path.write_bytes({VolumeKind.HTML: b"<html>", VolumeKind.ARCHIVE: b"PK\x03\x04"}[kind] + old_bytes(5000))
    volume = ImageCard(path).volume()
    assert (volume.kind, volume.pc_reads, volume.board_reads) == (kind, False, False)
