"""Which drives this PC has: shapes, and how to ask the system. Parsing is in one file a system."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from doctor.errors import CardError

_TIMEOUT_S = 20.0  #: PowerShell takes some seconds to start; a reader with a bad card delays lsblk and diskutil


@dataclass(frozen=True)
class DrivePart:
    """A volume of a drive, or the whole drive where it is one volume.

    system  file system in the system's words, such as ``vfat``; empty where none is known
    kind    "part", "disk", or what the system stacks upon it: "lvm", "crypt", "raid1"
    mounts  where it is mounted: folders, drive letters, ``[SWAP]``
    """

    device: str
    size_bytes: int
    system: str = ""
    label: str = ""
    mounts: tuple[str, ...] = ()
    kind: str = "part"


@dataclass(frozen=True)
class Drive:
    """One drive as the system tells of it.

    name        short: ``sdb``, ``disk4``, ``PhysicalDrive2``
    size_bytes  0 where there is no card in the reader, or the system does not say
    bus         in lower case: usb, mmc, sd, sata, nvme, virtio, loop; empty where unknown
    removable   the system calls it removable, ejectable or hot-plugged
    sd_card     an SD card in a reader of its own (mmcblk of type SD), never eMMC
    soldered    eMMC
    is_system   the system runs from it, or says that it needs it
    part_of     the drive that this is a partition of; empty for a whole drive
    """

    device: str
    name: str
    size_bytes: int
    model: str = ""
    serial: str = ""
    bus: str = ""
    removable: bool = False
    sd_card: bool = False
    soldered: bool = False
    read_only: bool = False
    is_system: bool = False
    table: str = ""
    part_of: str = ""
    parts: tuple[DrivePart, ...] = ()

    @property
    def looks_like_a_card(self) -> bool:
        """Whether a card or stick can be behind it, so that it is worth listing."""
        internal = self.soldered or self.is_system or self.part_of
        return self.size_bytes > 0 and not internal and (self.removable or self.sd_card or self.bus in ("usb", "sd"))

    @property
    def mounts(self) -> tuple[str, ...]:
        """Where anything of it is mounted."""
        return tuple(mount for part in self.parts for mount in part.mounts)


def list_drives() -> tuple[Drive, ...]:
    """Every drive, internal ones too. Raises CardError where the system does not tell."""
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
            "the system tells which drives there are in a way that is not known here",
            cause=f"{type(err).__name__}: {err}",
            next="give the folder where the card is mounted, or an image file",
        ) from err


def _list_drives() -> tuple[Drive, ...]:
    if sys.platform == "win32":
        from doctor.card import drives_windows

        return drives_windows.from_powershell(_output(drives_windows.COMMAND))
    if sys.platform == "darwin":
        from doctor.card import drives_mac

        listing = _output(drives_mac.LIST_COMMAND)
        infos = {name: _output((*drives_mac.INFO_COMMAND, name)) for name in drives_mac.names_in(listing)}
        return drives_mac.from_diskutil(listing, infos)
    from doctor.card import drives_linux

    return drives_linux.from_lsblk(_output(drives_linux.COMMAND), drives_linux.card_types())


def card_drives() -> tuple[Drive, ...]:
    """The drives that can be cards. Raises CardError."""
    return tuple(drive for drive in list_drives() if drive.looks_like_a_card)


def find_drive(device: str) -> Drive:
    """The drive, or partition, behind a device name. Raises CardError where the system does not know it."""
    if sys.platform == "linux":
        from doctor.card import drives_linux

        device = str(Path(device).resolve())
        with _readable():
            found = drives_linux.from_lsblk(_output((*drives_linux.COMMAND, device)), drives_linux.card_types())
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
    raise CardError("card-is-fat", "the system knows no such drive", on=device, next="run fipy-doctor cards")


def _output(command: tuple[str, ...]) -> bytes:
    try:
        done = subprocess.run(command, capture_output=True, timeout=_TIMEOUT_S, check=True)
    except FileNotFoundError as err:
        raise CardError("card-is-fat", f"{command[0]} is not installed; it tells which drives there are") from err
    except subprocess.SubprocessError as err:
        raise CardError("card-is-fat", f"{command[0]} does not tell which drives there are: {err}") from err
    return done.stdout
