"""What surrounds a flash: journal, log, lock, supply, sleep."""

from __future__ import annotations

import fcntl
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from doctor.bench import Bench, BenchOptions
from doctor.errors import DoctorError, LinkError
from doctor.events import Event, Note, Phase, Progress, StepStarted, Waiting
from doctor.jobs.flash import FlashRequest, flash
from doctor.jobs.flashing import awake as awakes
from doctor.jobs.flashing import guard
from doctor.jobs.flashing.awake import awake, inhibitor
from doctor.jobs.flashing.guard import Battery, refuse_low
from doctor.jobs.memory.journal import PROVED, UNPROVED, FlashEntry, Journal, SentFile, is_at_work
from doctor.jobs.memory.lock import is_held, lock_path, port_lock
from doctor.jobs.memory.logbook import Logbook
from doctor.jobs.memory.state_dir import state_dir
from doctor.jobs.onward import Attempt, onward
from doctor.knowledge import explain
from doctor.link.port_url import PortUrl
from doctor.sim.world import World
from tests.another_system import Windows, on

from .flashing import User, flashed, small_image

BOARD = {"board": "30aea4123456", "port": "COM3"}


def entry(**changes: object) -> FlashEntry:
    plain = FlashEntry(
        BOARD, (SentFile("firmware", "x.dup", "00", 5),), {"method": "auto"}, {"build": 38638}, ("prepare",)
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


# -- journal


def test_journal_keeps_and_finds(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    kept = journal.write(entry(step="prepare"))
    assert journal.find({"board": "30aea4123456"}) == kept
    assert journal.find({"port": "COM3"}) == kept
    assert journal.find({"port": "COM4"}) is None
    assert [path.suffix for path in tmp_path.iterdir()] == [".json"]


def test_a_journal_knows_to_a_fiftieth_how_far_a_file_is(tmp_path: Path) -> None:
    place, total = tmp_path / "journal", 1_000_000
    recorder = guard.Recorder(Journal(place), entry(), lambda event: None)
    behind, kept = [], set()
    for done in range(0, total, 2016):
        recorder.hear(Progress(Phase.TRANSFER, done, total, False))
        (known,) = Journal(place).entries()
        behind.append(done - known.sent_bytes)
        kept.add(known.sent_bytes)
    assert max(behind) <= total / 50
    assert len(kept) <= 60  # each one is an fsync


def test_board_counts_more_than_port(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    mine = journal.write(entry())
    journal.write(entry(ids={"board": "ffffffffffff", "port": "COM3"}))
    assert journal.find(BOARD) == mine


def test_damaged_journal_is_skipped(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{")
    (tmp_path / "b.json").write_text('{"schema": "other"}')
    (tmp_path / "c.json").write_text("[]")
    assert Journal(tmp_path).entries() == []


def test_torn_write_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(tmp_path)
    kept = journal.write(entry())

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError):
        journal.write(entry(step="transfer"))
    assert journal.entries() == [kept]


def test_kept_simulated_bench_is_known_by_its_directory(tmp_path: Path) -> None:
    plain = f"sim://fipy?state={tmp_path}"
    assert PortUrl.read(plain + "&speed=20").key == PortUrl.read(plain).key
    assert PortUrl.read("COM3").key == "COM3"


@pytest.mark.parametrize("begun", ["1990-01-01T00:00:00+00:00", "2999-01-01T00:00:00+00:00", "soon"])
@pytest.mark.parametrize("written_down", [True, False])
def test_a_lock_tells_whether_a_flash_is_under_way_and_no_clock_does(
    written_down: bool, begun: str, state_of_its_own: Path
) -> None:
    """Version 0.1 did not write down which lock it is."""
    place = lock_path("COM3")
    running = entry(pid=1, begun=begun, lock=str(place) if written_down else "")
    assert not is_at_work(running)
    with port_lock("COM3"):
        assert is_at_work(running)
    assert not is_at_work(running), "its process has ended"


def test_looking_at_a_lock_keeps_nobody_from_it(tmp_path: Path) -> None:
    with port_lock("COM3", tmp_path):
        assert is_held(lock_path("COM3", tmp_path))
    with lock_path("COM3", tmp_path).open("a") as looks:
        fcntl.flock(looks, fcntl.LOCK_SH | fcntl.LOCK_NB)
        assert not is_held(lock_path("COM3", tmp_path))


def test_a_flash_keeps_the_name_of_its_lock(tmp_path: Path) -> None:
    port = f"sim://sqn3330?state={tmp_path / 'bench'}"
    options = BenchOptions(port=port, via_modem=True, firmware=(small_image(tmp_path),))
    seen = []

    def listen(event: Event) -> None:
        if isinstance(event, StepStarted):
            found = Journal().find({"port": PortUrl.read(port).key})
            assert found is not None
            seen.append((bool(found.lock), is_held(Path(found.lock))))

    with Bench(options) as bench:
        assert flash(bench, FlashRequest("modem"), consent=User(), listen=listen).exit_code == 0
    assert seen and set(seen) == {(True, True)}
    found = Journal().find({"port": PortUrl.read(port).key})
    assert found is not None and not is_held(Path(found.lock))


def test_each_step_is_written_before_it_begins(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    recorder = guard.Recorder(journal, entry(), lambda event: None)
    recorder.hear(StepStarted("prepare", "wake it", Phase.PREPARE))
    recorder.hear(StepStarted("transfer", "send it", Phase.TRANSFER))
    recorder.hear(Progress(Phase.TRANSFER, 50, 100, False))
    (kept,) = journal.entries()
    assert (kept.step, kept.done, kept.sent_bytes, kept.total_bytes) == ("transfer", ("prepare",), 50, 100)


def test_journal_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "journal").write_text("a file where the folder should be")
    heard: list[object] = []
    recorder = guard.Recorder(Journal(tmp_path / "journal"), entry(), heard.append)
    recorder.hear(StepStarted("prepare", "wake it", Phase.PREPARE))
    assert recorder.entry.step == "prepare"
    assert len(heard) == 1


def test_flash_leaves_journal_and_log(tmp_path: Path) -> None:
    done = flashed(small_image(tmp_path), User(), url="sim://fipy", request=FlashRequest(via="usb"))
    assert done.result.exit_code == 0
    (kept,) = Journal().entries()
    assert kept.state == PROVED
    assert kept.done == kept.steps
    log = Path(kept.log).read_text()
    assert "step transfer" in log and "100% 100000 of 100000" in log and "AT+SMOD? -> " in log
    explained = explain(Path(kept.log).read_bytes())
    assert "flashed and proved, LR5.1.1.0-41019" in explained.says and not explained.matches


# -- log


def test_log_outlives_its_listener(tmp_path: Path) -> None:
    log = Logbook(World(), tmp_path)
    for event in (StepStarted("deploy", "wait", Phase.WAIT_MODEM), Waiting("the modem", 60, False), Note("AT -> OK")):
        log.hear(event)
    assert log.path is not None
    said = log.path.read_text()
    assert "step deploy" in said and "DO NOT UNPLUG" in said and "AT -> OK" in said
    log.close()
    log.line("later")


def test_log_that_cannot_be_opened_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("")
    log = Logbook(World(), tmp_path / "logs")
    log.hear(Note("x"))
    assert log.path is None


# -- alone on the port


def test_two_on_one_port_exclude_each_other(tmp_path: Path) -> None:
    with port_lock("COM3", tmp_path), port_lock("COM4", tmp_path):
        with pytest.raises(LinkError) as caught, port_lock("COM3", tmp_path):
            pass
        assert caught.value.id == "flash-under-way"
    with port_lock("COM3", tmp_path):
        pass


# -- supply and sleep


@pytest.mark.parametrize("now", [None, Battery(5, True), Battery(20, False), Battery(100, False)])
def test_supply_that_will_do(now: Battery | None) -> None:
    refuse_low(now)


def test_another_name_of_the_same_device_is_locked_too(tmp_path: Path) -> None:
    device, link = tmp_path / "ttyACM0", tmp_path / "by-id"
    device.touch()
    link.symlink_to(device)
    with port_lock(str(device), tmp_path), pytest.raises(LinkError), port_lock(str(link), tmp_path):
        pass


def test_low_battery_is_refused() -> None:
    with pytest.raises(DoctorError) as caught:
        refuse_low(Battery(19, False))
    assert caught.value.id == "laptop-battery-low"


@pytest.mark.parametrize(("platform", "program"), [("linux", "systemd-inhibit"), ("darwin", "caffeinate")])
def test_inhibitor_of_each_system(platform: str, program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}")
    on(monkeypatch, platform)
    command = inhibitor(42)
    assert command is not None and command[0] == program
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert inhibitor() is None


def test_windows_is_asked_to_stay_awake_as_long_as_it_flashes(monkeypatch: pytest.MonkeyPatch) -> None:
    windows = Windows.installed(monkeypatch)
    with awake() as warning:
        assert warning == "" and windows.awake == [0x80000041, 0x80000001]  # without away mode, which is refused
    assert windows.awake[2:] == [0x80000000]


@pytest.mark.skipif(sys.platform == "win32", reason="cat")
def test_inhibitor_runs_while_flashing_and_ends_with_us(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[subprocess.Popen[bytes]] = []
    start = awakes._start
    monkeypatch.setattr(awakes, "inhibitor", lambda: ["cat"])
    monkeypatch.setattr(awakes, "_start", lambda command: begun.append(start(command)) or begun[-1])  # type: ignore[func-returns-value, arg-type]
    with awake() as warning:
        assert warning == ""
        assert begun[0].poll() is None
    assert begun[0].poll() is not None


@pytest.mark.skipif(sys.platform == "win32", reason="false")
def test_inhibitor_that_fails_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(awakes, "inhibitor", lambda: ["false"])
    with awake() as warning:
        assert "do not let it sleep" in warning


# -- what comes next


@pytest.mark.parametrize(
    ("mode", "error", "hands", "words"),
    [
        ("application", "", (), ["flash", "a.dup"]),
        ("recovery", "", ("press-reset",), ["flash", "a.dup", "--was", "38638"]),
        ("ffh", "", ("press-reset",), ["flash", "a.dup", "--updater-elf", "updater.elf", "--was", "38638"]),
        ("stp-open", "", ("power-cycle",), ["status", "--done", "power-off"]),
        ("silent", "", ("power-cycle",), ["status", "--done", "power-off"]),
        ("unknown", "finish-timeout", ("wait", "press-reset"), ["status", "--done", "waited"]),
        ("deploying", "", ("wait", "press-reset"), ["status", "--done", "waited"]),
    ],
)
def test_next_step_by_mode(mode: str, error: str, hands: tuple[str, ...], words: list[str]) -> None:
    from doctor.bench import BenchOptions

    options = BenchOptions(port="COM3", firmware=(Path("a.dup"),))
    step = onward(mode, Attempt(options.command("flash"), build_before=38638, mirrored=mode != "application"), error)
    assert step.hands == hands
    assert step.command is not None
    assert list(step.command.words()) == ["fipy-doctor", *words, "--port", "COM3"]


def test_state_lies_where_the_variable_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIPY_DOCTOR_STATE_DIR", str(tmp_path / "here"))
    assert state_dir() == tmp_path / "here"
    Journal().write(entry(state=UNPROVED))
    (kept,) = (tmp_path / "here" / "journal").iterdir()
    assert json.loads(kept.read_text())["state"] == "unproved"
