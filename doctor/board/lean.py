"""Python sources as a board needs them: what only people read is gone, and every line keeps its number.

A traceback of the board so names the line of the file in this program. Names that no traceback shows are short
(lean_names.py). Other tools that make Python small (PyPI python-minifier) print a tree anew, without its lines.
"""

from __future__ import annotations

import io
import keyword
import token
import tokenize
from collections.abc import Callable, Mapping, Sequence

from doctor.board.lean_imports import without_idle_imports
from doctor.board.lean_names import ShortNames

_OPENING = frozenset({token.ENCODING, token.NEWLINE, token.INDENT, token.DEDENT})
_UNSEEN = frozenset({token.COMMENT, token.NL})
_LAYOUT = frozenset({token.ENCODING, token.NEWLINE, token.INDENT, token.DEDENT, token.ENDMARKER})

TITLED = "__init__.py"  #: by its first line we know a package as ours
Rename = Callable[[str, bool], str]  #: the name in the place of this one; whether it stands behind a dot


def lean_package(sources: Mapping[str, str], api: Sequence[str]) -> dict[str, str]:
    """The files of one package by name, each as ``lean`` makes it, with short names and no import that only types need.

    Only ``TITLED`` says what it is. The result is the same bytes on every release of Python.

    api  functions that are called from outside, with their arguments by name
    Raises tokenize.TokenError, SyntaxError if one is no Python.
    """
    bare = without_idle_imports({name: lean(source, title=name == TITLED) for name, source in sources.items()})
    short = ShortNames(bare, api)
    return {name: lean(source, short.of(name)) for name, source in bare.items()}


def lean(source: str, rename: Rename = lambda name, _is_member: name, *, title: bool = True) -> str:
    """``source`` without comments, docstrings and blanks that mean nothing, indented by one space; it does the same.

    title  the first line of the module's own docstring stays
    Raises tokenize.TokenError, SyntaxError if it is no Python.
    """
    tokens = [each for each in tokenize.generate_tokens(io.StringIO(source).readline) if each.type not in _UNSEEN]
    made = _Lines(rename)
    for at, each in enumerate(tokens):
        before = tokens[at - 1].type if at else token.ENCODING
        if each.type == token.STRING and before in _OPENING and tokens[at + 1].type == token.NEWLINE:
            made.docstring(each, title=title, is_body=tokens[at + 2].type == token.DEDENT)
        else:
            made.put(each)
    return "".join(made.pieces) + "\n" * (source.count("\n") + 1 - made.row)


class _Lines:
    """What is left, token by token, each in the line in which it stood."""

    def __init__(self, rename: Rename) -> None:
        self.pieces: list[str] = []
        self.row = 1
        self._rename = rename
        self._depth = 0
        self._open_brackets = 0
        self._before = ""  # the token before, within a statement

    def put(self, each: tokenize.TokenInfo) -> None:
        self._depth += (each.type == token.INDENT) - (each.type == token.DEDENT)
        if each.type in _LAYOUT:
            self._before = ""
            return
        text = each.string
        if each.type == token.NAME and not keyword.iskeyword(text):
            text = self._rename(text, self._before == ".")
        self._add(text, each)
        self._open_brackets += (text in ("(", "[", "{")) - (text in (")", "]", "}"))
        self._before = each.string

    def docstring(self, each: tokenize.TokenInfo, *, title: bool, is_body: bool) -> None:
        """Leave one out; if it is all that a function or class holds, ``pass`` takes its place."""
        if title and each.start == (1, 0):
            first, *more = each.string.split("\n", 1)
            self._add(first.rstrip() + '"""' if more else first, each, ends=1)
        elif is_body:
            self._add("pass", each, ends=each.start[0])

    def _add(self, text: str, each: tokenize.TokenInfo, ends: int = 0) -> None:
        if each.start[0] > self.row:
            joined = self._before and not self._open_brackets
            self.pieces.append(("\\\n" if joined else "\n") * (each.start[0] - self.row))
        if not self._before:
            self.pieces.append(" " * self._depth)
        elif _is_word(self.pieces[-1][-1]) and _is_word(text[0]):
            self.pieces.append(" ")
        self.pieces.append(text)
        self.row = ends or each.end[0]


def _is_word(char: str) -> bool:
    return char.isalnum() or char == "_"
