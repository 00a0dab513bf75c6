"""Whether a script of the board starts a modem updater when it runs: read, parsed, never executed.

The original poster's main.py held ``sqnsupgrade.run(...)``: every reset began another upgrade
(known failure ``main-py-autoruns-updater``).
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

UPDATER_MODULES = frozenset({"sqnsupgrade", "uartmirror", "fipyup"})
"""Modules whose calls talk to the modem's boot loader: the vendor's two, and our own on-board updater."""
HARMLESS_CALLS = frozenset({"version", "info", "imei", "state"})
"""Calls of the vendor's module that only ask (failure-catalogue.md 6)."""
MIRROR_CALL = "modem_upgrade_mode"
DYNAMIC_IMPORTS = frozenset({"__import__", "exec", "eval", "execfile", "import_module"})
MAIN_CALL = re.compile(r"""\bmachine\s*\.\s*main\s*\(\s*(['"])([^'"]{1,80})\1""")
TEXT_CALL = re.compile(
    r"\b(?:sqnsupgrade|uartmirror|fipyup)\s*\.\s*(?!version\b|info\b|imei\b|state\b)\w+\s*\(|"
    r"\bmodem_upgrade_mode\s*\("
)
TEXT_NAME = re.compile(r"\b(?:sqnsupgrade|uartmirror|fipyup)\b")


@dataclass(frozen=True)
class Starter:
    """A line that starts an updater, or that at least loads one.

    line    number of the line, from 1
    text    the line itself, as the file has it
    starts  True if it calls the updater, False if it only imports it
    """

    line: int
    text: str
    starts: bool


def find_starters(source: str, *, when_imported: bool = False) -> tuple[Starter, ...]:
    """Lines of ``source`` that start or load an updater, first line first.

    when_imported  the script is a module that another one imports: what its functions do counts only when called

    What CPython's ``ast`` cannot parse (old syntax, damage, a web page) is searched as text, comments left out.
    """
    tree = _parse(source)
    if tree is None:
        return _by_text(source)
    lines = source.split("\n")
    found: dict[int, Starter] = {}
    for number, starts in _in_tree(tree, when_imported):
        text = lines[number - 1].strip() if number <= len(lines) else ""
        if number not in found or starts:
            found[number] = Starter(number, text, starts)
    return tuple(found[number] for number in sorted(found))


def named_main(source: str) -> str | None:
    """The file that ``machine.main('name')`` makes the board run instead of main.py, if the text names one."""
    for line in source.splitlines():
        match = MAIN_CALL.search(line.split("#", 1)[0])
        if match:
            return match.group(2)
    return None


def _by_text(source: str) -> tuple[Starter, ...]:
    found = []
    for number, line in enumerate(source.splitlines(), 1):
        code = line.split("#", 1)[0]
        if TEXT_CALL.search(code):
            found.append(Starter(number, line.strip(), True))
        elif TEXT_NAME.search(code):
            found.append(Starter(number, line.strip(), False))
    return tuple(found)


def _parse(source: str) -> ast.AST | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _walk(node: ast.AST, into_functions: bool) -> Iterator[ast.AST]:
    waiting = [node]
    while waiting:  # a sum of 2,000 terms is 2,000 deep
        for child in ast.iter_child_nodes(waiting.pop()):
            if into_functions or not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
                yield child
                waiting.append(child)


def _in_tree(tree: ast.AST, when_imported: bool) -> Iterator[tuple[int, bool]]:
    modules, functions = _names_bound(tree)
    for node in _walk(tree, not when_imported):
        if isinstance(node, ast.Import):
            if any(alias.name.split(".")[0] in UPDATER_MODULES for alias in node.names):
                yield node.lineno, False
        elif isinstance(node, ast.ImportFrom):
            if (node.module or "").split(".")[0] in UPDATER_MODULES:
                yield node.lineno, False
        elif isinstance(node, ast.Call) and _starts(node, modules, functions):
            yield node.lineno, True


def _names_bound(tree: ast.AST) -> tuple[set[str], set[str]]:
    """Names under which the file knows an updater module, and names of its functions imported one by one."""
    modules, functions = set(UPDATER_MODULES), set[str]()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules |= {a.asname for a in node.names if a.asname and a.name.split(".")[0] in UPDATER_MODULES}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in UPDATER_MODULES:
            for alias in node.names:
                if alias.name == "*":
                    functions |= {"run", "load", "uart"}
                elif alias.name not in HARMLESS_CALLS:
                    functions.add(alias.asname or alias.name)
    return modules, functions


def _starts(call: ast.Call, modules: set[str], functions: set[str]) -> bool:
    callee = call.func
    if isinstance(callee, ast.Name):
        if callee.id in functions:
            return True
        return callee.id in DYNAMIC_IMPORTS and _names_updater(call)
    if not isinstance(callee, ast.Attribute):
        return False
    if callee.attr == MIRROR_CALL:
        return True
    if callee.attr in DYNAMIC_IMPORTS and _names_updater(call):
        return True
    root = callee.value
    while isinstance(root, ast.Attribute):
        root = root.value
    return isinstance(root, ast.Name) and root.id in modules and callee.attr not in HARMLESS_CALLS


def _names_updater(call: ast.Call) -> bool:
    texts = [a.value for a in call.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    return any(TEXT_NAME.search(text) for text in texts)


def imported_modules(source: str) -> tuple[str, ...]:
    """Names of the modules that a script imports, updater modules left out; empty if it cannot be parsed."""
    tree = _parse(source)
    if tree is None:
        return ()
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name.split(".")[0] for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.append(node.module.split(".")[0])
    return tuple(dict.fromkeys(name for name in names if name not in UPDATER_MODULES))
