"""Which Python labgrid is installed in: never ours, since labgrid brings another ``serial`` (fleet.md 0)."""

from __future__ import annotations

import os
import shlex
import shutil
from pathlib import Path, PurePath

from doctor.errors import DoctorError

VARIABLE = "FIPY_DOCTOR_LABGRID_PYTHON"  #: the Python to be used, for those whose labgrid-client does not tell
CLIENT = "labgrid-client"
_LONGEST_LINE = 4096


def labgrid_python() -> str:
    """The Python that has labgrid: the one that the environment names, else that of ``labgrid-client``.

    Raises DoctorError labgrid-missing.
    """
    given = os.environ.get(VARIABLE)
    if given:
        found = shutil.which(given)
        if found is None:
            raise _missing(f"{VARIABLE} names {given}, which is not a program")
        return found
    client = shutil.which(CLIENT)
    if client is None:
        raise _missing(f"{CLIENT} is not on the PATH")
    python = _from_first_lines(Path(client))
    if python is None:
        raise _missing(
            f"{client} does not say which Python it runs in", f"set {VARIABLE} to the Python that labgrid is in"
        )
    return python


def no_labgrid_in(python: str) -> DoctorError:
    """The error if ``python`` turns out not to have labgrid."""
    return _missing(f"{python} has no labgrid")


def too_old(version: str) -> DoctorError:
    """The error for a labgrid whose coordinator speaks another protocol."""
    return DoctorError(
        "labgrid-missing",
        f"labgrid {version} is too old",
        cause="before 25.0 its coordinator spoke another protocol (crossbar); fipy-doctor was tried with 25 and 26",
        next="`pipx upgrade labgrid`, and the same on the computers of the coordinator and the exporters",
    )


def _missing(cause: str, advice: str = "") -> DoctorError:
    into = f"`pipx install labgrid` (or into a virtual environment of its own, and set {VARIABLE} to its Python)"
    then = "then run the same command again; not into the environment of fipy-doctor, whose serial it would replace"
    return DoctorError(
        "labgrid-missing", "labgrid is not to be found here", cause=cause, next=advice or f"{into}, {then}"
    )


def _from_first_lines(script: Path) -> str | None:
    """The interpreter in the first lines of a script; None if there is none, as in a program of Windows."""
    try:
        with script.open("rb") as file:
            first, second = (os.fsdecode(file.readline(_LONGEST_LINE)).strip() for _ in range(2))
    except OSError:
        return None
    if not first.startswith("#!"):
        return None
    words = first[2:].split()
    try:
        if words and PurePath(words[0]).name == "sh":  # what pip writes for a path that is long, or has spaces
            words = shlex.split(second)[1:]
        elif words and PurePath(words[0]).name == "env":
            words = [word for word in words[1:] if not word.startswith("-")]
    except ValueError:
        return None
    return shutil.which(words[0]) if words else None
