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
    """The files of one package by name, each as ``Lean`` makes it, with short names and no import that only types need.

    Only ``TITLED`` says what it is. The result is the same bytes on every release of Python.

    api  functions that are called from outside, with their arguments by name
    Raises tokenize.TokenError, SyntaxError if one is no Python.
    """
    made = {name: Lean(source, title=name == TITLED) for name, source in without_idle_imports(sources).items()}
    short = ShortNames({name: each.text() for name, each in made.items()}, api)
    return {name: each.text(short.of(name)) for name, each in made.items()}


class Lean:
    """A source without comments, docstrings and blanks that mean nothing, indented by one space; it does the same.

    What is left is kept token by token, each in the line in which it stood.

    title  the first line of the module's own docstring stays
    Raises tokenize.TokenError, SyntaxError if it is no Python.
    """

    def __init__(self, source: str, *, title: bool = True) -> None:
        self._pieces: list[str] = []
        self._names: list[tuple[int, bool]] = []  # which pieces are names, and whether behind a dot
        self._row = 1
        self._depth = 0
        self._open_brackets = 0
        self._before = ""  # the token before, within a statement
        tokens = [each for each in tokenize.generate_tokens(io.StringIO(source).readline) if each.type not in _UNSEEN]
        for at, each in enumerate(tokens):
            before = tokens[at - 1].type if at else token.ENCODING
            if each.type == token.STRING and before in _OPENING and tokens[at + 1].type == token.NEWLINE:
                self._docstring(each, title=title, is_body=tokens[at + 2].type == token.DEDENT)
            else:
                self._put(each)
        self._pieces.append("\n" * (source.count("\n") + 1 - self._row))

    def text(self, rename: Rename | None = None) -> str:
        """The source, with other names if ``rename`` says which."""
        if rename is None:
            return "".join(self._pieces)
        pieces = self._pieces.copy()
        for at, is_member in self._names:
            pieces[at] = rename(pieces[at], is_member)
        return "".join(pieces)

    def _put(self, each: tokenize.TokenInfo) -> None:
        self._depth += (each.type == token.INDENT) - (each.type == token.DEDENT)
        if each.type in _LAYOUT:
            self._before = ""
            return
        text = each.string
        self._add(text, each)
        if each.type == token.NAME and not keyword.iskeyword(text):
            self._names.append((len(self._pieces) - 1, self._before == "."))
        self._open_brackets += (text in ("(", "[", "{")) - (text in (")", "]", "}"))
        self._before = text

    def _docstring(self, each: tokenize.TokenInfo, *, title: bool, is_body: bool) -> None:
        """Leave one out; if it is all that a function or class holds, ``pass`` takes its place."""
        if title and each.start == (1, 0):
            first, *more = each.string.split("\n", 1)
            self._add(first.rstrip() + '"""' if more else first, each, ends=1)
        elif is_body:
            self._add("pass", each, ends=each.start[0])

    def _add(self, text: str, each: tokenize.TokenInfo, ends: int = 0) -> None:
        if each.start[0] > self._row:
            joined = self._before and not self._open_brackets
            self._pieces.append(("\\\n" if joined else "\n") * (each.start[0] - self._row))
        if not self._before:
            self._pieces.append(" " * self._depth)
        elif _is_word(self._pieces[-1][-1]) and _is_word(text[0]):
            self._pieces.append(" ")
        self._pieces.append(text)
        self._row = ends or each.end[0]


def _is_word(char: str) -> bool:
    return char.isalnum() or char == "_"
