"""Turns of phrase of CONTRIBUTING, "English", that can be told from good English by their form."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from docs._build.modules import nodes_of

ROOT = Path(__file__).parent.parent.parent
#: Rooms that were not read through yet. One that is read leaves this list; none comes to it.
UNREAD: tuple[str, ...] = ()
COMMENT = re.compile(r"(?:^|[ \t])#:? (.*)", re.MULTILINE)
PHRASES = {
    "if": re.compile(
        r"\b(?:None|True|False|[Ee]mpty|0|''|\"\"|[Rr]aises? (?:[A-Z]\w+(?:, | or | and )?)+) where\b"
        r"|\b[Ww]here there (?:is|are|was) (?:none|nothing|no)\b|(?:^|[.:;] )Where (?:it|nobody|nothing) [^.?]*,"
    ),
    "never returns, until …": re.compile(r"\bfor ever\b"),
    "does not count": re.compile(r"(?<!there )(?<!has )\b(?:is|are) none[.,;:]"),
    "if you": re.compile(r"[:;] who (?:comes|asks|wants|looked|types|mistypes) [^,.;?]*[,.;]"),
    "brick": re.compile(r"\bcosts? (?:the|a) modem\b"),
    "it is not": re.compile(r"\b[Nn]o \w+ is it\b"),
}


def prose(path: Path) -> Iterator[str]:
    """What people read in a file: all of a page, docstrings and comments of a module, each on one line."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        rows = (line for line in text.splitlines() if not line.startswith("|"))
        yield from (" ".join(part.split()) for part in "\n".join(rows).split("\n\n"))
        return
    for node in nodes_of(path):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield " ".join(node.value.value.split())
    yield from COMMENT.findall(text)


def found_in(texts: Iterator[str]) -> list[str]:
    return [
        f'"{match[0]}" in "{text[max(0, match.start() - 30) : match.end() + 30]}": write "{better}"'
        for text in texts
        for better, pattern in PHRASES.items()
        for match in pattern.finditer(text)
    ]


READ = [
    path
    for path in sorted(
        [*ROOT.glob("*.md"), *(p for top in ("checks", "docs", "doctor", "tests") for p in ROOT.glob(f"{top}/**/*"))]
    )
    if path.suffix in (".md", ".py") and not path.relative_to(ROOT).as_posix().startswith(UNREAD)
]


def test_rooms_that_were_read_stay_read() -> None:
    found = {path.relative_to(ROOT).as_posix(): found_in(prose(path)) for path in READ}
    assert not {name: lines for name, lines in found.items() if lines}


@pytest.mark.parametrize(
    "text",
    [
        "None where there is none.",
        "Raises CardError, OSError where the card is full.",
        "Where nothing answers, it fails.",
        "It waits for ever.",
        "More than 2 MB would take minutes and is none.",
        "It is kept: who comes back tomorrow starts again.",
        "It can cost the modem.",
        "No error is it.",
    ],
)
def test_a_phrase_would_be_found(text: str) -> None:
    assert len(found_in(iter([text]))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "Where the journal lies.",
        "A folder where nobody looks… who asks?",
        "None if there is none.",
        "The port, where the board is, opens.",
        "Who asks for the time, and why.",
        "It says what it raises and where.",
    ],
)
def test_good_english_would_not(text: str) -> None:
    assert not found_in(iter([text]))
