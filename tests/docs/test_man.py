"""The man page of the wheel: it names all that there is, and readers of man pages find nothing wrong with it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import click
import pytest

from docs._build.man import page
from doctor.cli.main import COMMANDS, cli

ABOVE = click.Context(cli, info_name="fipy-doctor", **cli.context_settings)


@pytest.fixture(scope="module")
def man() -> str:
    return page()


@pytest.mark.parametrize("name", COMMANDS)
def test_it_names_each_option_of_each_command(man: str, name: str) -> None:
    command = cli.get_command(ABOVE, name)
    assert command is not None
    begin = man.index(f'.SS "fipy\\-doctor {name} ')
    own = man[begin : man.find("\n.S", begin + 1)] + man.partition(".SH OPTIONS OF EVERY COMMAND")[2]
    for option in command.params:
        if isinstance(option, click.Option) and not option.hidden:
            assert all(
                re.search(rf"{re.escape(word.replace('-', chr(92) + '-'))}(?![a-z-])", own) for word in option.opts
            )


def test_roff_has_nothing_to_obey_in_a_text(man: str) -> None:
    assert man.isascii() and man.startswith(".TH FIPY-DOCTOR 1 ")
    macros = {line.split()[0] for line in man.splitlines() if line.startswith((".", "'"))}
    assert macros == {".TH", ".SH", ".SS", ".TP", ".PP", ".EX", ".EE"}
    assert "`" not in man and "FIPY_DOCTOR_CONFIG" in man and "Flashing" not in man


def test_the_day_is_that_of_the_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    assert page().startswith(".TH FIPY-DOCTOR 1 1970-01-02 ")


@pytest.mark.needs_tool("mandoc")
def test_mandoc_finds_nothing_wrong(man: str, tmp_path: Path) -> None:
    (tmp_path / "fipy-doctor.1").write_text(man)
    told = subprocess.run(
        ["mandoc", "-Tlint", "-Wwarning", "fipy-doctor.1"], cwd=tmp_path, capture_output=True, text=True
    )
    assert told.stdout + told.stderr == ""
    shown = subprocess.run(["mandoc", "-Tascii", "fipy-doctor.1"], cwd=tmp_path, capture_output=True, text=True).stdout
    plain = re.sub(".\b", "", shown)
    assert "--reformat-sd" in plain and 'eval "$(fipy-doctor completion bash)"' in plain and "'lib/*', '*'" in plain
