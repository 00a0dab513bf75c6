"""MkDocs hook: adds the generated pages to the site and to its navigation."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT))

from docs._build import as_markdown, screens  # noqa: E402
from doctor.cli.main import COMMANDS  # noqa: E402
from doctor.links import Kind  # noqa: E402
from doctor.report.page import AREAS, Page, all_pages  # noqa: E402

INTRODUCTIONS = {
    Kind.CHECK: (
        "Checks",
        "Each one looks at a single thing, changes nothing, and is named after the good state. They run in this order; "
        "`fipy-doctor check` runs them all, `fipy-doctor checks` lists them.",
    ),
    Kind.FAILURE: (
        "Known failures",
        "What can go wrong on the way to a flashed modem: how it shows, what it means, what to do. When fipy-doctor "
        "finds one of them, it names it; the search above finds error messages too.",
    ),
    Kind.CURE: (
        "Cures",
        "What a finding can advise. Some are done by `fipy-doctor fix`, which shows its plan and asks; the others "
        "are for your hands.",
    ),
}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Fill the navigation."""
    pages = all_pages()
    sections: dict[str, list[Any]] = {str(k): v for item in config.nav or [] for k, v in item.items()}
    sections["Commands"] += [{name: f"commands/{name}.md"} for name in COMMANDS]
    sections["Checks"] += [{p.id: f"checks/{p.id}.md"} for p in _of(pages, Kind.CHECK)]
    sections["Cures"] += [{p.id: f"cures/{p.id}.md"} for p in _of(pages, Kind.CURE)]
    by_area: dict[str, list[dict[str, str]]] = {}
    for page in _of(pages, Kind.FAILURE):
        by_area.setdefault(dict(page.facts)["area"], []).append({page.id: f"failures/{page.id}.md"})
    sections["Known failures"] += [{area: entries} for area, entries in by_area.items()]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages."""
    for path, content in _generated():
        files.append(File.generated(config, path, content=content))
    return files


@event_priority(50)  # before the search writes its index
def on_post_build(config: MkDocsConfig) -> None:
    """Leave the other words for a page with the page itself: not every section of it is about them."""
    for entry in config.plugins["material/search"].search_index.entries:
        if "#" in entry["location"]:
            entry.pop("tags", None)


def _of(pages: Mapping[str, Page], kind: Kind) -> list[Page]:
    chosen = [page for page in pages.values() if page.kind is kind]
    if kind is Kind.CHECK:
        return chosen
    areas = list(AREAS.values())
    return sorted(chosen, key=lambda p: (areas.index(dict(p.facts)["area"]) if kind is Kind.FAILURE else 0, p.id))


def _generated() -> Iterator[tuple[str, str]]:
    pages = all_pages()
    for page in pages.values():
        yield f"{page.kind.value}/{page.id}.md", as_markdown.page(page, pages)
    for kind, (title, text) in INTRODUCTIONS.items():
        yield f"{kind.value}/index.md", as_markdown.index(title, text, _of(pages, kind), pages, kind)
    yield from _commands(pages)
    yield from screens.files()


def _commands(pages: Mapping[str, Page]) -> Iterator[tuple[str, str]]:
    lines = [
        "# Commands",
        "",
        "`fipy-doctor` alone finds the board, examines it, changes nothing, and ends with the one next command.",
        "",
    ]
    for name in COMMANDS:
        short = as_markdown.context_of(name).command.get_short_help_str(200)
        yield f"commands/{name}.md", as_markdown.command(name, pages)
        lines += [f"[{name}]({name}.md)", f":   {as_markdown.escaped(short)}", ""]
    lines += ["## Exit codes", "", '--8<-- "exit-codes.md"', ""]
    yield "commands/index.md", "\n".join(lines)
