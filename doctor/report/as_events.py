"""What happens in a long run, as JSON: an object for each event (doctor/events.py); the document comes at the end."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Any

from doctor.clock import utc_now
from doctor.events import CheckEnded, Event
from doctor.remedies import cures
from doctor.report import as_json

SCHEMA = "fipy-doctor/event/1"
_WORD = re.compile(r"(?<!^)(?=[A-Z])")


def event(name: str, **members: Any) -> dict[str, Any]:
    """The object for something that happens now."""
    return {"schema": SCHEMA, "event": name, "at": utc_now().isoformat(timespec="milliseconds"), **members}


def of(heard: Event) -> dict[str, Any]:
    """The object for what a job tells."""
    members = {field.name: getattr(heard, field.name) for field in fields(heard)}
    if isinstance(heard, CheckEnded):
        members["finding"] = as_json.finding(heard.finding, cures())
    for name in {"text", "what", "words"} & members.keys():
        members[name] = as_json.Said(members[name])
    return event(_WORD.sub("-", type(heard).__name__).lower(), **members)
