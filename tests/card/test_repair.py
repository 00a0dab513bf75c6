"""Repairs from the good copies on a card, and refusals if it is not clear which copy is good."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from checks.card_is_fat import CardIsFat
from doctor.bench import Bench, BenchOptions
from doctor.card.image import ImageCard
from doctor.card.repair import plan_repair, repair
from doctor.errors import CardError
from tests.card.images import BIG, DUP, DUP_NAME, SMALL, START, Inside, card, patched, tool, volume_of
from tests.card.media import old_bytes

Changes = dict[int, bytes]
NOON = datetime(2026, 1, 2, 12, 0, 0)
FILES = {DUP_NAME: DUP, "OTHER.BIN": DUP, "sub/x": b"1"}


@pytest.fixture(scope="module")
def fat32(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return card(tmp_path_factory.mktemp("cards") / "fat32", FILES, BIG)


@pytest.fixture(scope="module")
def fat16(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return card(tmp_path_factory.mktemp("cards") / "fat16", FILES, SMALL)


def chain(inside: Inside) -> int:
    return inside.entries[DUP_NAME].first_cluster


REPAIRS: dict[str, tuple[str, Callable[[Inside], Changes], str]] = {
    "boot sector wiped": ("fat32", lambda _: {START: old_bytes(512)}, "restore the boot sector"),
    "boot sector erased": ("fat32", lambda _: {START: bytes(512)}, "restore the boot sector"),
    "everything around the boot sector": ("fat32", lambda _: {START + 512: old_bytes(31 * 512)}, "renew the backup"),
    "everything around its backup": (
        "fat32",
        lambda _: {START: old_bytes(6 * 512), START + 7 * 512: old_bytes(25 * 512)},
        "restore the boot sector",
    ),
    "boot sector of nonsense": ("fat32", lambda _: {START + 13: b"\3\0\0\0"}, "restore the boot sector"),
    "no 55 AA": ("fat32", lambda _: {START + 510: b"\0\0"}, "restore the boot sector"),
    "backup boot sector gone": ("fat32", lambda _: {START + 6 * 512: old_bytes(512)}, "renew the backup"),
    "FSInfo gone": ("fat32", lambda _: {START + 512: old_bytes(512)}, "correct the recorded free space"),
    "free space wrong": ("fat32", lambda _: {START + 512 + 488: b"\1\0\0\0"}, "correct the recorded free space"),
    "second FAT stale": ("fat32", lambda i: {i.fat(chain(i), 1): old_bytes(200)}, "copy the first FAT over the second"),
    "first FAT broken": ("fat32", lambda i: {i.fat(chain(i), 0): old_bytes(200)}, "copy the second FAT over the first"),
    "first FAT broken (16)": (
        "fat16",
        lambda i: {i.fat(chain(i), 0): old_bytes(64)},
        "copy the second FAT over the first",
    ),
    "lost clusters in one": ("fat16", lambda i: {i.fat(900, 1): b"\xff\xff"}, "copy the first FAT over the second"),
    "dirty (Windows)": ("fat32", lambda _: {START + 65: b"\1"}, "clear the mark"),
    "dirty (DOS)": ("fat16", lambda i: i.fats(1, 0x7FFF), "clear the mark"),
    "dirty (DOS, 32)": ("fat32", lambda i: i.fats(1, 0x07FFFFFF), "clear the mark"),
}


@pytest.mark.sampled(7)
@pytest.mark.needs_tool("fsck.fat")
@pytest.mark.parametrize("what", REPAIRS)
def test_card_is_good_again(what: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    base, changes, word = REPAIRS[what]
    source: Path = request.getfixturevalue(base)
    image = patched(source, tmp_path / "card", changes(Inside(source)))
    before = image.read_bytes()
    with Bench(BenchOptions(sd=image)) as bench:
        assert CardIsFat().look(bench).remedies[0].id == "repair-sd"
    plan = plan_repair(image)
    assert any(word in line for line in plan)
    assert image.read_bytes() == before
    assert repair(image, backup_dir=tmp_path / "backups", now=NOON) == plan
    assert ImageCard(image).volume().problems == ()
    assert b"".join(ImageCard(image).read(f"/sd/{DUP_NAME}")) == DUP
    tool("fsck.fat", "-n", volume_of(image))
    assert plan_repair(image) == ()


def two_names(old: str, new: str, folder: Path) -> Path:
    """A card on which a move was cut: the file has its new name, and its old one still."""
    source = card(folder / "whole", {old: DUP, new: DUP}, BIG)
    inside = Inside(source)
    entry = inside.entries[old]
    free = {inside.fat(cluster, copy): bytes(4) for cluster in chain_of(inside, new) for copy in (0, 1)}
    first = {inside.slot(new) + 26: entry.first_cluster.to_bytes(2, "little")}
    return patched(source, folder / "card", {**free, **first, START + 512 + 488: b"\xff" * 4})


def chain_of(inside: Inside, path: str) -> range:
    first = inside.entries[path].first_cluster
    return range(first, first + -(-len(DUP) // inside.geometry.cluster_bytes))


@pytest.mark.sampled(3, "long")
@pytest.mark.needs_tool("fsck.fat")
@pytest.mark.parametrize("old", [f"sd/{DUP_NAME}", f"{DUP_NAME}.txt", f"sd/deep/{DUP_NAME}.TXT"])
def test_a_move_that_was_cut_ends_with_the_new_name(old: str, tmp_path: Path) -> None:
    image = two_names(old, DUP_NAME, tmp_path)
    assert ImageCard(image).heals()
    assert any("second name" in line for line in repair(image, backup_dir=tmp_path / "backups", now=NOON))
    files = [file.name for file in ImageCard(image).files() if not file.is_dir]
    assert files == [DUP_NAME]
    assert ImageCard(image).volume().problems == ()
    tool("fsck.fat", "-n", volume_of(image))


def test_two_files_that_share_clusters_are_no_move_that_was_cut(tmp_path: Path) -> None:
    assert not ImageCard(two_names("OTHER.BIN", DUP_NAME, tmp_path)).heals()


def test_what_was_changed_is_kept(fat32: Path, tmp_path: Path) -> None:
    image = patched(fat32, tmp_path / "card", {START + 6 * 512: b"old" + bytes(509)})
    repair(image, backup_dir=tmp_path / "backups", now=NOON)
    (kept,) = (tmp_path / "backups").iterdir()
    head, _, sectors = kept.read_bytes().partition(b"\n")
    assert b'"sectors": [8198]' in head
    assert sectors == b"old" + bytes(509)


@pytest.mark.long
def test_second_repair_in_the_same_second_keeps_its_own(fat32: Path, tmp_path: Path) -> None:
    for number in (1, 2):
        image = patched(fat32, tmp_path / f"card{number}", {START + 65: b"\1"})
        assert repair(image, backup_dir=tmp_path / "backups", now=NOON)
    assert len(list((tmp_path / "backups").iterdir())) == 2


UNCLEAR: dict[str, tuple[str, Callable[[Inside], Changes], str]] = {
    "both FATs broken": (
        "fat32",
        lambda i: {i.fat(chain(i) + 1, 0): bytes(4), i.fat(chain(i) + 2, 1): bytes(4)},
        "both copies of the FAT are damaged",
    ),
    "FATs differ": (
        "fat16",
        lambda i: {
            i.fat(chain(i) + 3, 1): i_bytes(900),
            i.fat(900, 1): i_bytes(chain(i) + 5),
            i.fat(chain(i) + 4, 1): b"\0\0",
        },
        "but they differ",
    ),
    "chain broken in both": ("fat32", lambda i: i.fats(chain(i) + 5, 0) | {START + 65: b"\1"}, "free cluster"),
    "both boot sectors gone": ("fat32", lambda _: {START: bytes(512), START + 6 * 512: bytes(512)}, "no volume"),
}


def i_bytes(value: int) -> bytes:
    return value.to_bytes(2, "little")


@pytest.mark.parametrize("what", UNCLEAR)
def test_unclear_damage_is_left_alone(what: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    base, changes, word = UNCLEAR[what]
    source: Path = request.getfixturevalue(base)
    image = patched(source, tmp_path / "card", changes(Inside(source)))
    before = image.read_bytes()
    with pytest.raises(CardError, match=word):
        plan_repair(image)
    with pytest.raises(CardError, match=word) as refused:
        repair(image, backup_dir=tmp_path / "backups", now=NOON)
    assert "--reformat-sd" in refused.value.next
    assert image.read_bytes() == before
    assert not (tmp_path / "backups").exists()


def test_healthy_card_needs_nothing(fat16: Path, fat32: Path) -> None:
    assert plan_repair(fat16) == plan_repair(fat32) == ()
