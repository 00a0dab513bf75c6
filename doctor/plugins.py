"""What other packages bring through entry points: found, loaded, and left out with one warning if it cannot be used."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from doctor.text.escape import shown

_LONGEST = 200  #: characters that an exception of somebody else's code may fill


@cache
def installed() -> Any:
    """All entry points of this Python, with ``select``: Python 3.10 has another type for them.

    Reading them takes the longer the more packages there are, so they are read once.
    """
    return entry_points()


def loaded(group: str, what: str, flaw_of: Callable[[object], str]) -> tuple[list[tuple[object, str]], list[str]]:
    """One instance of each class that packages bring in ``group``, with the package; and a warning for each left out.

    what     how a part is called in a warning: "check"
    flaw_of  what is wrong with an instance; "" if nothing is. Whatever it raises is wrong with it, too
    """
    try:
        points = list(installed().select(group=group))
    except Exception as err:  # files of other packages: nothing about them is certain
        return [], [f"the {what}s of other packages were left out, because they cannot be listed: {told(err)}"]
    found: list[tuple[object, str]] = []
    warnings: list[str] = []
    for point in sorted(points, key=lambda p: (_owner(p), p.name)):
        part = None
        try:
            part = point.load()()
            flaw = flaw_of(part)
        except KeyboardInterrupt:
            raise
        except BaseException as err:  # SystemExit too: it would end us
            flaw = told(err)
        if flaw:
            warnings.append(left_out(what, point.name, _owner(point), flaw))
        else:
            found.append((part, _owner(point)))
    return found, warnings


def left_out(what: str, name: str, package: str, why: str) -> str:
    """The warning that a part of another package was left out."""
    return f"the {what} {shown(name, 60)} of the package {shown(package, 60)} was left out: {why}"


def told(err: BaseException) -> str:
    """What somebody else's code raised."""
    return shown(repr(err), _LONGEST)


def _owner(point: EntryPoint) -> str:
    """Name of the package that brought it; of one whose metadata name none, what it leads to."""
    try:
        name = point.dist.name if point.dist is not None else None
    except Exception:  # files of other packages: nothing about them is certain
        name = None
    return name or point.value
