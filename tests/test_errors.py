"""Every id that an error, a refusal or a finding carries leads to an explanation."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from docs._build.modules import nodes_of, product
from doctor import roster
from doctor.errors import COMMAND_IDS
from doctor.knowledge import entries

HOME = Path(__file__).parents[1]
SOURCES = product(HOME)
RAISED = re.compile(r"(?!StpError)\w*(Error|Refusal|Unproved|Overrun)")  # an StpError has a kind; _STP_IDS maps it
ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def literals(node: ast.expr | None) -> Iterator[str]:
    """The texts that an expression may stand for; ids that are only passed on were made elsewhere."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from literals(node.body)
        yield from literals(node.orelse)
    elif isinstance(node, ast.BoolOp | ast.Dict):
        for value in node.values:
            yield from literals(value)


def ids_in(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            named = {keyword.arg: keyword.value for keyword in node.keywords}
            yield from literals(named.get("catalogue"))
            if RAISED.fullmatch(name):
                first = node.args[0] if node.args else named.get("id")
                yield from (text for text in literals(first) if ID.fullmatch(text))
        elif isinstance(node, ast.Assign) and any(getattr(t, "id", "").endswith("_IDS") for t in node.targets):
            yield from (text for text in literals(node.value) if ID.fullmatch(text))


def used() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in SOURCES:
        for text in ids_in(nodes_of(path)):
            found.setdefault(text, []).append(path.name)
    found.pop("", None)
    return found


def test_scan_sees_every_form() -> None:
    raised = "DoctorError('a-b')\nx.UsageError(id='c' if y else 'd')\n"
    source = raised + "self.warn('-', catalogue=z or 'e')\nK_IDS = {1: 'f'}"
    assert sorted(ids_in(ast.walk(ast.parse(source)))) == ["a-b", "c", "d", "e", "f"]


def test_every_error_id_is_explained_somewhere() -> None:
    known = {check.id for check in roster.builtin()} | set(entries()) | set(COMMAND_IDS)
    assert {text: where for text, where in used().items() if text not in known} == {}


def test_command_ids_are_used_and_explained_nowhere_else() -> None:
    assert set(COMMAND_IDS) <= {*used(), "via-usb", "via-modem"}  # these two are put together
    assert not set(COMMAND_IDS) & {*entries(), *(check.id for check in roster.builtin())}
