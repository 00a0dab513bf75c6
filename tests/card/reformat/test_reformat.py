from __future__ import annotations

import errno
import hashlib
import json
import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest

from doctor.card.image import ImageCard
from doctor.card.reformat.choice import NOTHING, Choice
from doctor.card.reformat.image import ReformatResult, plan_reformat, reformat_image
from doctor.card.reformat.unfinished import Mark, mark_sector, new_id
from doctor.card.target import disk_error
from doctor.errors import CardError, DoctorError
from doctor.events import Event
from tests.card.images import BIG, DUP, DUP_NAME, SMALL, START, Inside, card, patched, tool, volume_of, with_mbr
from tests.card.media import old_bytes

FILES = {f"sd/{DUP_NAME}": DUP, "notes/a long name.txt": b"notes", "READ.ME": b"", f"._{DUP_NAME}": b"\0\5\x16\7"}


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def at_noon() -> datetime:
    return datetime(2026, 1, 2, 12, 0, 0)


def reformat(image: Path, *, put_back: bool = True, force: bool = False) -> ReformatResult:
    return reformat_image(
        image,
        backup_dir=image.parent / "backups",
        now=at_noon,
        choice=Choice() if put_back else Choice((NOTHING,)),
        force=force,
    )


@pytest.fixture(params=[SMALL, BIG], ids=["fat16", "fat32"])
def image(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    return card(tmp_path / "card.img", FILES, request.param)


@pytest.mark.medium
@pytest.mark.needs_tool("fsck.fat")
def test_everything_comes_back_with_the_dup_at_the_root(image: Path) -> None:
    result = reformat(image)
    new = ImageCard(image)
    assert b"".join(new.read(f"/sd/{DUP_NAME}")) == DUP
    assert b"".join(new.read("/sd/notes/a long name.txt")) == b"notes"
    assert {file.path for file in new.files() if file.is_dir} == {"/sd/notes"}
    assert result.moved == ((f"/sd/sd/{DUP_NAME}", f"/sd/{DUP_NAME}"),)
    assert result.left_out == (f"/sd/._{DUP_NAME}",)
    assert new.volume().problems == ()
    tool("fsck.fat", "-n", volume_of(image))


def test_backup_holds_every_file_and_says_so(image: Path) -> None:
    result = reformat(image)
    assert result.backup == image.parent / "backups" / "fipy-doctor-20260102-120000-card"
    listing = json.loads((result.backup / "backup.json").read_text())
    for item in listing["files"]:
        if item["copy"]:
            data = (result.backup / item["copy"]).read_bytes()
            assert data == FILES[item["path"]]
            assert item["sha256"] == hashlib.sha256(data).hexdigest()
    assert {item["path"] for item in listing["files"] if item["copy"]} == set(FILES)


def test_second_backup_in_the_same_second_gets_its_own_folder(image: Path) -> None:
    assert reformat(image).backup != reformat(image).backup


def test_empty_card_on_request(image: Path) -> None:
    reformat(image, put_back=False)
    assert ImageCard(image).files() == ()


def test_attributes_and_times_come_back(image: Path) -> None:
    inside = Inside(image)
    changed = patched(
        image,
        image.parent / "other.img",
        {inside.slot("READ.ME") + 11: b"\x23", inside.slot("READ.ME") + 22: b"\x12\x34\x56\x58"},
    )
    reformat(changed)
    entry = Inside(changed).entries["READ.ME"]
    assert (entry.attributes, entry.stamps[-4:]) == (0x23, b"\x12\x34\x56\x58")


def test_plan_changes_nothing_and_names_what_happens(image: Path) -> None:
    before = digest(image)
    plan = plan_reformat(image, backup_dir=image.parent / "backups")
    assert digest(image) == before
    assert not (image.parent / "backups").exists()
    text = "\n".join(plan.lines)
    assert all(word in text for word in ("back up 4 files", "MBR, one primary", f"/sd/{DUP_NAME}", "only macOS"))


@pytest.mark.sampled(2, "long")
def test_damaged_file_stays_in_the_backup_with_the_whole_card(image: Path) -> None:
    inside = Inside(image)
    cluster = inside.entries[f"sd/{DUP_NAME}"].first_cluster
    broken = patched(image, image.parent / "broken.img", inside.fats(cluster + 3, 0))
    whole = broken.read_bytes()
    result = reformat(broken)
    assert result.left_out == (f"/sd/sd/{DUP_NAME}", f"/sd/._{DUP_NAME}")
    assert result.raw_copy is not None
    assert result.raw_copy.read_bytes() == whole
    (part,) = result.backup.glob("files/sd/*%damaged")
    assert DUP.startswith(part.read_bytes())
    assert part.stat().st_size > 0


def test_no_name_on_the_card_is_in_the_way_of_the_backups_own_names(tmp_path: Path) -> None:
    deep = "/".join(f"{number} " + "x" * 40 for number in range(20))
    files = {"TORN.TXT": bytes(20_000), f"{deep}/deep.txt": b"deep"}
    for mark in ("", "%"):
        files |= {f"TORN.TXT{mark or '.'}damaged": b"whole", f"{mark}deep folders": b"no folder"}
    source = card(tmp_path / "source.img", files)
    inside = Inside(source)
    image = patched(source, tmp_path / "card.img", inside.fats(inside.entries["TORN.TXT"].first_cluster + 1, 0))
    result = reformat(image)
    assert result.left_out == ("/sd/TORN.TXT",)
    del files["TORN.TXT"]
    assert {f"/sd/{name}" for name in files} == set(result.put_back)
    assert b"".join(ImageCard(image).read(f"/sd/{deep}/deep.txt")) == b"deep"


def test_plan_names_the_folder_that_cannot_be_followed(tmp_path: Path) -> None:
    source = card(tmp_path / "source.img", {"LOST/a.txt": b"a", "KEPT/b.txt": b"b"})
    inside = Inside(source)
    image = patched(source, tmp_path / "card.img", inside.fats(inside.entries["LOST"].first_cluster, 0))
    lines = plan_reformat(image, backup_dir=tmp_path / "backups").lines
    assert "not put back, because it cannot be reached: the rest of /sd/LOST" in lines
    assert not any("KEPT" in line and "not put back" in line for line in lines)


def test_image_of_an_unfinished_card_is_told_from_the_card(tmp_path: Path) -> None:
    mark = mark_sector(Mark(new_id(), str(tmp_path / "backups")))
    image = patched(card(tmp_path / "source.img", {}), tmp_path / "card.img", {0: mark})
    with pytest.raises(CardError, match="only the card itself can be finished") as refused:
        reformat(image)
    assert "--put-back none" in refused.value.next
    reformat(image, put_back=False)
    assert ImageCard(image).volume().problems == ()


def test_exfat_card_is_kept_whole_and_formatted(tmp_path: Path) -> None:
    image = patched(card(tmp_path / "x", {}), tmp_path / "card.img", {START: b"\xeb\x76\x90EXFAT   " + bytes(501)})
    whole = image.read_bytes()
    result = reformat(image)
    assert result.raw_copy is not None
    assert result.raw_copy.read_bytes() == whole
    assert ImageCard(image).volume().board_reads


def test_dup_on_a_volume_that_the_board_does_not_see_comes_to_the_root(tmp_path: Path) -> None:
    empty, full = tmp_path / "empty", tmp_path / "full"
    empty.write_bytes(card(tmp_path / "a", {}).read_bytes()[START:])
    full.write_bytes(card(tmp_path / "b").read_bytes()[START:])
    image = with_mbr(tmp_path / "card.img", [(6, 2048, empty), (6, 16384, full)])
    assert reformat(image).raw_copy is not None
    assert b"".join(ImageCard(image).read(f"/sd/{DUP_NAME}")) == DUP


def test_name_listed_twice_is_put_back_twice(tmp_path: Path) -> None:
    source = card(tmp_path / "a", {"ONE.BIN": b"1", "TWO.BIN": b"2"})
    image = patched(source, tmp_path / "card.img", {Inside(source).slot("TWO.BIN"): b"ONE"})
    reformat(image)
    assert [file.name for file in ImageCard(image).files()] == ["ONE.BIN", "ONE-2.BIN"]
    assert b"".join(ImageCard(image).read("/sd/ONE-2.BIN")) == b"2"


def test_names_from_the_card_cannot_leave_the_backup_folder(tmp_path: Path) -> None:
    names = ["..\\..\\evil", "CON", "nul.txt", "trailing.", "a:b", "x\x1b[2J"]
    image = card(tmp_path / "card.img", {name: name.encode() for name in names})
    result = reformat(image)
    kept = {path.read_bytes().decode() for path in (result.backup / "files").iterdir()}
    assert kept == set(names)
    assert {path.name for path in tmp_path.iterdir()} == {"card.img", "backups"}


@pytest.mark.sampled(4, "long")
@pytest.mark.parametrize("stop_at", range(1, 5))
def test_ctrl_c_leaves_the_original_or_the_finished_card(image: Path, stop_at: int) -> None:
    before, seen = digest(image), []

    def stop(event: Event) -> None:
        seen.append(event)
        if len(seen) == stop_at:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reformat_image(image, backup_dir=image.parent / "backups", now=at_noon, emit=stop)
    assert digest(image) == before
    assert {path.name for path in image.parent.iterdir()} <= {"card.img", "backups"}


@contextmanager
def files_no_longer_than(limit_bytes: int) -> Iterator[None]:
    """The system refuses to let any file grow further, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.sampled(4, "long")
@pytest.mark.parametrize("limit", [100, 30_000, 2 << 20, SMALL - 1])
def test_disk_that_takes_no_more_leaves_the_original_whole(image: Path, limit: int) -> None:
    before = digest(image)
    with files_no_longer_than(limit), pytest.raises(CardError) as error:
        reformat(image)
    assert error.value.next
    assert digest(image) == before
    assert {path.name for path in image.parent.iterdir()} <= {"card.img", "backups"}


@pytest.mark.sampled(2, "long")
@pytest.mark.parametrize("when", ["backup to", "saved and verified", "formatting", "comparing"])
def test_image_changed_by_another_program_is_not_replaced(image: Path, when: str) -> None:
    """Also while it is saved: what another program adds then would be in no backup."""

    def meddle(event: Event) -> None:
        if when in str(event):
            patched_in_place(image)

    with pytest.raises(CardError, match="another program"):
        reformat_image(image, backup_dir=image.parent / "backups", now=at_noon, emit=meddle)
    assert image.read_bytes()[-3:] == b"new"


def patched_in_place(image: Path) -> None:
    """Other bytes in a file that keeps its time, as rsync and ``cp --preserve`` write it."""
    was = image.stat()
    with image.open("r+b") as file:
        file.seek(-3, os.SEEK_END)
        file.write(b"new")
    os.utime(image, ns=(was.st_atime_ns, was.st_mtime_ns))


def test_link_device_folder_and_missing_are_refused(image: Path) -> None:
    link = image.parent / "link.img"
    link.symlink_to(image)
    for path in (link, image.parent, Path("/dev/null"), image.parent / "none"):
        with pytest.raises(DoctorError):
            reformat(path)
        with pytest.raises(DoctorError):
            plan_reformat(path, backup_dir=image.parent)
    assert link.is_symlink()


@pytest.mark.parametrize("content", [b"<html>", b"PK\x03\x04", b"any document"])
def test_file_that_is_no_card_is_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "important"
    path.write_bytes(content + old_bytes(SMALL))
    with pytest.raises(CardError):
        reformat(path)
    assert path.read_bytes().startswith(content)
    assert not (tmp_path / "backups").exists()


def test_unknown_content_is_formatted_when_forced(tmp_path: Path) -> None:
    path = tmp_path / "card.img"
    path.write_bytes(b"noise" + old_bytes(SMALL))
    result = reformat(path, force=True)
    assert result.raw_copy is not None
    assert result.raw_copy.read_bytes().startswith(b"noise")
    assert ImageCard(path).volume().board_reads


def test_image_in_use_as_a_disk_is_refused(image: Path, tmp_path: Path) -> None:
    from doctor.card.guard import check_replaceable

    backing = tmp_path / "block" / "loop7" / "loop" / "backing_file"
    backing.parent.mkdir(parents=True)
    backing.write_text(f"{image}\n")
    with pytest.raises(CardError, match="loop7"):
        check_replaceable(image, sys_block=tmp_path / "block")


@pytest.mark.long
def test_large_sparse_card_is_quick(tmp_path: Path) -> None:
    image = card(tmp_path / "card.img", {f"sd/{DUP_NAME}": DUP}, 32 << 30)
    reformat(image)
    assert b"".join(ImageCard(image).read(f"/sd/{DUP_NAME}")) == DUP
    assert image.stat().st_blocks * 512 < 64 << 20


def test_only_a_full_disk_is_answered_with_make_room(tmp_path: Path) -> None:
    for code, advice in ((errno.ENOSPC, "make room"), (errno.EROFS, "access rights")):
        assert advice in disk_error(tmp_path, OSError(code, os.strerror(code))).next


def test_folder_that_holds_something_else_is_not_read_as_one(tmp_path: Path) -> None:
    """Old bytes read as a folder name folders, which lead to more old bytes: soon more than a card can hold."""
    source = card(tmp_path / "source.img", {"LOST/a.txt": b"a", "KEPT/b.txt": b"b"})
    inside = Inside(source)
    image = patched(
        source, tmp_path / "card.img", {inside.cluster(inside.entries["LOST"].first_cluster): b"OLD BYTES  "}
    )
    assert [problem.path for problem in ImageCard(image).volume().problems] == ["LOST"]
    result = reformat(image)
    assert result.put_back == ("/sd/KEPT/b.txt",)
    assert result.raw_copy is not None


@pytest.mark.parametrize("short", [b"A\0B     BIN", b"ONE     BI\0"])
def test_short_name_with_a_nul_comes_back_under_another(tmp_path: Path, short: bytes) -> None:
    source = card(tmp_path / "source.img", {"ONE.BIN": b"1"})
    image = patched(source, tmp_path / "card.img", {Inside(source).slot("ONE.BIN"): short})
    (path,) = reformat(image).put_back
    assert "\ufffd" in path
    assert b"".join(ImageCard(image).read(path)) == b"1"


def test_long_name_that_is_too_long_by_the_standard_is_none(tmp_path: Path) -> None:
    source = card(tmp_path / "source.img", {"x" * 255: b"1"})
    first = START + Inside(source).entries["x" * 255].slots[0]
    slot = source.read_bytes()[first : first + 32]
    full = slot[:1] + b"x\0" * 5 + slot[11:14] + b"x\0" * 6 + slot[26:28] + b"x\0" * 2
    image = patched(source, tmp_path / "card.img", {first: full})
    assert reformat(image).put_back == ("/sd/XXXXXX~1",)
