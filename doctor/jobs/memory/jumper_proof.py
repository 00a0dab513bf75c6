"""What this computer proved of a board's jumpers before it flashed, for as long as they cannot be tried again.

In its updater the modem answers nothing that would show them, so the run after a broken one could never prove what the
first one did. What the user said (--accept) is no proof, and is not kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from doctor.bench import Bench
from doctor.check import Status
from doctor.clock import Moment, Moments, this_moment
from doctor.engine import Report
from doctor.jobs.memory import journal as journals
from doctor.jobs.memory.journal import FlashEntry, Journal

CHECK = "jumpers-removed"
LASTS = timedelta(hours=6)  #: later, the board may have been in other hands


def proof_of(report: Report, now: Moments = this_moment) -> dict[str, str]:
    """What the journal keeps: when it was proved, and how; empty if it was not."""
    finding = report.finding(CHECK)
    if finding is None or finding.status is not Status.PASS or not finding.proved:
        return {}
    return {"at": str(now()), **finding.proved}


def remembered(bench: Bench, now: Moments = this_moment) -> dict[str, str]:
    """As ``proof_of``, of an earlier run on this very board whose flash has not come to its proof; empty if none."""
    ids = journals.ids_of(bench)
    return bench.known("jumpers_proved", dict[str, str], lambda: _kept_of(ids, now()), default={})


def _kept_of(ids: Mapping[str, str], now: Moment) -> dict[str, str]:
    entry = Journal().find(ids)
    if entry is None or entry.state == journals.PROVED or not entry.jumpers:
        return {}
    same = bool(ids.get("board")) and ids["board"] == entry.ids.get("board")
    return dict(entry.jumpers) if same and _lasts(entry, now) else {}


def _lasts(entry: FlashEntry, now: Moment) -> bool:
    try:
        return timedelta() <= Moment.read(entry.jumpers["at"]).ago(now) <= LASTS
    except (KeyError, ValueError):
        return False
