"""The job behind ``fipy-doctor check``: run the checks and keep what they found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from doctor import engine
from doctor.bench import Bench, SkipReason
from doctor.errors import UsageError
from doctor.events import Listener, ignore
from doctor.jobs.memory.logbook import logged
from doctor.remedies import cures


@dataclass(frozen=True)
class CheckRequest:
    """Which checks to run, and how long the run may take in seconds; strict: what is only worth knowing fails too."""

    select: Sequence[str] = ()
    ignored: Sequence[str] = ()
    deadline_s: float | None = None
    strict: bool = False


def check(bench: Bench, request: CheckRequest | None = None, listen: Listener = ignore) -> engine.Report:
    """Examine ``bench`` and return the report.

    Raises UsageError for a check id that does not exist, or if nothing was examined, since the user left no check
    or gave nothing that it looks at; DoctorError if checks of ours are missing.
    """
    request = request or CheckRequest()
    with logged(bench, "check", request, listen) as run:
        report = _check(bench, request, run.hear)
        run.ended(report.exit_code)
        return report


def _check(bench: Bench, request: CheckRequest, listen: Listener) -> engine.Report:
    if bench.options.port is not None:  # what is kept is about boards and modems
        from doctor.jobs import last_flash

        last_flash.tell_history(bench)
    report = engine.run(
        bench, select=request.select, ignored=request.ignored, deadline_s=request.deadline_s, listen=listen
    )
    if not report.interrupted and all(found.skip_reason is SkipReason.NOT_GIVEN for found in report.findings):
        why = "; ".join(dict.fromkeys(found.summary for found in report.findings))
        raise UsageError(
            "usage",
            f"nothing was examined: {why}",
            on=", ".join(found.check for found in report.findings),
            next="give them something to look at, or leave out fewer checks with --select and --ignore",
        )
    return replace(report, strict=request.strict, warnings=(*report.warnings, *cures().warnings))
