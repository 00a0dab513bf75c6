"""Files of ours: written so that they last, and read as something that anybody may have changed, cut or damaged."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

from doctor import foreign_json


def read_json(path: Path, max_bytes: int) -> Any:
    """The document in a file. Raises OSError, and ValueError for whatever is no document of at most ``max_bytes``."""
    return foreign_json.read(read_bounded(path, max_bytes), max_bytes)


def read_bounded(path: Path, max_bytes: int) -> bytes:
    """What a file holds. Raises OSError, and ValueError for whatever is no file of at most ``max_bytes``."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise ValueError("is not a file")  # reading a pipe waits forever
    with path.open("rb") as file:
        data = file.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise ValueError(f"has more than {max_bytes} bytes")
    return data


def write_synced(path: Path, data: bytes, mode: str = "wb") -> None:
    """Write to a file, opened in a binary ``mode``; what returns outlives a power cut. Raises OSError."""
    with path.open(mode) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that a power cut leaves the old one or the new one. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        write_synced(draft, data)
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def text_in(value: object, limit: int = 1 << 14) -> str:
    """``value`` if it is a text that a file of ours may hold. Raises ValueError."""
    if not isinstance(value, str) or len(value) > limit or "\0" in value:
        raise ValueError("is not text")
    value.encode()  # half a surrogate pair is not text either: UnicodeEncodeError is a ValueError
    return value


def place_in(value: object, limit: int = 1 << 14) -> str:
    """``value`` if it can name a file of this computer, whatever its bytes. Raises ValueError."""
    if not isinstance(value, str) or len(value) > limit or "\0" in value:
        raise ValueError("is not a path")
    os.fsencode(value)  # UnicodeEncodeError is a ValueError
    return value


def count_in(value: object) -> int:
    """``value`` if it is a whole number from 0 on. Raises ValueError."""
    if type(value) is not int or value < 0:
        raise ValueError("is not a number of things")
    return value
