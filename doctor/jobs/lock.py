"""Two runs of this program on one port exclude each other, also where the port itself would let both in."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from doctor.errors import LinkError
from doctor.jobs.state_dir import state_place, unwritable


@contextmanager
def port_lock(port: str, folder: Path | None = None, *, must: bool = True) -> Iterator[None]:
    """Hold the lock of ``port`` within the block; the system frees it when we die.

    must  False: whoever only listens goes on without, where no lock can be kept

    Raises LinkError flash-under-way, DoctorError where no lock can be kept.
    """
    place = folder or state_place() / "locks"
    name = str(Path(port).resolve()) if Path(port).exists() else port  # /dev/serial/by-id/… leads to the same device
    path = place / f"{hashlib.sha256(name.encode()).hexdigest()[:24]}.lock"
    try:
        place.mkdir(parents=True, exist_ok=True)
        stream = path.open("a+", encoding="utf-8")
    except OSError as err:
        if must:
            raise unwritable(err, path) from err
        stream = None
    if stream is None:
        yield
        return
    with stream:
        try:
            _lock(stream)
        except OSError as err:
            raise LinkError(
                "flash-under-way",
                "a flash is under way over this port; leave it alone",
                on=port,
                cause="another fipy-doctor is in the middle of it",
                next="leave the board powered and let it finish; to watch: fipy-doctor status",
            ) from err
        yield


def _lock(stream: IO[str]) -> None:
    if sys.platform == "win32":
        import msvcrt

        stream.seek(0)
        msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
        return
    import fcntl

    fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
