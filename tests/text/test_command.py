"""A command is spelled in one place, as the command line takes it."""

from __future__ import annotations

import ast
import importlib
import os
import re
import subprocess
from collections.abc import Collection, Iterator
from dataclasses import fields
from pathlib import Path

import click
import pytest

from docs._build.modules import nodes_of, product
from doctor.bench import BenchOptions
from doctor.cli.main import COMMANDS
from doctor.text.command import NEED_PORT, PROGRAM, TAKES, Command, quoted
from tests.another_system import on

MEMBERS = {member.name for member in fields(Command)} - {"verb", "args"}
WHOLE = Command(
    "flash",
    done=("waited",),
    firmware=(Path("a b.dup"), "2.dup"),
    updater_elf="u.elf",
    bootrom="board",
    sd="card.img",
    scripts="lib",
    carrier="pysense",
    was=38638,
    port="COM3",
    accept=frozenset({"same-build", "radio-change"}),
    via="usb",
    method="store",
    override=frozenset({"port-opens"}),
    compress=True,
    backup="kept",
    confirm="/sd",
    put_back=("main.py", "lib/*"),
    leave_out=("x",),
    force_device=True,
    interrupt=True,
)


def options_of(verb: str) -> set[str]:
    """What the real command line takes, by the names of Command's members."""
    command: click.Command = importlib.import_module(f"doctor.cli.commands.{verb}").command
    flags = {flag for option in command.params if isinstance(option, click.Option) for flag in option.opts}
    return {flag[2:].replace("-", "_") for flag in flags} & MEMBERS


@pytest.mark.parametrize("verb", COMMANDS)
def test_each_command_takes_what_the_command_line_takes(verb: str) -> None:
    behind = {"firmware"} if verb in ("flash", "plan") else set()
    assert {"port", *TAKES.get(verb, ())} == options_of(verb) | behind


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("flash --port=P --via=modem -vpQ", "flash -v --port P --port Q --via modem"),
        ("flash -pP --trace=a=b", "flash --trace=a=b --port P"),
        ("flash -y -- -pack.dup", f"flash -y .{os.sep}-pack.dup"),
    ],
)
def test_every_spelling_that_the_command_line_takes_is_read(typed: str, read: str) -> None:
    assert Command.of_words(typed.split()).words()[1:] == tuple(read.split())


@pytest.mark.parametrize("verb", TAKES)
def test_what_is_spelled_is_read_again(verb: str) -> None:
    command = Command(**{**vars(WHOLE), "verb": verb})
    again = Command.parse(command.line())
    assert again.words() == command.words()
    assert Command.parse("fipy-doctor check --select x,y --port P").words()[1:] == (
        *("check", "--select", "x,y", "--port", "P"),
    )


def test_what_a_command_does_not_take_is_not_spelled() -> None:
    status = Command(**{**vars(WHOLE), "verb": "status", "via": "modem"})
    assert status.line() == "fipy-doctor status --done waited --port COM3 --via modem --interrupt"
    assert Command(**{**vars(WHOLE), "verb": "open", "args": ("x",), "port": None}).line() == "fipy-doctor open x"
    assert "--via" not in Command(**{**vars(WHOLE), "verb": "check"}).words(), "check knows no way of flashing"


def test_the_bench_of_the_run_is_laid_under_what_needs_one() -> None:
    port, bare = Command("", port="COM3"), Command("", port="COM3", via="modem")
    for verb in NEED_PORT:
        assert Command(verb).on(port).words() == ("fipy-doctor", verb, "--port", "COM3")
        assert Command(verb, port="COM4").on(bare) == Command(verb, port="COM4")
    assert Command("status").on(bare).line() == "fipy-doctor status --port COM3 --via modem"
    assert Command("backup", ("d",)).on(bare).line() == "fipy-doctor backup d --port COM3"
    for spelled in ("fipy-doctor open check", "fipy-doctor flash --help", "fipy-doctor", "fipy-doctor ports"):
        assert Command.parse(spelled).on(WHOLE).line() == spelled
    assert Command("check").on(Command("")) == Command("check")


def test_a_command_names_all_of_the_bench_that_it_takes_and_does_not_name() -> None:
    bench = Command("", firmware=("a b.dup",), sd="card.img", bootrom="board", port="COM3", was=38638, interrupt=True)
    check = "fipy-doctor check --select x --firmware 'a b.dup' --bootrom board --sd card.img --was 38638 --port COM3"
    assert Command.parse("fipy-doctor check --select x").on(bench).line() == f"{check} --interrupt"
    assert "--sd other.img" in Command.parse("fipy-doctor fix --repair-sd --sd other.img").on(bench).line()
    assert Command.parse("fipy-doctor flash FULL.dup").on(bench).words()[:4] == (
        *("fipy-doctor", "flash", "FULL.dup", "--bootrom"),
    )
    assert Command("flash").on(bench).words()[2] == "a b.dup"
    assert Command("check").on(bench).on(bench) == Command("check").on(bench)
    assert Command.parse("fipy-doctor check").on(Command("", sd="card.img")).line() == "fipy-doctor check --sd card.img"


def test_a_bench_is_found_again_by_its_command() -> None:
    bench = BenchOptions(port="COM3", card_file="x.dup", scripts=Path("lib"), via_modem=True)
    assert bench.command("flash").line() == "fipy-doctor flash card:x.dup --scripts lib --port COM3 --via modem"
    assert bench.command("check", interrupt=True).words()[2:] == (
        *("--scripts", "lib", "--port", "COM3", "--via", "modem", "--interrupt"),
    )


def test_a_journal_brings_a_command_back() -> None:
    kept = WHOLE.kept()
    same = ("via", "method", "compress", "accept", "override", "was", "carrier", "interrupt")
    again = Command("flash").recalled(kept)
    assert [getattr(again, name) for name in same] == [getattr(WHOLE, name) for name in same]
    assert Command("flash", was=1, accept=frozenset({"a"})).recalled(kept).was == 1


@pytest.mark.parametrize("damaged", [{"via": 5, "accept": "x", "compress": "yes", "was": []}, {"accept": [5]}, {}])
def test_what_is_no_value_is_not_brought_back(damaged: dict[str, object]) -> None:
    assert Command("flash").recalled(damaged) == Command("flash")


def test_a_line_is_quoted_for_its_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    command = Command("check", firmware=("C:\\a b\\x.dup",), port="sim://fipy?state=/a&speed=1")
    assert "'sim://fipy?state=/a&speed=1'" in command.line()
    on(monkeypatch, "win32")
    assert command.line() == ('fipy-doctor check --firmware "C:\\a b\\x.dup" --port "sim://fipy?state=/a&speed=1"')
    assert Command.parse(command.line()) == command


@pytest.mark.parametrize(
    "name, spelled",
    [
        ("E:\\", "E:\\"),
        ("E:\\my card\\", '"E:\\my card\\\\"'),  # else the last quote would be a letter
        ("a,b.dup", '"a,b.dup"'),  # two words to PowerShell
        ("O'Brien (1).dup", '"O\'Brien (1).dup"'),
        ("#1;2&3.dup", '"#1;2&3.dup"'),
        ("", '""'),
        ('say "\\"', '"say \\"\\\\\\""'),
        ("\\\\.\\PhysicalDrive2", "\\\\.\\PhysicalDrive2"),
    ],
)
def test_a_line_for_windows_is_read_by_its_shells_and_by_us(
    name: str, spelled: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    on(monkeypatch, "win32")
    assert quoted(["cards", name, "x"]) == f"cards {spelled} x"
    assert spelled == subprocess.list2cmdline([name]) or (" " not in name and spelled == f'"{name}"')
    assert Command.of_words(["backup", name]).line() == f"fipy-doctor backup {spelled}"
    assert Command.parse(f"fipy-doctor backup {spelled}").args == (name,)


ODD = [
    *("a b's.dup", "new\nline.dup", "\udcff\udcfe.dup", "e\x1b[31m\x07.dup", "back\\slash's\t.dup"),
    *("\u202etxt.dup", "$'x' ", "x $", "é.dup"),
]


@pytest.mark.parametrize("name", ODD)
def test_a_line_shows_nothing_that_a_terminal_obeys_and_is_read_again(name: str) -> None:
    command = Command("flash", firmware=(name, " y"), port="COM3")
    line = command.line()
    assert line.isprintable()
    assert Command.parse(line).words() == command.words()
    assert Command.parse(Command.parse(line).line()) == Command.parse(line)


@pytest.mark.needs_tool("bash")
@pytest.mark.parametrize("name", ODD)
def test_a_shell_reads_a_line_as_it_is_meant(name: str) -> None:
    line = Command("flash", firmware=(name,), port="COM3").line()
    read = subprocess.run(["bash", "-c", f"printf '%s\\0' {line}"], capture_output=True, check=True).stdout
    assert [os.fsdecode(word) for word in read.split(b"\0")[2:3]] == [name]


def test_a_file_is_never_taken_for_an_option() -> None:
    assert Command("flash", firmware=("-x.dup",), port="COM3").words()[2] == f".{os.sep}-x.dup"
    assert Command("check", firmware=("card:-x.dup",)).words() == ("fipy-doctor", "check")


@pytest.mark.parametrize("text", ["", "check", "fipy-doctor 'open", "sudo fipy-doctor check"])
def test_what_is_no_command_of_ours_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Command.parse(text)


# -- the sources

HOME = Path(__file__).parents[2]
#: What spells commands, and what runs on a board too and imports nothing of ours.
SPELLERS = (HOME / "doctor" / "text" / "command.py", HOME / "doctor" / "updater")
_FILLED = re.compile(r"`fipy-doctor[^`]*(?:\0|%[sdr]|\{\w*\})|`fipy-doctor[^`]*$")


def spelled_here(nodes: Collection[ast.AST]) -> Iterator[str]:
    """Every command of ours that is put together word by word, or by filling in or joining texts."""
    parts = {id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in nodes:
        text = _text(node) if id(node) not in parts else ""
        if _FILLED.search(text):
            yield ast.unparse(node)
        if isinstance(node, ast.List | ast.Tuple):
            first, *more = [_text(word) for word in node.elts] or [""]
            options = any(re.match("--[a-z\0]", word) for word in more)
            if first == PROGRAM or (first in COMMANDS and options):
                yield ast.unparse(node)


def _text(node: ast.AST) -> str:
    """The text that ``node`` is; what an f-string fills in is a NUL."""
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) or "\0" for part in node.values)
    if isinstance(node, ast.Starred):  # of a list or tuple: what it begins with
        return next((_text(word) for word in ast.walk(node.value) if _text(word)), "")
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


@pytest.mark.parametrize(
    "source",
    [
        'f"run `fipy-doctor fix --{cure}`"',
        '"run `fipy-doctor open %s`" % page',
        '"run `fipy-doctor " + verb + "`"',
        '"`fipy-doctor open {page}`".format(page=page)',
        '["fipy-doctor", verb]',
        '("fix", f"--{cure}")',
        '("restore", folder, *(["--clean"] if clean else []))',
    ],
)
def test_what_spells_a_command_is_seen(source: str) -> None:
    assert list(spelled_here([*ast.walk(ast.parse(source))]))


def test_nothing_but_command_py_spells_a_command() -> None:
    for path in product(HOME):
        if not path.is_relative_to(SPELLERS[0]) and not path.is_relative_to(SPELLERS[1]):
            assert not list(spelled_here(nodes_of(path))), path
