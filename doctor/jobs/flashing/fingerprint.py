"""The fingerprint of a plan: of two plans with the same one, one consent covers both."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

from doctor.jobs.memory.journal import SURE
from doctor.modem.facts import ModemFacts
from doctor.updater.shapes import Plan

DIGITS = 32  #: hexadecimal; nobody makes another plan with the same ones


def fingerprint(
    ids: Mapping[str, str], before: ModemFacts, core: Plan, files: Mapping[str, str], besides: Sequence[object]
) -> str:
    """Of what somebody agrees to: which modem in which state, which bytes, which way, steps, risks and warnings.

    ids      what the modem is known by; its port counts only if nothing surer is known
    files    the SHA-256 of what goes over, by role
    besides  whatever else is shown, but for how long it takes
    """
    sure = {name: ids[name] for name in SURE if ids.get(name)}
    whole = {
        "modem": sure or dict(ids),
        "before": [before.family, before.mode, before.build, before.release, before.radio, before.loaders.text],
        "files": dict(files),
        "steps": [[step.id, step.do, step.image, step.may_unplug] for step in core.steps],
        "core": [core.method, core.loaders, core.nothing],
        "warnings": [[warning.id, warning.what] for warning in core.warnings],
        "besides": list(besides),
    }
    return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()[:DIGITS]
