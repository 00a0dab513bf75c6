"""Where journals, logs and locks lie on this computer."""

from __future__ import annotations

import os
from pathlib import Path

from doctor.computer import is_windows
from doctor.documents.json_file import draft_beside, make_folder, write_synced
from doctor.documents.user_folders import NO_HOME, own_folder
from doctor.errors import DoctorError, reason
from doctor.link.port_url import PortUrl

VARIABLE = "FIPY_DOCTOR_STATE_DIR"  #: another place, for tests and for those who keep their home read-only
ROOM_BYTES = 1 << 16  #: more than any journal of one modem takes, twice: the next one is written before the last goes


def state_place() -> Path:
    """The user's state directory of this program, whether it is there or not."""
    given = os.environ.get(VARIABLE)
    if given:
        return Path(given)
    return own_folder("state")


def state_dir() -> Path:
    """The user's state directory of this program; made if it is missing. Raises OSError."""
    path = state_place()
    make_folder(path)
    return path


def begun_place(port: PortUrl | None) -> Path | None:
    """Where it is noted what was begun with the files of the board at ``port`` (doctor/board/storage/begun.py).

    None for a bench that starts again with every command.
    """
    return state_place() / "begun" if port is None or port.lasts else None


def refuse_unwritable() -> None:
    """Raises DoctorError if no journal could be kept: what brings a broken flash to its end would be missing."""
    place = state_place() / "journal"
    try:
        draft = draft_beside(place / "room")
        try:
            write_synced(draft, bytes(ROOM_BYTES), "xb")
        finally:
            draft.unlink(missing_ok=True)
    except OSError as err:
        raise unwritable(err, place) from err


def unwritable(err: OSError, place: Path) -> DoctorError:
    """The refusal to flash if ``place`` in the state directory cannot be written."""
    return DoctorError(
        "journal-not-writable",
        "the journal of the flash cannot be written; nothing was sent to the modem",
        on=str(place),
        cause=f"{reason(err)}; without a journal nobody knows how to continue an interrupted flash",
        next=f"{another_place(place)}; then run the same command again",
    )


def another_place(place: Path) -> str:
    """What to do if ``place`` in the state directory cannot be written: the next step of an error."""
    setting = f"export {VARIABLE}=FOLDER"
    if is_windows():
        setting = f"in PowerShell Set-Item env:{VARIABLE} FOLDER, in cmd set {VARIABLE}=FOLDER"
    if NO_HOME in place.parents:
        return f"name a folder that outlives a restart of this computer ({setting})"
    return (
        "make room there, or make that folder one that you may write to; or name another one that outlives a "
        f"restart of this computer ({setting})"
    )
