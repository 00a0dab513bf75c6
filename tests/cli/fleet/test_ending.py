"""What many boards end with: what the hands are to do comes before the one next command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest

from doctor.cli.fleet.ending import tell_end
from doctor.cli.fleet.words import BoardCommand
from doctor.cli.main import cli
from doctor.cli.screen import screen_of
from doctor.fleet.boards import Board
from doctor.fleet.outcome import Outcome

ROOM = "make room there; then run the same command again"
LOOK = "look at the board"
THEN = "(then the commands of the other boards, which stand above)"
BOTH = "flash --port /dev/ttyACM1 x.dup --port /dev/ttyACM2"


def ended(number: int, *do: str, run: tuple[str, ...] | None = None) -> Outcome:
    error = {"id": "no-journal", "what": "the journal cannot be written", "on": "", "cause": ""}
    document: dict[str, Any] = {"error": error, "next": {"do": list(do), "run": run and list(run), "notes": []}}
    return Outcome(Board(f"/dev/ttyACM{number}"), 1, document)


@pytest.mark.parametrize(
    ("outcomes", "ends"),
    [
        ([ended(1, ROOM)], ["Do this now:", f"1. {ROOM}", "Then run:", "flash x.dup --port /dev/ttyACM1"]),
        ([ended(1, ROOM), ended(2, LOOK)], ["Next:", BOTH, "(before that, what each of them needs: it stands above)"]),
        ([ended(1), ended(2)], ["Next:", BOTH]),
        ([ended(1, run=("fipy-doctor", "status"))], ["Next:", "status"]),
    ],
)
def test_what_each_of_them_needs_is_done_before_they_are_tried_again(
    outcomes: list[Outcome], ends: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    flash = cli.get_command(click.Context(cli), "flash")
    assert flash is not None
    with flash.make_context("flash", ["x.dup"], parent=click.Context(cli), resilient_parsing=True) as context:
        given = {**context.params, "files": (Path("x.dup"),)}
        tell_end(outcomes, BoardCommand("flash", given), screen_of(given))
    last = [line.strip().removeprefix("fipy-doctor ") for line in capsys.readouterr().out.splitlines() if line]
    assert last[-len(ends) :] == ends


def own(verb: str, number: int, *more: str) -> tuple[str, ...]:
    return ("fipy-doctor", verb, "--port", f"/dev/ttyACM{number}", *more)


@pytest.mark.parametrize(
    ("runs", "ends"),
    [
        ([own("status", 1, "--via", "modem")] * 2, ["status --port /dev/ttyACM1 --port /dev/ttyACM1 --via modem"]),
        ([own("status", 1), own("status", 2)], ["status --port /dev/ttyACM1 --port /dev/ttyACM2"]),
        (
            [own("status", 1, "--done", "power-off"), own("status", 2, "--done", "power-off")],
            [
                "status --done power-off --port /dev/ttyACM1",
                "(then the commands of the other boards, which stand above)",
            ],
        ),
        (
            [own("status", 1), own("status", 2, "--via", "modem")],
            ["status --port /dev/ttyACM2 --via modem", THEN],
        ),
    ],
)
def test_the_next_command_says_no_less_than_the_line_of_a_board(
    runs: list[tuple[str, ...]], ends: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    outcomes = [ended(number, run=run) for number, run in enumerate(runs, 1)]
    status = cli.get_command(click.Context(cli), "status")
    assert status is not None
    with status.make_context("status", [], parent=click.Context(cli), resilient_parsing=True) as context:
        tell_end(outcomes, BoardCommand("status", dict(context.params)), screen_of(context.params))
    last = [line.strip().removeprefix("fipy-doctor ") for line in capsys.readouterr().out.splitlines() if line]
    assert last[-len(ends) - 1 :] == ["Next:", *ends]
