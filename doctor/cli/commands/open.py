"""``fipy-doctor open``: what there is to read about an id, without any network."""

from __future__ import annotations

import webbrowser
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import click

from doctor.cli import command_line, options, values
from doctor.cli.screen import Screen, screen_of
from doctor.documents.user_folders import home
from doctor.errors import LONGEST, Exit, UsageError
from doctor.text.command import Command
from doctor.text.escape import shown
from doctor.text.nearest import did_you_mean

if TYPE_CHECKING:
    from doctor.report.page import Page

#: Not in a hidden folder, nor in one for temporary files: browsers in a sandbox (snap) may read neither.
PAGES = "fipy-doctor-pages.html"


@command_line.command("open", examples=("open", "open jumpers-removed"))
@options.common
@click.option("--web", is_flag=True, help=f"Show it in a browser: writes all pages into {PAGES}, in your home folder.")
@click.argument("page_id", metavar="[ID]", required=False, shell_complete=values.offered("pages"))
def command(page_id: str | None, web: bool, **given: Any) -> int:
    """Show the page of a check, a known failure or a cure.

    The text is part of this program: nothing is downloaded. Without ID: lists all of them.
    """
    from doctor.report import as_json
    from doctor.report.as_json import Said
    from doctor.report.page import all_pages
    from doctor.roster import everybody

    screen = screen_of(given)
    pages = all_pages(everybody().checks)
    if page_id is None:
        if screen.as_json:
            members = [
                {"id": p.id, "kind": p.kind.value, "title": Said(p.title), "link": p.link} for p in pages.values()
            ]
            screen.document(as_json.document("open", Exit.OK, pages=members))
        else:
            _list(pages.values(), screen)
        return 0
    page = _find(page_id, pages)
    opened = web and _in_browser(page, pages, screen)
    if screen.as_json:
        screen.document(as_json.document("open", Exit.OK, page=_as_json(page), opened=opened))
    elif not opened:
        _show(page, screen)
    return 0


def _in_browser(page: Page, pages: Mapping[str, Page], screen: Screen) -> bool:
    """Write the pages, this one first, and show them in a browser; whether one was found."""
    from doctor.documents.json_file import write_whole
    from doctor.report.pages_html import whole

    file = home() / PAGES
    try:
        write_whole(file, whole(page, pages).encode())
    except OSError as err:
        screen.note(f"{shown(str(file), LONGEST)} cannot be written ({err.strerror}); here is the page:")
        return False
    opened = webbrowser.open(file.as_uri())
    said = "opened" if opened else "no browser was found; this page and all others are in"
    screen.show(f"{said} {shown(str(file), LONGEST)}", copied=True)
    return opened


def _find(page_id: str, pages: Mapping[str, Page]) -> Page:
    from doctor.cli.main import COMMANDS

    wanted = page_id.strip().lower().replace("_", "-")
    if wanted in pages:
        return pages[wanted]
    if wanted in COMMANDS:
        raise UsageError("unknown-page", f"{wanted} is a command", next=str(Command(wanted, ("--help",))))
    hint = did_you_mean(wanted, pages, "`fipy-doctor open` lists all of them")
    raise UsageError("unknown-page", f"there is no check, known failure or cure {page_id!r}", next=hint)


def _show(page: Page, screen: Screen) -> None:
    from doctor.report.console import page_text

    screen.show(page_text(page))


def _list(pages: Iterable[Page], screen: Screen) -> None:
    """All pages under their kind, the known failures under the area where one looks for them."""
    from rich.text import Text

    from doctor.links import Kind
    from doctor.report.page import AREAS
    from doctor.report.prose import Columns

    names = {Kind.CHECK: "Checks", Kind.CURE: "Cures"}
    groups: dict[str, list[Page]] = {name: [] for name in (*names.values(), *map(_failures_of, AREAS.values()))}
    for page in pages:
        groups[names.get(page.kind) or _failures_of(dict(page.facts)["area"])].append(page)
    for heading, members in groups.items():
        screen.show(Text(f"{heading}\n", style="bold"))
        screen.show(Columns(((page.id, Text(page.title)) for page in members), style="cyan"))
        screen.show("")
    screen.show("One of them in full: `fipy-doctor open modem-silent`", copied=True)


def _failures_of(area: str) -> str:
    return f"Known failures: {area}"


def _as_json(page: Page) -> dict[str, Any]:
    from doctor.report.as_json import Said, said

    return {
        "id": page.id,
        "kind": page.kind.value,
        "title": Said(page.title),
        "link": page.link,
        "facts": {name: Said(text) for name, text in page.facts},
        "sections": [
            {
                "heading": s.heading,
                "text": said(s.text),
                "items": said(s.items),
                "numbered": s.numbered,
                "drawing": list(s.drawing),
            }
            for s in page.sections
        ],
    }
