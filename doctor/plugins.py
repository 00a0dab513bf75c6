"""What other packages bring through entry points: found, loaded, and left out with one warning if it cannot be used."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from functools import cache
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING, Any

from doctor.text.escape import shown

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

CURES = "fipy_doctor.cures"  #: the group of entry points of other people's cures (docs/adding-a-check.md)
_LONGEST = 200  #: characters that an exception of somebody else's code may fill


@cache
def installed() -> Any:
    """All entry points of this Python, with ``select``: Python 3.10 has another type for them.

    Reading them takes the longer the more packages there are, so they are read once.
    """
    from importlib.metadata import entry_points

    return entry_points()


def are_there(group: str) -> bool:
    """Whether any package may bring parts in ``group``; no part is loaded.

    importlib.metadata takes longer to load than all of ``--help``, and hardly anybody has such a package. So first the
    files that it would read are searched for the name of the group. Only if that finds nothing, and nothing but plain
    folders is there to be searched, the answer is False without it.
    """
    if not _may_be_there(group):
        return False
    try:
        return bool(installed().select(group=group))
    except Exception:  # files of other packages: nothing about them is certain, and ``loaded`` says so
        return True


def _may_be_there(group: str) -> bool:
    if any(hasattr(finder, "find_distributions") for finder in sys.meta_path if finder is not PathFinder):
        return True  # distributions of another kind
    return any(_may_be_in(Path(folder), group.encode()) for folder in sys.path)


def _may_be_in(folder: Path, group: bytes) -> bool:
    if folder.suffix == ".egg":
        return True
    try:
        inside = list(folder.iterdir())
    except NotADirectoryError:
        return True  # a zip
    except OSError:
        return False  # importlib.metadata finds nothing there either
    infos = (each for each in inside if each.suffix.lower() in (".dist-info", ".egg-info"))
    return any(_names(info / "entry_points.txt", group) for info in infos)


def _names(file: Path, group: bytes) -> bool:
    try:
        return group in file.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True


def loaded(group: str, what: str, flaw_of: Callable[[object], str]) -> tuple[list[tuple[object, str]], list[str]]:
    """One instance of each class that packages bring in ``group``, with the package; and a warning for each left out.

    what     how a part is called in a warning: "check"
    flaw_of  what is wrong with an instance; "" if nothing is. Whatever it raises is wrong with it, too
    """
    if not are_there(group):
        return [], []
    try:
        points = list(installed().select(group=group))
    except Exception as err:  # files of other packages: nothing about them is certain
        return [], [f"the {what}s of other packages were left out, because they cannot be listed: {told(err)}"]
    found: list[tuple[object, str]] = []
    warnings: list[str] = []
    for point in sorted(points, key=lambda p: (_owner(p), p.name)):
        part = None
        try:
            with redirect_stdout(sys.stderr):  # that of a program that reads our results is not theirs
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
