"""Which modules a checkout has, and which names each of them imports: for the house test and for its figures."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path


def product(root: Path) -> list[Path]:
    """The modules of the product below a checkout."""
    return sorted([*root.glob("doctor/**/*.py"), *root.glob("checks/*.py")])


def module_of(path: Path, root: Path) -> str:
    """The dotted name of a module of the checkout ``root``."""
    return ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")


@cache
def nodes_of(path: Path) -> tuple[ast.AST, ...]:
    """All nodes of a module, the module itself first. Many tests ask, and reading the whole product takes a second."""
    return tuple(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


@cache
def imports_of(path: Path, root: Path) -> tuple[str, ...]:
    """What a module imports, wherever the import stands: modules, and names in them."""
    package = module_of(path, root) if path.name == "__init__.py" else module_of(path, root).rpartition(".")[0]
    found: list[str] = []
    for node in nodes_of(path):
        if isinstance(node, ast.Import):
            found += (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base += [node.module] if node.module else []
            found += (".".join(base), *(".".join([*base, alias.name]) for alias in node.names))
    return tuple(found)


def arrows(root: Path) -> dict[str, frozenset[str]]:
    """Which modules of the product each of its modules uses."""
    by_module = {module_of(path, root): path for path in product(root)}
    found = {}
    for module, path in by_module.items():
        named = by_module.keys() & set(imports_of(path, root))
        # A package that is only named on the way to one of its modules is not used itself.
        found[module] = frozenset(each for each in named if not any(other.startswith(f"{each}.") for other in named))
    return found


def circles(arrows: Mapping[str, Collection[str]]) -> list[set[str]]:
    """Sets of two or more modules that all reach each other (Tarjan's strongly connected components)."""
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[set[str]] = []

    def visit(at: str) -> None:
        number[at] = low[at] = len(number)
        stack.append(at)
        for to in sorted(arrows.get(at, ())):
            if to not in number:
                visit(to)
                low[at] = min(low[at], low[to])
            elif to in stack:
                low[at] = min(low[at], number[to])
        if low[at] == number[at]:
            ring = set(stack[stack.index(at) :])
            del stack[stack.index(at) :]
            if len(ring) > 1:
                found.append(ring)

    for each in sorted(arrows):
        if each not in number:
            visit(each)
    return found
