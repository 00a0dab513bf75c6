"""The JSON documents of the command line (design.md 5): one document, also on errors."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from doctor.report.commands import named_everywhere

if TYPE_CHECKING:
    from doctor.check import Finding
    from doctor.engine import Report
    from doctor.errors import DoctorError, Exit
    from doctor.jobs.flash import FlashPlan, FlashResult
    from doctor.jobs.onward import Onward
    from doctor.modem.facts import ModemFacts


def document(command: str, exit_code: Exit, error: DoctorError | None = None, **members: Any) -> str:
    """One whole document as text, with the members that every command shares in front."""
    head = {
        "schema": f"fipy-doctor/{command}/1",
        "exit": int(exit_code),
        "error": error.as_json() if error is not None else None,
    }
    return json.dumps(named_everywhere({**head, **members}), indent=2, ensure_ascii=True)


def finding(found: Finding) -> dict[str, Any]:
    """One finding as the schema has it."""
    return {
        "check": found.check,
        "status": found.status.value,
        "skip_reason": found.skip_reason.value if found.skip_reason else None,
        "summary": found.summary,
        "evidence": dict(found.evidence),
        "next": found.next or None,
        "catalogue": found.catalogue,
        "cause": found.cause,
        "remedies": [{"id": remedy.id, "grade": remedy.grade.value} for remedy in found.remedies],
        "caused_by": found.caused_by,
        "link": found.link,
    }


def report_members(report: Report) -> dict[str, Any]:
    """Findings and warnings of a run of checks, and the gating checks that the user left out of it."""
    return {
        "findings": [finding(found) for found in report.findings],
        "warnings": list(report.warnings),
        "interrupted": report.interrupted,
        "left_out": list(report.left_out),
    }


def modem(facts: ModemFacts) -> dict[str, Any]:
    """What is known of a modem."""
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
        },
        "before": modem(planned.before),
        "was": planned.was,
        "files": [
            {"role": f.role, "path": str(f.path), "size_bytes": f.size_bytes, "sha256": f.sha256} for f in planned.files
        ],
        "via": planned.via,
        "upload": planned.upload,
        "method": planned.core.method,
        "boot_loaders": planned.core.loaders,
        "nothing_to_do": planned.core.nothing or None,
        "steps": [
            {
                "step": s.id,
                "text": s.text,
                "limit_s": s.limit_ms / 1000,
                "may_unplug": s.may_unplug,
                "why": words(s).why,
                "risk": words(s).risk,
                "way_back": words(s).back,
            }
            for s in planned.core.steps
        ],
        "warnings": [{"id": w.id, "what": w.what, "why": w.why, "next": w.next} for w in planned.core.warnings],
    }


def onward(step: Onward) -> dict[str, Any]:
    """The next step after a flash that did not come to its end."""
    words = step.command.words() if step.command is not None else ()
    return {"hands": list(step.hands), "command": list(words), "remark": step.remark}


def flash_members(result: FlashResult) -> dict[str, Any]:
    """Everything that a flash leaves behind: findings, plan, proof."""
    proof = result.proof
    return {
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
        "advice": result.advice,
        "mode": result.mode or None,
        "log": result.log or None,
        "onward": onward(result.onward) if result.onward is not None else None,
    }
