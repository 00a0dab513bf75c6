"""The JSON documents of the command line (design.md 5): one document, also on errors."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from doctor import __version__
from doctor.clock import utc_now
from doctor.text import marks
from doctor.text.command import PROGRAM, Command
from doctor.text.marks import NO_BENCH

if TYPE_CHECKING:
    from doctor.bench import Bench
    from doctor.board.board import BoardFacts
    from doctor.check import Finding, Remedy
    from doctor.engine import Report
    from doctor.errors import DoctorError, Exit
    from doctor.jobs.flash import FlashPlan, FlashResult
    from doctor.jobs.onward import NextFlash
    from doctor.modem.facts import ModemFacts
    from doctor.remedies import Cure, Cures
    from doctor.report.next_step import NextStep


class Said(str):
    """A text for people; ``text`` takes its marks out. All others are data and stay as they are, backticks and all."""


def document(
    command: str, exit_code: Exit, err: DoctorError | None = None, step: NextStep | None = None, **members: Any
) -> dict[str, Any]:
    """One whole document, with the members that every command shares in front.

    step  what the user is to do next; None if only ``err`` says something of it
    """
    return {
        "schema": f"fipy-doctor/{command}/1",
        "tool": {"name": PROGRAM, "version": __version__},
        "at": utc_now().isoformat(timespec="seconds"),
        "platform": {"system": f"{platform.system()} {platform.release()}", "python": platform.python_version()},
        "exit": int(exit_code),
        "error": error(err),
        "next": _next(step, err),
        **({"log": err.log} if err is not None and err.log else {}),
        **members,
    }


def text(document: dict[str, Any], bench: Command = NO_BENCH, *, in_one_line: bool = False) -> str:
    """``document`` as it is written."""
    return json.dumps(plain(document, bench), indent=None if in_one_line else 2, ensure_ascii=True)


def plain(document: dict[str, Any], bench: Command = NO_BENCH) -> dict[str, Any]:
    """``document`` as JSON has it; commands in it name ``bench``, and so does its member ``port``."""
    return {**_plain(document, bench), "port": bench.port}


def _next(step: NextStep | None, err: DoctorError | None) -> dict[str, Any] | None:
    """What the hands do, then the one command to run, then what else helps; None if nothing is left to do."""
    if step is not None:
        return {"do": said(step.hands), "run": None if step.done else step.command, "notes": said(step.notes)}
    if err is None or not err.next:
        return None
    command = next(marks.commands(err.next), None) if err.next.startswith("`") else None  # others only help on the way
    return {"do": [Said(err.next)], "run": command, "notes": []}


def _plain(value: Any, bench: Command) -> Any:
    if isinstance(value, Said):
        return marks.plain(value, bench)
    if isinstance(value, Command):
        return list(value.on(bench).words())
    if isinstance(value, dict):
        return {key: _plain(item, bench) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, bench) for item in value]
    return value


def said(texts: Iterable[str]) -> list[Said]:
    """Texts for people."""
    return [Said(text) for text in texts]


def error(err: DoctorError | None) -> dict[str, str] | None:
    """The member ``error`` of every document."""
    if err is None:
        return None
    return {"id": err.id, "what": Said(err.what), "on": err.on, "cause": Said(err.cause), "next": Said(err.next)}


def finding(found: Finding, known: Cures) -> dict[str, Any]:
    """One finding as the schema has it; ``known`` has the words of its remedies."""
    return {
        "check": found.check,
        "status": found.status.value,
        "skip_reason": found.skip_reason.value if found.skip_reason else None,
        "summary": Said(found.summary),
        "evidence": dict(found.evidence),
        "next": Said(found.next) if found.next else None,
        "catalogue": found.catalogue,
        "cause": found.cause and Said(found.cause),
        "remedies": [_remedy(remedy, known.get(remedy), found) for remedy in found.remedies],
        "caused_by": found.caused_by,
        "link": found.link,
        "duration_ms": found.duration_ms,
    }


def _remedy(remedy: Remedy, cure: Cure, found: Finding) -> dict[str, Any]:
    from doctor.remedies import DoableCure

    return {
        "id": remedy.id,
        "grade": remedy.grade.value,
        "title": Said(cure.aim(found)),
        "steps": said(cure.steps(found)),
        "command": cure.command if isinstance(cure, DoableCure) else None,
    }


def report_members(report: Report) -> dict[str, Any]:
    """Findings and warnings of a run of checks, and the checks that the user left out of it."""
    from doctor.remedies import cures

    known = cures()
    return {
        "findings": [finding(found, known) for found in report.findings],
        "warnings": said(report.warnings),
        "interrupted": report.interrupted,
        "left_out": list(report.left_out),
        "ignored": list(report.ignored),
        "duration_ms": report.duration_ms,
    }


def identity(bench: Bench) -> dict[str, Any]:
    """Which board and modem the run met, as it saw them last, and its log; asks nothing."""
    met = board(bench.last_board, bench.last_board_id)
    return {"board": met, "modem": modem(bench.last_modem), "log": bench.log or None}


def board(facts: BoardFacts | None, unique_id: str = "") -> dict[str, Any] | None:
    """What is known of a board; None if nothing is."""
    if facts is None:
        return None
    told = {"name": facts.sysname, "release": facts.release, "version": facts.version, "machine": facts.machine}
    return {**told, "unique_id": unique_id or None}


def modem(facts: ModemFacts | None) -> dict[str, Any] | None:
    """What is known of a modem; None if nothing is."""
    if facts is None:
        return None
    return {
        "mode": facts.mode,
        "family": facts.family,
        "release": facts.release,
        "ue": facts.ue,
        "build": facts.build,
        "radio": facts.radio,
        "boot_loaders": facts.loaders.text or None,
        "imei": facts.imei,
    }


def plan(planned: FlashPlan) -> dict[str, Any]:
    """What a flash is going to do."""
    from doctor.modem.step_words import words

    image = planned.image
    return {
        "image": {
            "path": str(image.path),
            "kind": image.kind,
            "size_bytes": image.size_bytes,
            "sha256": image.sha256,
            "build": image.promised_build,
            "radio": image.radio,
        },
        "before": modem(planned.before),
        "was": planned.was,
        "files": [
            {"role": f.role, "path": str(f.path), "size_bytes": f.size_bytes, "sha256": f.sha256} for f in planned.files
        ],
        "via": planned.via,
        "upload": planned.upload,
        "method": planned.core.method,
        "usual_s": round(planned.all_usual_s, 1),
        "limit_s": planned.all_limit_s,
        "boot_loaders": planned.core.loaders,
        "nothing_to_do": planned.core.nothing or None,
        "agreed": list(planned.agreed),
        "fingerprint": planned.fingerprint or None,
        "steps": [
            {
                "step": s.id,
                "name": words(s).name,
                "text": Said(s.text),
                "usual_s": round(planned.usual_s(s), 1),
                "limit_s": s.limit_ms / 1000,
                "may_unplug": s.may_unplug,
                "why": Said(words(s).why),
                "risk": Said(words(s).risk),
                "way_back": Said(words(s).back),
            }
            for s in planned.core.steps
        ],
        "warnings": [
            {"id": w.id, "what": Said(w.what), "why": Said(w.why), "next": Said(w.next)} for w in planned.core.warnings
        ],
    }


def onward(step: NextFlash) -> dict[str, Any]:
    """The next step after a flash that did not come to its end."""
    words = step.command.words() if step.command is not None else ()
    return {"hands": list(step.hands), "command": list(words), "remark": Said(step.remark)}


def flash_members(result: FlashResult, bench: Bench) -> dict[str, Any]:
    """Everything that a flash leaves behind: board and modem, findings, plan, proof."""
    proof = result.proof
    met = identity(bench)
    if proof is not None and bench.last_modem is not None:
        met["modem"] = modem(replace(proof.after, imei=bench.last_modem.imei))
    return {
        **met,
        **report_members(result.report),
        "plan": plan(result.plan) if result.plan is not None else None,
        "proof": None
        if proof is None
        else {
            "holds": proof.holds,
            "sent_bytes": proof.sent_bytes,
            "sent_sha256": proof.sent_sha256,
            "received_sha256": proof.received_sha256,
            "promised_build": proof.promised_build,
            "after": modem(proof.after),
        },
        "took_s": result.took_s,
        "bytes_per_s": result.bytes_per_s,
        "advice": Said(result.advice),
        "mode": result.mode or None,
        "far": result.far or None,
        "onward": onward(result.onward) if result.onward is not None else None,
    }
