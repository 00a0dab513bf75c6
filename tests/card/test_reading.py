from __future__ import annotations

import hashlib
import os
import struct
import time
from collections import Counter
from pathlib import Path

import pytest

from doctor.card.card import CardFile
from doctor.card.image import ImageCard, open_card
from doctor.card.judge import judge
from doctor.card.target import first_difference
from doctor.errors import CardError, UsageError
from doctor.fat.directory import short_name_checksum
from doctor.fat.source import FileSource, Remembering
from doctor.fat.volume import find_volume
from tests.card.images import BIG, DUP, DUP_NAME, FLOPPY, SMALL, START, Inside, card, mkfs_fat, patched, tool, with_mbr


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return card(tmp_path / "small", {DUP_NAME: DUP, "A.BIN": b"a", "B.BIN": b"", "sd/deep/x.dup": b"x"})


def test_files_are_listed_two_levels_deep(small: Path) -> None:
    files = ImageCard(small).files()
    assert {file.path for file in files} == {f"/sd/{DUP_NAME}", "/sd/A.BIN", "/sd/B.BIN", "/sd/sd", "/sd/sd/deep"}


@pytest.mark.parametrize("name", [DUP_NAME, DUP_NAME.lower()])
def test_name_is_found_in_any_case(small: Path, name: str) -> None:
    assert ImageCard(small).sha256(f"/sd/{name}") == sha(DUP)


def test_file_deep_inside_and_empty_file_are_read(small: Path) -> None:
    assert b"".join(ImageCard(small).read("/sd/sd/deep/x.dup")) == b"x"
    assert b"".join(ImageCard(small).read("/sd/B.BIN")) == b""


@pytest.mark.parametrize("path", ["/sd/NONE", "/sd/sd", "/sd/../x", "/flash/x", "/sd"])
def test_what_is_not_there_is_an_error(small: Path, path: str) -> None:
    with pytest.raises(CardError):
        ImageCard(small).sha256(path)


@pytest.mark.parametrize("jump", [b"\xeb\x58\x90", b"\xeb\x76\x90", b"\xe8\0\0"])
def test_content_is_right_whatever_the_jump(tmp_path: Path, jump: bytes) -> None:
    image = patched(card(tmp_path / "card", size=BIG), tmp_path / "jump", {START: jump})
    assert ImageCard(image).sha256(f"/sd/{DUP_NAME}") == sha(DUP)


@pytest.mark.parametrize("value", [0, 1, 0xFFF7, 0xFFFF, 0xFFF0])
def test_short_chain_is_an_error_never_a_short_file(small: Path, tmp_path: Path, value: int) -> None:
    inside = Inside(small)
    broken = patched(small, tmp_path / "broken", inside.fats(inside.entries[DUP_NAME].first_cluster + 20, value))
    with pytest.raises(CardError) as error:
        list(ImageCard(broken).read(f"/sd/{DUP_NAME}"))
    assert "sector" in error.value.on


def test_entries_behind_the_end_mark_are_not_listed(small: Path, tmp_path: Path) -> None:
    cut = patched(small, tmp_path / "cut", {Inside(small).slot("A.BIN"): b"\0"})
    assert [file.name for file in ImageCard(cut).files()] == [DUP_NAME]


def test_deleted_files_are_not_listed(small: Path, tmp_path: Path) -> None:
    gone = patched(small, tmp_path / "gone", {Inside(small).slot("A.BIN"): b"\xe5"})
    assert "A.BIN" not in {file.name for file in ImageCard(gone).files()}


@pytest.mark.parametrize(("flags", "name"), [(0x08, "a.BIN"), (0x10, "A.bin"), (0x18, "a.bin")])
def test_lower_case_flags_of_windows_are_shown(small: Path, tmp_path: Path, flags: int, name: str) -> None:
    image = patched(small, tmp_path / "flags", {Inside(small).slot("A.BIN") + 12: bytes([flags])})
    assert name in {file.name for file in ImageCard(image).files()}


@pytest.mark.parametrize(
    ("slot", "change"),
    [(0, {13: b"\0"}), (0, {26: b"\1\0"}), (0, {0: b"\x43"}), (1, {0: b"\x02"}), (1, {0: b"\xe5"})],
)
def test_broken_long_name_gives_the_short_name(
    small: Path, tmp_path: Path, slot: int, change: dict[int, bytes]
) -> None:
    entry = Inside(small).entries[DUP_NAME]
    place = START + entry.slots[slot]
    image = patched(small, tmp_path / "long", {place + at: data for at, data in change.items()})
    assert ImageCard(image).files()[0].name == entry.short_name == "PRACTI~1.DUP"
    assert ImageCard(image).sha256(f"/sd/{entry.short_name}") == sha(DUP)


def test_lone_surrogate_in_a_long_name_is_substituted(small: Path, tmp_path: Path) -> None:
    place = START + Inside(small).entries[DUP_NAME].slots[-2]
    image = patched(small, tmp_path / "lone", {place + 1: b"\0\xd8"})
    assert ImageCard(image).files()[0].name == "�" + DUP_NAME[1:]


def test_slash_in_a_name_makes_no_folder(small: Path, tmp_path: Path) -> None:
    place = START + Inside(small).entries[DUP_NAME].slots[-2]
    image = patched(small, tmp_path / "slash", {place + 1: b"/\0"})
    assert ImageCard(image).files()[0].path == "/sd/�" + DUP_NAME[1:]


def test_checksum_of_short_names_is_the_documented_one() -> None:
    assert short_name_checksum(b"PRACTI~1DUP") == checksum_of_fatgen103(b"PRACTI~1DUP")


def checksum_of_fatgen103(name: bytes) -> int:
    """ChkSum() of Microsoft's fatgen103, written out again."""
    total = 0
    for byte in name:
        total = ((0x80 if total & 1 else 0) + (total >> 1) + byte) & 0xFF
    return total


@pytest.mark.needs_tool("mkfs.fat", "mcopy", "mmd")
@pytest.mark.parametrize("width", ["12", "16", "32"])
def test_what_mtools_writes_is_read_back(tmp_path: Path, width: str) -> None:
    local = tmp_path / "Ein langer Name · mit Umläuten.dup"
    local.write_bytes(DUP)
    size = BIG if width == "32" else SMALL
    volume = mkfs_fat(tmp_path / "volume", size, "-F", width, "-s", "1" if width != "12" else "8")
    tool("mmd", "-i", volume, "::Sub")
    for place in ("::/", "::/Sub/"):
        tool("mcopy", "-i", volume, local, place)
    image = ImageCard(volume)
    assert image.volume().problems == ()
    assert {file.path for file in image.files()} == {f"/sd/{local.name}", "/sd/Sub", f"/sd/Sub/{local.name}"}
    assert image.sha256(f"/sd/sub/{local.name.lower()}") == sha(DUP)


@pytest.mark.needs_tool("mkfs.fat", "mcopy", "mdel")
def test_fragmented_file_is_read_in_order(tmp_path: Path) -> None:
    volume = mkfs_fat(tmp_path / "volume", FLOPPY, "-F", "12", "-s", "1")
    for number in range(40):
        (tmp_path / f"f{number}").write_bytes(bytes([number]) * 3000)
        tool("mcopy", "-i", volume, tmp_path / f"f{number}", f"::f{number}")
    for number in range(0, 40, 2):
        tool("mdel", "-i", volume, f"::f{number}")
    (tmp_path / "big.dup").write_bytes(DUP)
    tool("mcopy", "-i", volume, tmp_path / "big.dup", "::big.dup")
    assert ImageCard(volume).sha256("/sd/big.dup") == sha(DUP)


def test_high_half_of_a_cluster_number_counts_on_fat32_only(small: Path, tmp_path: Path) -> None:
    image = patched(small, tmp_path / "os2", {Inside(small).slot(DUP_NAME) + 20: b"\7\0"})
    assert ImageCard(image).sha256(f"/sd/{DUP_NAME}") == sha(DUP)


def test_folder_full_of_garbage_names_a_few_faults(small: Path, tmp_path: Path) -> None:
    inside = Inside(small)
    first = struct.pack("<H", inside.entries[DUP_NAME].first_cluster)
    image = patched(small, tmp_path / "garbage", {inside.slot("sd") + 26: first})
    assert 1 <= len(ImageCard(image).volume().problems) <= 25


def test_looping_folders_end(small: Path, tmp_path: Path) -> None:
    inside = Inside(small)
    first = struct.pack("<H", inside.entries["sd"].first_cluster)
    image = patched(small, tmp_path / "loop", {inside.slot("sd/deep") + 26: first})
    paths = [file.path for file in ImageCard(image).files()]
    assert paths.count("/sd/sd/deep") == 1


@pytest.mark.parametrize(
    ("local", "offset"), [(DUP, None), (DUP[:-1], len(DUP) - 1), (DUP + b"x", len(DUP)), (b"", 0), (b"x" + DUP[1:], 0)]
)
def test_first_difference(small: Path, tmp_path: Path, local: bytes, offset: int | None) -> None:
    path = tmp_path / "local"
    path.write_bytes(local)
    assert first_difference(ImageCard(small).read(f"/sd/{DUP_NAME}"), path) == offset


def test_files_of_the_other_volume_are_told_apart(tmp_path: Path, small: Path) -> None:
    empty, full = tmp_path / "empty", tmp_path / "full"
    empty.write_bytes(card(tmp_path / "other", {}).read_bytes()[START:])
    full.write_bytes(small.read_bytes()[START:])
    image = ImageCard(with_mbr(tmp_path / "two", [(6, 2048, empty), (6, SMALL // 512 * 2, full)]))
    assert image.files() == ()
    assert CardFile(f"partition 2/{DUP_NAME}", DUP_NAME, len(DUP), False) in image.files_elsewhere()


@pytest.mark.parametrize("kind", ["missing", "pipe", "below a file"])
def test_what_cannot_be_a_card_is_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "card"
    if kind == "pipe":
        os.mkfifo(path)
    if kind == "below a file":
        path.write_bytes(b"")
        path = path / "x"
    with pytest.raises(UsageError if kind == "missing" else CardError) as error:
        open_card(path)
    assert error.value.on == str(path)


class Counting:
    """A medium that counts how often each of its sectors is read."""

    def __init__(self, source: FileSource, counts: Counter[int]) -> None:
        self.name, self.size_bytes = source.name, source.size_bytes
        self._source = source
        self._counts = counts

    def read_at(self, offset: int, length: int) -> bytes:
        self._counts.update(range(offset // 512, -(-(offset + length) // 512)))
        return self._source.read_at(offset, length)


def examined(image: ImageCard) -> None:
    """What a check does with a card."""
    assert image.volume().board_reads
    assert image.files()
    assert not image.files_elsewhere()
    assert image.sha256(f"/sd/{DUP_NAME}") == sha(DUP)


@pytest.mark.parametrize("size", [SMALL, BIG])
def test_no_byte_is_read_more_than_twice(size: int, tmp_path: Path) -> None:
    path = card(tmp_path / "image", {DUP_NAME: DUP, "sd/deep/x.dup": b"x"}, size)
    counts: Counter[int] = Counter()
    known: dict[int, bytes] = {}
    for look in (judge, find_volume, find_volume, find_volume):
        with FileSource(path) as source:
            look(Remembering(Counting(source, counts), known))
    assert known
    assert max(counts[number] for number in known) <= 2


@pytest.mark.parametrize("how", ["written", "written, and the old time given back", "replaced by one of the same time"])
def test_an_image_that_was_changed_is_read_again(
    how: str, small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: now() + 3600 * 10**9)  # nothing was written just now
    image = ImageCard(small)
    os.utime(small, (0, 0))
    examined(image)
    other = card(tmp_path / "other", {"NEW.BIN": b"n"})
    if how.startswith("replaced"):
        os.replace(other, small)  # noqa: PTH105 - named as what it does
    else:
        small.write_bytes(other.read_bytes())
    os.utime(small, (1, 1) if how == "written" else (0, 0))
    assert [file.name for file in image.files()] == ["NEW.BIN"]


def test_an_image_that_is_being_written_is_never_taken_for_known(small: Path, tmp_path: Path) -> None:
    image = ImageCard(small)
    examined(image)
    small.write_bytes(card(tmp_path / "other", {"NEW.BIN": b"n"}).read_bytes())
    assert [file.name for file in image.files()] == ["NEW.BIN"]


def test_remembering_gives_what_the_medium_gives(small: Path) -> None:
    data = small.read_bytes()
    with FileSource(small) as source:
        remembering = Remembering(source, {})
        for offset, length in ((0, 512), (0, 1024), (100, 300), (512, 512), (1000, 30), (len(data) - 512, 512), (0, 0)):
            for _ in range(2):
                assert remembering.read_at(offset, length) == data[offset : offset + length]
        for offset, length in ((len(data) - 512, 1024), (-512, 512), (len(data), 1)):
            with pytest.raises(CardError):
                remembering.read_at(offset, length)
