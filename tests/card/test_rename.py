from __future__ import annotations

from pathlib import Path

import pytest

from doctor.card.image import ImageCard
from doctor.errors import CardError
from tests.card.images import BIG, DUP, DUP_NAME, FLOPPY, MIB, SMALL, Inside, card, mkfs_fat, patched, tool, volume_of

pytestmark = pytest.mark.medium


@pytest.mark.sampled(7)
@pytest.mark.needs_tool("fsck.fat", "mdir")
@pytest.mark.parametrize("size", [SMALL, BIG])
@pytest.mark.parametrize("others", [0, 6, 11, 12, 13, 14])
def test_dup_comes_to_the_root_also_where_the_root_must_grow(tmp_path: Path, size: int, others: int) -> None:
    files = {f"sd/{DUP_NAME}": DUP, **{f"F{number}.BIN": b"x" for number in range(others)}}
    image = card(tmp_path / "card.img", files, size)
    ImageCard(image).move(f"/sd/sd/{DUP_NAME.lower()}", f"/sd/{DUP_NAME}")
    new = ImageCard(image)
    assert b"".join(new.read(f"/sd/{DUP_NAME}")) == DUP
    assert f"/sd/sd/{DUP_NAME}" not in {file.path for file in new.files()}
    assert new.volume().problems == ()
    tool("fsck.fat", "-n", volume_of(image))
    assert f"::/{DUP_NAME}" in tool("mdir", "-b", "-i", f"{image}@@4M", "::").splitlines()


@pytest.mark.needs_tool("mkfs.fat", "mcopy", "mmd", "fsck.fat")
def test_fat12_folder_grows(tmp_path: Path) -> None:
    volume, local = mkfs_fat(tmp_path / "volume", FLOPPY, "-F", "12", "-s", "1"), tmp_path / "x.dup"
    local.write_bytes(DUP)
    tool("mmd", "-i", volume, "::sub")
    tool("mcopy", "-i", volume, local, "::x.dup")
    for number in range(14):
        tool("mcopy", "-i", volume, local.with_name("x.dup"), f"::sub/F{number}") if number < 2 else tool(
            "mmd", "-i", volume, f"::sub/D{number}"
        )
    ImageCard(volume).move("/sd/x.dup", "/sd/sub/a rather long name.dup")
    assert b"".join(ImageCard(volume).read("/sd/sub/a rather long name.dup")) == DUP
    tool("fsck.fat", "-n", volume)


def test_ghosts_behind_the_end_of_the_root_stay_ghosts(tmp_path: Path) -> None:
    source = card(
        tmp_path / "a",
        {f"sd/{DUP_NAME}": DUP, "A.BIN": b"a", "B.BIN": b"b", "C.BIN": b"c", "D.BIN": b"d", "E.BIN": b"e"},
    )
    image = patched(source, tmp_path / "card.img", {Inside(source).slot("A.BIN"): b"\0"})
    ImageCard(image).move(f"/sd/sd/{DUP_NAME}", f"/sd/{DUP_NAME}")
    assert [file.name for file in ImageCard(image).files()] == ["sd", DUP_NAME]


@pytest.mark.parametrize(
    ("src", "dst"),
    [
        ("/sd/none.dup", "/sd/x.dup"),
        ("/sd/sd", "/sd/x"),
        (f"/sd/sd/{DUP_NAME}", "/sd/there.dup"),
        (f"/sd/sd/{DUP_NAME}", "/sd/nofolder/x.dup"),
        (f"/sd/sd/{DUP_NAME}", "/sd/a:b.dup"),
        (f"/sd/sd/{DUP_NAME}", "/flash/x.dup"),
        (f"/sd/sd/{DUP_NAME}", "/sd/../x.dup"),
    ],
)
def test_refused_moves_change_nothing(tmp_path: Path, src: str, dst: str) -> None:
    image = card(tmp_path / "card.img", {f"sd/{DUP_NAME}": DUP, "THERE.DUP": b"t"})
    before = image.read_bytes()
    with pytest.raises(CardError):
        ImageCard(image).move(src, dst)
    assert image.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["card.img"]


def test_damaged_card_is_not_written(tmp_path: Path) -> None:
    source = card(tmp_path / "a", {f"sd/{DUP_NAME}": DUP, "A.BIN": b"a" * MIB})
    inside = Inside(source)
    image = patched(source, tmp_path / "card.img", inside.fats(inside.entries["A.BIN"].first_cluster, 0))
    before = image.read_bytes()
    with pytest.raises(CardError, match="no file on it is changed"):
        ImageCard(image).move(f"/sd/sd/{DUP_NAME}", f"/sd/{DUP_NAME}")
    assert image.read_bytes() == before


def test_new_name_that_is_the_short_name_of_another_file_is_refused(tmp_path: Path) -> None:
    image = card(tmp_path / "card.img", {"sd/LONGNA~1.DUP": DUP, "long name of another.dup": b"other"})
    before = image.read_bytes()
    with pytest.raises(CardError, match="short name of another"):
        ImageCard(image).move("/sd/sd/LONGNA~1.DUP", "/sd/LONGNA~1.DUP")
    assert image.read_bytes() == before


@pytest.mark.needs_tool("mtype")
def test_moved_file_gets_no_short_name_by_which_another_is_called(tmp_path: Path) -> None:
    image = card(tmp_path / "card.img", {"sd/long name of it.dup": DUP, "longna~1.dup": b"other"})
    ImageCard(image).move("/sd/sd/long name of it.dup", "/sd/long name of it.dup")
    assert tool("mtype", "-i", f"{image}@@4M", "::longna~1.dup") == "other"


def test_full_root_that_cannot_grow_is_refused_with_what_helps(tmp_path: Path) -> None:
    image = card(tmp_path / "card.img", {f"SD/{DUP_NAME}": DUP, **{f"F{number}": b"" for number in range(510)}})
    before = image.read_bytes()
    with pytest.raises(CardError, match="no room for another name") as refused:
        ImageCard(image).move(f"/sd/sd/{DUP_NAME}", f"/sd/{DUP_NAME}")
    assert "fix --reformat-sd" in refused.value.next
    assert image.read_bytes() == before
