"""What --help prints: own options first, and examples that can be typed."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from doctor.cli import cure_switches
from doctor.cli.help_page import EveryCommandOption
from doctor.cli.main import COMMANDS, SHORT_HELPS, cli
from doctor.remedies import cures

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


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_says_of_a_command_what_the_command_says_of_itself(name: str) -> None:
    command = cli.get_command(ABOVE, name)
    assert command is not None and SHORT_HELPS[name] == command.get_short_help_str(1000)


#: What no help needs: what looks at a bench, draws, or finds what other packages bring.
NOT_NEEDED = (
    *("doctor.bench", "doctor.board", "doctor.card", "doctor.engine", "doctor.events", "doctor.fleet", "doctor.link"),
    *("doctor.remedies", "doctor.roster", "rich", "serial", "importlib.metadata", "difflib"),
)


@pytest.mark.parametrize(
    ("words", "not_needed"),
    [("--help", ("doctor.cli.commands.", *NOT_NEEDED)), (" ".join(COMMANDS), NOT_NEEDED)],
)
def test_help_is_not_slowed_by_what_it_does_not_need(words: str, not_needed: tuple[str, ...]) -> None:
    program = (
        "import sys; from doctor.cli.main import run\n"
        "for word in sys.argv[2:]: run([word] if word == '--help' else [word, '--help'])\n"
        "sys.exit(str([name for name in sys.modules if name.startswith(tuple(sys.argv[1].split()))] or 0))"
    )
    command = [sys.executable, "-c", program, " ".join(not_needed), *words.split()]
    ran = subprocess.run(command, capture_output=True, text=True)
    assert ran.stderr.strip() == "0"
    assert ran.stdout.count("Options of every command:") == len(words.split())


def test_the_switches_of_fix_say_what_the_cures_say() -> None:
    ours = {cure_id: cure.title for cure_id, cure in cures().doable().items()}
    assert ours == cure_switches.OURS and cure_switches.titles() == ours
