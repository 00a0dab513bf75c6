"""A flash without a journal is not begun; a journal that is lost, or damaged, is told and stops nothing."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from doctor.errors import DoctorError
from doctor.jobs.flash import FlashRequest
from doctor.jobs.flashing import guard
from doctor.jobs.memory.journal import PROVED, RUNNING, FlashEntry, Journal, SentFile, _forget
from doctor.jobs.memory.lock import port_lock
from doctor.jobs.status import without_board

from .flashing import User, after_bytes, flashed, small_image

USB = FlashRequest(via="usb")
PORT = {"port": "COM3"}


def entry() -> FlashEntry:
    return FlashEntry(PORT, (SentFile("firmware", "x.dup", "00", 5),), {}, {}, ("prepare",))


@pytest.mark.parametrize("place", ["a-file", "a-file/below"])
def test_without_a_journal_nothing_is_sent(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a-file").touch()
    monkeypatch.setenv("FIPY_DOCTOR_STATE_DIR", str(tmp_path / place))
    done = flashed(small_image(tmp_path), User(), request=USB)
    error = done.result.error
    assert error is not None and error.id == "journal-not-writable" and done.result.exit_code == 1
    assert place in error.on and "FIPY_DOCTOR_STATE_DIR" in error.next
    assert not done.sim.modem.received and done.mode == "application"


def test_a_journal_lost_midway_is_told_once_and_stops_nothing(tmp_path: Path, state_of_its_own: Path) -> None:
    def lose(_sim: object) -> None:
        shutil.rmtree(state_of_its_own)
        state_of_its_own.touch()

    done = flashed(small_image(tmp_path), User(), after_bytes(0.3), lose, request=USB)
    assert done.result.exit_code == 0
    assert len([text for text in done.notices if "journal" in text]) == 1


def test_a_journal_is_kept_again_once_there_is_room(tmp_path: Path) -> None:
    place = tmp_path / "journal"
    place.touch()
    recorder = guard.Recorder(Journal(place), entry(), lambda event: None)
    place.unlink()
    recorder.mirrors(0)
    assert [kept.mirrored for kept in Journal(place).entries()] == [True]


def test_a_journal_that_cannot_be_begun_is_refused_before_the_first_byte(tmp_path: Path) -> None:
    (tmp_path / "journal").touch()
    heard: list[object] = []
    with pytest.raises(DoctorError) as caught:
        guard.Recorder(Journal(tmp_path / "journal"), entry(), heard.append, must=True)
    assert caught.value.id == "journal-not-writable" and not heard


def test_a_lock_that_cannot_be_kept_is_explained(tmp_path: Path) -> None:
    (tmp_path / "locks").touch()
    with pytest.raises(DoctorError) as caught, port_lock("COM3", tmp_path / "locks"):
        pass
    assert caught.value.id == "journal-not-writable"
    with port_lock("COM3", tmp_path / "locks", must=False):
        pass


# -- damaged


@pytest.mark.parametrize("content", [b"\x80\xff\x00random", b"[]", b"{}", b'{"schema": "fipy-doctor/journal/9"}'])
def test_a_damaged_journal_is_seen_and_not_read(content: bytes, tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.write(entry())
    (path,) = tmp_path.iterdir()
    path.write_bytes(content)
    found = journal.damaged(PORT)
    assert found is not None and found.path == path
    assert journal.find(PORT) is None
    assert journal.damaged({"port": "COM4", "board": "30aea4"}) is None


def test_a_journal_that_cannot_be_read_is_told_without_a_board(tmp_path: Path) -> None:
    (tmp_path / "of-a-port.json").write_bytes(b"{")
    told = without_board(DoctorError("port-not-found", "no board is plugged in"), Journal(tmp_path))
    assert told.damaged is not None and "no record" not in told.history


@pytest.mark.parametrize("name", ["board", "imei"])
def test_what_another_board_was_sent_over_the_same_port_is_not_told_of_this_one(name: str, tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    kept = journal.write(replace(entry(), ids={**PORT, name: "1"}))
    assert journal.find({**PORT, name: "2"}) is None
    assert [journal.find(ids) for ids in (PORT, {**PORT, name: "1"}, {"port": "COM4", name: "1"})] == [kept] * 3


@pytest.mark.parametrize(
    "member", [("ids", []), ("pid", "x"), ("steps", [1]), ("files", [{"role": 1}]), ("begun", None)]
)
def test_a_journal_of_other_types_is_a_damaged_one(member: tuple[str, object], tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.write(entry())
    (path,) = tmp_path.iterdir()
    path.write_text(json.dumps({**json.loads(path.read_text()), member[0]: member[1]}))
    assert journal.damaged(PORT) is not None


def test_a_journal_of_a_version_that_knows_more_or_less_is_read(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    kept = journal.write(entry())
    (path,) = tmp_path.iterdir()
    data = {**json.loads(path.read_text()), "of_tomorrow": {"x": 1}}
    del data["advice"]
    path.write_text(json.dumps(data))
    assert journal.find(PORT) == kept


@pytest.mark.long
def test_a_flash_keeps_the_damaged_journal_aside(tmp_path: Path, state_of_its_own: Path) -> None:
    image = small_image(tmp_path)
    flashed(image, User(), request=USB)
    (path,) = (state_of_its_own / "journal").iterdir()
    path.write_bytes(b"\x80random")
    done = flashed(image, User(), request=USB)
    (aside,) = (state_of_its_own / "journal").glob("*.damaged")
    assert aside.read_bytes() == b"\x80random"
    assert any(str(aside) in text for text in done.notices)
    assert [kept.state for kept in Journal().entries()] == [PROVED]


def modem(name: str, **more: object) -> FlashEntry:
    return replace(entry(), ids={"port": name}, **more)  # type: ignore[arg-type]


def test_no_journal_goes_of_a_flash_that_is_not_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """64 boards that are being flashed, before more flashes that are over than are kept."""
    monkeypatch.setattr("doctor.jobs.memory.journal.KEPT", 10)
    for number in range(1, 80):
        state = RUNNING if number <= 64 else PROVED
        Journal(tmp_path).write(modem(f"COM{number}", state=state, number=number))
    kept = Journal(tmp_path).entries()
    assert [len([e for e in kept if e.broke_off is running]) for running in (True, False)] == [64, 10]
    assert len(list(tmp_path.iterdir())) == 64 + 10


def test_a_journal_that_another_process_began_meanwhile_stays(tmp_path: Path) -> None:
    known = Journal(tmp_path).write(modem("COM1", state=PROVED))
    (path,) = tmp_path.glob("*.json")
    now = Journal(tmp_path).write(modem("COM1"))
    _forget(path, known)
    assert Journal(tmp_path).entries() == [now] and list(tmp_path.iterdir()) == [path]
    _forget(path, now)
    assert not list(tmp_path.iterdir())
