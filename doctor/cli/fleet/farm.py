"""Boards behind a labgrid coordinator: places are taken, worked on as any boards are, and given back."""

from __future__ import annotations

import queue
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import click

from doctor.cli import command_line
from doctor.cli.screen import Screen, screen_of
from doctor.clock import LONGEST_DEADLINE_S
from doctor.errors import DoctorError, UsageError
from doctor.text.escape import shown

_COORDINATOR = click.option(
    "--coordinator", metavar="HOST:PORT", help="labgrid's coordinator, if LG_COORDINATOR does not name it."
)
_WAIT = click.option(
    "--wait",
    "wait_s",
    type=click.FloatRange(0, LONGEST_DEADLINE_S),
    default=0.0,
    metavar="SECONDS",
    help="Wait so long for places of labgrid that others use.",
)


def farm_options(function: Callable[..., int]) -> Callable[..., int]:
    """``--labgrid`` as often as wanted, ``--coordinator`` and ``--wait``, for a command of many boards."""
    places = click.option(
        "--labgrid", "places", multiple=True, metavar="GLOB", help="Boards in these places of a labgrid coordinator."
    )
    wrapped: Callable[..., int] = places(_COORDINATOR(_WAIT(function)))
    return wrapped


def at_a_place(function: Callable[..., int]) -> Callable[..., int]:
    """The same for a command of one board: the one that is in the place that ``--labgrid`` names."""

    @wraps(function)
    def command(*args: Any, **given: Any) -> int:
        place = given.pop("place", None)
        coordinator, wait_s = given.pop("coordinator", None), given.pop("wait_s", 0.0)
        if place is None:
            return function(*args, **given)
        from doctor.fleet.labgrid.farm import held

        refuse_ports(given.get("port"))
        screen = screen_of({**given, "port": None})
        with held([place], coordinator, wait_s, screen.note) as farm:
            names = [*(one.place for one in farm.held), *(one.place for one in farm.not_held)]
            if len(names) > 1:
                raise UsageError(
                    "labgrid-place",
                    f"means {len(names)} places, and this command is for one board",
                    on=place,
                    cause=", ".join(names[:8]),
                    next=f"--labgrid {names[0]}, or another of them",
                )
            click.get_current_context().params["port"] = given["port"] = farm.held[0].url
            return function(*args, **given)

    option = click.option(
        "--labgrid", "place", metavar="PLACE", help="The board in this place of a labgrid coordinator."
    )
    wrapped: Callable[..., int] = option(_COORDINATOR(_WAIT(command)))
    return wrapped


def refuse_ports(*ports: str | None) -> None:
    """Raises UsageError if boards at this computer are named too."""
    if any(ports):
        raise UsageError(
            "usage",
            "--labgrid does not go with --port or --all",
            cause="places are taken from a coordinator and given back, ports are not",
            next="run one command for each",
        )


def main(
    places: Sequence[str],
    coordinator: str | None,
    wait_s: float,
    given: command_line.Given,
    *,
    boards: int | None,
    jobs: int | None,
) -> int:
    """Run the command of this context for the boards in these places; the worst exit code.

    A place that somebody else uses is a board that was refused.

    Raises UsageError, DoctorError if no place can be used.
    """
    from doctor.cli.fleet.run import run
    from doctor.cli.fleet.words import refuse_of_one_board
    from doctor.fleet.boards import Board
    from doctor.fleet.labgrid.farm import held
    from doctor.link.port_url import PortUrl, unheld_place
    from doctor.report.fleet.documents import refused

    refuse_of_one_board(given)
    verb = click.get_current_context().info_name or ""
    voice = _Voice(screen_of({**given, "port": None}))
    with held(places, coordinator, wait_s, voice.say) as farm:
        meant = len(farm.held) + len(farm.not_held)
        if boards is not None and boards != meant:
            raise UsageError(
                "usage", f"--boards says {boards}, and there are {meant}", next="say the right number, or other places"
            )
        besides = []
        for one in farm.not_held:
            err = DoctorError("labgrid-place", one.why)
            besides.append(refused(Board(unheld_place(one.place)), verb, err))
            voice.say(f"{shown(one.place)}: {one.why}")
        there = [Board(one.url, key=PortUrl.read(one.url).key) for one in farm.held]
        with voice:
            return run(
                verb,
                there,
                given,
                jobs=jobs,
                started=lambda board, pid: farm.started(board.port, pid),
                notices=voice.queue,
                besides=besides,
            )


class _Voice:
    """What happens to places, said at once: through a fleet while one runs, which may draw lines, else directly."""

    def __init__(self, screen: Screen) -> None:
        self.queue: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._screen = screen
        self._runs = False

    def say(self, text: str) -> None:
        if self._runs:
            self.queue.put(text)
        else:
            self._screen.note(text)

    def __enter__(self) -> None:
        self._runs = True

    def __exit__(self, *_exception: object) -> None:
        self._runs = False
        while not self.queue.empty():
            self._screen.note(self.queue.get())
