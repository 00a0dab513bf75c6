"""What goes to the board says the same as what stands here, in the same lines."""

from __future__ import annotations

import ast
import io
import re
import shutil
import subprocess
import sys
import token
import tokenize
import zlib
from importlib.resources import files as files_of
from pathlib import Path

import pytest

from doctor.board import onboard
from doctor.board.lean import Lean, lean_package
from doctor.board.lean_imports import without_idle_imports

CORE = sorted(onboard.core_files())
KEPT_BYTES = 110_000
SENT_BYTES = 64_000
NAMES = {
    ast.Name: "id",
    ast.arg: "arg",
    ast.keyword: "arg",
    ast.Attribute: "attr",
    ast.FunctionDef: "name",
    ast.ClassDef: "name",
    ast.ExceptHandler: "name",
}
MICROPYTHON = shutil.which("micropython", path=str(Path(sys.executable).parent)) or shutil.which("micropython")


def source_of(name: str) -> str:
    return files_of("doctor.updater").joinpath(name).read_text("utf-8")


class Bare(ast.NodeTransformer):
    """A tree without docstrings, ``pass`` and imports (and ``try`` around those), and its names apart, in order."""

    def __init__(self) -> None:
        self.names: list[tuple[str, str]] = []

    def visit(self, node: ast.AST) -> ast.AST | None:
        text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        around = isinstance(node, ast.Try) and all(isinstance(part, ast.ImportFrom) for part in node.body)
        if text or around or isinstance(node, (ast.Pass, ast.Import, ast.ImportFrom)):
            return None
        field = NAMES.get(type(node))
        if field is not None and getattr(node, field) is not None:
            kind = {"attr": "member"}.get(field, "keyword" if isinstance(node, ast.keyword) else "name")
            self.names.append((kind, getattr(node, field)))
            setattr(node, field, "_")
        return self.generic_visit(node)


@pytest.mark.long
def test_every_line_of_the_core_keeps_its_number_and_what_it_does() -> None:
    new: dict[tuple[str, str, str], str] = {}
    old: dict[tuple[str, str, str], str] = {}
    for file, made in onboard.core_files().items():
        said = made.decode()
        assert said.count("\n") == source_of(file).count("\n"), file
        assert not [each for each in tokenize.generate_tokens(io.StringIO(said).readline) if each.type == token.COMMENT]
        here, there = Bare(), Bare()
        source, board = (bare.generic_visit(ast.parse(text)) for bare, text in ((here, source_of(file)), (there, said)))
        lines = [[part.lineno for part in ast.walk(tree) if isinstance(part, ast.stmt)] for tree in (source, board)]
        assert lines[0] == lines[1], file
        assert ast.dump(source) == ast.dump(board), file
        for (kind, name), (_, short) in zip(here.names, there.names, strict=True):
            where = file if kind == "name" else ""  # a member is one in all files
            assert new.setdefault((where, kind, name), short) == short, (file, name)
            assert old.setdefault((where, kind, short), name) == name, (file, short)
    called = {name: short for (_, kind, name), short in new.items() if kind == "keyword"}
    assert {
        name for (_, kind, name), short in new.items() if kind != "member" and name in called and short != name
    } == set()


@pytest.mark.long
def test_what_one_file_of_the_core_takes_another_has() -> None:
    trees = {file.removesuffix(".py"): ast.parse(made) for file, made in onboard.core_files().items()}
    bound = {
        name: {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        | {node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
        | {alias.name for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names}
        for name, tree in trees.items()
    }
    taken = [
        (node.module, alias.name)
        for tree in trees.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.level and node.module
        for alias in node.names
    ]
    assert len(taken) > 100
    assert [(home, name) for home, name in taken if name not in bound[str(home)]] == []


def unseen(source: str) -> list[str]:
    """Ways to a name that lean_names.py does not see: it sees names, members, and texts that are a name as a whole."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name) and node.id in {"globals", "locals", "vars", "dir", "eval", "exec"}:
            found.append(node.id)
        elif isinstance(node, ast.ImportFrom) and "*" in [alias.name for alias in node.names]:
            found.append("import *")
        elif isinstance(node, ast.keyword) and node.arg is None and not isinstance(node.value, ast.Name):
            found.append("**")
        elif isinstance(node, ast.Attribute) and node.attr == "__dict__":
            found.append(node.attr)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id.endswith("attr"):
            found += [] if isinstance(node.args[1], (ast.Constant, ast.Name)) else [node.func.id]
    return found


def test_the_core_goes_no_way_to_a_name_that_is_not_seen() -> None:
    assert [(name, way) for name in CORE for way in unseen(source_of(name))] == []
    ways = "from a import *\nf(**{'count': 1})\ngetattr(a, '_' + b)\nlocals()\n'%(count)d' % vars()\na.__dict__\n"
    assert sorted(unseen(ways)) == ["**", "__dict__", "getattr", "import *", "locals", "vars"]


#: Everything that a name may not be shortened for, in two files; and what of it may be.
FIRST = '''"""What it is.

    More of it.
    """

try:
    from typing import List, Optional  # noqa: F401

    from .second import Only_a_type  # noqa: F401
except ImportError:
    pass

import json as notation

from .second import LIMIT_OF_ALL, helper, Only_a_type  # noqa: F401
from . import second

_private_table = {"member": "_asked_by_name"}


class Empty(object):
    """Only this."""  # and this


class Thing(object):
    shared = 4

    def __init__(self, argument, by_name=0):
        # type: (int, int) -> None
        self._hidden = argument
        self._asked_by_name = by_name
        self.shown = argument

    def member(self, other=2):
        """Short."""
        shared = self.shared  # a variable, beside the member
        return (self._hidden + shared +
                other + getattr(self, _private_table["member"]))


def outer(count):
    "Short."
    text = """
        # no comment
    """  # a comment
    from .second import inside_only

    def inner(more):
        return count + more + LIMIT_OF_ALL
    total = [inner(each) if each else 1 or 0 for each in range(count)]
    joined = 1 + \\
        2
    if count:  # why
        return ("#" +
                text, total, joined, inside_only(count), helper(count, named=5), second.LIMIT_OF_ALL,
                len(notation.dumps({"member": 1})))
    return count, 'it''s'


def run(path, option=1, **more):
    thing = Thing(3, by_name=7)
    return path, option, more, thing.member(), thing.shown, outer(2), outer(0), Empty().__class__.__name__
'''
SECOND = """LIMIT_OF_ALL = 10
def helper(value, named=0): return [value, named, len_of(value)]
def len_of(value): return value * 3
def inside_only(value): return -value
class Only_a_type: pass
"""
AS_SENT = '''"""What it is."""











import json as notation

from.second import aa,helper
from.import second

ac={"member":"_asked_by_name"}


class Empty(object):
 pass


class Thing(object):
 shared=4

 def __init__(a,c,by_name=0):

  a.ab=c
  a._asked_by_name=by_name
  a.shown=c

 def member(a,h=2):

  shared=a.shared
  return(a.ab+shared+
h+getattr(a,ac["member"]))


def outer(b):

 i="""
        # no comment
    """
 from.second import inside_only

 def f(more):
  return b+more+aa
 j=[f(d)if d else 1 or 0 for d in range(b)]
 g=1+\\
2
 if b:
  return("#"+
i,j,g,inside_only(b),helper(b,named=5),second.aa,
len(notation.dumps({"member":1})))
 return b,'it''s'


def run(path,option=1,**more):
 e=Thing(3,by_name=7)
 return path,option,more,e.member(),e.shown,outer(2),outer(0),Empty().__class__.__name__
'''


def test_a_package_says_the_same_by_short_names_on_every_python(tmp_path: Path) -> None:
    sources = {"__init__.py": FIRST, "second.py": SECOND}
    made = lean_package(sources, api=("run",))
    results = []
    for folder, there in (("long", sources), ("short", made)):
        (tmp_path / folder / "package").mkdir(parents=True)
        for name, text in there.items():
            (tmp_path / folder / "package" / name).write_text(text, "utf-8")
        code = "import package; print(package.run('p', option=2, more=3))"
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", code],
            cwd=tmp_path / folder,
            capture_output=True,
            text=True,
            check=True,
        )
        results.append(done.stdout)
    assert results[0] == results[1] != ""
    assert made["__init__.py"] == AS_SENT


def test_an_import_that_another_file_takes_from_there_stays() -> None:
    sources = {"a.py": "from .b import X, Y\n", "b.py": "from .c import X, Z\nY = 1\n", "c.py": "X = Z = 2\n"}
    assert without_idle_imports({**sources, "d.py": "from . import a\na.Y\n"}) == {
        "a.py": "from .b import Y\n",
        "b.py": "from .c import X\nY = 1\n",
        "c.py": "X = Z = 2\n",
        "d.py": "from . import a\na.Y\n",
    }


def test_what_a_text_that_is_no_docstring_says_stays() -> None:
    assert Lean('"""What it is."""\nx = 1  # one\n').text() == '"""What it is."""\nx=1\n'
    assert Lean("x = 1or 0\n").text() == "x=1 or 0\n"
    assert Lean('"""What it is.\n\nMore."""\nx = 1\n', title=False).text() == "\n\n\nx=1\n"


@pytest.mark.micropython
def test_a_traceback_of_the_board_names_the_line_in_this_program(tmp_path: Path) -> None:
    if MICROPYTHON is None:
        pytest.skip("micropython is not installed")
    (tmp_path / "fipyup").mkdir()
    for name, data in onboard.core_files().items():
        (tmp_path / "fipyup" / name).write_bytes(data)
    code = (
        f"import sys\nsys.path.insert(0, {str(tmp_path)!r})\n"
        "from fipyup import at, states\n"
        "class Clock:\n ticks_ms = sleep_ms = lambda self, ms=0: 0\n"
        "class Port:\n"
        " def read(self, n, ms):\n  raise ValueError('a pin')\n"
        " def write(self, data): pass\n"
        " set_baud = write\n"
        " def drain(self): return b''\n"
        "states.ask_mode(at.AtChannel(Port(), Clock()))\n"
    )
    done = subprocess.run([MICROPYTHON, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    frames = re.findall(r'fipyup/(\w+\.py)", line (\d+), in', done.stdout)
    assert "ValueError: a pin" in done.stdout and len(frames) > 2, done.stdout
    said = [source_of(name).split("\n")[int(line) - 1] for name, line in frames]
    called = [text for text in said if "(" in text]
    assert called == said and ".read(" in said[-1], said


def test_what_the_core_takes_on_the_board_and_on_the_wire_stays_small() -> None:
    core = onboard.core_files().values()
    assert sum(len(data) for data in core) <= KEPT_BYTES
    pieces = [data[at : at + 768] for data in core for at in range(0, len(data), 768)]
    assert sum(len(zlib.compress(piece)) for piece in pieces) <= SENT_BYTES
