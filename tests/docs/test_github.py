"""What GitHub is told to run, and to ask of people: nobody has seen it there, so the commands at least must exist."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from doctor.cli.main import COMMANDS, cli

ROOT = Path(__file__).parents[2]
FILES = sorted(ROOT.glob(".github/**/*.yml"))
TYPED = [
    (path.name, words)
    for path in FILES
    for words in re.findall(r"fipy-doctor [^`\n]+", path.read_text("utf-8"))
    if words.split()[1] in COMMANDS
]


def test_they_are_there() -> None:
    assert [path.name for path in FILES] == ["problem.yml", "real-board.yml", "windows-and-macos.yml"]
    assert len(TYPED) > 8
    assert all("never run here" in path.read_text("utf-8").lower() for path in FILES)


@pytest.mark.parametrize("name, words", TYPED)
def test_what_is_typed_there_can_be_typed(name: str, words: str) -> None:
    _, verb, *more = words.partition(" > ")[0].split()
    command = cli.get_command(click.Context(cli), verb)
    assert command is not None
    known = {option for param in command.params for option in param.opts}
    assert [word for word in more if word.startswith("-") and word not in known] == []


def test_the_folders_of_the_core_are_there() -> None:
    (run,) = re.findall(r'pytest -m "not peers" -n 2 (.*)', FILES[-1].read_text("utf-8"))
    (core,) = re.findall(r"^CORE := \$\(addprefix tests/,(.*)\)", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert run.split() == [f"tests/{folder}" for folder in core.split()]
    assert all((ROOT / folder).is_dir() for folder in run.split())
