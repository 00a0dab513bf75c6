"""Where cures keep a copy of what they are about to replace."""

from __future__ import annotations

import os
from pathlib import Path

from doctor.errors import CardError


def keep_copy(folder: Path, original: str, data: bytes) -> Path:
    """Write ``data``, the content of ``original``, below ``folder`` under a name that is still free; return the path.

    Raises CardError where it cannot be written whole; nothing must be replaced then.
    """
    name = original.strip("/").replace("/", "_")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        number = 0
        while True:
            path = folder / (name if number == 0 else f"{name}.{number}")
            try:
                with path.open("xb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                return path
            except FileExistsError:
                number += 1
    except OSError as err:
        raise CardError(
            "backup-not-writable",
            f"no copy can be kept there: {err.strerror or err}; nothing was replaced",
            on=str(folder),
            cause="the disk is full, or the folder is not yours to write",
            next="name another folder with --backup DIR",
        ) from err
