"""Finds every snippet of board code in doctor/ and checks/: none may be sent without a row in rows.py."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import doctor
from docs._build.modules import nodes_of

HOME = Path(doctor.__file__).parent
#: The simulator is the other end, the core is code of the board itself and has tests of its own.
NOT_SENDING = ("sim", "updater")
#: In board/snippets/, but only parts of snippets or makers of such parts.
PARTS = frozenset(
    {"board.snippets.DAMAGED", "board.snippets.wrapped", "board.snippets.quoted", "board.snippets.modem.PINS_OF_BOARD"}
)
#: Code for a board begins a line with an import; texts for people do not, and have no line below it.
_CODE = re.compile(r"(?:^|\n) *(?:import|from) [\w ,.]+\n")

_Def = ast.FunctionDef | ast.AsyncFunctionDef


@lru_cache
def snippets() -> dict[str, str]:
    """Every snippet by its name below doctor/, such as ``board.snippets.stat``, and where it is."""
    found: dict[str, str] = {}
    for path, module, tree in _modules():
        is_room = path.parent.name == "snippets"
        for name, line in _in_room(tree) if is_room else _elsewhere(tree):
            if f"{module}.{name}" not in PARTS:
                found[f"{module}.{name}"] = f"{path.relative_to(HOME.parent)}:{line}"
    return found


def nameless() -> list[str]:
    """Calls that send literal code to a REPL: a snippet without a name has no row either."""
    found = []
    for path, _, tree in _modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
                to_repl = ast.unparse(node.func.value).rpartition(".")[2] in ("repl", "_repl")
                literal = isinstance(node.args[0], ast.JoinedStr | ast.Constant | ast.BinOp)
                by_name = isinstance(node.args[0], ast.BinOp) and isinstance(
                    node.args[0].left, ast.Attribute | ast.Name
                )
                if to_repl and node.func.attr in ("call", "run", "send") and literal and not by_name:
                    found.append(f"{path.relative_to(HOME.parent)}:{node.lineno}")
    return found


@lru_cache
def _modules() -> list[tuple[Path, str, ast.Module]]:
    found = []
    for path in sorted([*HOME.rglob("*.py"), *(HOME.parent / "checks").glob("*.py")]):
        parts = path.relative_to(HOME if HOME in path.parents else HOME.parent).with_suffix("").parts
        if parts[0] not in NOT_SENDING:
            module = ".".join(parts).removesuffix(".__init__")
            tree = nodes_of(path)[0]
            assert isinstance(tree, ast.Module)
            found.append((path, module, tree))
    return found


def _in_room(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Of a module of snippets: public texts, and public functions that give one."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and _gives_text(node):
            yield node.name, node.lineno
        for name in _assigned(node):
            made = isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)  # of texts with names of their own
            if not name.startswith("_") and (made or any("\n" in text for text in _texts(node))):
                yield name, node.lineno


def _gives_text(function: ast.FunctionDef) -> bool:
    return isinstance(function.returns, ast.Name) and function.returns.id == "str"


def _elsewhere(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Of any other module: what holds code for a board; for a private constant, the functions that use it."""
    if not any(_CODE.search(text) for text in _texts(tree)):
        return
    kept: set[str] = set()
    for node in tree.body:
        if any(_CODE.search(text) for text in _texts(node)):
            for name in _assigned(node):
                kept.add(name)
                if not name.startswith("_"):
                    yield name, node.lineno
    for owner, function in _functions(tree):
        uses = {n.id for n in ast.walk(function) if isinstance(n, ast.Name)} & {n for n in kept if n.startswith("_")}
        if uses or any(_CODE.search(text) for text in _texts(function)):
            yield owner + function.name, function.lineno


def _functions(tree: ast.Module) -> Iterator[tuple[str, _Def]]:
    for node in tree.body:
        if isinstance(node, _Def):
            yield "", node
        elif isinstance(node, ast.ClassDef):
            yield from ((f"{node.name}.", item) for item in node.body if isinstance(item, _Def))


def _assigned(node: ast.stmt) -> list[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _texts(node: ast.AST) -> Iterator[str]:
    """Texts in a piece of code, f-strings with a name in place of each value; texts that stand alone explain."""
    alone = set()
    for inner in ast.walk(node):
        if isinstance(inner, ast.Expr):
            alone.add(inner.value)
        elif isinstance(inner, ast.JoinedStr):
            yield "".join(str(v.value) if isinstance(v, ast.Constant) else "x" for v in inner.values)
        elif isinstance(inner, ast.Constant) and inner not in alone:
            if isinstance(inner.value, str):
                yield inner.value
            elif isinstance(inner.value, bytes):
                yield inner.value.decode("latin-1")
