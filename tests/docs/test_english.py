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
#: Turns that a sentence shown to a user must not have, besides those.
SAID = {
    "leave out": re.compile(r"\bleave (?:--)?[\w.-]+ away\b", re.IGNORECASE),
    "is not a": re.compile(r"(?<!there )\b(?:is|are) no (?:text|file|number|record|name|board|card|regular|trace)\b"),
    "is": re.compile(r"\b(?:copies|copy|files?|backup|image) lies?\b"),
    "was interrupted": re.compile(r"(?:upgrade|upload|download|copy|flash) (?:was )?br(?:oke|oken) off\b"),
    "everything else": re.compile(r"\ball else that\b"),
    "again": re.compile(r"\banew\b"),
    "brick": re.compile(r"\bcosts? (?:the )?modems?\b"),
    "beyond": re.compile(r"\bbehind the end\b"),
    "warning": re.compile(r"\bto know[,.]"),
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


def said(path: Path) -> Iterator[str]:
    """What a module may show: its literals of several words, an f-string with … for each value; no docstrings."""
    docs = {node.value for node in nodes_of(path) if isinstance(node, ast.Expr)}
    for node in nodes_of(path):
        match node:
            case ast.JoinedStr():
                yield "".join(str(v.value) if isinstance(v, ast.Constant) else "…" for v in node.values)
            case ast.Constant(value=str() as text) if " " in text and node not in docs:
                yield text


def found_in(texts: Iterator[str], phrases: dict[str, re.Pattern[str]] = PHRASES) -> list[str]:
    return [
        f'"{match[0]}" in "{text[max(0, match.start() - 30) : match.end() + 30]}": write "{better}"'
        for text in texts
        for better, pattern in phrases.items()
        for match in pattern.finditer(text)
    ]


READ = [
    path
    for path in sorted(
        [*ROOT.glob("*.md"), *(p for top in ("checks", "docs", "doctor", "tests") for p in ROOT.glob(f"{top}/**/*"))]
    )
    if path.suffix in (".md", ".py") and not path.relative_to(ROOT).as_posix().startswith(UNREAD)
]


@pytest.mark.long
def test_rooms_that_were_read_stay_read() -> None:
    found = {path.relative_to(ROOT).as_posix(): found_in(prose(path)) for path in READ}
    assert not {name: lines for name, lines in found.items() if lines}


def test_users_read_plain_sentences() -> None:
    shown = [path for path in READ if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in ("checks", "doctor")]
    found = {path.relative_to(ROOT).as_posix(): found_in(said(path), PHRASES | SAID) for path in shown}
    assert not {name: lines for name, lines in found.items() if lines}


@pytest.mark.parametrize(
    "text",
    [
        "leave --bootrom away",
        "its name is no text",
        "copies lie in backup",
        "an earlier upgrade broke off",
        "all else that helps was tried",
        "the bench starts anew",
        "guessing costs modems",
        "it goes on behind the end",
        "1 failed, 2 to know, 7 passed",
    ],
)
def test_a_foreign_turn_would_be_found(text: str) -> None:
    assert len(found_in(iter([text]), SAID)) == 1


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
