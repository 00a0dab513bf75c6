"""``fipy-doctor trial`` at simulated boards: what it does by itself, what it prints, and what it never passes on."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from doctor.jobs.memory.state_dir import state_dir
from doctor.sim.practice.image import make_practice_image
from tests.cli.terminal import Said, Terminal
from tests.cli.test_process import all_of, environment, needs_pty

CONSENTS = {"--yes", "-y", "--accept", "--override", "--confirm", "--force-device", "--interrupt"}


def kept() -> list[str]:
    return sorted(path.name[13:] for path in (state_dir() / "trial").glob("*-*"))


def stages(said: Said) -> list[str]:
    return [step["stage"] for step in said.document["steps"]]


@pytest.fixture
def port(tmp_path: Path) -> str:
    return f"sim://fipy?state={tmp_path / 'bench'}"


def test_a_step_that_changes_nothing_is_done_at_once_and_shown(terminal: Terminal, port: str) -> None:
    before = terminal.type("trial", "--port", port, "--dry-run")
    assert before.code == 0 and "The next step: examine board and modem" in before.out and kept() == []
    said = terminal.type("trial", "--port", port, "--json")
    assert said.code == 0 and stages(said) == ["done", "due", *["later"] * 4]
    assert kept() == ["1-look.json", "1-look.jsonl"]
    settled = {point["id"]: point["verdict"] for point in said.document["points"] if point["verdict"] != "open"}
    assert settled["boot-switch-reply"] == "yes" and settled["era-of-the-board"] == "seen"
    assert said.document["next"]["run"] == ["fipy-doctor", "trial", "--port", port]
    again = terminal.type("trial", "--port", port, "--dry-run")
    assert "1 done        look" in again.out and "2 due         thorough" in again.out and len(kept()) == 2


def test_a_damaged_answer_is_asked_for_again(terminal: Terminal, port: str) -> None:
    terminal.type("trial", "--port", port, "-q")
    (document,) = (state_dir() / "trial").glob("*-1-look.json")
    document.write_text("[[[")
    assert stages(terminal.type("trial", "--port", port, "--json", "--dry-run"))[0] == "interrupted"
    assert stages(terminal.type("trial", "--port", port, "--json"))[0] == "done"


def test_whatever_lies_where_a_step_leaves_its_files_it_can_be_done(terminal: Terminal, port: str) -> None:
    terminal.type("trial", "--port", port, "-q")
    document, trace = sorted((state_dir() / "trial").glob("*-1-look.json*"))
    document.unlink()
    document.mkdir()
    trace.write_bytes(b"\0" * 5000)
    assert stages(terminal.type("trial", "--port", port, "--json"))[0] == "done"
    assert document.is_file() and trace.with_name(f"{trace.name}.old").read_bytes() == b"\0" * 5000


def test_a_step_that_changes_something_is_printed_and_nothing_is_agreed_to(terminal: Terminal, port: str) -> None:
    for step in ("look", "thorough"):
        assert terminal.type("trial", "--skip", step, "--port", port, "--dry-run").code == 0
    said = terminal.type("trial", "--port", port)
    assert said.code == 0 and said.next[:2] == ["fix", "--reformat-sd"]
    assert not CONSENTS & set(said.next) and kept() == ["1-look.skipped", "2-thorough.skipped"]
    assert terminal.type("trial", "--port", port, "--yes").code == 2, "there is no yes to all of it"


def test_a_step_that_failed_says_why_and_what_cures_it(terminal: Terminal) -> None:
    said = terminal.type("trial", "--port", "/dev/no-such-port")
    assert said.code == 1 and "1 failed      look" in said.out and "port-opens" in said.out
    assert "Settled of the" in said.out and said.next[0] in ("check", "ports", "trial")
    assert stages(terminal.type("trial", "--port", "/dev/no-such-port", "--json", "--dry-run"))[0] == "failed"


def test_a_port_that_nobody_typed_is_not_typed_by_the_trial(
    terminal: Terminal, port: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIPY_DOCTOR_PORT", port)
    terminal.type("trial", "-q")
    (trace,) = (state_dir() / "trial").glob("*-1-look.jsonl")
    assert json.loads(trace.read_text().splitlines()[0])["options"]["port_found"] is True


def test_there_is_no_trial_of_a_trace(terminal: Terminal, port: str, tmp_path: Path) -> None:
    trace = tmp_path / "t.jsonl"
    terminal.type("check", "--port", port, "--select", "repl-answers", "--trace", str(trace))
    said = terminal.type("trial", "--port", f"replay://{trace}", "--json")
    assert (said.code, said.document["error"]["id"]) == (2, "replay-only-reads") and kept() == []


@pytest.mark.long
@needs_pty
def test_at_a_terminal_the_command_itself_shows_its_plan_and_asks(terminal: Terminal, port: str) -> None:
    for step in ("look", "thorough"):
        terminal.type("trial", "--skip", step, "--port", port, "--dry-run")
    shown = on_terminal(port, b"y\nn\n")
    assert shown.index("Run its command now?") < shown.index("NO backup") < shown.index("Do this?")
    assert "not confirmed; nothing was changed" in shown and "3 due         card" in shown
    declined = on_terminal(port, b"n\n")
    assert "Do this?" not in declined


def on_terminal(port: str, typed: bytes) -> str:
    """All that ``trial`` shows on a terminal of its own."""
    import pty

    ours, theirs = pty.openpty()
    words = (sys.executable, "-m", "doctor", "trial", "--port", port)
    process = subprocess.Popen(
        words,
        env=environment(COLUMNS="200", NO_COLOR="1", FIPY_DOCTOR_STATE_DIR=str(state_dir())),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    os.write(ours, typed)
    shown = all_of(ours)
    assert process.wait(60) in (0, 1)
    return re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", shown)


@pytest.mark.long
def test_every_step_as_it_is_printed_and_what_it_settles(terminal: Terminal, port: str, tmp_path: Path) -> None:
    full = make_practice_image(tmp_path, build=41019, size_bytes=100_000)
    differential = make_practice_image(tmp_path, build=41065, size_bytes=60_000, base=38638)
    words = ("trial", str(differential), str(full), "--port", port)
    for _ in ("look", "thorough"):
        assert terminal.type(*words, "--json").code == 0
    card = terminal.type(*words).next
    assert terminal.type(*card, "--yes").code == 1, "a yes to the plan is no consent to lose the card"
    assert stages(terminal.type(*words, "--json", "--dry-run"))[2] == "due"
    assert terminal.type(*card, "--yes", "--confirm", "/sd").code in (0, 1)
    assert stages(terminal.type(*words, "--json"))[2:5] == ["done", "done", "due"]
    first = terminal.type(*words).next
    assert first[0] == "flash" and str(differential) in first
    assert terminal.type(*first, "--yes").code == 0
    mirrored = terminal.type(*words, "--json", "--dry-run")
    assert stages(mirrored)[4:] == ["done", "due"], "the board says no id now"
    last = terminal.type(*words).next
    assert str(full) in last
    terminal.type("sim", "--hands", "press-reset", "--port", port)
    (state_dir() / "trial" / Path(last[last.index("--trace") + 1]).name).write_text('{"t": 0.0, ')
    killed = terminal.type(*words, "--dry-run")
    assert killed.code == 1 and killed.next[0] == "status", "one that was killed in the middle"
    assert shlex.join(["fipy-doctor", *last]) in killed.out, "status knows of no step"
    assert terminal.type(*last, "--yes").code == 0
    said = terminal.type(*words, "--json")
    assert said.code == 0 and stages(said) == ["done"] * 6
    settled = {point["id"]: point["verdict"] for point in said.document["points"] if point["verdict"] != "open"}
    assert settled.keys() >= {"smupgrade-reply", "image-goes-to-a-copy", "ack-checksums"}
    report = said.document["next"]["run"][1:]
    assert report[0] == "report"
    listed = terminal.type(report[0], str(tmp_path / report[1]), "--yes", "--json").document["files"]
    of_steps = sorted(re.sub(r"^trial/\d+-", "", one["name"]) for one in listed if re.match(r"trial/\d+-", one["name"]))
    assert of_steps == [name for name in kept() if not name.endswith(".skipped")] and len(of_steps) == 12
