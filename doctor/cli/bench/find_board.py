"""Finds the board for a command that was given no port: the one place that chooses, for every command."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from doctor.bench import BenchOptions
from doctor.cli.screen import Screen
from doctor.link import choice
from doctor.link.ports import PortInfo, list_ports, port_at
from doctor.text.command import Command


def with_board(
    options: BenchOptions,
    screen: Screen,
    typed: Command,
    *,
    needed: bool,
    known: Collection[str] = (),
    is_typed: bool = True,
) -> BenchOptions:
    """The options with the port of the board that is plugged in, unless they name a port.

    typed     the command of this run, as it was typed
    needed    the command does nothing without a board; else only one that its USB id gives away is taken along
    known     ports over which something was begun: one of them is meant before all others
    is_typed  the port that they name was typed; else the environment or a file of settings names it

    Raises NoPort if a board is needed and there is none, or if there are several and nobody can be asked.
    """
    if options.port is not None:
        return options if is_typed else _agreed(options, screen, port_at(options.port))
    found = list_ports()
    ports = choice.likely(found)
    meant = [port for port in ports if port.device in known] or ports
    if len(meant) == 1 and (needed or meant[0].is_board):
        screen.note(f"Found {meant[0].words}, at {meant[0].device}.")
        return _agreed(replace(options, port=meant[0].device), screen, meant[0])
    if not needed:
        return options
    if not ports:
        raise choice.nothing_plugged_in(found)
    if not screen.interactive or screen.as_json:
        raise choice.which_one(ports, typed)
    return replace(options, port=_ask(ports, screen))


def _agreed(options: BenchOptions, screen: Screen, port: PortInfo | None) -> BenchOptions:
    """The options, with a word on whether somebody says that the board is at a port with another one's USB id."""
    if port is not None and port.is_strange and screen.interactive and not screen.as_json:
        found = not screen.ask(
            f"{port.device} is {port.words}, and no Pycom board has that USB id. Is the board there?"
        )
        return replace(options, port_found=found)
    return replace(options, port_found=True)


def _ask(ports: Sequence[PortInfo], screen: Screen) -> str:
    for number, port in enumerate(ports, 1):
        screen.notes.print(f"{number}. {port.device}  {port.words}")
    numbers = {str(number): port.device for number, port in enumerate(ports, 1)}
    while (chosen := screen.typed("Which one is the board? Type its number").strip()) not in numbers:
        screen.notes.print(f"Type a number from 1 to {len(ports)}. `fipy-doctor ports` says more about them.")
    return numbers[chosen]
