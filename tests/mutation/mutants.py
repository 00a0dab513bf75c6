"""Small changes to a module, each of which should make a test fail. Words are left alone: strings, comments."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_COMPARED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
_REACHES_ZERO = (ast.Add, ast.Sub)
_CALCULATED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitAnd,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
_CALLABLE = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_CALLED = {"min": "max", "max": "min", "any": "all", "all": "any"}


@dataclass(frozen=True)
class Mutant:
    """One change.

    module  path of the file, from the top of the checkout
    place   function or class in which it stands, such as ``Master._await``
    before  the piece of source that is replaced, on one line; ``after``: by what
    which   number among the same changes in this place, from 0
    lines   first and last line
    early   it is run when the module is imported
    """

    module: str
    place: str
    before: str
    after: str
    which: int
    lines: tuple[int, int]
    start: int
    end: int
    early: bool = False

    @property
    def key(self) -> str:
        """What it is known by, wherever its line moves to."""
        return f"{self.module} {self.place}: {self.before} -> {self.after}" + f" #{self.which + 1}" * (self.which > 0)

    def applied(self, source: bytes) -> bytes:
        """The module with the change."""
        return source[: self.start] + self.after.encode() + source[self.end :]


def sample(root: Path, modules: tuple[str, ...], count: int, seed: str) -> list[Mutant]:
    """``count`` mutants of the modules together. A change elsewhere in a module leaves most of the choice as it is."""
    found = [mutant for module in modules for mutant in mutants(module, (root / module).read_bytes())]
    return sorted(found, key=lambda one: hashlib.sha256(f"{seed} {one.key}".encode()).digest())[:count]


def mutants(module: str, source: bytes) -> list[Mutant]:
    """All mutants of a module, in the order of their places."""
    tree = ast.parse(source)
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    found: list[Mutant] = []
    times: dict[tuple[str, str, str], int] = {}
    for node, place, early in _nodes(tree, "", True):
        for after in _changes(node):
            start = starts[node.lineno - 1] + node.col_offset
            assert node.end_lineno is not None and node.end_col_offset is not None
            end = starts[node.end_lineno - 1] + node.end_col_offset
            before = " ".join(source[start:end].decode().split())
            same = (place, before, after)
            times[same] = times.get(same, -1) + 1
            found.append(
                Mutant(module, place, before, after, times[same], (node.lineno, node.end_lineno), start, end, early)
            )
    return [mutant for mutant in found if _compiles(mutant.applied(source))]


def _nodes(node: ast.AST, place: str, early: bool) -> Iterator[tuple[ast.expr | ast.stmt, str, bool]]:
    """What may be changed: no annotation, no docstring, nothing in an f-string, no import, no assertion."""
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "type_comment"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST) or isinstance(
                child, (ast.Import, ast.ImportFrom, ast.Assert, ast.JoinedStr)
            ):
                continue
            if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
                continue
            if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
                continue
            inner = place
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                inner = f"{place}.{child.name}" if place else child.name
            soon = early and not (name == "body" and isinstance(node, _CALLABLE))
            if isinstance(child, (ast.expr, ast.stmt)):
                yield child, inner or "module", soon
            yield from _nodes(child, inner, soon)


def _changes(node: ast.expr | ast.stmt) -> Iterator[str]:
    """The pieces of source that may take the place of ``node``."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        for other in _COMPARED[type(node.ops[0])]:
            yield _with(node, ops=[other()])
    elif isinstance(node, ast.BoolOp):
        yield _with(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield f"({ast.unparse(node.operand)})"
    elif isinstance(node, ast.BinOp) and type(node.op) in _CALCULATED and not _is_text(node):
        yield _with(node, op=_CALCULATED[type(node.op)]())
    elif isinstance(node, ast.Constant):
        yield from _other_constant(node.value)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _CALLED:
        yield _with(node, func=ast.Name(_CALLED[node.func.id]))
    elif isinstance(node, ast.IfExp):
        yield _with(node, test=ast.UnaryOp(ast.Not(), node.test))
    elif isinstance(node, ast.AugAssign) and isinstance(node.op, _REACHES_ZERO):
        yield ast.unparse(ast.AugAssign(node.target, _CALCULATED[type(node.op)](), node.value))
        yield "pass"
    elif _can_be_dropped(node):
        yield "pass"
    elif isinstance(node, ast.Return) and node.value is not None and not isinstance(node.value, ast.Constant):
        yield "return None"


def _can_be_dropped(node: ast.expr | ast.stmt) -> bool:
    """Whether a statement does something that nothing else waits for; a name must be bound, so it stays."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Call)
    if isinstance(node, ast.Assign):
        return isinstance(node.targets[0], (ast.Attribute, ast.Subscript))
    return isinstance(node, (ast.Raise, ast.Continue, ast.AugAssign))


def _with(node: ast.expr, **fields: object) -> str:
    """``node`` with other fields, in brackets, so that it may stand wherever the node stood."""
    changed = type(node)(**{**{name: getattr(node, name) for name in node._fields}, **fields})
    return f"({ast.unparse(changed)})"


def _other_constant(value: object) -> Iterator[str]:
    if isinstance(value, bool):
        yield str(not value)
    elif isinstance(value, int):
        yield str(value + 1)
    elif isinstance(value, bytes) and value:
        yield repr(bytes([value[0] ^ 1]) + value[1:])


def _is_text(node: ast.BinOp) -> bool:
    """Whether words are put together."""
    sides = (node.left, node.right)
    return any(isinstance(side, ast.JoinedStr) or isinstance(getattr(side, "value", None), str) for side in sides)


def _compiles(source: bytes) -> bool:
    try:
        compile(source, "mutant", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True
