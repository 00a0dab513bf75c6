"""The house of docs/design.md: which room may name which."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted([*ROOT.glob("doctor/**/*.py"), *ROOT.glob("checks/*.py")])


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports_of(path: Path) -> Iterator[str]:
    package = module_of(path) if path.name == "__init__.py" else module_of(path).rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            yield ".".join([*base, *([node.module] if node.module else [])])
            yield from (".".join([*base, *([node.module] if node.module else []), a.name]) for a in node.names)


IMPORTS = {module_of(path): set(imports_of(path)) for path in SOURCES}


def inside(name: str, *rooms: str) -> bool:
    return any(name == room or name.startswith(f"{room}.") for room in rooms)


#: room: what it must not name. From docs/design.md, section 2.
FORBIDDEN = {
    "doctor.sim": ("doctor.updater",),
    "doctor.knowledge": ("doctor", "checks"),
    "doctor.engine": ("doctor.cli", "doctor.report", "doctor.jobs", "doctor.remedies", "doctor.sim"),
    "doctor.jobs": ("doctor.cli", "doctor.report", "doctor.sim", "rich", "click"),
    "doctor.report": ("doctor.cli", "doctor.sim"),
    "doctor.remedies": ("doctor.cli", "doctor.report", "doctor.jobs", "doctor.engine", "checks", "rich", "click"),
    "checks": ("doctor.cli", "doctor.report", "doctor.jobs", "doctor.engine", "doctor.sim", "checks", "rich", "click"),
    "doctor.bench": ("doctor.cli", "doctor.report", "doctor.jobs", "doctor.engine", "doctor.remedies", "doctor.sim"),
    "doctor.board": ("doctor.bench", "doctor.engine", "doctor.jobs", "doctor.card", "doctor.sim", "checks"),
    "doctor.card": ("doctor.bench", "doctor.engine", "doctor.jobs", "doctor.board", "doctor.sim", "doctor.updater"),
    "doctor.firmware": ("doctor.bench", "doctor.engine", "doctor.board", "doctor.card", "doctor.sim", "doctor.updater"),
    "doctor.modem": ("doctor.bench", "doctor.engine", "doctor.jobs", "doctor.board", "doctor.card", "doctor.sim"),
    "doctor.link": ("doctor.bench", "doctor.engine", "doctor.board", "doctor.card", "doctor.updater", "doctor.sniff"),
}


@pytest.mark.parametrize("room", FORBIDDEN)
def test_arrows_run_downwards(room: str) -> None:
    broken = [
        f"{module} -> {name}"
        for module, names in IMPORTS.items()
        if inside(module, room)
        for name in names
        if inside(name, *FORBIDDEN[room]) and not (room != "checks" and inside(name, room))
    ]
    assert not broken


def test_core_stands_on_nothing_of_ours() -> None:
    for module, names in IMPORTS.items():
        if inside(module, "doctor.updater"):
            assert all(inside(n, "doctor.updater") for n in names if inside(n, "doctor", "checks")), module


@pytest.mark.parametrize("library", ["rich", "click"])
def test_only_the_talking_rooms_know_colours(library: str) -> None:
    for module, names in IMPORTS.items():
        if not inside(module, "doctor.cli", "doctor.report"):
            assert not [n for n in names if inside(n, library)], module


def test_simulator_is_met_only_at_its_doors() -> None:
    for module, names in IMPORTS.items():
        if not inside(module, "doctor.sim", "doctor.cli.sim"):
            assert not [n for n in names if inside(n, "doctor.sim")], module


#: The board's console is its wire to the PC: what runs there speaks by printing.
SPEAKS_BY_PRINTING = ("doctor.cli", "doctor.sim", "doctor.__main__", "doctor.updater.board_console")


def test_nothing_below_the_command_line_prints() -> None:
    for path in SOURCES:
        if not inside(module_of(path), *SPEAKS_BY_PRINTING):
            calls = [n for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.Call)]
            assert not [c.lineno for c in calls if isinstance(c.func, ast.Name) and c.func.id == "print"], path
