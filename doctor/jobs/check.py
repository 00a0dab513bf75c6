"""The job behind ``fipy-doctor check``: run the checks and keep what they found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from doctor import engine
from doctor.bench import Bench
from doctor.events import Listener, ignore
from doctor.jobs import last_flash


@dataclass(frozen=True)
class CheckRequest:
    """Which checks to run, and how long the run may take in seconds."""

    select: Sequence[str] = ()
    ignored: Sequence[str] = ()
    deadline_s: float | None = None


def check(bench: Bench, request: CheckRequest | None = None, listen: Listener = ignore) -> engine.Report:
    """Examine ``bench`` and return the report. Raises UsageError for a check id that does not exist."""
    request = request or CheckRequest()
    last_flash.lay_before(bench)
    return engine.run(
        bench, select=request.select, ignored=request.ignored, deadline_s=request.deadline_s, listen=listen
    )
