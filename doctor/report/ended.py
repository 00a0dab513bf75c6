"""Why a run did not end well, as its document has it."""

from __future__ import annotations

from typing import Any

BEFORE_THE_END = "stopped by you before the end"


def untold(document: dict[str, Any]) -> str:
    """Why the run behind ``document`` did not end with 0, as far as no error and no failed finding says it; else ""."""
    findings = document.get("findings") or ()
    if document["exit"] == 0 or document["error"]:
        return ""
    if document.get("interrupted"):
        return BEFORE_THE_END
    if any(map(failed, findings)):
        return ""
    if "where" in document:
        return f"the modem: {document['where']}"
    return "warnings count as failures (--strict)" if findings else f"exit code {document['exit']}"


def what(document: dict[str, Any]) -> str:
    """What the error of ``document`` says, on what, and how far a flash had come; "" if there is none."""
    err, far = document["error"], document.get("far")
    if err is None:
        return ""
    return f"{failed_in(far)}{err['on']}: {err['what']}" if far else f"{err['on']} {err['what']}".strip()


def failed_in(far: str) -> str:
    """With what an error of a flash that had begun is headed: ``far`` as jobs/flashing/result.py says it; or ""."""
    return f"the flash failed in {far}: " if far else ""


def failed(found: dict[str, Any]) -> bool:
    """Whether a finding, as a document has it, counts as failed."""
    return found["status"] in ("fail", "error") or found["skip_reason"] == "blocked"
