"""Every command that is printed for a bench names its port, so that it can be pasted."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.text import Text

from doctor.bench import BenchOptions
from doctor.report import commands
from doctor.report.commands import NEED_PORT, named, named_text

from .terminal import Terminal

HOME = Path(__file__).parents[2]
SOURCES = sorted([*(HOME / "doctor").rglob("*.py"), *(HOME / "checks").glob("*.py")])
ANY = re.compile(rf"fipy-doctor ({'|'.join(NEED_PORT)})\b")
PORT = "/dev/ttyACM7"


@pytest.fixture(autouse=True)
def bench() -> Iterator[None]:
    with commands.of_one_run():
        commands.use(BenchOptions(port=PORT))
        yield


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("run fipy-doctor check: it says more", "run fipy-doctor check --port P: it says more"),
        ("fipy-doctor check --select x", "fipy-doctor check --port P --select x"),
        ("`fipy-doctor fix --reset-flash`", "`fipy-doctor fix --port P --reset-flash`"),
        ("fipy-doctor status, then fipy-doctor flash F --port Q", None),
        (
            "fipy-doctor flash F --port Q; fipy-doctor status",
            "fipy-doctor flash F --port Q; fipy-doctor status --port P",
        ),
        ("fipy-doctor open check", "fipy-doctor open check"),
        ("fipy-doctor checks lists them", "fipy-doctor checks lists them"),
        ("fipy-doctor flash --help", "fipy-doctor flash --help"),
        ("fipy-doctor/check/1", "fipy-doctor/check/1"),
        ("run fipy-doctor ports", "run fipy-doctor ports"),
    ],
)
def test_the_port_stands_where_it_is_missing(text: str, wanted: str | None) -> None:
    wanted = wanted or "fipy-doctor status --port P, then fipy-doctor flash F --port Q"
    assert named(text) == wanted.replace(" P", f" {PORT}")
    assert named_text(Text(text)).plain == named(text)


def test_without_a_port_nothing_is_added() -> None:
    commands.use(BenchOptions(firmware=(Path("x.dup"),)))
    assert named("fipy-doctor check") == "fipy-doctor check"


def test_a_bare_modem_is_named_as_one() -> None:
    commands.use(BenchOptions(port="COM3", via_modem=True))
    assert named("run fipy-doctor status") == "run fipy-doctor status --port COM3 --via modem"
    assert named("fipy-doctor fix") == "fipy-doctor fix --port COM3"


def test_a_port_is_quoted_for_the_shell() -> None:
    commands.use(BenchOptions(port="sim://fipy?state=/a b&speed=1"))
    assert "'sim://fipy?state=/a b&speed=1'" in named("fipy-doctor check")


def test_colours_stay() -> None:
    text = Text.assemble("run ", ("fipy-doctor check", "bold"), (" now", "red"))
    assert [span.style for span in named_text(text).spans] == ["bold", "red"]


# -- the sources


def texts(tree: ast.AST) -> Iterator[str]:
    """All texts but docstrings; what an f-string fills in is an X."""
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs | parts:
            yield node.value


def spelled(tree: ast.AST) -> Iterator[str]:
    """Commands that are put together word by word, or made without the bench of this run."""
    for node in ast.walk(tree):
        match node:
            case (
                ast.List(elts=[ast.Constant("fipy-doctor"), _, *_])
                | ast.Tuple(elts=[ast.Constant("fipy-doctor"), _, *_])
            ):
                yield ast.unparse(node)
            case ast.Call(func=ast.Name("Command"), args=[ast.Constant(verb), *_]) if verb not in NEED_PORT:
                pass
            case ast.Call(func=ast.Name("Command"), args=[_, *_]):
                yield ast.unparse(node)


TREES = [ast.parse(path.read_text("utf-8")) for path in SOURCES]


def test_no_text_of_the_sources_slips_through() -> None:
    for text in (text for tree in TREES for text in texts(tree) if "fipy-doctor" in text):
        shown = named(text)
        for found in ANY.finditer(shown):
            rest = shown[found.end() :].split("fipy-doctor ")[0]
            assert "--port" in rest or "--help" in rest, text


#: The value itself, what lays a bench under one, and the example of what a practice image is for.
OF_NO_BENCH = ("doctor/command.py", "doctor/bench.py", "doctor/cli/commands/sim.py")


def test_no_command_is_spelled_but_by_its_value_and_with_its_bench() -> None:
    found = {path.relative_to(HOME).as_posix(): list(spelled(tree)) for path, tree in zip(SOURCES, TREES, strict=True)}
    assert found["doctor/cli/commands/sim.py"], "it would be seen"
    assert not {place: made for place, made in found.items() if made and place not in OF_NO_BENCH}


# -- what is printed


@pytest.mark.parametrize("words", [("status",), ("backup", "DIR/new"), ("restore", "DIR"), ("check",), ("fix",)])
def test_a_busy_board_is_told_with_its_port(words: tuple[str, ...], terminal: Terminal, tmp_path: Path) -> None:
    port = "sim://fipy?scenario=autorun-updater"
    typed = [word.replace("DIR", str(tmp_path)) for word in words]
    said = terminal.type(*typed, "--port", port)
    for line in (said.out + said.err).splitlines():
        assert not ANY.search(line) or port in line, line
    document = json.loads(terminal.type(*typed, "--port", port, "--json").out)
    next_step = str((document["error"] or {}).get("next", ""))
    assert not ANY.search(next_step) or port in next_step
