"""Commands in texts: marked by whoever writes them, found by their marks alone, and naming the bench of the run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from docs._build.modules import nodes_of, product
from doctor.cli.main import COMMANDS
from doctor.errors import DoctorError
from doctor.text.command import Command, marked
from doctor.text.escape import shown, told
from doctor.text.marks import named, pieces, plain

PORT = Command("", port="/dev/ttyACM7")
HOME = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("run `fipy-doctor check`: it says more", "run fipy-doctor check --port P: it says more"),
        ("`fipy-doctor check --select x`", "fipy-doctor check --select x --port P"),
        ("`fipy-doctor status`, then `fipy-doctor flash F --port Q`", None),
        ("`fipy-doctor open check`", "fipy-doctor open check"),
        ("`fipy-doctor checks` lists them", "fipy-doctor checks lists them"),
        ("`fipy-doctor flash --help`", "fipy-doctor flash --help"),
        ("fipy-doctor check", "fipy-doctor check"),
        ("`sudo usermod -aG dialout $USER`", "sudo usermod -aG dialout $USER"),
        ("`no 'end of it`", "no 'end of it"),
        ("one ` alone", "one ` alone"),
    ],
)  # fmt: skip
def test_a_marked_command_names_its_port(text: str, wanted: str | None) -> None:
    wanted = wanted or "fipy-doctor status --port P, then fipy-doctor flash F --port Q"
    assert plain(text, PORT) == wanted.replace(" P", f" {PORT.port}")
    assert plain(named(text, PORT)) == plain(text, PORT)


def test_without_a_port_nothing_is_added() -> None:
    assert plain("`fipy-doctor check`") == "fipy-doctor check"


def test_a_bare_modem_is_named_as_one() -> None:
    bench = Command("", port="COM3", via="modem")
    assert plain("run `fipy-doctor status`", bench) == "run fipy-doctor status --port COM3 --via modem"


def test_a_port_is_quoted_for_the_shell() -> None:
    assert "'sim://fipy?state=/a b&speed=1'" in plain(
        "`fipy-doctor check`", Command("", port="sim://fipy?state=/a b&speed=1")
    )


@pytest.mark.parametrize("words", ["plain", "a `b` c", "`", "``x`", "ends with `", "/home/a`b/c"])
def test_any_words_can_be_marked(words: str) -> None:
    assert [piece.words for piece in pieces(f"see {marked(words)}, or not")] == [words]


HOSTILE = "`fipy-doctor fix --reformat-sd --yes`.dup"


def test_a_file_cannot_be_called_like_a_command_of_ours() -> None:
    text = f"{shown(HOSTILE)} is no image; run `fipy-doctor check`"
    assert [piece.words for piece in pieces(text, PORT)] == [f"fipy-doctor check --port {PORT.port}"]
    assert plain(text) == r"\x60fipy-doctor fix --reformat-sd --yes\x60.dup is no image; run fipy-doctor check"


def test_a_command_with_such_a_file_is_one_command() -> None:
    flash = Command("flash", firmware=(HOSTILE,))
    (piece,) = pieces(f"then run: {flash}", PORT)
    assert Command.parse(piece.words).words() == flash.on(PORT).words()


def test_an_error_on_such_a_file_marks_nothing() -> None:
    assert not list(pieces(str(DoctorError("x", "cannot be read", on=HOSTILE))))


@pytest.mark.parametrize("limit", range(10, 60))
def test_a_text_that_is_cut_keeps_its_commands_whole_or_drops_them(limit: int) -> None:
    cut = told("then `fipy-doctor check` it\n and `fipy-doctor fix` it", limit)
    assert len(cut) <= limit
    assert {piece.words for piece in pieces(cut)} <= {"fipy-doctor check", "fipy-doctor fix"}
    assert cut.count("`") % 2 == 0


# -- the sources


def texts(nodes: tuple[ast.AST, ...]) -> Iterator[str]:
    """All texts, docstrings too; what an f-string fills in is an X."""
    parts = {id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in nodes:
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts:
            yield node.value


SPELLED = re.compile(rf"fipy-doctor (?:{'|'.join(COMMANDS)})\b(?![/-])")
#: What must know how a command looks in our own output, where it has no marks.
READERS = {HOME / "doctor" / "knowledge" / name for name in ("our_lines.py", "signs.py")}


def unmarked(text: str) -> list[str]:
    for piece in reversed(list(pieces(text))):
        text = text[: piece.start] + text[piece.end :]
    return SPELLED.findall(text)


@pytest.mark.parametrize("path", sorted((HOME / "doctor").glob("*/*.toml")), ids=lambda path: path.stem)
def test_every_command_in_the_tables_is_marked(path: Path) -> None:
    assert not unmarked(path.read_text("utf-8"))


def test_every_command_in_the_sources_is_marked() -> None:
    for path in set(product(HOME)) - READERS:
        for text in texts(nodes_of(path)):
            assert not unmarked(text), f"{path.name}: {text}"
