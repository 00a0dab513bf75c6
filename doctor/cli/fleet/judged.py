"""What becomes of the plan of a board in a fleet: flashed, or refused by this process, with the reason."""

from __future__ import annotations

from collections.abc import Sequence

from doctor.cli.fleet.words import BoardCommand
from doctor.errors import DoctorError, Stopped
from doctor.fleet.boards import Board, one_modem
from doctor.fleet.outcome import Outcome
from doctor.jobs.flash import HAVE_YOU_LOOKED
from doctor.jobs.flashing.card.start import FITTED
from doctor.jobs.memory.jumper_proof import CHECK as JUMPERS
from doctor.report.fleet import documents as reports
from doctor.report.next_step import NextStep

_LOOK = "look at the board: go on if both jumpers are off, or if it has none"


def is_ready(outcome: Outcome) -> bool:
    """Whether it has a plan that something is to be done for."""
    plan = outcome.document.get("plan") or {"nothing_to_do": "no plan"}
    return outcome.holds and not plan["nothing_to_do"]


def question(outcome: Outcome) -> str:
    """What its flash would ask somebody: whether its jumpers are off, if they could not be examined; else ""."""
    unsure = _unsure(outcome)
    return f"{outcome.board.words}: {unsure}\n{HAVE_YOU_LOOKED}" if unsure else ""


def agreed(outcome: Outcome, command: BoardCommand) -> Outcome:
    """The same, but a board is refused for which its flash would ask about a risk: it has nobody to ask."""
    unsure = _unsure(outcome)
    if not unsure:
        return outcome
    err = DoctorError(JUMPERS, "not flashed: the jumpers could not be checked", cause=unsure, next=_LOOK)
    step = NextStep((_LOOK,), command.again([outcome.board], accept=JUMPERS))
    return reports.refused(outcome.board, "flash", err, step=step)


def _unsure(outcome: Outcome) -> str:
    """Why nobody knows whether its jumpers are off, if nothing else keeps it from being flashed; else ""."""
    document = outcome.document
    found = next((f for f in document.get("findings") or () if f["check"] == JUMPERS), None)
    if found is None or found["status"] != "warn" or JUMPERS in (document.get("plan") or {}).get("agreed", ()):
        return ""
    waits = is_ready(outcome) or (document.get("error") or {}).get("id") == FITTED
    return str(found["summary"]) if waits else ""


def apart(planned: Sequence[Outcome]) -> list[Outcome]:
    """The same, but that two ports which lead to one modem are both refused."""
    modems = {o.board: (o.document.get("modem") or {}).get("imei") for o in planned if is_ready(o)}
    twins = one_modem({board: imei for board, imei in modems.items() if imei})
    return [_twin(outcome, twins[outcome.board]) if outcome.board in twins else outcome for outcome in planned]


def _twin(outcome: Outcome, other: Board) -> Outcome:
    err = DoctorError(
        "usage",
        f"the same modem answers here and at {other.port}; nothing was sent to it",
        on=outcome.board.port,
        cause="two names of one port, or one modem that is reached in two ways",
        next="name it once",
    )
    return reports.refused(outcome.board, "flash", err)


def never_begun(outcome: Outcome) -> Outcome:
    """The same, but that the user stopped everything before its flash began."""
    return reports.refused(
        outcome.board, "flash", Stopped("stopped by you before its turn"), exit_code=Stopped.exit_code
    )
