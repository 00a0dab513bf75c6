"""The table of the command line in design.md 5, held against the command line."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from doctor.cli.main import COMMANDS, cli

SECTION = (Path(__file__).parents[2] / "docs" / "design.md").read_text("utf-8").partition("## 5. ")[2]
OPTION = re.compile(r"(?<![\w-])--?[a-z][a-z-]*")


def table() -> dict[str, set[str]]:
    """The options that the rows give to each command; a row without a name goes on with the one above it."""
    found: dict[str, set[str]] = {name: set() for name in COMMANDS}
    named: set[str] = set()
    for line in SECTION.splitlines():
        first, _, rest = line.removeprefix("| ").partition(" | ")
        if line.startswith("| "):
            named = (
                set(COMMANDS) if first == "all" else named if not first.strip() else set(re.findall("[a-z]+", first))
            )
            for name in named & found.keys():
                found[name] |= set(OPTION.findall(rest))
    return found


def options(name: str) -> list[click.Option]:
    above = click.Context(cli, **cli.context_settings)
    command = cli.get_command(above, name)
    assert command is not None
    params = command.get_params(click.Context(command, parent=above))
    return [param for param in params if isinstance(param, click.Option) and not param.hidden]


@pytest.mark.parametrize("name", COMMANDS)
def test_the_options_of_a_command_stand_in_its_rows(name: str) -> None:
    told = table()[name]
    assert not [option.opts for option in options(name) if not told & set(option.opts)]


def test_no_row_tells_an_option_that_there_is_not() -> None:
    there = {word for name in COMMANDS for option in options(name) for word in option.opts}
    assert set().union(*table().values()) <= there
