"""Which modules a checkout has, and which names each of them imports: for the house test and for its figures."""

from __future__ import annotations

import ast
from collections.abc import Iterator
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


def imports_of(path: Path, root: Path) -> Iterator[str]:
    """What a module imports, wherever the import stands: modules, and names in them."""
    package = module_of(path, root) if path.name == "__init__.py" else module_of(path, root).rpartition(".")[0]
    for node in nodes_of(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            yield ".".join([*base, *([node.module] if node.module else [])])
            yield from (".".join([*base, *([node.module] if node.module else []), a.name]) for a in node.names)
