"""The lines of boards at work, on terminals of every width."""

from __future__ import annotations

import io

import pytest

from doctor.cli.fleet.view import FleetView
from doctor.cli.screen import Screen
from doctor.clock import SystemClock
from doctor.fleet.boards import Board
from doctor.fleet.outcome import Outcome
from doctor.fleet.standing import Standing
from doctor.report.prose import BenchConsole

BOARD = Board("/dev/ttyACM17", "USB 1-1.4.2:1.0, serial Pye1e2e3")
SENDS = {"event": "progress", "phase": "transfer", "done_bytes": 38_304, "total_bytes": 1_000_000, "may_unplug": False}


def shown_at(columns: int) -> tuple[FleetView, io.StringIO]:
    said = io.StringIO()
    console = BenchConsole(file=said, width=columns, force_terminal=False)
    view = FleetView(
        Screen(console, console), lambda _board, _pid: None, flashes=True, clock=SystemClock(), foot=lambda: "1 proved"
    )
    return view, said


@pytest.mark.parametrize("columns", [24, 40, 60, 80, 200])
def test_how_far_a_board_is_stands_in_its_line_at_every_width(columns: int) -> None:
    view, said = shown_at(columns)
    standing = Standing(BOARD)
    view.began(standing, 1)
    standing.hear(SENDS)
    BenchConsole(file=said, width=columns).print(view.now())
    row, foot = said.getvalue().splitlines()
    assert " 4%" in row and row.startswith("  /dev/tty") and len(row) <= columns and foot == "  1 proved"


def test_how_a_board_ended_is_not_squeezed_into_a_column_beside_its_long_name() -> None:
    view, said = shown_at(60)
    view.ended(Standing(BOARD), Outcome(BOARD, 1, {"died": "its process was killed in the middle of everything"}))
    assert len(said.getvalue().splitlines()) == 2
