"""Nobody is sent to take the power away before being asked whether a flash began lately.

Every text that a reader may meet is walked over: string literals of the program, the catalogue, the cures, all pages,
the next step in every situation. What counts is what a sentence says, in whatever words; the question must come before
it, in the same text.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from docs._build.modules import nodes_of, product
from doctor.check import Finding, Status
from doctor.jobs.hands import POWER_CYCLE
from doctor.jobs.onward import LOST, Attempt, onward
from doctor.knowledge import entries
from doctor.modem.step_words import all_words
from doctor.remedies import cures
from doctor.report.page import all_pages
from doctor.text import power_off
from doctor.text.command import Command
from doctor.updater import states

ROOT = Path(__file__).parents[2]
_SUPPLY = r"(?:power|supply|usb|batter(?:y|ies)|lipo|plug|cable|cord)"
#: What takes the power away. A participle ("it was unplugged") reports something, it sends nobody.
CUTS = re.compile(
    rf"(?<![\w-])(?:unplug|replug|power[- ]?cycle|de-?power)\b"
    rf"|\b(?:remove|take|pull|cut|kill|disconnect|detach|(?:switch|turn)(?=[^.;\n]*\boff\b))\b"
    rf"(?:(?![.;:]\s)[^\n]){{0,40}}?\b{_SUPPLY}\b"
    rf"|\b(?:usb|battery|power)\b(?:(?![.;:,]\s|was|were)[^\n]){{0,14}}?\boff for\b|\bwith the power off\b",
    re.IGNORECASE,
)
#: In front of it: who is told not to is not sent there, and who may is not told to.
_NOT = re.compile(
    r"(?:\bnot\b|n't|\bnever\b|\bmay\b|\bbefore you\b|\bwithout\b|\bno\b|\bwas\b|\bcan i\b|\binstead of\b)"
    r"\W+(?:\w+\W+){0,2}$",
    re.IGNORECASE,
)
_LOOKS = re.compile(
    r"--[a-z-]*power-cycle|reset-is-not-power-cycle|power-cycle(?=`|, then wait|\)|\]|, [a-z]+-[a-z]|$)"
)  #: names, no deeds
ASKS = re.compile(r"\bflash\b[^.?]{0,60}?\b(?:within|in) the last hour", re.IGNORECASE)


def cuts(text: str) -> Iterator[int]:
    """Where ``text`` sends its reader to take the power away."""
    names = [range(*found.span()) for found in _LOOKS.finditer(text)]
    for found in CUTS.finditer(text):
        if not _NOT.search(text[: found.start()]) and not any(found.start() in name for name in names):
            yield found.start()


def unasked(text: str) -> list[str]:
    """What sends there before the question was asked."""
    asked = ASKS.search(text)
    before = len(text) if asked is None else asked.start()
    return [text[max(0, at - 30) : at + 60] for at in cuts(text) if at < before]


@pytest.mark.parametrize(
    "text",
    [
        "Unplug USB and the battery, wait 10 s",
        "take all power off the board for 10 s, then plug it in again",
        "Wait five minutes. If it still stands at 6 %, remove power and try again; at this point that is safe.",
        "clean the contacts with the power off",
        "power-cycle the board, then run fipy-doctor check",
        "pull the cable",
        "all that is known: power off for ten seconds",
        "Take USB and battery off first. The seven jumpers",
        "switch the board's supply off",
        "disconnect the battery",
    ],
)
def test_a_text_that_sends_there_is_seen(text: str) -> None:
    assert unasked(text)
    assert not unasked(f"{power_off.ASK}. Otherwise {text}")


@pytest.mark.parametrize(
    "text",
    [
        "do not unplug",
        "a dip of the power, an unplugged cable",
        "the port was gone: unplugged, or a loose cable",
        "never take the power away now",
        "run fipy-doctor fix --power-cycle",
        "power off while the modem writes is how modems die",
    ],
)
def test_what_only_tells_of_it_is_none(text: str) -> None:
    assert not unasked(text)


def literals() -> Iterator[tuple[str, str]]:
    """Every text in the program's source with its place, an f-string as one; docstrings are pages, or nobody's."""
    for path in product(ROOT):
        if "sim" in path.relative_to(ROOT).parts or path.name == "power_off.py":
            continue
        nodes = nodes_of(path)
        inner = {id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values}
        docs = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
        for node in nodes:
            if id(node) in inner | docs:
                continue
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node.value
            elif isinstance(node, ast.JoinedStr):
                yield f"{path.relative_to(ROOT)}:{node.lineno}", "".join(map(_part, node.values))


def _part(node: ast.expr) -> str:
    """A piece of an f-string; the names of doctor/text/power_off.py stand for what they say."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    name = node.value.id if isinstance(node, ast.FormattedValue) and isinstance(node.value, ast.Name) else ""
    return str(getattr(power_off, name, "…"))


@pytest.mark.long
def test_no_sentence_of_the_program_sends_there() -> None:
    texts = list(literals())
    found = {where: said for where, text in texts if " " in text and (said := unasked(text))}
    assert not found, "say it in the words of doctor/text/power_off.py, which ask first"
    assert len(texts) > 3000


def test_entries_of_the_catalogue_ask_first() -> None:
    for entry in entries().values():  # each step: explain shows the first one of one beside those of another
        texts = (*entry.cure, entry.means, *entry.causes, entry.brick_risk)
        assert not [text for text in texts if unasked(text)], entry.id


def test_pages_ask_first() -> None:
    for page in all_pages().values():
        told = [page.title, *(text for s in page.sections for text in (*s.text, *s.items, *s.drawing))]
        assert not unasked("\n".join(told)), page.id


@pytest.mark.parametrize("path", sorted([ROOT / "README.md", *ROOT.glob("docs/*.md")]), ids=lambda path: str(path.name))
def test_written_pages_ask_first(path: Path) -> None:
    if path.name not in ("design.md", "reliability.md"):  # for those who build the program
        assert not unasked(path.read_text(encoding="utf-8"))


def test_cures_ask_first() -> None:
    for cure in cures().by_id.values():
        steps = cure.steps(Finding("modem-answers", Status.FAIL, ""))
        assert not unasked("; ".join(steps)), cure.id
        assert not unasked(cure.title), cure.id


def test_words_of_the_plan_send_nobody_there() -> None:
    for step in all_words().values():
        assert not unasked(step.why) and not unasked(step.risk) and not unasked(step.back)


_MODES = [value for name, value in vars(states).items() if name.isupper() and isinstance(value, str)]


def test_every_next_step_asks_or_knows() -> None:
    tried = Command("flash", firmware=("x.dup",), port="COM3")
    power = 0
    for mode, flags in itertools.product(_MODES, itertools.product((False, True), repeat=5)):
        known, sent, waited, asked, mirrored = flags
        attempt = Attempt(tried, all_sent=sent, waited=waited, asked=asked, mirrored=mirrored, known=known)
        for failed in ("", "finish-timeout", "stp-start-refused", "modem-fell-silent"):
            step = onward(mode, replace(attempt, failed_before=failed), failed)
            assert not unasked(step.text), (mode, attempt)
            power += POWER_CYCLE in step.hands
            if POWER_CYCLE in step.hands and mode in LOST:
                assert step.command is not None and step.command.done and step.command.verb == "status"
    assert power > 50


def test_the_question_can_be_missed() -> None:
    """Each text that asks fails as soon as the question is taken out of it."""
    texts = [step for entry in entries().values() for step in entry.cure if ASKS.search(step)]
    texts += ["; ".join(c.steps(Finding("", Status.FAIL, ""))) for c in cures().by_id.values()]
    asking = [text for text in texts if ASKS.search(text)]
    assert len(asking) > 20
    assert all(unasked(ASKS.sub("", text)) for text in asking)
