"""docs/first-real-board.md and the table of the trial, held against each other and against the reference."""

from __future__ import annotations

import re
from pathlib import Path

from doctor.jobs.trial import points, steps

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "first-real-board.md").read_text("utf-8")


def test_the_page_has_a_row_for_each_step_and_for_each_open_point() -> None:
    for number, step in enumerate(steps(), 1):
        row = f"| {number} | `{step.id}` | `{' '.join(step.run)}` | "
        assert (row + "nothing" in PAGE) == (not step.changes) and row in PAGE
    for point in points():
        shown = ", ".join(f"`{step}`" for step in point.steps) or f"no step: {point.why}"
        assert f"| {point.asks} | {point.at} | {shown} |" in PAGE
    assert PAGE.count("\n| ") == len(steps()) + len(points()) + 2


def open_sections(page: str, mark: str) -> set[str]:
    """Numbers of the sections of a page of the reference that have ``mark``, or are open points as a whole."""
    found, section = set(), ""
    for line in (DOCS / "reference" / page).read_text("utf-8").splitlines():
        heading = re.match(r"#+ ([\d.]+?)\.? ", line)
        section = heading[1] if heading else section
        if section and (mark in line or (heading and page == "modem-protocol.md" and section.startswith("9."))):
            found.add(section)
    return found - {"0"}


def test_each_open_point_of_the_reference_is_settled_by_a_step_or_says_why_by_none() -> None:
    told = {
        (place.split()[0], number)
        for point in points()
        for place in point.at.split("; ")
        for number in place.partition(" ")[2].split(", ")
    }
    wanted = {("modem-protocol.md", number) for number in open_sections("modem-protocol.md", "**?**")}
    wanted |= {("board-and-repl.md", number) for number in open_sections("board-and-repl.md", "[I]")}
    wanted.add(("repl-stack.md", "9"))
    assert len(wanted) > 25 and wanted - told == set()


def test_each_point_has_a_step_and_what_shows_it_or_a_reason() -> None:
    known = {step.id for step in steps()}
    for point in points():
        assert bool(point.steps) != bool(point.why), point.id
        assert bool(point.steps) == bool(point.log or point.trace or point.heard or point.member), point.id
        assert set(point.steps) <= known, point.id


def test_what_is_done_without_a_question_changes_nothing() -> None:
    assert [step.run for step in steps() if not step.changes] == [("check",), ("check", "--thorough"), ("plan",)]
