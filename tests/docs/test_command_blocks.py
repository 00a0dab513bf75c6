"""A block of commands holds nothing but commands: whoever copies it whole and pastes it runs just them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

import click
import pytest

from docs._build import as_markdown
from doctor.cli.main import COMMANDS, cli
from doctor.report.page import Page, all_pages
from doctor.text.command import PROGRAM

ROOT = Path(__file__).parent.parent.parent
#: What a block of commands is marked with; those of the second and third are for Windows alone.
SHELLS = ("bash", "powershell", "bat")
#: Programs by name, with the pattern of the words behind each that are not looked at more closely.
PROGRAMS = {
    "pip": r"install( -e| --no-deps)*( \.| '\.\[\w+\]'| [\w-]+==[\w.]+)",
    "pipx": r"install \.",
    "python": r"-m (venv|pytest|docs\._build\.\w+|tests\.\w+)( [\w./=-]+| '[\w ]+')*",
    "bash": r"\.ci/\w+",
    "export": r"[A-Z_]+=[\w./-]+",
    "set": r"[A-Z_]+=[\w.:\\/-]+",
    "Set-Item": r"env:[A-Z_]+ [\w.:\\/-]+",
    "sha256sum": r"[\w.-]+\.dup",
    "shasum": r"-a 256 [\w.-]+\.dup",
    "(Get-FileHash": r"[\w.-]+\.dup\)\.Hash",
}
FENCE = re.compile(r"^( *)```(\S*)[^\n]*\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"(?:^|\n\n)((?:    \S.*\n)+)")
PAGES = [
    *ROOT.glob("*.md"),
    *(page for page in ROOT.glob("docs/**/*.md") if page.parent.name not in ("reference", "changes")),
]
TARGETS = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


def blocks(markdown: str) -> Iterator[tuple[str, list[str]]]:
    """Every block of code: what it is marked with, and its lines; "" if it is not marked."""
    for fence in FENCE.finditer(markdown):
        yield fence[2], [line.strip() for line in fence[3].splitlines() if line.strip()]
    for indented in INDENTED.finditer(FENCE.sub("", markdown)):
        yield "", [line.strip() for line in indented[1].splitlines()]


def program(line: str) -> str:
    """The program that a line starts, without the folder where it lies; "" if it is none of ours."""
    name = re.split(r"[\\/]", line.split()[0])[-1]
    return name if name in {*PROGRAMS, PROGRAM, "make"} else ""


def fault(line: str) -> str:
    """Why a line is no command that can be pasted; "" if it is one."""
    words = line.split(" ", 1)[1] if " " in line else ""
    name = program(line)
    if not name:
        return "starts no program that is known here"
    if name == "make":
        wrong = [word for word in words.split() if word not in TARGETS and not re.fullmatch(r"[A-Z_]+=\S+", word)]
        return f"make has no target {wrong[0]}" if wrong else ""
    if name != PROGRAM:
        return "" if re.fullmatch(PROGRAMS[name], words) else f"{name} does not take this"
    return our_fault(words)


def our_fault(words: str) -> str:
    """Why our command line does not take these words."""
    try:
        verb, *rest = shlex.split(words) or [""]
        context = as_markdown.context_of(verb) if verb else click.Context(cli, **cli.context_settings)
        left = context.command.make_parser(context).parse_args(rest)[1]
    except KeyError:
        return f"there is no command {verb}"
    except (ValueError, click.UsageError) as error:
        return str(error)
    return f"no place for {left[0]}" if left else ""


def faults(markdown: str) -> list[str]:
    """What is wrong with the blocks of a page, a line each."""
    found = []
    for mark, lines in blocks(markdown):
        if mark in SHELLS:
            found += [f"{line}: {why}" for line in lines if (why := fault(line))]
        elif mark in ("", "text"):
            found += [f"{line}: mark the block as one of {SHELLS}" for line in lines if program(line)]
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_page_has_nothing_but_commands_in_its_blocks_of_commands(page: Path) -> None:
    assert faults(page.read_text(encoding="utf-8")) == []


@pytest.fixture(scope="module")
def pages() -> Mapping[str, Page]:
    return all_pages()


@pytest.mark.parametrize("verb", COMMANDS)
def test_the_page_of_a_command_has_two_examples(verb: str, pages: Mapping[str, Page]) -> None:
    page = as_markdown.command(verb, pages)
    assert faults(page) == []
    assert [len(lines) >= 2 for mark, lines in blocks(page) if mark in SHELLS] == [True]


@pytest.mark.parametrize(
    "line",
    [
        "pipx install .        in the folder of fipy-doctor",
        "pip install .    # in this folder",
        "fipy-doctor check  or fix",
        "fipy-doctor check # everything",
        "fipy-doctor checkup",
        "fipy-doctor check --sd E:\\",
        "fipy-doctor flash F.dup --vai usb",
        "make test        lint, types and the tests",
        "export FIPY_DOCTOR_STATE_DIR=/media/stick        (Windows: set FIPY_DOCTOR_STATE_DIR=E:\\x)",
        "# everything, in detail",
        "then run fipy-doctor check",
    ],
)
def test_prose_in_a_block_of_commands_is_told(line: str) -> None:
    assert len(faults(f"```bash\n{line}\n```\n")) == 1


@pytest.mark.parametrize(
    "page", ["```text\nfipy-doctor check\n```\n", "Then:\n\n    fipy-doctor check\n\n", "```\nmake\n```\n"]
)
def test_commands_in_another_block_are_told(page: str) -> None:
    assert len(faults(page)) == 1
