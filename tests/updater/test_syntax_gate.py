from __future__ import annotations

from pathlib import Path

import pytest

import doctor.updater
from tests.syntax_gate import violations

CORE = sorted(Path(doctor.updater.__file__).parent.glob("*.py"))


@pytest.mark.parametrize("path", CORE, ids=lambda path: path.name)
def test_core_keeps_to_the_boards_python(path: Path) -> None:
    assert violations(path.read_text("utf-8")) == []


@pytest.mark.parametrize("path", CORE, ids=lambda path: path.name)
def test_core_is_plain_ascii(path: Path) -> None:
    assert path.read_bytes().isascii()


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("x = f'{1}'", "f-string"),
        ("if (n := 1): pass", "walrus"),
        ("x: int = 1", "variable annotation"),
        ("def f(a: int): pass", "annotation"),
        ("def f() -> int: pass", "annotation"),
        ("x = a @ b", "matrix multiplication"),
        ("x = 1_000", "underscore in a number"),
        ("f(*a, *b)", "several * in a call"),
        ("f(**a, **b)", "several ** in a call"),
        ("x = {**a}", "dict unpacking"),
        ("x = [*a]", "unpacking in a list, tuple or set"),
        ("def f(a, /): pass", "positional-only argument"),
        ("match x:\n    case 1: pass", "match statement"),
        ("async def f():\n    return [x async for x in y]", "async comprehension"),
        ("print(1, flush=True)", "print(flush=)"),
        ("'a'.startswith(('a', 'b'))", "startswith with a tuple"),
        ("x = b'a'.hex()", ".hex"),
        ("b'a'.decode('utf-8', 'replace')", "decode with an error handler"),
        ("del x[:3]", "deleting a slice"),
        ("os.ilistdir('/')", "os.ilistdir"),
        ("os.umount('/sd')", "os.umount in every release"),
        ("try:\n    os.mkfs('/flash')\nexcept OSError:\n    pass", "os.mkfs in every release"),
        ("from __future__ import annotations", "import of __future__"),
        ("import pathlib", "import of pathlib"),
        ("from typing import Any", "import of typing"),
    ],
)
def test_gate_catches(source: str, what: str) -> None:
    assert any(line.endswith(f": {what}") for line in violations(source))


@pytest.mark.parametrize(
    "source",
    [
        "async def f():\n    await g()",
        "def f():\n    x = 1\n    def g():\n        nonlocal x\n        x = 2",
        "try:\n    pass\nexcept OSError as err:\n    raise ValueError() from err",
        "a, *b = c",
        "x = b'%d' % 1",
        "f(*a, **b)",
        "def f(a, *, b=1): pass",
        "try:\n    from typing import Any\nexcept ImportError:\n    pass",
        "from .at import Reply",
        "x = 0x1021 + 1e3",
        "try:\n    os.umount('/sd')\nexcept AttributeError:\n    os.unmount('/sd')",
        "f = os.umount if hasattr(os, 'umount') else os.unmount",
        "del x[3]",
    ],
)
def test_gate_lets_pass(source: str) -> None:
    assert violations(source) == []


def test_gate_numbers_lines() -> None:
    assert violations("x = 1\ny = f'{x}'\n", lines_from=10) == ["11: f-string"]
