"""Short names for what the files of a package use among themselves.

Shortened are only names that nothing outside the files can mean, and whose every place is seen in them:
variables and arguments of functions, if no call names them; names with a leading underscore; constants of modules.
Functions, classes, methods and members that others use keep theirs, so a traceback says them.
"""

from __future__ import annotations

import ast
import itertools
import keyword
import re
import string
import symtable
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

_WORD = re.compile(r"[A-Za-z_]\w*")  # also those in texts: none of them is given to something else


class ShortNames:
    """Which name becomes which, made from all files of one package; the same on every release of Python.

    api  functions that are called from outside, with their arguments by name
    """

    def __init__(self, sources: Mapping[str, str], api: Sequence[str]) -> None:
        self._count = {name: Counter(_WORD.findall(source)) for name, source in sources.items()}
        total = sum(self._count.values(), Counter[str]())
        modules = {name.removesuffix(".py") for name in sources}
        told = _Told(modules, api)
        for source in sources.values():
            told.visit(ast.parse(source))
        self._uses = {name: _uses(symtable.symtable(source, name, "exec")) for name, source in sources.items()}
        free = [name for name in itertools.islice(_made(), 3000) if name not in total]
        self._singles = [name for name in free if len(name) == 1]
        wide = sorted(filter(lambda name: self._is_wide(name, told), total), key=lambda name: (-total[name], name))
        longer = [name for name in free if len(name) > 1]
        self._wide = dict(zip(wide, longer, strict=False))
        self._rest = longer[len(self._wide) :]
        self._fixed = told.outside | told.named

    def _is_wide(self, name: str, told: _Told) -> bool:
        """Whether a name may be another one in all files: a private one, or a constant of a module."""
        if len(name) < 3 or name in told.outside | told.named | told.texts:
            return False
        if name.startswith("_"):
            return not name.startswith("__") and name in told.bound
        kinds = set().union(*(uses.get(name, set()) for uses in self._uses.values()))
        return name.isupper() and kinds <= {"module", "global"} and "module" in kinds and name not in told.members

    def of(self, file: str) -> Callable[[str, bool], str]:
        """The new name for one in ``file``; the second argument says whether it stands behind a dot."""
        uses, count = self._uses[file], self._count[file]
        local = [name for name, kinds in uses.items() if kinds == {"local"} and self._is_narrow(name)]
        local.sort(key=lambda name: (-count[name], name))
        narrow = dict(zip(local, [*self._singles, *self._rest], strict=False))

        def rename(name: str, is_member: bool) -> str:
            short = self._wide.get(name) or (name if is_member else narrow.get(name, name))
            return short if len(short) < len(name) else name

        return rename

    def _is_narrow(self, name: str) -> bool:
        return len(name) > 1 and not name.startswith("_") and name not in self._fixed


class _Told(ast.NodeVisitor):
    """What the trees of all files say about a name.

    outside  imported from elsewhere, or called by name from outside
    named    argument that a call names
    texts    text constants: ``getattr`` may ask for one
    members  names behind a dot, but of a module of the package
    bound    what the package itself makes
    """

    def __init__(self, modules: set[str], api: Sequence[str]) -> None:
        self.outside = {*modules, *api}
        self.named: set[str] = set()
        self.texts: set[str] = set()
        self.members: set[str] = set()
        self.bound: set[str] = set()
        self._modules = modules
        self._api = frozenset(api)

    def visit_Import(self, node: ast.Import) -> None:
        self.outside |= {part for alias in node.names for part in (alias.name, alias.asname) if part}

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if not node.level:
            self.outside |= {part for alias in node.names for part in (alias.name, alias.asname) if part}

    def visit_Module(self, node: ast.Module) -> None:
        called = (part for part in node.body if isinstance(part, ast.FunctionDef) and part.name in self._api)
        self.outside |= {arg.arg for part in called for arg in ast.walk(part.args) if isinstance(arg, ast.arg)}
        self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self.bound.add(node.name)
        self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.bound.add(node.name)
        self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Store):
            self.bound.add(node.id)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if isinstance(node.ctx, ast.Store):
            self.bound.add(node.attr)
        if not (isinstance(node.value, ast.Name) and node.value.id in self._modules):
            self.members.add(node.attr)
        self.generic_visit(node)

    def visit_keyword(self, node: ast.keyword) -> None:
        if node.arg:
            self.named.add(node.arg)
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str):
            self.texts.add(node.value)


def _uses(table: symtable.SymbolTable) -> dict[str, set[str]]:
    """What a name is in the scopes of a file: of the module, global, of a class, local, or imported in a function."""
    found: dict[str, set[str]] = {}
    for symbol in table.get_symbols():
        found.setdefault(symbol.get_name(), set()).add(_kind(symbol, table))
    for inner in table.get_children():
        for name, kinds in _uses(inner).items():
            found.setdefault(name, set()).update(kinds)
    return found


def _kind(symbol: symtable.Symbol, table: symtable.SymbolTable) -> str:
    if not isinstance(table, (symtable.Class, symtable.Function)):
        return "module"
    if symbol.is_global():
        return "global"
    if isinstance(table, symtable.Class):
        return "class"
    return "imported" if symbol.is_imported() else "local"


def _made() -> Iterator[str]:
    """Names that are free to be given, the shortest first."""
    for length in (0, 1, 2):
        for first in string.ascii_letters:
            for more in itertools.product(string.ascii_letters + string.digits, repeat=length):
                name = "".join((first, *more))
                if not keyword.iskeyword(name):
                    yield name
