"""Advice for what stays as it is comes to an end instead of going round, and calls nothing dead before all was done."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from doctor.bench import Bench, BenchOptions
from doctor.cli.main import run
from doctor.jobs import status as status_job
from doctor.jobs.hands import DONE, OTHER_CABLE, POWER_CYCLE, PULL_JUMPERS
from doctor.jobs.memory import advice_given
from doctor.jobs.memory.advice_given import FAILED, SAID, SEEN, TOLD, AdviceGiven
from doctor.jobs.memory.state_dir import state_place
from doctor.link.port_url import PortUrl
from doctor.sim.bench import SimBench

from .terminal import Terminal

OF_0_1 = Path(__file__).parent.parent / "state_of_0_1"


@pytest.fixture
def port(tmp_path: Path) -> str:
    return f"sim://sqn3330?scenario=modem-silent&state={tmp_path / 'bench'}"


@pytest.fixture
def board(tmp_path: Path) -> str:
    return f"sim://fipy?scenario=modem-silent&state={tmp_path / 'board'}"


def test_next_steps_for_a_dead_modem_end(terminal: Terminal, port: str, image: Path, obedient: None) -> None:
    seen = [terminal.type("flash", str(image), "--via", "modem", "--yes", "--port", port).next]
    while seen[-1][0] != "open" and len(seen) < 6:
        seen.append(terminal.type(*seen[-1], "--yes" if seen[-1][0] == "fix" else "-q").next)
    assert [words[0] for words in seen] == ["fix", "open"]
    assert all("--via" in words for words in seen[:-1])
    assert terminal.type(*seen[-1]).code == 0


def test_status_twice_says_the_same_twice(terminal: Terminal, port: str) -> None:
    first = terminal.type("status", "--via", "modem", "--port", port)
    assert first.hands and "dead" not in first.out
    assert first.next == ["status", "--done", "power-off", "--port", port, "--via", "modem"]
    for _ in range(2):
        assert terminal.type("status", "--via", "modem", "--port", port) == first


@pytest.mark.long
def test_who_asks_for_the_same_step_again_says_why(
    terminal: Terminal, board: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, obedient: None
) -> None:
    (tmp_path / "file").write_bytes(b"")  # a folder below it can never be made, as on a disk that is full
    monkeypatch.setenv("FIPY_DOCTOR_STATE_DIR", str(tmp_path / "file" / "state"))
    for words in (
        ["status", "--done", "power-off"],
        ["check", "--done", "power-off"],
        ["fix", "--power-cycle", "--yes"],
    ):
        said = terminal.type(*words, "--port", board)
        assert "what you did cannot be recorded" in said.out + said.err
        assert "FIPY_DOCTOR_STATE_DIR=FOLDER" in said.out + said.err


@pytest.mark.long
def test_flash_and_status_lead_the_same_way(terminal: Terminal, tmp_path: Path, image: Path) -> None:
    port = f"sim://fipy?fault=hang&state={tmp_path / 'bench'}"
    flashed = terminal.type("flash", str(image), "--yes", "--port", port)
    assert flashed.code == 3 and re.search(r"^the flash failed in step \d of \d: modem: ", flashed.out, re.MULTILINE)
    first, second = terminal.type("status", "--port", port), terminal.type("status", "--port", port)
    assert first == second and " ".join(first.next[:3]) in flashed.out
    terminal.type(*first.hands[0])
    alive = terminal.type(*first.next)
    assert alive.next[0] == "flash" and terminal.type(*alive.next, "--yes").code == 0


@pytest.mark.long
def test_dead_is_said_after_every_step_was_said_to_be_done(terminal: Terminal, board: str) -> None:
    said = terminal.type("status", "--port", board)
    asked = []
    while said.next[0] == "status":
        assert "it is dead" not in said.out
        asked.append(said.next[2])
        for hands in said.hands:
            terminal.type(*hands)
        said = terminal.type(*said.next)
    assert asked == ["power-off", "jumpers-off", "other-cable"]
    assert said.next == ["open", "modem-dead-escalate"] and "it is dead" in said.out
    assert "this program did not see it" in said.out


@pytest.mark.long
def test_a_power_cycle_that_the_board_knows_nothing_of_is_not_believed(terminal: Terminal, board: str) -> None:
    sim = SimBench.from_url(board)
    assert sim.board is not None
    sim.board.reset_cause = "WDT"
    sim.release()
    said = terminal.type("status", "--done", "power-off", "--port", board)
    assert "the power was not off: the board says" in said.out
    assert "power-off" in said.next
    assert terminal.type("sim", "--hands", "power-cycle", "--port", board).code == 0
    said = terminal.type("status", "--done", "power-off", "--port", board)
    assert "it was switched on" in said.out and "jumpers-off" in said.next


def test_a_bare_modem_cannot_say_whether_its_power_was_off(terminal: Terminal, port: str) -> None:
    assert "was not seen" in terminal.type("status", "--done", "power-off", "--via", "modem", "--port", port).out


def _standing(port: str, answer: Callable[[str], bool]) -> tuple[str, ...]:
    with Bench(BenchOptions(port=port, via_modem=True)) as bench:
        standing = status_job.status(bench, done=answer)
    assert standing.onward is not None
    return standing.onward.hands


def test_a_yes_at_the_terminal_leads_on_and_a_no_does_not(port: str) -> None:
    asked: list[str] = []

    def no(question: str) -> bool:
        asked.append(question)
        return False

    assert _standing(port, no) == (POWER_CYCLE,)
    assert not asked, "nothing is asked before the step was told"
    assert _standing(port, no) == (POWER_CYCLE,)
    assert len(asked) == 1
    assert _standing(port, lambda question: "power" in question) == (OTHER_CABLE,)


def test_nobody_at_the_terminal_says_no_word(terminal: Terminal, port: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> bool:
        raise AssertionError("asked without a terminal")

    monkeypatch.setattr(click, "confirm", never)
    for _ in range(2):
        assert "power-off" in terminal.type("status", "--via", "modem", "--port", port).next


def test_no_step_is_said_to_be_done_by_the_environment(port: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DONE", "STATUS_DONE", "CHECK_DONE"):
        monkeypatch.setenv(f"FIPY_DOCTOR_{name}", "power-off")
    run(["status", "--via", "modem", "--port", port])
    assert AdviceGiven(PortUrl.read(port)).confirmed == frozenset()


def test_a_step_that_failed_is_not_done(port: str) -> None:
    AdviceGiven(PortUrl.read(port)).note([POWER_CYCLE], FAILED)
    assert AdviceGiven(PortUrl.read(port)).confirmed == frozenset() and AdviceGiven(PortUrl.read(port)).told == {
        POWER_CYCLE
    }
    AdviceGiven(PortUrl.read(port)).note([POWER_CYCLE], SEEN)
    AdviceGiven(PortUrl.read(port)).note([POWER_CYCLE], TOLD)
    assert AdviceGiven(PortUrl.read(port)).seen == {POWER_CYCLE}


@pytest.mark.long
def test_check_calls_nothing_dead_that_was_only_told(terminal: Terminal, board: str, obedient: None) -> None:
    said = terminal.type("check", "--port", board)
    assert said.next[:2] == ["fix", "--power-cycle"]
    said = terminal.type(*said.next, "--yes")
    assert said.next[:3] == ["check", "--done", "jumpers-off"]
    again = terminal.type("check", "--port", board)
    assert again.next == said.next, "asked once more, the answer is the same"
    assert terminal.type(*said.next).next == ["open", "modem-dead-escalate"]


@pytest.mark.long
def test_a_cure_that_failed_leads_on_with_the_same_firmware(terminal: Terminal, board: str, image: Path) -> None:
    asked = terminal.type("check", "--firmware", str(image), "--port", board)
    assert (asked.next[:2], asked.hands) == (["fix", "--power-cycle"], []), "hands move while it watches, not before"
    failed = terminal.type(*asked.next, "--yes")
    for hands in failed.hands:
        assert terminal.type(*hands).code == 0
    check = re.findall(r"run fipy-doctor (check --done .*)$", failed.out, re.MULTILINE)
    assert len(failed.hands) == len(check) == 1
    said = terminal.type(*shlex.split(check[0]))
    assert str(image) in said.next, "no other image is asked for"


def test_a_modem_that_answers_again_is_a_new_case(terminal: Terminal, tmp_path: Path) -> None:
    port = f"sim://sqn3330?state={tmp_path / 'bench'}"
    AdviceGiven(PortUrl.read(port)).note([POWER_CYCLE], SAID)
    assert AdviceGiven(PortUrl.read(port)).confirmed == {POWER_CYCLE}
    terminal.type("check", "--via", "modem", "--port", port)
    assert AdviceGiven(PortUrl.read(port)).told == frozenset()


def test_a_bench_that_starts_anew_each_time_is_not_remembered() -> None:
    AdviceGiven(PortUrl.read("sim://sqn3330")).note([POWER_CYCLE], SAID)
    assert AdviceGiven(PortUrl.read("sim://sqn3330")).told == frozenset()


def test_what_version_0_1_kept_is_read_as_told(port: str, monkeypatch: pytest.MonkeyPatch) -> None:
    place = state_place() / "tried.json"
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(OF_0_1 / "tried.json", place)
    monkeypatch.setattr(advice_given, "LASTS", advice_given.LASTS * 24 * 365 * 50)
    old = "sim://fipy?state=/home/user/bench2"
    assert PortUrl.read(old).key in json.loads(place.read_text())
    assert AdviceGiven(PortUrl.read(old)).told == {POWER_CYCLE, PULL_JUMPERS}
    assert AdviceGiven(PortUrl.read(old)).confirmed == frozenset()
    AdviceGiven(PortUrl.read(port)).note([OTHER_CABLE], SAID)
    assert AdviceGiven(PortUrl.read(old)).told == {POWER_CYCLE, PULL_JUMPERS}


@pytest.mark.parametrize("content", ["[" * 100_000, '{"x": 5}', '{"x": {"y": {"at": 1e999}}}', "\0", "[]"])
def test_a_damaged_memory_is_none(port: str, content: str) -> None:
    place = state_place() / "tried.json"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(content)
    assert AdviceGiven(PortUrl.read(port)).told == frozenset()
    AdviceGiven(PortUrl.read(port)).note([POWER_CYCLE], SAID)
    assert AdviceGiven(PortUrl.read(port)).confirmed == {POWER_CYCLE}


def test_a_pipe_in_the_place_of_the_memory_is_not_waited_for(port: str) -> None:
    place = state_place() / "tried.json"
    place.parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(place)
    assert AdviceGiven(PortUrl.read(port)).told == frozenset()


def test_words_of_done_are_those_of_the_printed_commands() -> None:
    assert len(set(DONE.values())) == len(DONE)
