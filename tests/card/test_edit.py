"""Files added, deleted and renamed on real volumes; a power cut after any write leaves each of them absent or whole."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from doctor.card.judge import judge
from doctor.errors import CardError
from doctor.fat.directory import walk
from doctor.fat.edit import VolumeEditor
from doctor.fat.overlay import ADDING, Group, Overlay
from doctor.fat.reader import read_file
from doctor.fat.source import BlockSource
from doctor.fat.volume import find_volume
from doctor.fat.writer import NewFile, new_file
from tests.card.images import BIG, DUP, DUP_NAME, FLOPPY, MIB, SMALL, card, mkfs_fat, tool, volume_of
from tests.card.media import old_bytes

CROWD = {f"F{number}.BIN": b"x" * number for number in range(11)}


class Memory:
    """A card in memory that records every write, and can lose its power after any of them."""

    def __init__(self, data: bytes) -> None:
        self.data = bytearray(data)
        self.name = "memory"
        self.writes: list[tuple[int, bytes]] = []
        self.syncs: list[int] = []

    @property
    def size_bytes(self) -> int:
        return len(self.data)

    def read_at(self, offset: int, length: int) -> bytes:
        assert offset + length <= len(self.data)
        return bytes(self.data[offset : offset + length])

    def write_at(self, offset: int, data: bytes) -> None:
        assert offset % 512 == 0
        assert len(data) % 512 == 0
        assert offset + len(data) <= len(self.data)
        self.writes.append((offset, bytes(data)))
        self.data[offset : offset + len(data)] = data

    def sync(self) -> None:
        self.syncs.append(len(self.writes))


def contents(medium: BlockSource) -> dict[str, bytes]:
    volume = find_volume(medium)
    assert volume is not None
    return {
        step.entry.path: b"".join(read_file(volume, step.entry))
        for step in walk(volume.view, volume.fat, volume.root())
        if not step.entry.is_dir
    }


@pytest.fixture(scope="module", params=[SMALL, BIG], ids=["fat16", "fat32"])
def before(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("edit") / "card.img"
    card(path, {f"sd/{DUP_NAME}.txt": DUP, **CROWD, "KEEP.ME": b"k" * 3000}, request.param)
    return path.read_bytes()


def add(editor: VolumeEditor) -> None:
    editor.add(new_file("a rather long name for the next sector.dup", DUP))


def delete(editor: VolumeEditor) -> None:
    editor.delete("KEEP.ME")


def rename(editor: VolumeEditor) -> None:
    editor.rename(f"sd/{DUP_NAME}.txt", DUP_NAME)


def rename_in_place(editor: VolumeEditor) -> None:
    editor.rename(f"sd/{DUP_NAME}.txt", f"sd/{DUP_NAME}")


WORK = {work.__name__: work for work in (add, delete, rename, rename_in_place)}


@pytest.mark.sampled(2, "long")
@pytest.mark.medium
@pytest.mark.parametrize("work", WORK)
def test_power_cut_after_any_write_leaves_each_file_absent_or_whole(before: bytes, work: str) -> None:
    whole = Memory(before)
    old = contents(whole)
    WORK[work](VolumeEditor(whole))
    new = contents(whole)
    assert new != old
    assert whole.syncs[-1] == len(whole.writes)
    known = {**old, **new}
    card_now = Memory(before)
    for offset, data in whole.writes:
        for sector in range(0, len(data), max(512, len(data) // 2048 * 512)):
            torn = Overlay(card_now)
            torn.write_at(offset, data[: sector + 512])
            seen = contents(torn)
            assert all(known[path] == content for path, content in seen.items())
            assert set(old) & set(new) <= set(seen)
            assert any(content == DUP for content in seen.values())
        card_now.write_at(offset, data)


def test_no_cut_shows_what_an_old_folder_left_behind_the_end(before: bytes) -> None:
    whole = Memory(before)
    editor = VolumeEditor(whole)
    for number in range(3):
        ghosts_behind_the_end(whole)
        editor.volume.fat.forget()
        old, start = contents(whole), Memory(bytes(whole.data))
        whole.writes.clear()
        editor.add(new_file(f"{number} is a name that takes three slots.dup", DUP))
        known = {**old, **contents(whole)}
        for offset, data in whole.writes:
            for sector in range(0, len(data), max(512, len(data) // 2048 * 512)):
                torn = Overlay(start)
                torn.write_at(offset, data[: sector + 512])
                assert set(old) <= set(contents(torn)) <= set(known)
            start.write_at(offset, data)


def ghosts_behind_the_end(medium: Memory) -> None:
    """Old entries in all slots of the root behind its end mark: some formatters clear only the first."""
    volume = find_volume(medium)
    assert volume is not None
    geometry, chain = volume.geometry, volume.root().chain
    start, length = geometry.root_sector * 512, geometry.root_sectors * 512
    pieces = [(start, length)] if chain is None else list(chain.offsets(geometry, geometry.cluster_bytes))
    places = [at for start, length in pieces for at in range(start, start + length, 32)]
    end = next((n for n, at in enumerate(places) if volume.view.read_at(at, 1) == b"\0"), len(places))
    for number, place in enumerate(places[end + 1 :]):
        at = volume.view.offset + place
        medium.data[at : at + 32] = b"GHOST%03dOLD\x20" % (number % 1000) + bytes(14) + b"\7\0\0\1\0\0"


@pytest.mark.needs_tool("mkfs.fat", "fsck.fat")
@pytest.mark.parametrize("backup", ["0", "6", "12"])
def test_free_space_noted_on_the_card_stays_right(tmp_path: Path, backup: str) -> None:
    image = mkfs_fat(tmp_path / "volume", BIG, "-F", "32", "-s", "1", "-b", backup)
    medium = Memory(image.read_bytes())
    editor = VolumeEditor(medium)
    editor.add(new_file("x.dup", DUP))
    editor.add(new_file("y.dup", DUP))
    editor.delete("x.dup")
    assert judge(medium).problems == ()
    image.write_bytes(medium.data)
    if backup != "0":  # fsck.fat calls it a fault that there is no backup boot sector
        tool("fsck.fat", "-n", image)


def test_every_group_is_on_the_card_before_the_next(before: bytes) -> None:
    medium = Memory(before)
    add(VolumeEditor(medium))
    volume = find_volume(medium)
    assert volume is not None
    geometry, start = volume.geometry, volume.view.offset
    places = []
    for offset, _ in medium.writes:
        sector = (offset - start) // 512
        if sector < geometry.reserved:
            places.append("boot")
        elif sector < geometry.root_sector:
            places.append(f"fat{1 + (sector - geometry.reserved) // geometry.fat_sectors}")
        else:
            places.append("data")
    fats = [place for place in places if place.startswith("fat")]
    assert fats == sorted(fats, reverse=True)[: len(fats)] or fats[:2] == ["fat2", "fat1"]
    assert places.index("data") < places.index("fat2") < places.index("fat1")


def test_six_megabytes_are_written_once(tmp_path: Path) -> None:
    image = card(tmp_path / "card.img", {}, 16 * MIB)
    medium = Memory(image.read_bytes())
    data = random.Random(6).randbytes(6_000_001)
    pieces = [data[at : at + 65536] for at in range(0, len(data), 65536)]
    VolumeEditor(medium).add(NewFile("x.dup", len(data), lambda: iter(pieces)))
    assert contents(medium) == {"x.dup": data}
    assert sum(len(written) for _, written in medium.writes) < 6_100_000
    assert len(medium.writes) < 30


@pytest.mark.sampled(3, "long")
@pytest.mark.needs_tool("fsck.fat", "mdir")
@pytest.mark.parametrize("seed", range(6))
def test_hundred_changes_at_random_agree_with_fsck_and_mdir(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    image = card(tmp_path / "card.img", {"sub/HERE.BIN": b"h"}, SMALL if seed % 2 else BIG)
    medium = Memory(image.read_bytes())
    model = contents(medium)
    editor = VolumeEditor(medium)
    for number in range(40):
        name = rng.choice(["", "sub/"]) + rng.choice(["N{}.BIN", "some long name {}.dup"]).format(number)
        choice = rng.random()
        if choice < 0.5 or not model:
            model[name] = rng.randbytes(rng.choice([0, 1, 511, 512, 5000, 40_000]))
            editor.add(new_file(name, model[name]))
        elif choice < 0.75:
            old = rng.choice(sorted(model))
            editor.rename(old, name)
            model[name] = model.pop(old)
        else:
            old = rng.choice(sorted(model))
            editor.delete(old)
            del model[old]
    assert contents(medium) == model
    assert judge(medium).problems == ()
    image.write_bytes(medium.data)
    tool("fsck.fat", "-n", volume_of(image))
    listed = tool("mdir", "-b", "-/", "-i", f"{image}@@4M", "::").splitlines()
    assert {line.removeprefix("::/") for line in listed if not line.endswith("/")} == set(model)


@pytest.mark.needs_tool("mkfs.fat", "fsck.fat")
def test_fat12_volume_is_edited(tmp_path: Path) -> None:
    image = mkfs_fat(tmp_path / "floppy", FLOPPY, "-F", "12")
    medium = Memory(image.read_bytes())
    editor = VolumeEditor(medium)
    for number in range(3):
        editor.add(new_file(f"long name {number}.dup", bytes([number]) * 10_001))
    editor.delete("long name 1.dup")
    editor.add(new_file("BIG.BIN", b"b" * 30_000))
    image.write_bytes(medium.data)
    tool("fsck.fat", "-n", image)
    assert contents(medium)["BIG.BIN"] == b"b" * 30_000


REFUSED: dict[str, Callable[[VolumeEditor], None]] = {
    "same name in other case": lambda editor: editor.add(new_file("keep.me", b"")),
    "no such folder": lambda editor: editor.add(new_file("none/x", b"")),
    "larger than the card": lambda editor: editor.add(new_file("x", b"x" * 60 * MIB)),
    "longer than it said": lambda editor: editor.add(NewFile("x", 3, lambda: (b"four",))),
    "shorter than it said": lambda editor: editor.add(NewFile("x", 5, lambda: (b"four",))),
    "forbidden character": lambda editor: editor.rename("KEEP.ME", "a?b"),
    "name too long": lambda editor: editor.rename("KEEP.ME", "x" * 256),
    "delete a folder": lambda editor: editor.delete("sd"),
    "delete nothing": lambda editor: editor.delete("none"),
    "over 4 GiB": lambda editor: editor.add(NewFile("x", 1 << 32, tuple)),
}


@pytest.mark.sampled(3, "long")
@pytest.mark.parametrize("why", REFUSED)
def test_refused_change_writes_nothing(before: bytes, why: str) -> None:
    medium = Memory(before)
    editor = VolumeEditor(medium)
    with pytest.raises(CardError):
        REFUSED[why](editor)
    assert medium.writes == []
    delete(editor)
    assert judge(medium).problems == ()


def test_full_card_takes_exactly_what_fits(tmp_path: Path) -> None:
    medium = Memory(card(tmp_path / "card.img").read_bytes())
    verdict = judge(medium)
    assert verdict.volume is not None
    assert verdict.free_bytes is not None
    cluster = verdict.volume.geometry.cluster_bytes
    fits = b"f" * (verdict.free_bytes - cluster)
    with pytest.raises(CardError, match="full"):
        VolumeEditor(medium).add(new_file("X.BIN", fits + bytes(cluster)))
    VolumeEditor(medium).add(new_file("X.BIN", fits))
    assert contents(medium)["X.BIN"] == fits
    assert judge(medium).problems == ()


def test_overlay_reads_what_will_be_and_writes_whole_sectors_only() -> None:
    old = old_bytes(8192)
    medium = Memory(old)
    overlay = Overlay(medium)
    overlay.write_at(500, b"across the border", Group.DIRECTORY)
    assert overlay.read_at(500, 17) == b"across the border"
    assert overlay.read_at(0, 8192) == old[:500] + b"across the border" + old[517:]
    assert medium.writes == []
    overlay.commit(ADDING)
    assert [(offset, len(data)) for offset, data in medium.writes] == [(0, 1024)]
    assert medium.data == old[:500] + b"across the border" + old[517:]


def test_overlay_leaves_sectors_alone_that_do_not_change() -> None:
    medium = Memory(old_bytes(8192))
    overlay = Overlay(medium)
    overlay.write_at(0, old_bytes(1024), Group.FIRST_FAT)
    overlay.commit(ADDING)
    assert medium.writes == []
    with pytest.raises(CardError, match="ends before"):
        overlay.write_at(8000, bytes(512), Group.DATA)
