"""What the long runs counted: one file a run, from which ``make reliability`` writes docs/reliability.md.

A run keeps its counts if ``FIPY_DOCTOR_KEEP_COUNTS`` is set, as .ci/nightly does.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "counted"
VARIABLE = "FIPY_DOCTOR_KEEP_COUNTS"


def keep(name: str, **figures: Any) -> None:
    """Keep what the run ``name`` counted, with the commit and the day, if that is asked for."""
    if not os.environ.get(VARIABLE):
        return
    FOLDER.mkdir(exist_ok=True)
    told = {"commit": commit_now(), "day": today(), **figures}
    (FOLDER / f"{name}.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def keep_modules(name: str, modules: Mapping[str, Mapping[str, Any]], order: Sequence[str], commit: str) -> None:
    """As ``keep`` for a run that may have looked at some modules only: each has its day, and its commit at the start."""
    now = {"commit": commit, "day": today()}
    known = {**(kept(name) or {}).get("modules", {}), **{module: {**now, **told} for module, told in modules.items()}}
    keep(name, modules={module: known[module] for module in order if module in known})


def kept(name: str) -> dict[str, Any] | None:
    """What it counted last; None if it was never run to its end."""
    try:
        told: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return told


def today() -> str:
    """The day in UTC, as ISO 8601 says it."""
    return f"{datetime.now(timezone.utc):%Y-%m-%d}"


def commit_now() -> str:
    """What is checked out; "" if git does not tell."""
    told = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=Path(__file__).parent, capture_output=True, text=True)
    return told.stdout.strip()
