"""What is read fits on one screen, with what matters at its end: budgets of lines at 80 columns, over all scenarios."""

from __future__ import annotations

import hashlib
import math
import re
from pathlib import Path

import pytest

from doctor.cli import screen
from doctor.sim.scenarios import SCENARIOS
from tests.firmware import made

from .terminal import Terminal
from .test_ctrl_c import Keyboard

COLUMNS = 80
HEALTHY, WITH_ONE_FAILURE, DEAD_PORT = 12, 16, 4  #: lines at most


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen, "NO_TERMINAL_COLUMNS", COLUMNS)


def height(text: str) -> int:
    """Lines that ``text`` takes on a terminal, which breaks what is too long for it."""
    return sum(max(1, math.ceil(len(line) / COLUMNS)) for line in text.rstrip("\n").split("\n"))


@pytest.mark.sampled(12, "long")
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_check_fits_and_ends_with_what_is_wrong(terminal: Terminal, scenario: str) -> None:
    out = terminal.type("check", "--port", f"sim://fipy?scenario={scenario}").out
    expected = SCENARIOS[scenario].check
    assert height(out) <= (HEALTHY if expected is None else WITH_ONE_FAILURE), out
    assert "no card was given" not in out and "✓" not in out
    assert re.search(r"^[\w ,]*\d+ checks passed; -v lists them\.$", out, re.MULTILINE)
    if expected is not None:
        problems = re.findall(r"^[✗!] ([a-z-]+)  ", out, re.MULTILINE)
        assert problems[-1] == expected
        behind = out.partition(f" {expected}  ")[2]
        assert re.search(r"\n    more: .*\n\n(?:Next|Do this now):\n", behind)


def test_a_check_that_is_asked_for_by_name_says_what_it_found(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screen, "NO_TERMINAL_COLUMNS", 40)
    file = tmp_path / "CATM1-77777.dup"
    file.write_bytes(made.full_image(b"5.1.1.0 [77777]"))
    out = terminal.type("check", "--firmware", str(file), "--select", "firmware-is-whole").out
    assert "✓ firmware-is-whole  " in out
    assert "\n1 check passed.\n" in out
    assert hashlib.sha256(file.read_bytes()).hexdigest() in out, "whole, so that it can be copied"


def test_all_that_was_seen_is_there_with_v(terminal: Terminal) -> None:
    out = terminal.type("check", "-v", "--port", "sim://fipy?scenario=lte-hangs").out
    for line in ("✓ port-opens  ", "· card-is-fat  ", "! jumpers-removed  ", "    follows from: modem-answers"):
        assert f"\n{line}" in f"\n{out}", line


@pytest.mark.parametrize("command", ["check", "fix", "flash", "plan", "status"])
@pytest.mark.parametrize("port", ["COM25", "/dev/ttyACM7"])
def test_a_dead_port_is_four_lines(terminal: Terminal, command: str, port: str, image: Path) -> None:
    words = (command, str(image)) if command in ("flash", "plan") else (command,)
    said = terminal.type(*words, "--port", port)
    told = said.out + said.err
    assert said.code in (1, 2)
    assert height(told) == DEAD_PORT, told
    assert [line[:9] for line in told.splitlines()[1:]] == ["  cause: ", "  next:  ", "  more:  "]


def test_the_whole_plan_is_one_key_away(terminal: Terminal, monkeypatch: pytest.MonkeyPatch, image: Path) -> None:
    port = ("--port", "sim://sqn3330", "--via", "modem")
    monkeypatch.setattr("sys.stdin", Keyboard("what\n?\nn\n"))
    said = terminal.type("flash", str(image), *port)
    assert said.code == 1 and "not confirmed; nothing was sent to the modem" in said.out
    assert said.err.count("Flash now? [y/N/?]") == 3
    short, _, whole = said.out.partition("Type y for yes, n for no, ? for the whole plan.")
    assert "Plan, in short" in short and "what could go wrong" not in short
    planned = terminal.type("plan", str(image), *port).out
    assert whole.partition("\nnot confirmed")[0].strip() == planned.partition("\nNext:")[0].strip()


def test_a_question_says_what_may_be_typed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdin", Keyboard("?\n\n?\ny\n"))
    asking = screen.make_screen(as_json=False, quiet=False, verbose=False)
    assert (asking.ask("Is it so?"), asking.ask("Is it so?", default=True)) == (False, True)
    said = capsys.readouterr()
    assert said.err == "Is it so? [y/N]: " * 2 + "Is it so? [Y/n]: " * 2
    assert [line[:21] for line in said.out.splitlines()] == ["Enter means no. Type ", "Enter means yes. Type"]


def test_a_cure_that_yes_agrees_to_is_printed_however_quiet(terminal: Terminal) -> None:
    said = terminal.type("fix", "--upload-scripts", "--yes", "-q", "--port", "sim://fipy?scenario=html-scripts")
    assert said.code == 0 and "1. remove /flash/sqnsupgrade.py, 409 bytes" in said.err


def test_what_a_format_needs_is_said_without_contradiction(terminal: Terminal) -> None:
    said = terminal.type("fix", "--reformat-sd", "--port", "sim://fipy")
    assert said.code == 1 and "--confirm /sd besides --yes" in said.err and "add --yes" in said.err


@pytest.mark.parametrize("more", [("--yes",), ("--yes", "-q"), ("--yes", "-v")])
def test_what_yes_confirms_is_printed(terminal: Terminal, image: Path, more: tuple[str, ...]) -> None:
    said = terminal.type("flash", str(image), "--port", "sim://sqn3330", "--via", "modem", *more)
    assert said.code == 0
    assert ("Plan, in short\n" in said.out) is ("-v" not in more)
    assert ("what could go wrong" in said.out) is ("-v" in more)
