"""What ``flash --watch`` refuses before it begins, and what it shows for its one yes."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from doctor.cli.fleet.terms import Terms
from tests.cli.terminal import Terminal
from tests.plugged import ARDUINO, EXPANSION, listed, plug_in


@pytest.fixture
def no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(*_words: str) -> list[str]:
        raise AssertionError("a process was started")

    monkeypatch.setattr("doctor.own_process.command", start)


@pytest.mark.usefixtures("no_process")
@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--yes",), "--watch --yes needs the number of boards"),
        (("--port", "sim://fipy"), "--watch does not go with --port"),
        (("--port", "sim://fipy", "--port", "sim://gpy"), "--watch does not go with --port"),
        (("--all",), "--watch does not go with --all"),
        (("--labgrid", "bd-*"), "--watch does not go with --labgrid"),
        (("--via", "card"), "--watch does not go with --via card"),
        (("--via", "modem"), "--watch does not go with --via modem"),
        (("--bootrom", "board"), "--watch does not go with --bootrom board"),
        (("--sd", "."), "--sd does not go with several boards"),
        (("--trace", "t"), "--trace does not go"),
        (("--was", "38638"), "--was does not go"),
        (("--plan", "abc"), "--plan does not go"),
        (("--override", "nix"), "there is no check 'nix'"),
        (("--boards", "0"), "--boards"),
    ],
)
def test_what_belongs_to_one_board_or_names_boards_is_wrong_usage(
    terminal: Terminal, image: Path, words: tuple[str, ...], says: str
) -> None:
    said = terminal.type("flash", str(image), "--watch", *words)
    assert (said.code, says in said.err, said.out) == (2, True, ""), said.err


@pytest.mark.usefixtures("no_process")
def test_it_needs_a_file_of_this_computer_and_goes_with_flash_only(terminal: Terminal, image: Path) -> None:
    for files in ((), ("card:x.dup",)):
        assert "needs the file" in terminal.type("flash", *files, "--watch", "--boards", "1", "--yes").err
    assert "--again goes with --watch only" in terminal.type("flash", str(image), "--again").err
    assert terminal.type("check", "--watch").code == terminal.type("plan", "--watch").code == 2


@pytest.mark.usefixtures("no_process")
def test_its_terms_are_shown_and_nothing_is_begun_without_a_yes(
    terminal: Terminal, image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plug_in(monkeypatch, EXPANSION, ARDUINO)
    shown = terminal.type("flash", str(image), "--watch", "--dry-run", "--accept", "same-build", "--boards", "4")
    assert shown.code == 0
    for said in (
        image.name,
        "100,000 bytes",
        "SHA-256",
        "build 41019",
        "agreed to same-build",
        EXPANSION[0],
        "4 boards",
    ):
        assert said in shown.out, said
    assert ARDUINO[0] not in shown.out
    monkeypatch.setenv("FIPY_DOCTOR_PORT", "sim://fipy")  # not typed: its boards are those that are plugged in
    assert "sim://fipy" not in terminal.type("flash", str(image), "--watch", "--dry-run").out
    monkeypatch.delenv("FIPY_DOCTOR_PORT")
    refused = terminal.type("flash", str(image), "--watch")
    assert refused.code == 1 and "no terminal to ask" in refused.err and refused.out.count("SHA-256") == 1
    in_json = terminal.type("flash", str(image), "--watch", "--dry-run", "--json")
    assert in_json.document["boards"] == [] and "SHA-256" in in_json.err


@pytest.mark.usefixtures("no_process")
def test_a_damaged_file_is_refused_before_the_question(terminal: Terminal, image: Path) -> None:
    image.write_bytes(image.read_bytes()[:5000])
    said = terminal.type("flash", str(image), "--watch", "--boards", "1", "--yes")
    assert said.code == 1 and "no board is flashed" in said.err and "cut short" in said.err and not said.out


def test_a_yes_is_to_these_bytes_in_these_roles() -> None:
    agreed_to = Terms("", frozenset({("firmware", "ab"), ("updater-elf", "cd")}), None, again=False)

    def plan(*files: tuple[str, str]) -> dict[str, object]:
        return {"files": [{"role": role, "sha256": sha256, "path": "/x/X.dup"} for role, sha256 in files]}

    assert agreed_to.refusal(plan(("firmware", "ab"))) is None
    for other in (("firmware", "cd"), ("firmware", "ef"), ("bootrom", "ab")):
        refused = agreed_to.refusal(plan(("updater-elf", "cd"), other))
        assert refused is not None and refused.on == "X.dup" and refused.id == "plan-differs"


def test_what_comes_is_examined_and_ends_it_though_it_is_refused(
    terminal: Terminal, image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = listed("sim://foreign?device=gps", *EXPANSION[1:])
    says = itertools.chain(("n/a", "n/a"), itertools.repeat(ARDUINO[-1]))  # what the system calls it is read late
    monkeypatch.setattr("serial.tools.list_ports.comports", lambda: [there, listed(*ARDUINO[:-1], next(says))])
    said = terminal.type("flash", str(image), "--watch", "--yes", "--boards", "1")
    assert said.code == 1 and "0 of 1 board: flashed" in said.out
    assert said.err.count(f"left alone: {ARDUINO[0]}") == 1 and "1 refused (of 1); these were all" in said.err
    assert said.next and "--watch" not in said.next
