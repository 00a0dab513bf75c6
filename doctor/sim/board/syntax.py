"""Board code into CPython code: refuses what Pycom's MicroPython cannot parse, and lets every statement cost time.

Source of the refusals: repl-stack.md 6. Instead of a trace function, a call of TICK is put in
front of every statement: exceptions such as KeyboardInterrupt can then be raised right there, on every Python version.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings
from functools import lru_cache
from types import CodeType
from typing import NamedTuple

from doctor.sim.board.eras import SimEra

TICK = "__fd_tick__"
"""Name in the board's builtins of the function that every statement calls; it returns True."""

SHOW = "__fd_show__"
"""Name in the board's builtins of the function that prints the value of an expression typed at the prompt."""

_SOURCE_LIMIT_BYTES = 512 * 1024  # far above what a board can compile; keeps a wrong file from taking long

_COMPILED_KEPT = 4096
"""Pieces of code that are remembered compiled: a client sends the same ones to every board.

The files of the updater alone are some hundred pieces; fewer places than a run has pieces would never be of use.
"""

_MAYBE_UNDERSCORES = re.compile(r"(?<!\w)[0-9][0-9A-Za-z]*_")
"""Found in all code with a number like 1_000, and in little other: the rest is the same code in every era."""

_LINES_KEPT = 4096
"""Ticks that are remembered: the lines of a long file."""


def compile_board(source: str, filename: str, era: SimEra, *, interactive: bool = False) -> CodeType:
    """Compile one piece of board code.

    interactive  values of top-level expressions are shown, as at the friendly prompt

    Raises SyntaxError or IndentationError with MicroPython's short message and a line number.
    """
    if len(source) > _SOURCE_LIMIT_BYTES:
        raise MemoryError(f"memory allocation failed, allocating {len(source)} bytes")
    underscores = _MAYBE_UNDERSCORES.search(source) is not None
    return _compiled(source, filename, underscores and not era.has_number_underscores, interactive)


@lru_cache(maxsize=_COMPILED_KEPT)
def _compiled(source: str, filename: str, refuses_underscores: bool, interactive: bool) -> CodeType:
    try:
        tree = _parse(source, filename)
    except IndentationError as error:
        text = (
            "unexpected indent"
            if "unexpected indent" in str(error)
            else "unindent does not match any outer indentation level"
        )
        raise IndentationError(text, (filename, error.lineno or 1, 0, "")) from None
    except SyntaxError as error:
        raise _invalid(filename, error.lineno or 1) from None
    except (ValueError, RecursionError):  # NUL characters; absurd nesting
        raise _invalid(filename, 1) from None
    _Walk(filename).module(tree, interactive=interactive)
    if refuses_underscores:
        _refuse_underscores(source, filename)
    try:
        return compile(tree, filename, "exec", dont_inherit=True)
    except SyntaxError as error:  # found by the compiler proper: 'return' outside function and the like
        raise SyntaxError(error.msg, (filename, error.lineno or 1, 0, "")) from None


def _parse(source: str, filename: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "invalid escape sequence" is no business of the host's
        return ast.parse(source, filename)


def _invalid(filename: str, line: int) -> SyntaxError:
    return SyntaxError("invalid syntax", (filename, line, 0, ""))


def _refuse_underscores(source: str, filename: str) -> None:
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.NUMBER and "_" in token.string:
            raise _invalid(filename, token.start[0])


_REFUSED = tuple(
    getattr(ast, name)
    for name in ("JoinedStr", "NamedExpr", "AnnAssign", "MatMult", "Match", "TryStar", "TemplateStr", "TypeAlias")
    if hasattr(ast, name)
)
"""Node classes that neither v1.8.6 nor v1.11 can parse, as far as this Python has them."""


def _refuses(node: ast.AST) -> bool:
    """Whether the board cannot parse this node, which is of a class that it knows."""
    if isinstance(node, ast.Call):
        stars = sum(isinstance(argument, ast.Starred) for argument in node.args)
        return stars > 1 or sum(keyword.arg is None for keyword in node.keywords) > 1
    if isinstance(node, ast.Dict):
        return any(key is None for key in node.keys)
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)) and isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
        return any(isinstance(element, ast.Starred) for element in node.elts)
    if isinstance(node, ast.arguments):
        return bool(node.posonlyargs)
    if isinstance(node, ast.comprehension):
        return bool(node.is_async)
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return any(not _dotted_call(decorator) for decorator in node.decorator_list)
    return isinstance(node, _REFUSED)


def _dotted_call(node: ast.expr) -> bool:
    if isinstance(node, ast.Call):
        node = node.func
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)


class _Shape(NamedTuple):
    """What the walk has to know of a class of nodes."""

    has_line: bool
    is_suspect: bool
    """``_refuses`` has to be asked."""
    fields: tuple[str, ...]
    """Fields that can hold nodes of interest, in the order of the source."""


_SUSPECTS = (
    ast.Call, ast.Dict, ast.List, ast.Tuple, ast.Set, ast.arguments, ast.comprehension, ast.FunctionDef, ast.ClassDef,
    *_REFUSED,
)  # fmt: skip
_DULL = ("ctx", "id", "attr", "kind", "type_comment")

_SHAPES: dict[type, _Shape] = {
    kind: _Shape(
        "lineno" in kind._attributes,
        issubclass(kind, _SUSPECTS),
        () if kind is ast.Constant else tuple(name for name in kind._fields if name not in _DULL),
    )
    for kind in vars(ast).values()
    if isinstance(kind, type) and issubclass(kind, ast.AST)
}


class _Walk:
    """Raises SyntaxError at the first construct that the board's grammar lacks; puts in the ticks.

    A tick stands in front of every statement and in every comprehension. One walk does both, with what it has to know
    of each class of nodes looked up: simulated boards compile thousands of snippets.
    """

    def __init__(self, filename: str) -> None:
        self._filename = filename
        self._line = 1

    def module(self, tree: ast.Module, *, interactive: bool) -> None:
        """Look at a whole module. ``interactive``: also show the values of expressions at its top level."""
        tree.body = self._ticked(tree.body)
        if interactive:
            tree.body = [_shown(statement) for statement in tree.body]

    def _node(self, node: ast.AST, shape: _Shape) -> None:
        has_line, is_suspect, fields = shape
        if has_line:
            self._line = node.lineno  # type: ignore[attr-defined]
        if isinstance(node, ast.FunctionDef) and node.decorator_list:
            node.decorator_list = [item for item in node.decorator_list if not self._is_for_the_compiler(item)]
        if is_suspect and _refuses(node):
            raise _invalid(self._filename, self._line)
        for name in fields:
            value = getattr(node, name)
            if value.__class__ is not list:
                below = _SHAPES.get(value.__class__)
                if below is not None:
                    self._node(value, below)
            elif value and name in ("body", "orelse", "finalbody"):
                setattr(node, name, self._ticked(value))
            else:
                for item in value:
                    below = _SHAPES.get(item.__class__)
                    if below is not None:
                        self._node(item, below)
        if isinstance(node, ast.comprehension):
            node.ifs.insert(0, _tick(node.iter.lineno).value)

    def _is_for_the_compiler(self, decorator: ast.expr) -> bool:
        """`@micropython.NAME` is no name that is looked up, and these releases emit nothing but bytecode."""
        if not (isinstance(decorator, ast.Attribute) and isinstance(decorator.value, ast.Name)):
            return False
        if decorator.value.id == "micropython" and decorator.attr != "bytecode":
            raise SyntaxError("invalid micropython decorator", (self._filename, decorator.lineno, 0, ""))
        return decorator.value.id == "micropython"

    def _ticked(self, block: list[ast.stmt]) -> list[ast.stmt]:
        out: list[ast.stmt] = []
        for index, statement in enumerate(block):
            if not (index == 0 and _is_docstring(statement)) and not _is_future_import(statement):
                out.append(_tick(statement.lineno))
            self._node(statement, _SHAPES[statement.__class__])
            out.append(statement)
        return out


@lru_cache(maxsize=_LINES_KEPT)
def _tick(line: int) -> ast.Expr:
    """The call of TICK as a statement in ``line``; nobody changes it, so that all code shares it."""
    place = {"lineno": line, "col_offset": 0, "end_lineno": line, "end_col_offset": 0}
    return ast.Expr(ast.Call(ast.Name(TICK, ast.Load(), **place), [], [], **place), **place)


def _shown(statement: ast.stmt) -> ast.stmt:
    value = statement.value if isinstance(statement, ast.Expr) else None
    if value is None or (isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == TICK):
        return statement
    call = ast.Call(ast.copy_location(ast.Name(SHOW, ast.Load()), statement), [value], [])
    return ast.copy_location(ast.Expr(ast.copy_location(call, statement)), statement)


def _is_docstring(statement: ast.stmt) -> bool:
    value = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def _is_future_import(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.ImportFrom) and statement.module == "__future__"


_COMPOUND = ("if", "while", "for", "try", "with", "def", "class", "async", "@")


_PIECES = re.compile(
    r"""(?P<triple>\"{3}|'{3})(?:\\.|(?!(?P=triple)).)*(?P<closed>(?P=triple))?"""
    r"""|(?P<quote>["'])(?:\\.|(?!(?P=quote))[^\n])*(?P<ended>(?P=quote)|\n)?"""
    r"""|\#[^\n]*|[()\[\]{}]""",
    re.DOTALL,
)
"""Texts, comments and brackets."""


def wants_more(source: str) -> bool:
    """True if the friendly prompt answers Enter with ``... ``: an open block, bracket, string or a backslash.

    A block goes on until an empty line.
    """
    depth, in_text = 0, False
    for piece in _PIECES.finditer(source):
        if piece["triple"] and not piece["closed"]:
            return True
        in_text = bool(piece["quote"]) and not piece["ended"]
        depth += (piece[0] in "([{") - (piece[0] in ")]}")
    if depth > 0 or (source.rstrip(" ").endswith("\\") and not in_text):
        return True
    first = source.lstrip(" \t")
    words = first.split(None, 1)
    starts_block = first.startswith("@") or bool(words and words[0].rstrip(":(") in _COMPOUND)
    return starts_block and not source.endswith("\n")
