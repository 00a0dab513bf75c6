"""--json-events: what happens, a line each, and the document as the last line. Their shapes: tests/shapes.py."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from doctor.sim.practice.image import make_practice_image

from .terminal import Terminal
from .test_process import ROOT, environment

MODEM = ("--port", "sim://sqn3330", "--via", "modem", "--yes")
EXAMPLE = ROOT / "docs" / "examples" / "watch_flash.py"


def test_a_flash_is_told_from_the_first_check_to_the_document(terminal: Terminal, tmp_path: Path) -> None:
    image = make_practice_image(tmp_path, build=41065, size_bytes=60_000)
    said = terminal.type("flash", str(image), *MODEM, "--json-events")
    *events, document = [json.loads(line) for line in said.out.splitlines()]
    assert (said.code, document["exit"], document["proof"]["holds"]) == (0, 0, True)
    kinds = [event["event"] for event in events]
    assert {"check-started", "check-ended", "plan", "step-started", "waiting", "progress", "note"} <= set(kinds)
    assert kinds.count("check-started") == kinds.count("check-ended") == len(document["findings"])
    plan = next(event["plan"] for event in events if event["event"] == "plan")
    began = [event["step"] for event in events if event["event"] == "step-started"]
    assert began == [step["step"] for step in plan["steps"]] and plan == document["plan"]
    taken = [event["done_bytes"] for event in events if event["event"] == "progress"]
    assert taken == sorted(taken) and taken[-1] == document["proof"]["sent_bytes"]


def test_a_job_without_events_is_told_in_its_own_words(terminal: Terminal, tmp_path: Path) -> None:
    said = terminal.type("backup", str(tmp_path / "kept"), "--port", "sim://fipy", "--json-events")
    *events, document = [json.loads(line) for line in said.out.splitlines()]
    assert {event["event"] for event in events} == {"note"} and document["schema"] == "fipy-doctor/backup/1"


@pytest.mark.parametrize("words", [("flsah",), ("check", "--port"), ("check", "--port", "COM25")])
def test_an_error_is_one_line(terminal: Terminal, words: tuple[str, ...]) -> None:
    said = terminal.type(*words, "--json-events")
    (line,) = said.out.splitlines()
    assert json.loads(line)["exit"] == said.code == 2


@pytest.mark.long
def test_the_example_draws_what_a_terminal_shows(tmp_path: Path) -> None:
    image = make_practice_image(tmp_path, build=41065, size_bytes=60_000)
    done = subprocess.run(
        [sys.executable, str(EXAMPLE), "flash", str(image), *MODEM],
        env=environment(FIPY_DOCTOR_STATE_DIR=str(tmp_path / "state")), capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert "[ pass] modem-answers: " in done.stdout and "read the version back" in done.stdout
    assert f"  {'#' * 40}  do not unplug" in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="Windows kills otherwise")
def test_the_example_says_that_the_program_was_killed(tmp_path: Path) -> None:
    (tmp_path / "doctor").mkdir()
    (tmp_path / "doctor" / "__init__.py").touch()
    said = '{"schema": "fipy-doctor/event/1", "event": "note", "text": "x"}'
    dies = f"import os\nos.write(1, {(said + chr(10) + said[:30]).encode()!r})\nos.kill(os.getpid(), 9)\n"
    (tmp_path / "doctor" / "__main__.py").write_text(dies)
    done = subprocess.run(
        [sys.executable, str(EXAMPLE), "flash"],
        env={**environment(), "PYTHONPATH": str(tmp_path)}, cwd=tmp_path, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (3, "")
    assert done.stdout.splitlines()[-1] == "run: fipy-doctor status"
