"""Two runs of this program on one port exclude each other, even if the port itself would let both in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

from doctor.clock import SystemClock
from doctor.documents.json_file import lock, make_folder, open_ours
from doctor.errors import LinkError
from doctor.jobs.memory.state_dir import state_place, unwritable
from doctor.link.port_url import real_device

LOOKS, LOOK_MS = 5, 20  #: so often, so far apart, a lock is asked for
ALONE_MS = 5000  #: far more than a hundred processes take, one after the other, to write a small file


def lock_path(port: str, folder: Path | None = None) -> Path:
    """The file whose lock means ``port``."""
    return (folder or state_place() / "locks") / f"{hashlib.sha256(real_device(port).encode()).hexdigest()[:24]}.lock"


@contextmanager
def port_lock(port: str, folder: Path | None = None, *, must: bool = True) -> Iterator[None]:
    """Hold the lock of ``port`` within the block; the system frees it when we die.

    must  False: a run that only listens goes on without, if no lock can be kept

    Raises LinkError flash-under-way, DoctorError if no lock can be kept.
    """
    path = lock_path(port, folder)
    try:
        make_folder(path.parent)
        stream = open_ours(path, "a+b")
    except OSError as err:
        if must:
            raise unwritable(err, path) from err
        stream = None
    if stream is None:
        yield
        return
    with stream:
        try:
            _lock_at_last(stream)
        except OSError as err:
            raise LinkError(
                "flash-under-way",
                "a flash is under way over this port; leave it alone",
                on=port,
                cause="another fipy-doctor is in the middle of it",
                next="leave the board powered and let it finish; to watch: `fipy-doctor status`",
            ) from err
        yield


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Within the block no other process changes ``path``, which many of them read, change and write whole.

    One that cannot be had within ALONE_MS is done without: what lies there only leads to advice.
    """
    with ExitStack() as stack:
        with suppress(OSError):
            make_folder(path.parent)
            stream = stack.enter_context(open_ours(path.with_suffix(".lock"), "a+b"))
            _lock_at_last(stream, ALONE_MS // LOOK_MS)
        yield


def is_held(path: Path) -> bool:
    """Whether the process that took the lock in ``path`` still runs, whatever the clock says."""
    try:
        stream = open_ours(path, "rb")
    except OSError:
        return False
    with stream:
        try:
            lock(stream, shared=True)
        except OSError:
            return True
    return False


def _lock_at_last(stream: IO[bytes], looks: int = LOOKS) -> None:
    """Whoever only looks has it for a moment. Raises OSError if it is not to be had."""
    clock = SystemClock()
    for _ in range(looks):
        with suppress(OSError):
            return lock(stream)
        clock.sleep_ms(LOOK_MS)
    return lock(stream)
