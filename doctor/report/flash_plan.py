"""The plan of a flash as text: whole, and short enough to stand above its question.

Both say what is sent, from what to what, which way, how long, what it costs, what cannot be stopped or taken back, and
every warning and consent; the whole one says of each step why, what could go wrong, and how one gets back.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from doctor.modem.step_words import words
from doctor.report.prose import Prose, pair
from doctor.text.durations import about, span
from doctor.text.escape import shown
from doctor.updater.events import TRANSFER

if TYPE_CHECKING:
    from doctor.jobs.flash import FlashPlan
    from doctor.updater.shapes import Step

ROLES = {"firmware": "image", "second": "image 2", "updater-elf": "updater", "bootrom": "boot ROM"}
WAYS = {
    "usb": "this computer sends the file through the board",
    "card": "the board flashes from its card; this computer watches",
    "modem": "this computer sends the file straight to the modem",
}
METHODS = {
    "store": "the modem keeps the whole file first, then writes it",
    "on-the-fly": "the modem writes while it receives",
}

_WRITES = ("transfer", "deploy")  #: steps in which the modem loses what it has


# --- lines of every plan: of one board, of many, of those that are still to come ---


def file_line(role: str, name: str, size_bytes: int, sha256: str) -> RenderableType:
    """A file that is sent."""
    return pair(ROLES[role], f"{shown(name)}, {size_bytes:,} bytes, SHA-256 {sha256[:16]}…")


def result_line(build: int | None, radio: str | None) -> RenderableType:
    """What runs at the end."""
    return pair("result", with_radio(f"build {build or 'unknown'}", radio))


def with_radio(what: str, radio: str | None) -> str:
    """A firmware and its kind of radio; ``radio`` is empty if nobody knows it."""
    return f"{what}, {radio}" if radio else what


def warning_line(text: str) -> RenderableType:
    """What to beware of."""
    return Prose(Text("  ! ", style="yellow"), Text(text, style="yellow"))


# --- the plan of one board ---


def short(plan: FlashPlan) -> RenderableType:
    """What must be known before a yes, in about 14 lines of 80 columns."""
    lines, steps = list(_head(plan, "Plan, in short")), _numbered(plan)
    if steps:
        named = [f"{number} {words(step).name} ({_short_about(plan.usual_s(step))})" for number, step in steps]
        lines.append(pair("steps", f"{', '.join(named)}; do not unplug from step {_powered(plan)} on"))
    backs: dict[str, list[str]] = {}
    for number, step in steps:
        if step.do in _WRITES:
            backs.setdefault(words(step).back, []).append(str(number))
    if backs:
        told = "; ".join(f"{' and '.join(numbers)}: {back}" for back, numbers in backs.items())
        lines.append(pair("way back", f"in step {told}"))
    return Group(*lines, *_tail(plan))


def whole(plan: FlashPlan) -> RenderableType:
    """All of it: each step with its limit, why it is done, what could go wrong, and how to get back."""
    lines = list(_head(plan, "Plan"))
    for number, step in _numbered(plan):
        unplug = "" if step.may_unplug else "; do not unplug"
        text = f"{step.text} ({about(plan.usual_s(step))}, at most {span(step.limit_ms / 1000)}{unplug})"
        lines.append(Prose(Text(f"  {number}. "), Text(text)))
        said = words(step)
        for name, told in (("why", said.why), ("what could go wrong", said.risk), ("way back", said.back)):
            lines.append(Text(f"     {name}: {told}", style="dim"))
    return Group(*lines, *_tail(plan))


def _head(plan: FlashPlan, title: str) -> Iterator[RenderableType]:
    """What both forms begin with."""
    image, before, core = plan.image, plan.before, plan.core
    yield Text("")
    yield Text(title, style="bold")
    for file in plan.files:
        yield file_line(file.role, file.path.name, file.size_bytes, file.sha256)
    yield pair("modem", with_radio(f"{before.family}, mode {before.mode}, {plan.runs}", before.radio))
    yield result_line(image.promised_build, image.radio)
    yield pair("way", f"{plan.via}: {WAYS[plan.via]}")
    yield pair("method", f"{core.method}: {METHODS.get(core.method, 'as the steps say')}")
    if plan.upload:
        yield pair("first", plan.upload)
    if core.steps:
        yield pair("time", _times(plan))
        if plan.timer_matters:
            yield pair("USB chip", _timer(plan))
        yield pair("stop", f"Ctrl-C before step {_sends(plan)}; it asks while a file is sent; later not at all")
    if core.loaders:
        yield Text(f"  {core.loaders}")


def _tail(plan: FlashPlan) -> Iterator[RenderableType]:
    """What both forms end with: what the user agreed to, and what to beware of."""
    if plan.core.bootrom_alone:
        yield Text(f"  the modem runs build {plan.before.build} already: only the boot ROM is sent")
    if plan.core.nothing:
        yield Text(f"  {plan.core.nothing}")
    if plan.agreed:
        yield pair("agreed to", ", ".join(plan.agreed))
    for warning in plan.core.warnings:
        yield warning_line(f"{warning.what}; {warning.why}: {warning.next}")


def _times(plan: FlashPlan) -> str:
    """How long the whole flash takes."""
    copied = f" ({_short_about(plan.install_s)} of it to copy our updater)" if plan.install_s else ""
    return f"{about(plan.all_usual_s)}{copied}, at most {span(plan.all_limit_s)}"


def _timer(plan: FlashPlan) -> str:
    """What the latency timer of the USB chip costs, and how it is lowered."""
    costs = (
        f"it holds answers back for up to {plan.line.timer_s * 1000:.0f} ms, which costs {about(plan.timer_costs_s)}"
    )
    return f"{costs}. To lower that: {plan.faster}" if plan.faster else costs


def _short_about(seconds: float) -> str:
    return about(seconds).removeprefix("about ")


def _numbered(plan: FlashPlan) -> list[tuple[int, Step]]:
    return list(enumerate(plan.core.steps, 1))


def _sends(plan: FlashPlan) -> int:
    """The step with which the first byte of firmware goes out."""
    return next((number for number, step in _numbered(plan) if step.phase == TRANSFER), 1)


def _powered(plan: FlashPlan) -> int:
    """The step from which on the power must stay."""
    return next((number for number, step in _numbered(plan) if not step.may_unplug), 1)
