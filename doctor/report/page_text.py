"""A page as text for a terminal."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from doctor.report.console import drawing
from doctor.report.page import Page, Section
from doctor.report.prose import Prose


def page_text(page: Page) -> RenderableType:
    """The whole page."""
    wide = max(len(name) for name, _ in page.facts)
    facts = [Prose(Text(f"  {name:{wide}}  ", style="dim"), Text(value)) for name, value in page.facts]
    return Group(
        Text.assemble((page.id, "bold cyan"), "  ", (page.title, "bold")),
        Text(""),
        *facts,
        *(line for section in page.sections for line in _section(section)),
    )


def _section(section: Section) -> list[RenderableType]:
    lines: list[RenderableType] = [Text(""), Text(section.heading, style="bold")]
    lines += [Text(f"  {paragraph}") for paragraph in section.text]
    for number, item in enumerate(section.items, 1):
        mark = f"{number}." if section.numbered and len(section.items) > 1 else "-"
        lines.append(Prose(Text(f"  {mark} "), Text(item)))
    if section.drawing:
        lines.append(drawing(section.drawing, 2))
    return lines
