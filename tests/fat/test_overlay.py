"""Changes that are held back: what is read meanwhile, and in which pieces they reach a medium."""

from __future__ import annotations

import pytest

from doctor.errors import CardError
from doctor.fat.overlay import ADDING, DELETING, Group, Overlay
from doctor.fat.source import View
from tests.card.media import old_bytes

MIB = 1 << 20


class Noted:
    """A medium that notes what is read and written."""

    name = "noted"

    def __init__(self, size_bytes: int) -> None:
        self.data = bytearray(old_bytes(size_bytes))
        self.size_bytes = size_bytes
        self.log: list[tuple[int, int] | str] = []
        self.reads: list[tuple[int, int]] = []

    def read_at(self, offset: int, length: int) -> bytes:
        assert offset >= 0 and offset + length <= self.size_bytes
        self.reads.append((offset, length))
        return bytes(self.data[offset : offset + length])

    def write_at(self, offset: int, data: bytes) -> None:
        assert offset >= 0 and offset + len(data) <= self.size_bytes
        self.log.append((offset, len(data)))
        self.data[offset : offset + len(data)] = data

    def sync(self) -> None:
        self.log.append("sync")


def test_groups_go_out_in_their_order_each_made_to_last() -> None:
    medium = Noted(64 * 512)
    overlay = Overlay(medium)
    for number, group in enumerate(Group):
        overlay.write_at((number * 8 + 1) * 512 + 7, b"new", group)
    assert overlay.changed_sectors == tuple(number * 8 + 1 for number in range(len(Group)))
    assert medium.log == []
    overlay.commit(ADDING)
    starts = [item[0] // 512 for item in medium.log if isinstance(item, tuple)]
    assert starts == [1 + 8 * list(Group).index(group) for group in ADDING]
    assert medium.log[1::2] == ["sync"] * len(Group)
    assert overlay.changed_sectors == ()


@pytest.mark.parametrize("order", [ADDING, DELETING])
def test_an_order_names_every_group_once(order: tuple[Group, ...]) -> None:
    assert sorted(group.name for group in order) == sorted(group.name for group in Group)


def test_an_order_that_leaves_a_group_out_is_refused() -> None:
    overlay = Overlay(Noted(4096))
    overlay.write_at(0, b"x", Group.BOOT)
    with pytest.raises(AssertionError):
        overlay.commit(ADDING[:-1])


def test_a_sector_with_a_directory_entry_counts_as_one() -> None:
    medium = Noted(4096)
    overlay = Overlay(medium)
    overlay.write_at(0, b"entry", Group.DIRECTORY)
    overlay.write_at(100, b"long", Group.LONG_NAME)
    overlay.write_at(512, b"long", Group.LONG_NAME)
    overlay.write_at(600, b"entry", Group.DIRECTORY)
    overlay.write_at(1024, b"long", Group.LONG_NAME)
    overlay.commit(ADDING)
    assert medium.log == [(1024, 512), "sync", (0, 1024), "sync"]


def test_neighbours_go_out_together_a_mebibyte_at_most() -> None:
    medium = Noted(3 * MIB)
    overlay = Overlay(medium)
    overlay.write_at(0, b"n" * (2 * MIB + 512))
    overlay.write_at(2 * MIB + 1024, b"n" * 512)
    overlay.commit(ADDING)
    assert medium.log == [(0, MIB), (MIB, MIB), (2 * MIB, 512), (2 * MIB + 1024, 512), "sync"]


@pytest.mark.long
def test_content_of_more_than_16_mebibytes_goes_out_early() -> None:
    medium = Noted(20 * MIB)
    overlay = Overlay(medium)
    piece = b"n" * MIB
    for number in range(16):
        overlay.write_at(number * MIB, piece)
        overlay.write_at(number * MIB, piece)  # what is written twice is held once
    assert medium.log == []
    overlay.write_at(16 * MIB, b"n" * 512, Group.DIRECTORY)
    overlay.write_at(16 * MIB, b"n" * 512)  # now it is content
    assert medium.log[-1] == "sync" and len(overlay.changed_sectors) == 0
    assert bytes(medium.data[: 16 * MIB + 512]) == piece * 16 + b"n" * 512
    medium.log.clear()
    for number in range(3):
        overlay.write_at(number * MIB, b"m" * MIB)
    assert medium.log == []
    overlay.write_at(17 * MIB, b"d" * 512, Group.DIRECTORY)
    overlay.drop()
    overlay.commit(ADDING)
    assert medium.log == [] and overlay.changed_sectors == ()


def test_content_that_became_something_else_is_not_content_any_more() -> None:
    overlay = Overlay(medium := Noted(18 * MIB))
    overlay.write_at(0, b"n" * (16 * MIB))
    overlay.write_at(0, b"n" * 512, Group.BOOT)
    overlay.write_at(17 * MIB, b"n" * 512)
    assert medium.log == []


def test_what_does_not_change_is_not_written_unless_it_is_content() -> None:
    medium = Noted(4096)
    overlay = Overlay(medium)
    same = bytes(medium.data[:512])
    overlay.write_at(0, same, Group.FIRST_FAT)
    overlay.write_at(512, bytes(medium.data[512:1024]), Group.DATA)
    overlay.commit(ADDING)
    assert medium.log == [(512, 512), "sync"]


def test_reading_sees_changes_and_asks_the_medium_once() -> None:
    medium = Noted(64 * 512)
    before = bytes(medium.data)
    overlay = Overlay(medium)
    overlay.write_at(10 * 512 + 500, b"across a border")
    overlay.write_at(40 * 512, b"w" * 512)
    wanted = bytearray(before)
    wanted[10 * 512 + 500 : 10 * 512 + 515] = b"across a border"
    wanted[40 * 512 : 41 * 512] = b"w" * 512
    assert (40 * 512, 512) not in medium.reads  # a whole sector need not be known
    for offset, length in [
        (0, 512),
        (5100, 600),
        (5632, 1),
        (5631, 2),
        (0, 64 * 512),
        (20480, 512),
        (20479, 514),
        (41 * 512, 9),
    ]:
        medium.reads.clear()
        assert overlay.read_at(offset, length) == wanted[offset : offset + length]
        assert len(medium.reads) == 1
    assert bytes(medium.data) == before


@pytest.mark.parametrize(("offset", "length"), [(-1, 1), (4096, 1), (4095, 2), (0, 4097)])
def test_nothing_is_written_beyond_the_end(offset: int, length: int) -> None:
    overlay = Overlay(medium := Noted(4096))
    with pytest.raises(CardError, match="ends before"):
        overlay.write_at(offset, b"x" * length)
    assert overlay.changed_sectors == () and medium.log == []
    overlay.write_at(0, b"x" * 4096)
    overlay.write_at(4095, b"x")


def test_nothing_outside_a_view_can_be_reached() -> None:
    medium = Noted(4096)
    view = View(medium, 1024, 512)
    assert (view.offset, view.size_bytes, view.name) == (1024, 512, "noted")
    assert view.read_at(0, 512) == bytes(medium.data[1024:1536])
    assert view.read_at(511, 1) == bytes(medium.data[1535:1536])
    assert view.read_at(512, 0) == b""
    for offset, length in [(-1, 1), (512, 1), (0, 513)]:
        with pytest.raises(CardError, match=f"sector {(1024 + offset) // 512}"):
            view.read_at(offset, length)
    assert View(medium, 0, 4096).size_bytes == 4096
    for offset, size in [(-1, 5), (0, -1), (0, 4097), (1, 4096)]:
        with pytest.raises(ValueError, match="outside noted"):
            View(medium, offset, size)
