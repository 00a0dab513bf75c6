"""What names a thing to write to or to read from is given once: of two, none is chosen without a word."""

from __future__ import annotations

import shutil
from pathlib import Path

import click
import pytest

from doctor.cli.command_line import OneOfEach
from doctor.cli.main import COMMANDS, cli
from doctor.sim.practice.image import make_practice_image

from .terminal import Terminal

PORTS = ("--port", "sim://fipy", "--port", "sim://gpy")


@pytest.fixture
def names(image: Path, tmp_path: Path) -> dict[str, str]:
    """A value for each of the options."""
    return {
        "--sd": str(tmp_path),
        "--firmware": str(image),
        "--updater-elf": str(image),
        "--bootrom": str(image),
        "--scripts": str(tmp_path),
        "--trace": str(tmp_path / "trace"),
    }


@pytest.mark.parametrize("option", ["--sd", "--firmware", "--updater-elf", "--bootrom", "--scripts", "--trace"])
def test_given_twice_is_wrong_usage(terminal: Terminal, names: dict[str, str], option: str) -> None:
    twice = (option, names[option]) * 2
    said = terminal.type("check", "--port", "sim://fipy", *twice)
    assert (said.code, said.out) == (2, "")
    assert option in said.err and "given" in said.err


@pytest.mark.parametrize("command", ["fix", "backup", "ports", "sim"])
def test_two_ports_are_refused_by_commands_of_one_board(terminal: Terminal, command: str) -> None:
    assert terminal.type(command, *PORTS).code == 2
    assert terminal.type(*PORTS[:2], command, *PORTS[2:]).code == 2
    assert terminal.type(*PORTS, command).code == 2


def test_the_environment_may_name_a_port_beside_a_given_one(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIPY_DOCTOR_PORT", "sim://gpy")
    assert terminal.type("check", "--port", "sim://fipy", "--select", "port-opens").code == 0


def test_the_two_files_of_a_pair_go_together(terminal: Terminal, tmp_path: Path) -> None:
    image = make_practice_image(tmp_path, build=41019, size_bytes=100_000)
    pair = [tmp_path / f"CATM1-5.2-48829-{part}.dup" for part in (1, 2)]
    for path in pair:
        shutil.copy(image, path)
    first, second = (("--firmware", str(path)) for path in pair)
    assert terminal.type("check", *first, *second).code == 0
    for wrong in ((*first, *first), (*first, *second, *first), (*first, "--firmware", str(image))):
        assert terminal.type("check", *wrong).code == 2


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_takes_one_of_each(name: str) -> None:
    context = click.Context(cli)
    assert isinstance(cli.get_command(context, name), OneOfEach)
