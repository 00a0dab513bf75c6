"""``fipy-doctor`` without a command: find the board, examine it, say what to do next."""

from __future__ import annotations

import click

from doctor.bench import BenchOptions
from doctor.cli import options
from doctor.cli.commands.check import examine
from doctor.cli.screen import Screen
from doctor.errors import UsageError
from doctor.link.ports import PortInfo, list_ports
from doctor.text.command import Command


def examine_only_board(given: options.Given) -> int:
    """Examine the board at ``--port``, or the only one that its USB id gives away, or the one that the user picks."""
    port = given["port"] or _only_board(options.screen_of(given))
    return examine(BenchOptions(port=port), {**given, "port": port})


def _only_board(screen: Screen) -> str:
    found = list_ports()
    boards = [port for port in found if port.carrier is not None and not port.dfu]
    if len(boards) == 1 and not boards[0].ambiguous:
        screen.note(f"Found {boards[0].carrier} at {boards[0].device}.")
        return boards[0].device
    candidates = boards or found
    if not candidates:
        raise UsageError(
            "pymakr-no-board-found",
            "no serial port was found",
            cause="no board is plugged in, or the cable has no data wires",
            next="plug the board in and run `fipy-doctor` again; without a board: `fipy-doctor --port sim://fipy`",
        )
    if not screen.interactive or screen.as_json:
        names = ", ".join(port.device for port in candidates)
        raise UsageError(
            "wrong-serial-port-chosen",
            f"which of these is the board? {names}",
            next=str(Command("check", port=candidates[0].device)),
        )
    return _ask(candidates)


def _ask(candidates: list[PortInfo]) -> str:
    for number, port in enumerate(candidates, 1):
        click.echo(f"{number}. {port.device}  {port.carrier or port.description}", err=True)
    choice: int = click.prompt(
        "Which one is the board? Type its number", type=click.IntRange(1, len(candidates)), err=True
    )
    return candidates[choice - 1].device
