"""The options that name many boards, for the commands that take them."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from doctor.cli import options
from doctor.cli.fleet import farm
from doctor.errors import UsageError

_ALL = click.option(
    "--all", "every_board", is_flag=True, help="Every board that is plugged in: all ports with a Pycom USB id."
)
_BOARDS = click.option(
    "--boards", type=click.IntRange(1), metavar="N", help="So many boards there must be, or nothing is done."
)
_JOBS = click.option(
    "--jobs",
    type=click.IntRange(1),
    metavar="N",
    help="How many boards at once, if there are several; at most 8 if not said.",
)


_WATCH = click.option(
    "--watch",
    is_flag=True,
    help="Flash each board that is plugged in from now on: one yes at the beginning, Ctrl-C ends it, or --boards N.",
)
_AGAIN = click.option(
    "--again", is_flag=True, help="With --watch: also a board that it has flashed, if it is plugged in again."
)


def watched(function: Callable[..., int]) -> Callable[..., int]:
    """``--watch`` and ``--again``: the boards are those that are plugged in while the command runs."""

    @wraps(function)
    def command(*args: Any, **given: Any) -> int:
        if given.pop("watch", False):
            from doctor.cli.fleet.watch import main

            return main(given)
        if given.pop("again", False):
            raise UsageError("usage", "--again goes with --watch only", next="add --watch, or leave out --again")
        return function(*args, **given)

    wrapped: Callable[..., int] = _WATCH(_AGAIN(command))
    return wrapped


def many(function: Callable[..., int]) -> Callable[..., int]:
    """``--port`` as often as there are boards, ``--all``, ``--labgrid``; one port is what it ever was."""

    @wraps(function)
    def command(*args: Any, **given: Any) -> int:
        ports = given.pop("ports", ())
        every, boards = given.pop("every_board", False), given.pop("boards", None)
        jobs = given.pop("jobs", None)
        places, coordinator = given.pop("places", ()), given.pop("coordinator", None)
        wait_s = given.pop("wait_s", 0.0)
        if places:
            farm.refuse_ports(*ports, "--all" if every else None)
            return farm.main(places, coordinator, wait_s, given, boards=boards, jobs=jobs)
        if len(ports) < 2 and not every:
            if boards not in (None, 1):
                raise UsageError(
                    "usage",
                    f"--boards says {boards}, and one port is named at most",
                    next="name each with --port, or all with --all",
                )
            return function(*args, **given)
        from doctor.cli.fleet.run import main

        return main(ports, given, every=every, boards=boards, jobs=jobs)

    wrapped: Callable[..., int] = _ALL(_BOARDS(_JOBS(farm.farm_options(options.common_of_many(command)))))
    return wrapped
