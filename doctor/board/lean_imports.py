"""Imports of a package that a board does not need: those that are there for the types in its comments."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence


def without_idle_imports(sources: Mapping[str, str]) -> dict[str, str]:
    """The files of one package by name, without what they import and never name; every line keeps its number.

    What another file takes from a file stays there. A ``try`` that holds only imports, and does nothing if there are
    none, goes as one. Raises SyntaxError if one is no Python.
    """
    trees = {name: ast.parse(source) for name, source in sources.items()}
    nodes = {name: list(ast.walk(tree)) for name, tree in trees.items()}
    taken = {pair for each in nodes.values() for pair in _taken(each)}
    found = {}
    for name, source in sources.items():
        used = {node.id for node in nodes[name] if isinstance(node, ast.Name)}
        used |= {what for home, what in taken if f"{home}.py" == name}
        found[name] = _without(source, trees[name], used)
    return found


def _taken(nodes: Sequence[ast.AST]) -> Iterator[tuple[str, str]]:
    """What a file takes from others: (module, name)."""
    for node in nodes:
        if isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", alias.name) for alias in node.names)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield node.value.id, node.attr


def _without(source: str, tree: ast.Module, used: set[str]) -> str:
    lines = source.split("\n")
    for node in tree.body:
        if isinstance(node, ast.Try) and _only_imports(node):
            parts = [alias for part in node.body if isinstance(part, ast.ImportFrom) for alias in part.names]
            if not any(_bound(alias) in used for alias in parts):
                _put(lines, node, "")
        elif isinstance(node, ast.ImportFrom):
            kept = [alias for alias in node.names if _bound(alias) in used]
            if len(kept) < len(node.names):
                text = ", ".join(ast.unparse(alias) for alias in kept)
                home = "." * node.level + (node.module or "")
                _put(lines, node, f"from {home} import {text}" if kept else "")
    return "\n".join(lines)


def _only_imports(node: ast.Try) -> bool:
    idle = all(isinstance(part, ast.Pass) for handler in node.handlers for part in handler.body)
    return idle and not node.orelse and all(isinstance(part, ast.ImportFrom) for part in node.body)


def _bound(alias: ast.alias) -> str:
    return alias.asname or alias.name


def _put(lines: list[str], node: ast.stmt, text: str) -> None:
    first, last = node.lineno, node.end_lineno or node.lineno
    lines[first - 1 : last] = [text] + [""] * (last - first)
