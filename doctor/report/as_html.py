"""All pages in one HTML file that needs nothing else: for a browser, a printer, or somebody whom it is sent to."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from html import escape

from doctor.report.page import Page, Section, named_ids
from doctor.text import marks

#: Light or dark as the reader's system is; as wide as text is read well.
_HEAD = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>fipy-doctor: {title}</title>
<style>
:root {{ color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }}
body {{ max-width: 46rem; margin: 0 auto; padding: 1rem; overflow-wrap: anywhere; }}
article {{ border-bottom: 1px solid #8888; padding-bottom: 1.5rem; }}
h1, h2 {{ line-height: 1.25; }}
h2 {{ font-size: 1.1rem; }}
dt {{ font-weight: bold; }}
code, pre {{ background: #8882; padding: 0 .2em; }}
pre {{ overflow-x: auto; padding: .5em; }}
</style></head><body>
"""


def whole(first: Page, pages: Mapping[str, Page]) -> str:
    """The file: the page ``first`` on top, the others below it, each of them where links to its id lead."""
    parts = [_HEAD.format(title=escape(first.title))]
    for page in (first, *(other for other in pages.values() if other.id != first.id)):
        parts += _article(page, pages.keys() - {page.id})
    return "\n".join([*parts, "</body></html>", ""])


def _article(page: Page, ids: Collection[str]) -> Iterator[str]:
    yield f'<article id="{escape(page.id)}">'
    yield f"<h1>{_text(page.title, ())}</h1>"
    yield f"<p><code>{escape(page.id)}</code></p>"
    yield (
        "<dl>" + "".join(f"<dt>{escape(name)}</dt><dd>{_text(value, ids)}</dd>" for name, value in page.facts) + "</dl>"
    )
    for section in page.sections:
        yield from _section(section, ids)
    yield "</article>"


def _section(section: Section, ids: Collection[str]) -> Iterator[str]:
    yield f"<h2>{escape(section.heading)}</h2>"
    yield from (f"<p>{_text(paragraph, ids)}</p>" for paragraph in section.text)
    if section.items:
        tag = "ol" if section.numbered and len(section.items) > 1 else "ul"
        yield f"<{tag}>" + "".join(f"<li>{_text(item, ids)}</li>" for item in section.items) + f"</{tag}>"
    if section.drawing:
        yield "<pre>" + escape("\n".join(section.drawing)) + "</pre>"


def _text(text: str, ids: Collection[str]) -> str:
    """A text with what is marked as code, and with ids of other pages as links."""
    shown, at = "", 0
    for piece in marks.pieces(text):
        shown += _linked(text[at : piece.start], ids) + f"<code>{escape(piece.words)}</code>"
        at = piece.end
    return shown + _linked(text[at:], ids)


def _linked(text: str, ids: Collection[str]) -> str:
    return "".join(
        f'<a href="#{piece}">{piece}</a>' if known else escape(piece) for piece, known in named_ids(text, ids)
    )
