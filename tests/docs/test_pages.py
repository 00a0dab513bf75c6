from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from docs._build import as_markdown
from docs._build.modules import nodes_of
from doctor import roster
from doctor.knowledge import entries
from doctor.links import Kind
from doctor.remedies import cures
from doctor.report.page import HEADINGS, Page, all_pages

ROOT = Path(__file__).parent.parent.parent
PAGES = all_pages()
CHECKS = {check.id: check for check in roster.builtin()}


def text_of(page: Page) -> str:
    parts = [page.title, *(value for _, value in page.facts)]
    for section in page.sections:
        parts += [section.heading, *section.text, *section.items]
    return "\n".join(parts)


def test_every_id_has_a_page() -> None:
    assert PAGES.keys() == {*CHECKS, *entries(), *cures().by_id}


def test_no_two_things_share_an_id() -> None:
    assert len(PAGES) == len(CHECKS) + len(entries()) + len(cures().by_id)


def test_what_a_page_takes_in_is_there() -> None:
    """`ruff format` breaks `--8<--` in a block that begins with ```python: write ``` { .python } there."""
    lines = [line for page in (ROOT / "docs").rglob("*.md") for line in page.read_text("utf-8").splitlines()]
    taken_in = [line for line in lines if re.match(r"\W*8 ?<", line)]
    there = {f'--8<-- "{file.name}"' for base in ("pictures", "examples") for file in (ROOT / "docs" / base).iterdir()}
    assert taken_in and set(taken_in) <= there


@pytest.mark.parametrize("check_id", CHECKS)
def test_page_of_a_check_has_its_headings(check_id: str) -> None:
    assert {*HEADINGS} <= {section.heading for section in PAGES[check_id].sections}


def test_no_section_is_empty() -> None:
    sections = [(p.id, s) for p in PAGES.values() for s in p.sections]
    assert not [(i, s.heading) for i, s in sections if not any((*s.text, *s.items, *s.drawing))]


def test_every_manual_cure_says_how() -> None:
    manual = [p for p in PAGES.values() if p.kind is Kind.CURE and "you do it yourself" in dict(p.facts).values()]
    assert manual and all(any(s.heading == "Steps" and s.items for s in p.sections) for p in manual)


def test_failure_names_the_checks_that_list_it() -> None:
    for check in CHECKS.values():
        for entry_id in check.finds:
            found_by = next(s for s in PAGES[entry_id].sections if s.heading == "Found by")
            assert check.id in found_by.items


def test_cause_and_consequence_name_each_other() -> None:
    cause = next(e for e in entries().values() if e.explains)
    behind = next(s for s in PAGES[cause.explains[0]].sections if s.heading == "Possible causes")
    assert any(item.startswith(f"{cause.id}:") for item in behind.items)


def named_remedies() -> Iterator[tuple[str, str]]:
    for path in [*ROOT.glob("checks/*.py"), *ROOT.glob("doctor/modem/*.py")]:
        for node in nodes_of(path):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Remedy":
                name = node.args[0]
                if isinstance(name, ast.Constant):
                    yield path.name, str(name.value)


def test_every_remedy_that_a_finding_names_has_a_page() -> None:
    named = list(named_remedies())
    assert named and not [pair for pair in named if pair[1] not in PAGES]


LINK = re.compile(r"\]\(([^)]+)\)")


@pytest.mark.parametrize("kind", [Kind.CHECK, Kind.FAILURE, Kind.CURE])
def test_links_between_pages_lead_to_pages(kind: Kind) -> None:
    there = {f"{page.kind.value}/{page.id}.md" for page in PAGES.values()}
    for page in (p for p in PAGES.values() if p.kind is kind):
        for target in LINK.findall(as_markdown.page(page, PAGES)):
            path = target.removeprefix("../") if target.startswith("../") else f"{kind.value}/{target}"
            assert path in there, (page.id, target)


def test_known_ids_become_links_and_other_words_do_not() -> None:
    markdown = as_markdown.page(PAGES["modem-answers"], PAGES)
    assert "[power-cycle](../cures/power-cycle.md)" in markdown
    assert "[modem-answers]" not in markdown


def test_text_of_a_device_cannot_become_markup() -> None:
    assert as_markdown.escaped("<b> *x* [a](b) a_b {#id} 1. |") == r"&lt;b&gt; \*x\* \[a\](b) a\_b &#123;\#id} 1. \|"


def test_no_page_speaks_in_the_shorthand_of_the_reference() -> None:
    shorthand = re.compile(r"(?<![-/\w])[FBD][1-9]\b|(?<![-/\w])S[2-5]\b|(?<![-/\w])M[2-6]\b|\btable \d\b|\brule \d\b")
    found = {p.id: shorthand.findall(text_of(p)) for p in PAGES.values() if p.kind is Kind.FAILURE}
    assert not {page_id: words for page_id, words in found.items() if words}


def test_pages_by_hand_name_only_pages_that_exist() -> None:
    made = {f"{page.kind.value}/{page.id}.md" for page in PAGES.values()}
    for path in ROOT.glob("docs/*.md"):
        for target in LINK.findall(path.read_text(encoding="utf-8")):
            folder, _, name = target.partition("/")
            if folder in {"checks", "failures", "cures"} and name != "index.md":
                assert target in made, (path.name, target)
