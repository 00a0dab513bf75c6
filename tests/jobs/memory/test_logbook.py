"""The log of a run: what it keeps, how many are kept, and that no disk and no reader of it stops anything."""

from __future__ import annotations

import errno
import itertools
import json
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from doctor.bench import Bench, BenchOptions
from doctor.cli.main import run
from doctor.errors import Exit, LinkError
from doctor.events import Note
from doctor.jobs.check import CheckRequest, check
from doctor.jobs.memory.logbook import KEPT, YOUNG, Logbook, logged
from doctor.jobs.memory.state_dir import state_dir
from doctor.knowledge import explain
from doctor.sim.world import World

NOW = datetime(2026, 11, 30, 12, tzinfo=timezone.utc)
PORT = "sim://fipy"
GONE = "/dev/no-such-port"


_days = itertools.count()


def long_ago() -> datetime:
    """Each time a day later: none is young when the next one begins."""
    return NOW + timedelta(days=next(_days), seconds=1) - timedelta(days=9999)


def logs(job: str = "*") -> list[Path]:
    return sorted((state_dir() / "logs").glob(f"{job}-*.log"))


@pytest.mark.parametrize(
    ("job", "words", "says"),
    [
        ("check", ["check", "--select", "modem-answers"], ["AT+SMOD? -> 2 | OK", "modem-answers: pass: "]),
        ("backup", ["backup", "kept"], ["reading /flash/main.py", "kept: /flash/boot.py"]),
        ("restore", ["restore", "files", "--yes"], ["a.py", "this was agreed to"]),
        pytest.param("fix", ["fix"], ["modem-answers: pass: ", "AT+SMOD? -> "], marks=pytest.mark.long),
        pytest.param("plan", ["plan", "card:x.dup"], ["error "], marks=pytest.mark.long),
    ],
)
def test_every_job_keeps_its_log_and_writes_the_same_to_the_file_that_is_named(
    job: str, words: list[str], says: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a.py").write_text("a = 1\n")
    code = run(
        [*words, "--port", PORT, "--log-file", "here.txt", "--backup", "kept"][: None if job == "restore" else -2]
    )
    (kept,) = logs()
    text = kept.read_text()
    assert kept.name.startswith(f"{job}-") and f"log of this {job}: {kept}" in text.split("\n")[0]
    assert Path("here.txt").read_text() == text
    assert all(one in text for one in says) and text.endswith(f" exit code {code}\n")
    assert explain(text.encode()).says.startswith(f"This is the log of a {job} of fipy-doctor")


def test_a_log_says_what_was_asked_for_and_never_the_password() -> None:
    options = BenchOptions(port="telnet://joe:secret@192.0.2.1", thorough=True)
    with Bench(options) as bench, logged(bench, "check", CheckRequest(select=("modem-answers",))) as running:
        running.line("x")
    text = logs()[0].read_text()
    assert "thorough=True" in text and "select=('modem-answers',)" in text and "secret" not in text


def test_logs_of_one_job_push_no_log_of_another_out_and_never_one_of_a_run_that_goes_on(tmp_path: Path) -> None:
    flashing = Logbook(World(), tmp_path, long_ago)
    other = Logbook(World(), tmp_path, long_ago, job="fix")
    other.close()
    for _ in range(KEPT + 3):
        Logbook(World(), tmp_path, long_ago).close()
    assert flashing.path is not None and flashing.path.exists()
    assert len(list(tmp_path.glob("flash-*.log"))) == KEPT + 1
    flashing.line("still here")
    flashing.close()
    assert flashing.path.read_text().endswith("still here\n")
    Logbook(World(), tmp_path).close()
    assert not flashing.path.exists() and len(list(tmp_path.glob("flash-*.log"))) == KEPT
    assert other.path is not None and other.path.exists()


def test_only_logs_of_ours_go(tmp_path: Path) -> None:
    theirs = [tmp_path / name for name in ("flash-my-notes.log", "flash-20260101-000000-000000 copy.log", "flash-.log")]
    for path in theirs:
        path.write_text("whatever somebody kept")
    for _ in range(KEPT + 3):
        Logbook(World(), tmp_path, long_ago).close()
    assert all(path.exists() for path in theirs) and len(list(tmp_path.iterdir())) == KEPT + len(theirs)


def test_no_log_goes_that_is_younger_than_a_day(tmp_path: Path) -> None:
    """A run of 64 boards names the log of each in its summary."""
    logs = [Logbook(World(), tmp_path, lambda: NOW) for _ in range(64)]
    for log in logs:
        log.close()
    assert len({log.path for log in logs}) == 64 == len(list(tmp_path.iterdir()))
    Logbook(World(), tmp_path, lambda: NOW + YOUNG + timedelta(seconds=1)).close()
    assert len(list(tmp_path.iterdir())) == KEPT


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full")
def test_a_full_disk_under_the_named_file_ends_that_file_alone(tmp_path: Path) -> None:
    with Path("/dev/full").open("wb", buffering=0) as full:
        log = Logbook(World(), tmp_path, copy=full)
        for text in ("one", "two"):
            log.hear(Note(text))
    assert log.path is not None and log.path.read_text().count("\n") == 2
    log.close()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit of a file's size")
def test_a_log_that_ends_before_its_end_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300, before[1]))
    try:
        assert run(["check", "--port", GONE]) == Exit.FAILED
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "a log of this check ends too early: File too large" in capsys.readouterr().err
    assert "exit code" not in logs("check")[0].read_text()


def test_what_is_no_log_is_left_alone_and_the_port_is_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    firmware = Path("FIRMWARE.dup")
    firmware.write_bytes(b"the only one")
    Path("link.log").symlink_to(firmware)
    for name in ("FIRMWARE.dup", "link.log", "no/folder.log", "t.jsonl"):
        words = ["check", "--port", PORT, "--json", "--trace", "t.jsonl", "--log-file", name]
        assert run(words) == Exit.USAGE
        assert json.loads(capsys.readouterr().out)["error"]["id"] == "log-not-writable"
        assert [json.loads(line)["dir"] for line in Path("t.jsonl").read_text().splitlines()] == ["trace"]
    assert firmware.read_bytes() == b"the only one" and not logs()


def test_a_run_that_failed_names_its_log_and_one_that_was_mistyped_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["backup", "kept", "--port", GONE]) == Exit.FAILED
    (kept,) = logs()
    assert capsys.readouterr().err.splitlines()[-1] == f"full log: {kept}"
    assert run(["backup", "kept", "--port", GONE, "--json"]) == Exit.FAILED
    assert json.loads(capsys.readouterr().out)["log"] == str(logs()[-1])
    assert run(["check", "--port", PORT, "--select", "card-is-fat"]) == Exit.USAGE
    said = capsys.readouterr()
    assert "full log" not in said.err + said.out
    assert "error usage: " in logs("check")[0].read_text()


def test_a_check_says_where_its_log_is_if_everything_is_to_be_shown(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["check", "--port", GONE, "--select", "port-opens"]
    assert run(words) == Exit.FAILED
    assert "full log" not in capsys.readouterr().out
    assert run([*words, "-v"]) == Exit.FAILED
    assert capsys.readouterr().out.splitlines()[-1] == f"full log: {logs()[-1]}"
    assert run([*words, "--json"]) == Exit.FAILED
    assert json.loads(capsys.readouterr().out)["log"] == str(logs()[-1])


def test_no_log_is_kept_of_a_replay(tmp_path: Path) -> None:
    trace = tmp_path / "t.jsonl"
    assert run(["check", "--port", PORT, "--select", "repl-answers", "--trace", str(trace)]) == 0
    (kept,) = logs()
    assert run(["check", "--port", f"replay://{trace}", "--log-file", str(tmp_path / "l.log")]) == 0
    assert logs() == [kept]
    copy = (tmp_path / "l.log").read_text()
    assert f"log of this check: replay://{trace}" in copy and "repl-answers: pass: " in copy and "exit code 0" in copy


def test_a_state_directory_that_takes_no_log_stops_no_check(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("FIPY_DOCTOR_STATE_DIR", str(tmp_path / "file"))
    heard: list[object] = []
    with Bench(BenchOptions(port=GONE)) as bench:
        assert check(bench, CheckRequest(select=["port-opens"]), heard.append).exit_code == Exit.FAILED
        assert bench.log == ""
    assert "can be written" in str(heard[0])


def test_whatever_ends_a_run_is_its_last_line() -> None:
    for raised, last in (
        (LinkError("port-busy", "is in use", on="COM3", next="close it"), "exit code 1"),
        (KeyboardInterrupt(), "exit code 130"),
        (OSError(errno.EIO, "odd"), "ended by OSError: [Errno 5] odd"),
    ):
        with pytest.raises(type(raised)), Bench(BenchOptions(port=PORT)) as bench, logged(bench, "fix"):
            raise raised
        assert logs()[-1].read_text().splitlines()[-1].endswith(last)


def test_the_time_of_a_log_goes_on_when_the_port_is_opened_and_closed() -> None:
    with Bench(BenchOptions(port=PORT)) as bench, logged(bench, "check") as running:
        _ = bench.board
        running.line("opened")
        bench.clock.sleep_ms(5_000)
        running.line("slept")
        bench.close_link()
        running.line("closed")
    lines = logs()[0].read_text().splitlines()
    times = [float(line[9:19]) for line in lines]
    assert times == sorted(times) and 5.0 <= times[-1] < 60.0


@pytest.mark.skipif(sys.platform == "win32", reason="modes")
def test_a_log_is_for_this_user_only(tmp_path: Path) -> None:
    copy = tmp_path / "copy.log"
    assert run(["check", "--port", GONE, "--select", "port-opens", "--log-file", str(copy)]) == Exit.FAILED
    assert {path.stat().st_mode & 0o777 for path in (copy, *logs())} == {0o600}
