"""What --help prints: own options first, and examples that can be typed."""

from __future__ import annotations

import shlex
from pathlib import Path

import click
import pytest

from doctor.cli.help_page import EveryCommandOption
from doctor.cli.main import COMMANDS, cli

#: click keeps the help option of the first context in which it was asked for.
ABOVE = click.Context(cli, **cli.context_settings)


@pytest.mark.parametrize("name", COMMANDS)
def test_two_examples_that_the_command_takes(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for file in ("FILE.dup", "console.log", "t.jsonl", "my-board/main.py"):
        Path(file).parent.mkdir(exist_ok=True)
        Path(file).write_text("x")
    command = cli.get_command(ABOVE, name)
    assert command is not None and len(command.examples) == 2
    for example in command.examples:
        verb, *words = shlex.split(example)
        if name == "backup":  # into a new folder
            words = [word.replace("my-board", "new-folder") for word in words]
        assert verb == name
        command.make_context(name, words, parent=ABOVE)  # raises for whatever it does not take


@pytest.mark.parametrize("name", COMMANDS)
def test_own_options_come_before_those_of_every_command(name: str) -> None:
    command = cli.get_command(ABOVE, name)
    assert command is not None
    context = click.Context(command, info_name=f"fipy-doctor {name}", parent=ABOVE)
    *_, (heading, last) = command.headed(context).items()
    assert heading == EveryCommandOption.heading
    assert {option.name for option in last} >= {"port", "as_json", "quiet", "verbose", "debug"}
    printed = command.get_help(context)
    assert printed.index(heading) > max(
        printed.index(f"\n{own}:") for own in command.headed(context) if own is not heading
    )
    assert printed.rindex("Examples:") > printed.index(heading)
