"""HTML by element: whatever is no markup of ours is text, and escaped here, in one place."""

from __future__ import annotations

import html
from collections.abc import Iterable
from string import Template

from doctor.data import text
from doctor.text.escape import drawn


class Html(str):
    """Markup that this module made."""


def element(name: str, *inside: str | Iterable[str], **attributes: object) -> Html:
    """``<name attributes>inside</name>``; texts and values are escaped.

    inside      texts, elements, and rows of them
    attributes  ``class_`` is ``class``, ``stroke_width`` is ``stroke-width``; True has no value, None leaves it out
    """
    given = "".join(_attribute(key, value) for key, value in attributes.items())
    return Html(f"<{name}{given}>{joined(*inside)}</{name}>")


def joined(*inside: str | Iterable[str]) -> Html:
    """Texts and elements, one after the other."""
    parts = (part for one in inside for part in ((one,) if isinstance(one, str) else one))
    return Html("".join(part if isinstance(part, Html) else _escaped(part) for part in parts))


def _escaped(text: str) -> str:
    """A text as it may stand between tags and in quotes: no markup, nothing hidden, nothing that turns the rest."""
    return html.escape(drawn(text))


def _attribute(key: str, value: object) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{_escaped(str(value))}"'


def document(title: str, *body: str | Iterable[str]) -> str:
    """A whole file that needs nothing else: doctor/data/page.html, light or dark as the reader's system is."""
    return Template(text("page.html")).substitute(title=joined(title), body=joined(*body))
