"""What many boards told, by the documents of their processes: a line for each, one document, one report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from doctor.errors import DoctorError, Exit, Stopped, joint
from doctor.fleet.boards import Board
from doctor.fleet.outcome import Outcome, worst
from doctor.report import as_json, ended
from doctor.report.next_step import NextStep
from doctor.text.command import Command
from doctor.text.durations import about, clock
from doctor.text.escape import counted

NAME = "fleet"
LEAVE_POWERED = "leave the board powered: how far its modem is has to be asked first"
_DIED = "its process ended without a word"
_NOT_BY_ITSELF = "it was killed, or it failed"


def told(document: dict[str, Any]) -> str:
    """How one board stands, in one sentence, by its document; its port is named by whoever shows it."""
    return _told(document).removeprefix(f"{document.get('port')}: ")


def _told(document: dict[str, Any]) -> str:
    proof, plan = document.get("proof"), document.get("plan")
    if "died" in document:
        return document["died"].rpartition("\n")[2] or _DIED
    if err := document["error"]:
        far = ended.failed_in(document.get("far") or "")
        return f"{far}{err['on']}{joint(err['on'], err['what'])}{err['what']}"
    if proof:
        took = f", in {clock(document['took_s'])}" if document["took_s"] is not None else ""
        mark = "flashed and proved" if proof["holds"] else "flashed, but not proved"
        return f"{mark}: {proof['after']['release'] or '?'} (build {proof['after']['build'] or 'unknown'}){took}"
    if plan:
        return plan["nothing_to_do"] or _planned(plan)
    if "where" in document:
        return ". ".join(filter(None, (document["where"], document["history"])))
    failed = [found for found in document.get("findings") or () if ended.failed(found)]
    if failed:
        causes = [found for found in failed if not found["caused_by"]] or failed[:1]
        summary = causes[0]["summary"].removeprefix(f"{document.get('port')}: ")
        more = f" (and {len(causes) - 1} more)" if len(causes) > 1 else ""
        return f"{causes[0]['check']}: {summary}{more}"
    return ended.untold(document) or _well(document)


def _planned(plan: dict[str, Any]) -> str:
    before, image = plan["before"], plan["image"]
    runs = before["release"] or (f"build {before['build']}" if before["build"] else f"no firmware ({before['mode']})")
    goes = f"{runs} → build {image['build'] or 'unknown'}, way {plan['via']}, {about(plan['usual_s'])}"
    return goes + (f", IMEI {before['imei']}" if before["imei"] else "")


def _well(document: dict[str, Any]) -> str:
    modem = document.get("modem") or {}
    warned = sum(found["status"] == "warn" for found in document.get("findings") or ())
    runs = f"; runs {modem['release']}" if modem.get("release") else ""
    number = f", IMEI {modem['imei']}" if modem.get("imei") else ""
    return "".join(("nothing failed", f", {counted(warned, 'warning')}" * bool(warned), runs, number))


def refused(
    board: Board,
    verb: str,
    err: DoctorError,
    *,
    exit_code: Exit = Exit.FAILED,
    step: NextStep | None = None,
    **members: Any,
) -> Outcome:
    """How a board ends whose document this process writes itself; ``step``: what is to be done with it."""
    written = as_json.plain(as_json.document(verb, exit_code, err, step, **members), Command(verb, port=board.port))
    return Outcome(board, exit_code, written)


def whole(verb: str, outcome: Outcome) -> Outcome:
    """The same, with the document that its process did not come to write."""
    if "died" not in outcome.document:
        return outcome
    port = outcome.board.port
    err: DoctorError
    if outcome.code == Exit.STOPPED:
        err = Stopped(told(outcome.document))
    else:
        cause = "" if outcome.sent else _NOT_BY_ITSELF
        err = DoctorError("internal", told(outcome.document), on=port, cause=cause)
    step = NextStep((LEAVE_POWERED,), Command("status", port=port)) if outcome.sent else None
    written = refused(outcome.board, verb, err, exit_code=Exit(outcome.code), step=step)
    return replace(outcome, document=written.document)


def document(
    verb: str, outcomes: Sequence[Outcome], err: DoctorError | None = None, step: NextStep | None = None
) -> dict[str, Any]:
    """The document of all: that of each board is a member of ``boards``, as its process wrote it or ``whole`` did."""
    code = worst(outcomes) if err is None else err.exit_code
    boards = [_board(outcome) for outcome in outcomes]
    return as_json.document(NAME, code, err, step, of=verb, boards=boards)


def _board(outcome: Outcome) -> dict[str, Any]:
    return {
        **outcome.document,
        "port": outcome.board.port,
        "exit": outcome.code,
        "exit_code": outcome.code,
        "name": outcome.board.name,
    }
