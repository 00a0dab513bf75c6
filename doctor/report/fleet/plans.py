"""The plans of many boards as text, one for all that are flashed alike: whole, and short enough for the question."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from doctor.fleet.outcome import Outcome
from doctor.report.flash_plan import METHODS, WAYS, file_line, result_line, warning_line, with_radio
from doctor.report.prose import Prose, pair
from doctor.text.durations import about, span
from doctor.text.escape import counted


def plans(outcomes: Sequence[Outcome], *, whole: bool) -> RenderableType:
    """The plans of these boards; what differs between two boards makes two plans."""
    alike: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        alike.setdefault(_key(outcome.document["plan"]), []).append(outcome)
    return Group(*(line for group in alike.values() for line in _plan(group, whole=whole)))


def _key(plan: dict[str, Any]) -> str:
    """All that is shown of a plan, but for which modem it is, and how long it takes."""
    timed = ("usual_s", "limit_s")
    steps = [{name: value for name, value in step.items() if name not in timed} for step in plan["steps"]]
    before = {**plan["before"], "imei": None}
    kept = {name: value for name, value in plan.items() if name not in ("fingerprint", *timed)}
    return json.dumps({**kept, "before": before, "steps": steps}, sort_keys=True)


def _plan(group: Sequence[Outcome], *, whole: bool) -> Iterator[RenderableType]:
    plan = group[0].document["plan"]
    before, image, steps = plan["before"], plan["image"], list(enumerate(plan["steps"], 1))
    yield Text("")
    yield Text(f"Plan for {counted(len(group), 'board')}: {', '.join(o.board.words for o in group)}", style="bold")
    for file in plan["files"]:
        yield file_line(file["role"], Path(file["path"]).name, file["size_bytes"], file["sha256"])
    runs = before["release"] or f"build {before['build'] or plan['was'] or 'unknown'}"
    yield pair("modem", with_radio(f"{before['family']}, mode {before['mode']}, {runs}", before["radio"]))
    yield result_line(image["build"], image["radio"])
    yield pair("way", f"{plan['via']}: {WAYS[plan['via']]}")
    yield pair("method", f"{plan['method']}: {METHODS.get(plan['method'], 'as the steps say')}")
    if plan["upload"]:
        yield pair("first", plan["upload"])
    slowest = max(group, key=lambda outcome: float(outcome.document["plan"]["usual_s"])).document["plan"]
    yield pair("time", f"{about(slowest['usual_s'])} a board, at most {span(slowest['limit_s'])}")
    yield pair("stop", "Ctrl-C before a file is sent; it asks while one is sent; later not at all")
    if whole:
        yield from (line for number, step in steps for line in _step(number, step))
    else:
        named = ", ".join(f"{number} {step['name']}" for number, step in steps)
        powered = next((number for number, step in steps if not step["may_unplug"]), 1)
        yield pair("steps", f"{named}; do not unplug from step {powered} on")
        yield from _ways_back(steps)
    if plan["boot_loaders"]:
        yield Text(f"  {plan['boot_loaders']}")
    if plan["agreed"]:
        yield pair("agreed to", ", ".join(plan["agreed"]))
    for warning in plan["warnings"]:
        yield warning_line(f"{warning['what']}; {warning['why']}: {warning['next']}")


def _ways_back(steps: Sequence[tuple[int, dict[str, Any]]]) -> Iterator[RenderableType]:
    backs: dict[str, list[str]] = {}
    for number, step in steps:
        if not step["may_unplug"]:
            backs.setdefault(step["way_back"], []).append(str(number))
    if backs:
        yield pair("way back", f"in step {'; '.join(f'{chr(44).join(n)}: {back}' for back, n in backs.items())}")


def _step(number: int, step: dict[str, Any]) -> Iterator[RenderableType]:
    unplug = "" if step["may_unplug"] else "; do not unplug"
    times = f"{about(step['usual_s'])}, at most {span(step['limit_s'])}{unplug}"
    yield Prose(Text(f"  {number}. "), Text(f"{step['text']} ({times})"))
    for name, member in (("why", "why"), ("what could go wrong", "risk"), ("way back", "way_back")):
        yield Text(f"     {name}: {step[member]}", style="dim")
