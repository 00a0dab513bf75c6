"""The command line that the process of one board gets, out of the one that was typed for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from doctor.cli import command_line
from doctor.errors import UsageError
from doctor.fleet.boards import Board
from doctor.text.command import Command, port_words

#: Parameters that are the parent's: a board's process never gets them.
_OF_THE_PARENT = {
    "port", "as_json", "json_events", "quiet", "verbose", "report", "every_board", "boards", "jobs", "yes", "dry_run",
    "files", "agreed_plan", "stop_on_stdin", "places", "coordinator", "wait_s", "watch", "again",
}  # fmt: skip
#: What belongs to one board, whoever says it, and why many cannot share it.
_OF_ONE_BOARD = {
    "trace": "a trace is of one port",
    "log_file": "a log is of one board; each keeps its own in the state directory",
    "sd": "a card is in one board",
    "was": "it tells what one modem ran",
    "done": "it tells what you did at one board",
    "agreed_plan": "a fingerprint is of one plan",
    "stop_on_stdin": "the processes of the boards are told by this one",
}


def refuse_of_one_board(given: command_line.Given) -> None:
    """Raises UsageError for an option that belongs to one board, wherever it was said."""
    for name, why in _OF_ONE_BOARD.items():
        if given.get(name) not in (None, (), False, ""):
            flag = f"--{'plan' if name == 'agreed_plan' else name.replace('_', '-')}"
            raise UsageError(
                "usage",
                f"{flag} does not go with several boards",
                cause=why,
                next=f"leave out {flag}, or name one port",
            )


def is_of_one_board(command: Command) -> bool:
    """Whether a command says what belongs to one board."""
    return any(getattr(command, name, None) for name in _OF_ONE_BOARD)


def for_ports(command: Command, ports: Sequence[str | None]) -> Command:
    """The same command for all of these ports, each in its order."""
    behind = [word for port in ports[:-1] if port for word in port_words(port)]
    return replace(command, args=(*command.args, *behind), port=ports[-1])


def typed_words(given: command_line.Given) -> tuple[str, ...]:
    """The options of this command line that every board's process gets, too."""
    ctx = click.get_current_context()
    words: list[str] = []
    for param in ctx.command.params:
        name = param.name or ""
        if name in _OF_THE_PARENT or name in _OF_ONE_BOARD or not isinstance(param, click.Option):
            continue
        if not command_line.was_typed(ctx, name):  # what the environment and files say reaches them by itself
            continue
        value = given[name]
        if param.is_flag:
            words += [param.opts[0]] * bool(value)
        else:
            for one in value if isinstance(value, (tuple, list, frozenset)) else (value,):
                words += [param.opts[0], str(one)]
    return tuple(words)


class BoardCommand:
    """One command for many boards: the words of each, and the command that repeats it for some of them."""

    def __init__(self, verb: str, given: command_line.Given) -> None:
        self.verb = verb
        self._files: tuple[Path, ...] = given.get("files") or ()
        self._words = typed_words(given)

    def says(self, flag: str) -> bool:
        """Whether every board gets this option."""
        return flag in self._words

    def of(self, board: Board, *more: str) -> list[str]:
        """What the process of ``board`` is started with; ``more`` stands in front of its port."""
        words = (*self._words, *board.more, *more, "--json-events", "--port", board.port)
        return list(self._spelled(words).words()[1:])

    def again(self, boards: list[Board], *, accept: str = "") -> Command:
        """The same command for these boards, as it is typed; ``accept``: with this risk agreed to."""
        accepted = ("--accept", accept) if accept else ()
        return for_ports(self._spelled((*self._words, *accepted)), [board.port for board in boards])

    def _spelled(self, words: tuple[str, ...]) -> Command:
        return Command(self.verb, args=words, firmware=self._files)
