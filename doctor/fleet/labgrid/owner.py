"""Under which name this run holds places, and which names belonged to runs that have died.

A coordinator never takes a place back from a run that was killed: it knows no lease (fleet.md 2). So each run has a
name of its own. It lies in the state directory, in a file that is locked while the run lives; its helper shares the
lock.
"""

from __future__ import annotations

import getpass
import json
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from doctor.documents.json_file import lock, make_folder, open_ours, read_json, text_in
from doctor.jobs.memory.lock import is_held
from doctor.jobs.memory.state_dir import state_place, unwritable

_MAX_BYTES = 1 << 14


@dataclass(frozen=True)
class Owner:
    """The name under which places are held: ``HOST/USER.fipy-doctor.HEX``; ``handle``: the locked file, if open."""

    name: str
    coordinator: str
    path: Path
    handle: int = -1


@contextmanager
def own_name(coordinator: str, folder: Path | None = None) -> Iterator[Owner]:
    """A new name, ours until the end of the block and of every process that has inherited its handle.

    Raises DoctorError if it cannot be kept: a place that is held under a name that nobody knows is never given back.
    """
    key = secrets.token_hex(4)
    user = os.environ.get("LG_USERNAME") or getpass.getuser()
    host = os.environ.get("LG_HOSTNAME") or socket.gethostname()
    path = (folder or state_place() / "labgrid") / f"{key}.owner"
    owner = Owner(f"{host}/{user}.fipy-doctor.{key}", coordinator, path)
    try:
        make_folder(path.parent)
        stream = open_ours(path, "xb")
        lock(stream)
        stream.write(json.dumps({"owner": owner.name, "coordinator": coordinator}).encode())
        stream.flush()
    except OSError as err:
        raise unwritable(err, path) from err
    with stream:
        yield Owner(owner.name, coordinator, path, stream.fileno())


def dead_names(coordinator: str, folder: Path | None = None) -> list[Owner]:
    """The names of runs of this computer that held places of ``coordinator`` and have died."""
    found = []
    with suppress(OSError):
        for path in sorted((folder or state_place() / "labgrid").glob("*.owner")):
            if is_held(path):
                continue
            with suppress(OSError, ValueError, KeyError, TypeError):
                told = read_json(path, _MAX_BYTES)
                owner = Owner(text_in(told["owner"]), text_in(told["coordinator"]), path)
                if owner.coordinator == coordinator:
                    found.append(owner)
    return found


def forget(owner: Owner) -> None:
    """Nothing is held under this name any more."""
    with suppress(OSError):
        owner.path.unlink()
