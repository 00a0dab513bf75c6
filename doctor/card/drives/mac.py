"""Drives of macOS, from ``diskutil list -plist`` and ``diskutil info -plist``. Not run on a real Mac yet."""

from __future__ import annotations

import plistlib
from collections.abc import Mapping
from typing import Any
from xml.parsers.expat import ExpatError

from doctor.card.drives.drive import Drive, DrivePart, Item

LIST_COMMAND = ("diskutil", "list", "-plist", "physical")
INFO_COMMAND = ("diskutil", "info", "-plist")
_SYSTEMS = {
    "Windows_FAT_32": "vfat",
    "DOS_FAT_32": "vfat",
    "Windows_FAT_16": "vfat",
    "DOS_FAT_16": "vfat",
    "DOS_FAT_12": "vfat",
    "Windows_NTFS": "exfat",
    "Linux": "ext4",
    "Apple_HFS": "hfs",
    "Apple_APFS": "apfs",
    "EFI": "vfat",
}
_BUSES = {"secure digital": "sd", "usb": "usb", "sata": "sata", "pci-express": "nvme", "apple fabric": "nvme"}


def names_in(listing: bytes) -> tuple[str, ...]:
    """Names of the whole disks in a listing, such as ``disk4``. Raises ValueError for what is not a listing."""
    return tuple(str(name) for name in _read(listing).get("WholeDisks", ()))


def from_diskutil(listing: bytes, infos: Mapping[str, bytes]) -> tuple[Drive, ...]:
    """Drives out of what diskutil printed.

    infos  output of ``diskutil info -plist NAME`` for each whole disk

    Raises ValueError for what is not a listing.
    """
    disks = _read(listing).get("AllDisksAndPartitions", ())
    by_name = {str(disk.get("DeviceIdentifier", "")): disk for disk in disks}
    return tuple(_drive(name, by_name.get(name, {}), _read(info)) for name, info in infos.items())


def _read(listing: bytes) -> Any:
    try:
        return plistlib.loads(listing)
    except (ExpatError, LookupError, OverflowError, RecursionError) as err:
        raise ValueError(f"not a property list: {err}") from err


def _drive(name: str, disk: Item, info: Item) -> Drive:
    parts = tuple(_part(item) for item in disk.get("Partitions", ()))
    if not parts and (disk.get("VolumeName") or disk.get("MountPoint")):
        parts = (_part(disk),)
    bus = str(info.get("BusProtocol", "")).strip().lower()
    mounts = {mount for part in parts for mount in part.mounts}
    systems = {part.system for part in parts}
    return Drive(
        device=f"/dev/{name}",
        name=name,
        size_bytes=int(info.get("TotalSize") or info.get("Size") or disk.get("Size") or 0),
        model=str(info.get("MediaName") or info.get("IORegistryEntryName") or "").strip(),
        serial=str(info.get("DiskUUID") or ""),
        bus=_BUSES.get(bus, bus),
        removable=bool(info.get("RemovableMedia") or info.get("Removable") or info.get("Ejectable"))
        or not info.get("Internal", True),
        sd_card=bus == "secure digital",
        read_only=not info.get("WritableMedia", info.get("Writable", True)),
        is_system="/" in mounts or "apfs" in systems or bool(info.get("SystemImage")) or bool(disk.get("OSInternal")),
        parts=parts,
    )


def _part(item: Item) -> DrivePart:
    content = str(item.get("Content", ""))
    mount = str(item.get("MountPoint", ""))
    return DrivePart(
        device=f"/dev/{item.get('DeviceIdentifier', '')}",
        size_bytes=int(item.get("Size") or 0),
        system=_SYSTEMS.get(content, content),
        label=str(item.get("VolumeName", "")),
        mounts=(mount,) if mount else (),
    )
