"""A Python source as a board needs it: what only people read is gone, and every line keeps its number.

A traceback of the board so names the line of the file in this program.
"""

from __future__ import annotations

import io
import token
import tokenize

_OPENING = frozenset({token.ENCODING, token.NEWLINE, token.INDENT, token.DEDENT})
_UNSEEN = frozenset({token.COMMENT, token.NL})
_INDENT = 4


def lean(source: str) -> str:
    """``source`` without comments and docstrings, indented by one space; it does the same.

    The first line of the module's own docstring stays: it says what the file is. Raises tokenize.TokenError,
    SyntaxError if it is no Python.
    """
    lines = source.split("\n")
    tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    content: set[int] = set()  # lines that begin within a string
    for each in tokens:
        if each.type == token.COMMENT:
            row, column = each.start
            lines[row - 1] = lines[row - 1][:column].rstrip()
        elif each.type == token.STRING:
            content.update(range(each.start[0] + 1, each.end[0] + 1))
    seen = [each for each in tokens if each.type not in _UNSEEN]
    for before, each, after, then in zip([None, *seen], seen, seen[1:], seen[2:], strict=False):
        if each.type == token.STRING and after.type == token.NEWLINE and (before is None or before.type in _OPENING):
            _drop(lines, each, is_body=then.type == token.DEDENT)
    return "\n".join(line if row in content else _outdented(line) for row, line in enumerate(lines, 1))


def _drop(lines: list[str], docstring: tokenize.TokenInfo, *, is_body: bool) -> None:
    """Empty the lines of a docstring; one that is all that a function or class holds leaves a ``pass``."""
    first, last = docstring.start[0], docstring.end[0]
    left = lines[first - 1][: docstring.start[1]] + "pass" if is_body else ""
    if first == 1:
        left = lines[0] if last == 1 else lines[0].rstrip() + '"""'
    lines[first - 1 : last] = [left] + [""] * (last - first)


def _outdented(line: str) -> str:
    text = line.lstrip(" ")
    return " " * ((len(line) - len(text)) // _INDENT) + text
