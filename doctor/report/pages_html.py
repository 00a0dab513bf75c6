"""All pages in one HTML file that needs nothing else: for a browser, a printer, or somebody whom it is sent to."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from doctor.report.elements import Html, document, element, joined
from doctor.report.page import Page, Section, named_ids
from doctor.text import marks


def whole(first: Page, pages: Mapping[str, Page]) -> str:
    """The file: the page ``first`` on top, the others below it, each of them where links to its id lead."""
    shown = (first, *(other for other in pages.values() if other.id != first.id))
    return document(f"fipy-doctor: {first.title}", [_article(page, pages.keys() - {page.id}) for page in shown])


def _article(page: Page, ids: Collection[str]) -> Html:
    facts = ([element("dt", name), element("dd", _text(value, ids))] for name, value in page.facts)
    return element(
        "article",
        element("h1", _text(page.title, ())),
        element("p", element("code", page.id)),
        element("dl", [part for fact in facts for part in fact]),
        [part for section in page.sections for part in _section(section, ids)],
        id=page.id,
    )


def _section(section: Section, ids: Collection[str]) -> Iterator[Html]:
    yield element("h2", section.heading)
    yield from (element("p", _text(paragraph, ids)) for paragraph in section.text)
    if section.items:
        name = "ol" if section.numbered and len(section.items) > 1 else "ul"
        yield element(name, [element("li", _text(item, ids)) for item in section.items])
    if section.drawing:
        yield element("pre", "\n".join(section.drawing))


def _text(text: str, ids: Collection[str]) -> Html:
    """A text with what is marked as code, and with ids of other pages as links."""
    shown: list[str] = []
    at = 0
    for piece in marks.pieces(text):
        shown += [*_linked(text[at : piece.start], ids), element("code", piece.words)]
        at = piece.end
    return joined(shown, _linked(text[at:], ids))


def _linked(text: str, ids: Collection[str]) -> Iterable[str]:
    return [element("a", piece, href=f"#{piece}") if known else piece for piece, known in named_ids(text, ids)]
