"""A card whose reformat was interrupted: there is always a way that ends, never the one that failed before."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from checks.card_is_fat import CardIsFat
from doctor.bench import Bench, BenchOptions
from doctor.card.drives.find import find_drive
from doctor.card.drives.guard import Identity
from doctor.card.drives.raw_posix import PosixDevice
from doctor.card.image import open_card
from doctor.card.reformat.backup import read_pieces
from doctor.card.reformat.choice import NOTHING, Choice
from doctor.card.reformat.device import plan_reformat_device, reformat_device
from doctor.card.reformat.unfinished import (
    JOURNAL,
    Copied,
    Mark,
    ReformatRecord,
    check_copies,
    find_unfinished,
    mark_sector,
    new_id,
    read_journal,
    write_journal,
)
from doctor.check import Status
from doctor.errors import CardError, Stopped, UsageError
from tests.card.images import BIG, DUP, DUP_NAME, card
from tests.card.media import used
from tests.card.reformat.test_device import FILES, attach, detach, go

OLD = Path(__file__).parents[2] / "state_of_0_1"
EMPTY = Choice((NOTHING,))


@pytest.fixture
def device(tmp_path: Path) -> Iterator[Path]:
    """A loop device whose reformat was stopped while files were put back."""
    name = attach(card(tmp_path / "card.img", FILES, BIG))
    try:
        with pytest.raises(Stopped):
            go(Path(name), tmp_path / "backups", stop="comparing")
        yield Path(name)
    finally:
        detach(name)


def finish(device: Path, backups: Path, choice: Choice = Choice()) -> set[str]:  # noqa: B008 - a frozen value
    """Reformat, and the files that are on the card then."""
    plan = plan_reformat_device(device, backup_dir=backups, choice=choice, force=True)
    expected = Identity.of(find_drive(str(device)))
    done = reformat_device(device, backup_dir=backups, expected=expected, choice=choice, force=True)
    assert set(plan.put_back) == set(done.put_back)
    there = open_card(device)
    assert there.volume().problems == ()
    return {file.path for file in there.files() if not file.is_dir}


ALL = {f"/sd/{DUP_NAME}", "/sd/notes/a long name.txt", "/sd/READ.ME"}


@pytest.mark.sampled(4, "long")
@pytest.mark.parametrize(
    ("choice", "left"),
    [
        (Choice(), ALL),
        (Choice(("*.dup",)), {f"/sd/{DUP_NAME}"}),
        (Choice(leave_out=("notes",)), {f"/sd/{DUP_NAME}", "/sd/READ.ME"}),
        (EMPTY, set()),
    ],
)
def test_it_is_finished_with_as_many_files_as_one_wants(
    device: Path, tmp_path: Path, choice: Choice, left: set[str]
) -> None:
    assert finish(device, tmp_path / "backups", choice) == left
    (folder,) = (tmp_path / "backups").iterdir()
    assert (folder / "files" / "sd" / DUP_NAME).read_bytes() == DUP


def test_name_that_the_backup_does_not_have_is_refused(device: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nottes"):
        plan_reformat_device(device, backup_dir=tmp_path / "backups", choice=Choice(("nottes",)), force=True)


@pytest.mark.sampled(2, "long")
@pytest.mark.parametrize("given", ["the folder itself", "the folder in which it is"])
def test_it_is_finished_on_another_computer_that_was_given_the_backup(device: Path, tmp_path: Path, given: str) -> None:
    (folder,) = (tmp_path / "backups").iterdir()
    elsewhere = tmp_path / "stick" / "brought"
    shutil.copytree(folder, elsewhere)
    shutil.rmtree(tmp_path / "backups")
    with pytest.raises(CardError, match="is not here") as refused:
        plan_reformat_device(device, backup_dir=tmp_path / "none", force=True)
    assert "--backup" in refused.value.next
    assert finish(device, elsewhere if given == "the folder itself" else elsewhere.parent) == ALL


@pytest.mark.long
def test_without_any_backup_it_becomes_an_empty_card(device: Path, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "backups")
    assert finish(device, tmp_path / "none", EMPTY) == set()


def test_copy_that_was_changed_can_be_left_out(device: Path, tmp_path: Path) -> None:
    (folder,) = (tmp_path / "backups").iterdir()
    (folder / "files" / "READ.ME").write_bytes(b"changed")
    with pytest.raises(CardError, match="was changed since") as refused:
        finish(device, tmp_path / "backups")
    assert '--leave-out "READ.ME"' in refused.value.next
    assert finish(device, tmp_path / "backups", Choice(leave_out=("READ.ME",))) == ALL - {"/sd/READ.ME"}


@pytest.mark.long
def test_second_failure_in_the_same_words_never_says_again(
    device: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wall = BIG // 2

    def write(self: PosixDevice, offset: int, data: bytes | memoryview) -> int:
        if offset + len(data) > wall:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return os.pwrite(self._handle, data, offset)

    monkeypatch.setattr(PosixDevice, "write", write)
    said = []
    for choice in (Choice(), Choice(), EMPTY):
        with pytest.raises(CardError, match="cannot be written") as failed:
            finish(device, tmp_path / "backups", choice)
        said.append(failed.value.next)
        wall += 512
    assert "again to continue" in said[0]
    assert not any("again" in text or "the same command" in text for text in said[1:])
    assert "--put-back none" in said[1]
    assert "another card" in said[2]
    monkeypatch.undo()
    assert finish(device, tmp_path / "backups") == ALL


def test_card_that_version_0_1_left_is_finished(tmp_path: Path) -> None:
    folder = tmp_path / "brought"
    shutil.copytree(OLD / "card-backup-unfinished", folder)
    for name, data in FILES.items():
        (folder / "files" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "files" / name).write_bytes(data)
    old = read_journal(folder)
    assert old is not None
    image = used(tmp_path / "card.img", old.size_bytes)
    with image.open("r+b") as file:
        file.write(mark_sector(Mark(old.id, "/home/user/fipy-doctor-backups/fipy-doctor-20260102-120000-loop0")))
    name = attach(image)
    try:
        with Bench(BenchOptions(sd=Path(name))) as bench:
            found = CardIsFat().look(bench)
        assert (found.status, found.remedies[0].id) == (Status.FAIL, "reformat-sd")
        assert "interrupted" in found.summary
        assert "before it was done" in (found.cause or "")
        assert finish(Path(name), folder) == ALL
    finally:
        detach(name)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[" * 200_000,
        b'{"id": "x", "device": "d", "size_bytes": 1e999, "serial": "", "model": "", "label": "", "files": []}',
        b'{"id": "x", "device": "d", "size_bytes": 1, "serial": "", "model": "", "label": "", "done": 0, "files": [1]}',
        b'{"files": [["", "", "", 0, 0, ""]], "id": "", "device": "", "size_bytes": 1, "serial": "", "model": "",'
        b'"label": "", "done": false}',
        b"[]",
    ],
)
def test_journal_that_somebody_else_wrote_means_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / JOURNAL).write_bytes(content)
    assert read_journal(tmp_path) is None


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs on this system")
def test_journal_that_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / JOURNAL)
    assert read_journal(tmp_path) is None


def test_no_folder_on_a_network_is_looked_up_because_a_card_names_it(tmp_path: Path) -> None:
    journal = ReformatRecord(new_id(), tmp_path, "/dev/x", BIG, "", "", "FIPY", ())
    write_journal(journal)
    for folder, found in ((str(tmp_path), True), (f"/{tmp_path}", False)):
        mark = mark_sector(Mark(journal.id, folder))
        assert (find_unfinished(mark, tmp_path / "none", size_bytes=BIG, serial="") is not None) == found


def test_copy_that_is_longer_than_the_journal_says_is_found_before_the_first_write(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(DUP)
    told = Copied("x", "x", hashlib.sha256(DUP).hexdigest(), len(DUP), 0x20, "")
    check_copies(tmp_path, [told])
    with pytest.raises(CardError, match="was changed since"):
        check_copies(tmp_path, [told._replace(size_bytes=len(DUP) - 1)])


def test_backup_that_is_gone_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(CardError, match=r"gone\.bin cannot be read"):
        list(read_pieces(tmp_path / "gone.bin"))
