"""Where cures keep a copy of what they are about to replace."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from doctor.board.storage.kept_files import local_name
from doctor.clock import Now, utc_now
from doctor.documents.json_file import make_folder, write_synced
from doctor.errors import CardError, reason

LIST = "fipy-doctor-copies.txt"  #: one line of JSON a copy: names that a PC does not take are kept as others


def keep_copy(folder: Path, original: str, data: bytes, now: Now = utc_now) -> Path:
    """Write ``data``, the content of ``original``, below ``folder``, in folders as there; return the path.

    If there is such a copy already, the new one gets a number. Raises CardError if it cannot be written whole: then
    nothing must be replaced.
    """
    taken: set[str] = set()
    try:
        while True:
            name = local_name(original, taken)
            path = folder / name
            make_folder(path.parent)
            try:
                _write(path, data, "xb")
            except FileExistsError:
                taken.add(name.lower())
                continue
            at = now().isoformat(timespec="seconds")
            line = {"path": original, "kept_as": name, "sha256": hashlib.sha256(data).hexdigest(), "at": at}
            _write(folder / LIST, json.dumps(line).encode() + b"\n", "ab")
            return path
    except OSError as err:
        raise CardError(
            "backup-not-writable",
            f"no copy can be kept there: {reason(err)}; nothing was replaced",
            on=str(folder),
            cause="the disk is full, or the folder is not yours to write",
            next="name another folder with --backup DIR",
        ) from err


def _write(path: Path, data: bytes, mode: str) -> None:
    try:
        write_synced(path, data, mode)
    except FileExistsError:
        raise
    except BaseException:
        if mode == "xb":
            path.unlink(missing_ok=True)
        raise
