"""How a fleet ended: the exit code of all from those of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from doctor.errors import Exit
from doctor.fleet.boards import Board

_GRAVEST_FIRST = (Exit.UNPROVED, Exit.STOPPED, Exit.FAILED, Exit.USAGE)


@dataclass(frozen=True)
class Outcome:
    """How one board ended.

    code      the exit code of its process
    document  what it wrote at its end
    sent      whether something was sent to its modem
    """

    board: Board
    code: int
    document: dict[str, Any]
    sent: bool = False

    @property
    def holds(self) -> bool:
        """Whether nothing is left to do with it."""
        return self.code == Exit.OK


def worst(outcomes: Sequence[Outcome]) -> Exit:
    """3 if any was begun and not proved; 130 if it was stopped and nothing was sent anywhere; then 1, 2 and 0."""
    codes = {outcome.code for outcome in outcomes}
    sent = any(outcome.sent for outcome in outcomes)
    for code in _GRAVEST_FIRST:
        if code in codes:
            return Exit.FAILED if code is Exit.STOPPED and sent else code
    return Exit.OK if codes <= {Exit.OK} else Exit.FAILED
