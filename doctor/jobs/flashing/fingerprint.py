"""The fingerprint of a plan: of two plans with the same one, one consent covers both."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from doctor.jobs.memory.journal import SURE

if TYPE_CHECKING:
    from doctor.jobs.flashing.plan import FlashPlan

DIGITS = 32  #: hexadecimal; nobody makes another plan with the same ones


def fingerprint(plan: FlashPlan, ids: Mapping[str, str]) -> str:
    """Of what somebody agrees to: which modem in which state, which bytes, which way, steps, risks and warnings.

    ids  what the modem is known by; its port counts only if nothing surer is known. How long it takes does not count.
    """
    sure = {name: ids[name] for name in SURE if ids.get(name)}
    before, core = plan.before, plan.core
    whole = {
        "modem": sure or dict(ids),
        "before": [before.family, before.mode, before.build, before.release, before.radio, before.loaders.text],
        "was": plan.was,
        "files": [[file.role, file.sha256, file.size_bytes] for file in plan.files],
        "way": [plan.via, core.method, plan.compress, bool(plan.upload)],
        "steps": [[step.id, step.do, step.image, step.may_unplug] for step in core.steps],
        "loaders": core.loaders,
        "nothing": core.nothing,
        "agreed": plan.agreed,
        "warnings": [[warning.id, warning.what] for warning in core.warnings],
    }
    return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()[:DIGITS]
