"""The short plan, which stands above its question, is never short of what the whole one says about risk."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import RenderableType

from doctor.bench import Bench, BenchOptions
from doctor.jobs.flash import FlashPlan, FlashRequest, rehearse
from doctor.link.latency import how_to_lower
from doctor.modem.step_words import words
from doctor.report import flash_plan
from doctor.report.prose import BenchConsole
from doctor.sim.practice.image import make_practice_elf, make_practice_image, make_practice_part
from doctor.text.durations import about, span

COLUMNS = 80
LINES = 17  #: of one image, with the longest line about boot loaders; a warning takes three more, a file four


def _image(folder: Path, **made: int) -> BenchOptions:
    image = make_practice_image(folder, **{"size_bytes": 300_000, **made})  # type: ignore[arg-type]
    return BenchOptions(firmware=(image,), accept=frozenset({"old-boot-loader"}))


def _with_elf(folder: Path) -> BenchOptions:
    return replace(_image(folder), updater_elf=make_practice_elf(folder), was=41065)


def _pair(folder: Path) -> BenchOptions:
    parts = tuple(make_practice_part(folder, part, 300_000) for part in (1, 2))
    return BenchOptions(firmware=parts, accept=frozenset({"radio-change", "no-way-back", "old-boot-loader"}))


CASES: dict[str, tuple[str, Callable[[Path], BenchOptions]]] = {
    "the card's own file": ("fipy", lambda folder: _image(folder, size_bytes=6_160_982)),
    "kept whole": ("sqn3330?build=38638", _image),
    "waiting in its updater": ("sqn3330?scenario=modem-recovery", _image),
    "in its boot ROM": ("sqn3330?scenario=modem-ffh", _with_elf),
    "an updater that is not needed": ("sqn3330?build=38638", _with_elf),
    "older than what runs": ("sqn3330?build=41065", lambda folder: _image(folder, build=39529)),
    "nothing to do": ("sqn3330?build=41065", _image),
    "the pair": ("sqn3330?build=41065", _pair),
}


def text(what: RenderableType, columns: int = 4000) -> str:
    out = io.StringIO()
    BenchConsole(file=out, width=columns).print(what)
    return out.getvalue()


def facts(plan: FlashPlan) -> set[str]:
    """What neither form may leave out."""
    core, before = plan.core, plan.before
    told = {plan.via, plan.runs, before.mode, core.method, before.radio or "", plan.image.radio or ""}
    told |= {f"build {plan.image.promised_build}", core.loaders, core.nothing, plan.upload, *plan.agreed}
    if plan.install_s:
        told.add(about(plan.install_s).removeprefix("about ") + " of it to copy our updater")
    for file in plan.files:
        told |= {file.path.name, f"{file.size_bytes:,} bytes", file.sha256[:16]}
    for warning in core.warnings:
        told |= {warning.what, warning.why, warning.next}
    for step in core.steps:
        told |= {
            about(plan.usual_s(step)).removeprefix("about "),
            words(step).back if step.do in ("transfer", "deploy") else "",
        }
    if core.steps:
        told |= {f"at most {span(plan.all_limit_s)}", "Ctrl-C before step ", "later not at all", "do not unplug"}
    return {" ".join(fact.replace("`", "").split()) for fact in told} - {""}


@pytest.mark.sampled(2, "long")
@pytest.mark.parametrize("case", CASES)
def test_both_forms_say_the_same(case: str, tmp_path: Path) -> None:
    url, options = CASES[case]
    bare = url.startswith("sqn3330")
    with Bench(replace(options(tmp_path), port=f"sim://{url}", via_modem=bare)) as bench:
        result = rehearse(bench, FlashRequest("modem" if bare else "auto"))
    plan = result.plan
    assert plan is not None, (result.error, result.report.failed)
    short, whole = flash_plan.short(plan), flash_plan.whole(plan)
    for form in (short, whole):
        said = " ".join(text(form).split())
        assert not {fact for fact in facts(plan) if fact not in said}, said
    if plan.core.steps:
        first = next(number for number, step in enumerate(plan.core.steps, 1) if not step.may_unplug)
        assert f"do not unplug from step {first} on" in text(short)
    lines = text(short, COLUMNS).strip("\n").split("\n")
    height = sum(max(1, math.ceil(len(line) / COLUMNS)) for line in lines)
    more = 3 * len(plan.core.warnings) + 5 * (len(plan.files) - 1) + bool(plan.agreed)
    assert height <= LINES + more, text(short, COLUMNS)


def test_the_plan_says_what_the_latency_timer_costs_and_how_it_is_lowered(tmp_path: Path) -> None:
    image = make_practice_image(tmp_path, build=41019, size_bytes=6_160_982)
    said = {}
    for latency_ms in (1, 16):
        port = f"sim://sqn3330?latency={latency_ms}"
        with Bench(BenchOptions(port=port, firmware=(image,), via_modem=True)) as bench:
            plan = rehearse(bench, FlashRequest()).plan
            assert plan is not None
            plan = replace(plan, faster=how_to_lower("COM25") if plan.timer_matters else "")
            said[latency_ms] = [text(form(plan)) for form in (flash_plan.short, flash_plan.whole)]
    assert all("USB chip" not in one for one in said[1])
    for said_here in said[16]:
        assert "holds answers back for up to 16 ms, which costs about" in said_here
        assert "To lower that: " in said_here
