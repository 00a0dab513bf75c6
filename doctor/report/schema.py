"""The shapes of the JSON documents: files of doctor/data/schema, one for each command, and what they have in common."""

from __future__ import annotations

import json
from typing import Any

from doctor.data import names, text
from doctor.errors import UsageError
from doctor.text.nearest import did_you_mean

FOLDER = "schema"
COMMON = "common"  #: what others refer to; no document has this shape


def documents() -> list[str]:
    """Commands that write a document; ``event``; ``fleet``; ``fipy-doctor``: an error before any command was known."""
    return sorted(name.removesuffix(".json") for name in names(FOLDER) if name != f"{COMMON}.json")


def schema(name: str) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of the documents of one command, with all that it refers to.

    Raises UsageError for a name that no command has.
    """
    known = documents()
    if name not in known:
        hint = did_you_mean(name, known, f"there are: {', '.join(known)}")
        raise UsageError("usage", f"there is no schema {name!r}", next=hint)
    whole = _file(name)
    whole.setdefault("$defs", {})[COMMON] = _file(COMMON)
    return whole


def _file(name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(text(f"{FOLDER}/{name}.json"))
    return read
