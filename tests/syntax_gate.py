"""What Pycom's MicroPython v1.8.6 cannot run, found in source text on CPython.

For the updater core and for every snippet that is sent to a board; constructs from repl-stack.md 6.
``violations(source)`` returns lines such as ``3: f-string``.
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator

#: Modules that the board has not; typing only if an ImportError is caught.
MISSING_MODULES = frozenset(
    (
        "__future__",
        "abc",
        "argparse",
        "asyncio",
        "base64",
        "collections.abc",
        "contextlib",
        "copy",
        "dataclasses",
        "datetime",
        "enum",
        "functools",
        "glob",
        "inspect",
        "itertools",
        "logging",
        "operator",
        "pathlib",
        "queue",
        "shutil",
        "signal",
        "string",
        "subprocess",
        "tempfile",
        "textwrap",
        "threading",
        "traceback",
        "types",
        "unittest",
        "uuid",
    )
)
#: Methods that the old str, bytes, bytearray and int lack.
MISSING_METHODS = frozenset(
    (
        "casefold",
        "splitlines",
        "partition",
        "rpartition",
        "expandtabs",
        "ljust",
        "rjust",
        "zfill",
        "title",
        "swapcase",
        "removeprefix",
        "removesuffix",
        "hex",
        "fromhex",
        "bit_length",
        "translate",
        "maketrans",
    )
)
#: Members of modules that came with 1.20, or never.
MISSING_MEMBERS = frozenset(
    {
        ("os", "ilistdir"),
        ("os", "statvfs"),
        ("os", "umount_all"),
        ("os", "path"),
        ("os", "walk"),
        ("os", "environ"),
        ("binascii", "crc_hqx"),
        ("sys", "getsizeof"),
        ("time", "monotonic"),
        ("time", "perf_counter"),
    }
)

#: Functions of os that only releases before 1.20, or only those from 1.20 on, have (board-and-repl.md 4): asked for by
#: hasattr, or caught as AttributeError.
OF_SOME_RELEASES = frozenset(("umount", "unmount", "mkfs", "fsformat", "mkfat"))

_NODES: dict[str, str] = {
    "JoinedStr": "f-string",
    "NamedExpr": "walrus",
    "AnnAssign": "variable annotation",
    "Match": "match statement",
    "TryStar": "except*",
    "MatMult": "matrix multiplication",
}


def violations(source: str, *, lines_from: int = 1) -> list[str]:
    """Every construct in ``source`` that the board refuses, as ``LINE: what``; ``lines_from`` is the first line's."""
    tree = ast.parse(source)
    found = sorted({*_walk(tree), *_numbers(source)})
    return [f"{line + lines_from - 1}: {what}" for line, what in found]


def _walk(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 1)
        name = type(node).__name__
        if name in _NODES:
            yield getattr(node, "lineno", _line_of(tree, node)), _NODES[name]
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from ((line, what) for what in _signature(node))
        elif isinstance(node, ast.Call):
            yield from ((line, what) for what in _call(node))
        elif isinstance(node, ast.Dict) and None in node.keys:
            yield line, "dict unpacking"
        elif isinstance(node, ast.List | ast.Tuple | ast.Set) and isinstance(
            node.ctx if hasattr(node, "ctx") else ast.Load(), ast.Load
        ):
            if any(isinstance(item, ast.Starred) for item in node.elts):
                yield line, "unpacking in a list, tuple or set"
        elif isinstance(node, ast.comprehension) and node.is_async:
            yield getattr(node.target, "lineno", 1), "async comprehension"
        elif isinstance(node, ast.Delete):
            yield from ((line, what) for what in _delete(node))
        elif isinstance(node, ast.Attribute):
            yield from ((line, what) for what in _attribute(node))
    yield from _imports(tree, caught=False)
    yield from _unguarded(tree, guarded=False)


def _line_of(tree: ast.AST, wanted: ast.AST) -> int:
    """The line of an operator, which has none itself: that of its expression."""
    for node in ast.walk(tree):
        if any(child is wanted for child in ast.iter_child_nodes(node)):
            return getattr(node, "lineno", 1)
    return 1


def _signature(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> Iterator[str]:
    arguments = node.args
    if arguments.posonlyargs:
        yield "positional-only argument"
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    if any(argument is not None and argument.annotation is not None for argument in every):
        yield "annotation"
    if not isinstance(node, ast.Lambda) and node.returns is not None:
        yield "annotation"


def _call(node: ast.Call) -> Iterator[str]:
    if sum(isinstance(argument, ast.Starred) for argument in node.args) > 1:
        yield "several * in a call"
    if sum(keyword.arg is None for keyword in node.keywords) > 1:
        yield "several ** in a call"
    function = node.func
    if isinstance(function, ast.Name) and function.id == "print" and any(k.arg == "flush" for k in node.keywords):
        yield "print(flush=)"
    if (
        isinstance(function, ast.Attribute)
        and function.attr in ("startswith", "endswith")
        and node.args
        and isinstance(node.args[0], ast.Tuple)
    ):
        yield f"{function.attr} with a tuple"
    if isinstance(function, ast.Attribute) and function.attr in ("encode", "decode") and len(node.args) > 1:
        yield f"{function.attr} with an error handler"


def _delete(node: ast.Delete) -> Iterator[str]:
    if any(isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Slice) for target in node.targets):
        yield "deleting a slice"


def _attribute(node: ast.Attribute) -> Iterator[str]:
    if node.attr in MISSING_METHODS:
        yield f".{node.attr}"
    if isinstance(node.value, ast.Name):
        name = node.value.id
        if (name, node.attr) in MISSING_MEMBERS or (name.removeprefix("u"), node.attr) in MISSING_MEMBERS:
            yield f"{name}.{node.attr}"


def _imports(node: ast.AST, *, caught: bool) -> Iterator[tuple[int, str]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom) and not caught:
            names = [alias.name for alias in child.names] if isinstance(child, ast.Import) else [child.module or ""]
            relative = isinstance(child, ast.ImportFrom) and child.level > 0
            for name in names:
                if not relative and (name in MISSING_MODULES or name == "typing"):
                    yield child.lineno, f"import of {name}"
        catches = isinstance(child, ast.Try) and any(_catches_import_error(handler) for handler in child.handlers)
        yield from _imports(child, caught=caught or catches)


def _unguarded(node: ast.AST, *, guarded: bool) -> Iterator[tuple[int, str]]:
    for child in ast.iter_child_nodes(node):
        known = guarded or _asks_first(child)
        name = ast.unparse(child) if isinstance(child, ast.Attribute) and child.attr in OF_SOME_RELEASES else ""
        if name.startswith(("os.", "uos.")) and not known:
            yield getattr(child, "lineno", 1), f"{name} in every release"
        yield from _unguarded(child, guarded=known)


def _asks_first(node: ast.AST) -> bool:
    """True for what tries a member, or asks for it, and has another way if it is missing."""
    if isinstance(node, ast.If | ast.IfExp):
        return "hasattr(" in ast.unparse(node.test)
    caught = [h.type.id for h in node.handlers if isinstance(h.type, ast.Name)] if isinstance(node, ast.Try) else []
    return bool({"AttributeError", "Exception"} & set(caught))


def _catches_import_error(handler: ast.ExceptHandler) -> bool:
    return isinstance(handler.type, ast.Name) and handler.type.id == "ImportError"


def _numbers(source: str) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.NUMBER and "_" in token.string:
            yield token.start[0], "underscore in a number"
