"""Which plan of a fleet has a question that only somebody at the board can answer."""

from __future__ import annotations

from typing import Any

import pytest

from doctor.cli.fleet.judged import question
from doctor.fleet.boards import Board
from doctor.fleet.outcome import Outcome

BOARD = Board("COM7", "USB 1-1")
NOT_PROVED = {"id": "expansion-rts-cts-jumpers"}


def planned(
    status: str, *, agreed: tuple[str, ...] = (), nothing: str | None = None, error: dict[str, Any] | None = None
) -> Outcome:
    found = {"check": "jumpers-removed", "status": status, "summary": "this port has no RTS line"}
    plan = None if error else {"nothing_to_do": nothing, "agreed": list(agreed)}
    return Outcome(BOARD, int(bool(error)), {"error": error, "findings": [found], "plan": plan})


@pytest.mark.parametrize(
    ("outcome", "asks"),
    [
        (planned("warn"), True),
        (planned("pass"), False),
        (planned("warn", agreed=("jumpers-removed",)), False),
        (planned("warn", nothing="it runs already"), False),
        (planned("warn", error=NOT_PROVED), True),  # the card's way, closed by nothing else
        (planned("fail", error=NOT_PROVED), False),  # they are on: nothing to look for
        (planned("warn", error={"id": "modem-silent"}), False),
    ],
)
def test_only_what_nothing_else_closes_is_asked(outcome: Outcome, asks: bool) -> None:
    asked = question(outcome)
    assert bool(asked) is asks
    assert not asks or asked.startswith("COM7 (USB 1-1): this port has no RTS line\nHave you looked")
