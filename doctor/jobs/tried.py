"""What was tried lately against a modem or board that does not answer as it should, so that advice comes to an end.

Without it ``check`` and ``fix --power-cycle`` would send the user from one to the other for ever. Kept by port in the
user's state directory, for an hour: who comes back tomorrow starts anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path

from doctor.check import Finding, Status
from doctor.engine import Report
from doctor.jobs.journal import port_key
from doctor.jobs.state_dir import state_dir

LASTS = timedelta(hours=1)  #: after this long a cure is worth another try
MAX_BYTES = 1 << 16  #: no such file of ours is nearly this large
#: The checks whose cures are hand work that nobody sees done, or work that may fail again and again.
WATCHED = ("repl-answers", "modem-answers")


def failing(report: Report) -> Finding | None:
    """The finding that the board or its modem does not answer as it should; None where they do, or were not asked."""
    found = [report.finding(name) for name in WATCHED]
    return next((finding for finding in found if finding is not None and finding.status is Status.FAIL), None)


def so_far(port: str | None, report: Report) -> frozenset[str]:
    """Ids of the cures that were tried lately at ``port``; none, and none remembered, once both answer."""
    if failing(report) is not None:
        return tried(port)
    finding = report.finding(WATCHED[-1])
    if finding is not None and finding.status in (Status.PASS, Status.WARN):
        forget(port)
    return frozenset()


def tried(port: str | None) -> frozenset[str]:
    """Ids of the cures that were tried at ``port`` within the last hour."""
    return frozenset(_read().get(_key(port), {}))


def note(port: str | None, cures: Iterable[str]) -> None:
    """Remember cures as tried now. A disk that fails costs the memory, nothing else."""
    key = _key(port)
    wanted = dict.fromkeys(cures, datetime.now(timezone.utc).isoformat(timespec="seconds"))
    if key and wanted:
        kept = _read()
        kept[key] = {**kept.get(key, {}), **wanted}
        _write(kept)


def forget(port: str | None) -> None:
    """The modem answers again."""
    kept = _read()
    if kept.pop(_key(port), None) is not None:
        _write(kept)


def _key(port: str | None) -> str:
    """Name of the bench; "" for none, and for a simulated one that starts anew with every command."""
    key = port_key(port or "")
    return "" if key.startswith("sim://") and "state=" not in key else key


def _path() -> Path:
    return state_dir() / "tried.json"


def _read() -> dict[str, dict[str, str]]:
    """All that is not too old; nothing where the file is missing or damaged."""
    oldest = datetime.now(timezone.utc) - LASTS
    with suppress(OSError, ValueError, TypeError, AttributeError):
        if _path().stat().st_size > MAX_BYTES:
            return {}
        data = json.loads(_path().read_text(encoding="utf-8"))
        fresh = {
            str(key): {str(cure): str(at) for cure, at in cures.items() if datetime.fromisoformat(at) > oldest}
            for key, cures in data.items()
        }
        return {key: cures for key, cures in fresh.items() if cures}
    return {}


def _write(kept: dict[str, dict[str, str]]) -> None:
    with suppress(OSError):
        draft = _path().with_suffix(".part")
        draft.write_text(json.dumps(kept, indent=1), encoding="utf-8")
        draft.replace(_path())
