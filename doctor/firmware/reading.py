"""Reading a file from the PC whole and bounded, with errors that name it."""

from __future__ import annotations

from pathlib import Path

from doctor.errors import FirmwareError, UsageError
from doctor.text.escape import shown

#: Nothing that a modem takes is near this; the largest known image has 7 MB.
MAX_BYTES = 64 << 20


def read_whole(path: Path, *, id: str, what: str) -> bytes:
    """All bytes of ``path``, but no more than MAX_BYTES + 1.

    id    check that the error belongs to
    what  what the file is for, as "firmware image"

    Raises UsageError if there is no such file, FirmwareError if it cannot be read.
    """
    on = shown(str(path), 200)
    if path.is_dir():
        raise UsageError(
            id,
            f"this is a folder, not a {what}",
            on=on,
            cause=f"the folder was named instead of the {what} in it",
            next="name the file in it",
        )
    if path.exists() and not path.is_file():
        raise UsageError(
            id,
            "this is not a regular file",
            on=on,
            cause="it is a device, a pipe or a socket",
            next=f"give the path of the {what}",
        )
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError as err:
        raise UsageError(id, "there is no such file", on=on, next=f"give the path of the {what}") from err
    except OSError as err:
        raise FirmwareError(
            id, f"cannot be read ({err.strerror})", on=on, next="copy the file to the PC's own disk and try again"
        ) from err
