"""Which drives this PC has: how to ask the system. Parsing is in one file a system."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from doctor.card.drives.drive import Drive
from doctor.computer import is_linux, is_mac, is_windows, said_by_powershell
from doctor.errors import CardError

_TIMEOUT_S = 20.0  #: PowerShell takes some seconds to start; a reader with a bad card delays lsblk and diskutil


def list_drives() -> tuple[Drive, ...]:
    """Every drive, internal ones too. Raises CardError if the system does not tell."""
    with _readable():
        return _list_drives()


@contextmanager
def _readable() -> Iterator[None]:
    """What the system prints may be of a version that we do not know."""
    try:
        yield
    except (ValueError, KeyError, TypeError, AttributeError) as err:
        raise CardError(
            "card-is-fat",
            "the system lists its drives in a form that this program does not know",
            cause=f"{type(err).__name__}: {err}",
            next="give the folder where the card is mounted, or an image file",
        ) from err


def _list_drives() -> tuple[Drive, ...]:
    if is_windows():
        from doctor.card.drives import windows

        return windows.from_powershell(said_by_powershell(_output(windows.COMMAND)))
    if is_mac():
        from doctor.card.drives import mac

        listing = _output(mac.LIST_COMMAND)
        infos = {name: _output((*mac.INFO_COMMAND, name)) for name in mac.names_in(listing)}
        return mac.from_diskutil(listing, infos)
    from doctor.card.drives import linux

    return linux.from_lsblk(_output(linux.COMMAND), linux.card_types())


def card_drives() -> tuple[Drive, ...]:
    """The drives that can be cards. Raises CardError."""
    return tuple(drive for drive in list_drives() if drive.looks_like_a_card)


def find_drive(device: str) -> Drive:
    """The drive, or partition, behind a device name. Raises CardError if the system does not know it."""
    if is_linux():
        from doctor.card.drives import linux

        device = str(Path(device).resolve())
        with _readable():
            found = linux.from_lsblk(_output((*linux.COMMAND, device)), linux.card_types())
    else:
        found = list_drives()
    wanted = device.lower().replace("/dev/rdisk", "/dev/disk")
    for drive in found:
        if drive.device.lower() == wanted:
            return drive
        for part in drive.parts:
            if part.device.lower() == wanted:
                return Drive(
                    part.device,
                    Path(part.device).name,
                    part.size_bytes,
                    bus=drive.bus,
                    removable=drive.removable,
                    part_of=drive.device,
                    parts=(part,),
                )
    raise CardError("card-is-fat", "the system has no such drive", on=device, next="run `fipy-doctor cards`")


def _output(command: tuple[str, ...]) -> bytes:
    try:
        done = subprocess.run(command, capture_output=True, timeout=_TIMEOUT_S, check=True)
    except FileNotFoundError as err:
        raise CardError("card-is-fat", f"{command[0]} is not installed; it lists the drives") from err
    except subprocess.SubprocessError as err:
        raise CardError("card-is-fat", f"{command[0]} does not list the drives: {err}") from err
    return done.stdout
