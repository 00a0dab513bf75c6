"""A drive of this PC and its volumes, in one shape for every system."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Item = Mapping[str, Any]  #: a drive or volume as the tool of the system prints it


@dataclass(frozen=True)
class DrivePart:
    """A volume of a drive, or the whole drive if it is one volume.

    system  file system in the system's words, such as ``vfat``; empty if none is known
    kind    "part", "disk", or what the system stacks upon it: "lvm", "crypt", "raid1"
    mounts  where it is mounted: folders, drive letters, ``[SWAP]``
    opens   what opens the volume itself, on Windows, which locks it before the drive is written
    """

    device: str
    size_bytes: int
    system: str = ""
    label: str = ""
    mounts: tuple[str, ...] = ()
    kind: str = "part"
    opens: str = ""


@dataclass(frozen=True)
class Drive:
    """One drive as the system describes it.

    name        short: ``sdb``, ``disk4``, ``PhysicalDrive2``
    size_bytes  0 if there is no card in the reader, or the system does not say
    bus         in lower case: usb, mmc, sd, sata, nvme, virtio, loop; empty if unknown
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
