"""Which boards are meant must be certain before any port is opened."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.terminal import Terminal
from tests.plugged import ARDUINO, EXPANSION, PYSENSE, plug_in

TWO = ("--port", "sim://fipy", "--port", "sim://gpy")


@pytest.fixture(autouse=True)
def no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(*_words: str) -> list[str]:
        raise AssertionError("a process was started")

    monkeypatch.setattr("doctor.own_process.command", start)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--port", "sim://fipy", "--port", "sim://fipy"), "named twice"),
        ((*TWO, "--sd", "."), "--sd does not go with several boards"),
        ((*TWO, "--trace", "t"), "--trace does not go with several boards"),
        ((*TWO, "--log-file", "t"), "--log-file does not go with several boards"),
        ((*TWO, "--was", "38638"), "--was does not go"),
        ((*TWO, "--boards", "3"), "--boards says 3, and there are 2"),
        (("--port", "sim://fipy", "--boards", "3"), "--boards says 3, and one port"),
        ((*TWO, "--port", "sim://nix"), "sim://nix"),
        (("--all",), "no board is plugged in"),
        ((*TWO, "--port", ""), "one of them is empty"),
        ((*TWO, "--port", " \r"), "one of them is empty"),
        (("--port", "/dev/null", "--port", "../../../../../../../../dev/null\r"), "named twice"),
    ],
)
def test_what_is_not_certain_is_wrong_usage(
    terminal: Terminal, words: tuple[str, ...], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said = terminal.type("check", *words)
    assert (said.code, says in said.err) == (2, True), said.err
    assert not list(tmp_path.iterdir())


def test_all_of_them_with_yes_needs_their_number_if_nobody_looks(
    terminal: Terminal, image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plug_in(monkeypatch, PYSENSE, EXPANSION, ARDUINO)
    said = terminal.type("flash", str(image), "--all", "--yes")
    assert said.code == 2 and "--boards 2" in said.err
    assert PYSENSE[0] in said.err and EXPANSION[0] in said.err and f"left alone: {ARDUINO[0]}" in said.err
    assert terminal.type("flash", str(image), "--all", "--yes", "--boards", "3").code == 2


def test_one_port_in_front_and_one_behind_are_two(terminal: Terminal) -> None:
    said = terminal.type("--port", "sim://fipy", "check", "--port", "sim://fipy")
    assert said.code == 2 and "named twice" in said.err


def test_what_the_environment_says_once_is_refused_too(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIPY_DOCTOR_TRACE", "t")
    assert "--trace does not go" in terminal.type("check", *TWO).err
