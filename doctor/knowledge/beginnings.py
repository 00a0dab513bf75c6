"""What every match of an expression begins with, so that a long text is searched only if that stands.

``re`` has no fast search for fixed letters when it ignores case. This module reads as much of an expression as it needs
to name the letters that its matches begin with; if it cannot tell, it says so and ``re`` searches itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

_LEAST_LETTERS = 3  #: shorter beginnings stand in too many places
_MOST_BEGINNINGS = 16

TOKEN = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|.", re.DOTALL)
_NO_WIDTH = re.compile(r"\^|\\b|\(\?<[!=](?:\\.|\[(?:\\.|[^\]\\])*\]|[^()\\\[])*\)")
_LETTERS = re.compile(r"(?:[A-Za-z0-9 _:;=,'\"<>/@#%&~!-]|\\[^A-Za-z0-9])*")
_LAST_LETTER = re.compile(r"\\?.\Z", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_REPEATS = ("*", "+", "?", "{")


def matches(pattern: re.Pattern[str], text: str, lowered: str, start: int, limit: int) -> Iterator[re.Match[str]]:
    """What ``pattern.finditer(text, start, limit)`` finds, sooner; ``lowered`` has every letter at its place."""
    finder = _finder(pattern.pattern)
    if finder is None:
        yield from pattern.finditer(text, start, limit)
        return
    at = start
    while (place := finder.search(lowered, at, limit)) is not None:
        hit = pattern.match(text, place.start(), limit)
        if hit is not None:
            yield hit
        at = hit.end() if hit is not None and hit.end() > place.start() else place.start() + 1


@cache
def _finder(pattern: str) -> re.Pattern[str] | None:
    found = beginnings(pattern)
    return re.compile("|".join(map(re.escape, found))) if found else None


def beginnings(pattern: str) -> tuple[str, ...]:
    """Texts in lower case, one of which every match of ``pattern`` begins with; empty if that cannot be told."""
    found: list[str] = []
    for branch in branches(pattern):
        of_branch = _of_branch(branch)
        if not of_branch:
            return ()
        found += of_branch
    return tuple(dict.fromkeys(found)) if len(found) <= _MOST_BEGINNINGS else ()


def _of_branch(branch: str) -> tuple[str, ...]:
    while no_width := _NO_WIDTH.match(branch):
        branch = branch[no_width.end() :]
    if branch.startswith("(") and (branch.startswith("(?:") or not branch.startswith("(?")):
        inner, rest = group_in_front(branch)
        return () if rest.startswith(_REPEATS) else beginnings(inner)
    found = _LETTERS.match(branch)
    assert found is not None
    letters, rest = found[0], branch[found.end() :]
    if rest.startswith(_REPEATS):
        letters = _LAST_LETTER.sub("", letters)
    letters = _ESCAPED.sub(r"\1", letters).lower()
    return (letters,) if len(letters) >= _LEAST_LETTERS else ()


def branches(pattern: str) -> list[str]:
    """The alternatives of a pattern, cut at each ``|`` outside of groups and sets."""
    found, depth, begun = [], 0, 0
    for token in TOKEN.finditer(pattern):
        depth += (token[0] == "(") - (token[0] == ")")
        if token[0] == "|" and depth == 0:
            found.append(pattern[begun : token.start()])
            begun = token.end()
    return [*found, pattern[begun:]]


def group_in_front(branch: str) -> tuple[str, str]:
    """What the group in front holds, and what follows it."""
    depth = 0
    for token in TOKEN.finditer(branch):
        depth += (token[0] == "(") - (token[0] == ")")
        if depth == 0:
            return branch[3 if branch.startswith("(?:") else 1 : token.start()], branch[token.end() :]
    raise ValueError(f"no end of the group: {branch}")
