"""What must hold before a device is written: the table of fat-and-pyfatfs.md 11, as a verdict on facts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from doctor.card.drives.drive import Drive, DrivePart
from doctor.text.escape import shown

DOCUMENTED_BYTES = 32 * 2**30  #: docs.pycom.io machine.SD: up to 32 GB; FatFs itself knows no limit
LARGEST_WITHOUT_FORCE_BYTES = 64_500_000_000  #: 64 GB cards, as sold, hold up to this much
LARGEST_BYTES = 512 * 10**9 + 5 * 10**9  #: no card for this board is larger; a drive that is, is somebody's disk
_INTERNAL_BUSES = frozenset(
    {"sata", "ata", "ide", "nvme", "pcie", "raid", "sas", "scsi", "virtio", "xen", "iscsi", "fc"}
)
_STACKED = frozenset({"lvm", "crypt", "mpath", "dm", "md"})
_MEMBERS = ("lvm2_member", "linux_raid_member", "crypto_luks", "zfs_member", "ddf_raid_member", "isw_raid_member")
FAT_SYSTEMS = frozenset({"vfat", "msdos", "fat", "fat12", "fat16", "fat32"})


@dataclass(frozen=True)
class Identity:
    """What a card is known by again."""

    device: str
    size_bytes: int
    serial: str
    model: str

    @classmethod
    def of(cls, drive: Drive) -> Identity:
        """That of a drive."""
        return cls(drive.device, drive.size_bytes, drive.serial, drive.model)


@dataclass(frozen=True)
class Assessment:
    """Why a drive must not be written.

    hard          no switch lifts these
    unless_forced ``--force-device`` lifts these
    warnings      worth knowing only
    """

    hard: tuple[str, ...]
    unless_forced: tuple[str, ...]
    warnings: tuple[str, ...]


def assess(drive: Drive, *, keep: tuple[Path, ...] = ()) -> Assessment:
    """Judge a drive.

    keep  folders that must not lie on it: the backup, the files that are put back
    """
    return Assessment(tuple(_hard(drive, keep)), tuple(_unless_forced(drive)), tuple(_warnings(drive)))


def _hard(drive: Drive, keep: tuple[Path, ...]) -> list[str]:
    gigabytes = f"{drive.size_bytes / 1e9:.0f} GB"
    reasons = (
        (drive.part_of, f"it is a partition; give the whole card: {drive.part_of}"),
        (drive.size_bytes <= 0, "its size is 0 or unknown: there is no card in the reader"),
        (drive.size_bytes > LARGEST_BYTES, f"it has {gigabytes}; no card for the board is that large"),
        (drive.read_only, "it is write-protected: slide the lock switch of the card's adapter"),
        (drive.is_system, "the running system uses it"),
        (drive.soldered, "it is built-in memory (eMMC), not a card"),
        (drive.bus in _INTERNAL_BUSES, f"it is an internal drive ({drive.bus})"),
    )
    found = [text for holds, text in reasons if holds]
    stacked = [part for part in drive.parts if _is_member(part)]
    if stacked:
        found.append(f"{stacked[0].device} belongs to a volume manager, RAID or encryption ({_kind(stacked[0])})")
    if any(part.system.lower() == "apfs" for part in drive.parts):
        found.append("it holds an APFS container of macOS")
    found += [f"{folder} is on it" for folder in keep if _lies_on(folder, drive)]
    return found


def _kind(part: DrivePart) -> str:
    return part.system or part.kind


def _is_member(part: DrivePart) -> bool:
    return part.kind in _STACKED or part.kind.startswith("raid") or part.system.lower() in _MEMBERS


def _lies_on(folder: Path, drive: Drive) -> bool:
    place = next((place for place in (folder, *folder.parents) if place.exists()), folder).resolve()
    return any(mount.startswith(("/", place.anchor or "/")) and place.is_relative_to(mount) for mount in drive.mounts)


def _unless_forced(drive: Drive) -> list[str]:
    found = []
    if not (drive.removable or drive.sd_card or drive.bus in ("usb", "sd")):
        found.append("it is neither removable nor behind USB or an SD slot")
    if LARGEST_WITHOUT_FORCE_BYTES < drive.size_bytes <= LARGEST_BYTES:
        found.append(f"it holds {drive.size_bytes / 1e9:.0f} GB, more than cards for the board have")
    volumes = [part for part in drive.parts if part.kind in ("part", "disk", "loop")]
    if len(volumes) > 1:
        found.append(f"it has {len(volumes)} partitions")
    other = [part for part in volumes if part.system and part.system.lower() not in FAT_SYSTEMS]
    if other:
        found.append(f"{other[0].device} holds {shown(other[0].system)}, not FAT")
    # What is locked before we write is never in use then; whoever has put a card into a PC with Windows has it mounted.
    mounts = [shown(mount) for part in drive.parts if not part.opens for mount in part.mounts]
    if mounts:
        found.append(f"it is mounted at {', '.join(mounts)}; unmount it first")
    return found


def _warnings(drive: Drive) -> list[str]:
    if DOCUMENTED_BYTES * 1.001 < drive.size_bytes <= LARGEST_BYTES:
        return [f"it holds {drive.size_bytes / 1e9:.0f} GB; Pycom documents cards up to 32 GB"]
    return []


def size_text(size_bytes: int) -> str:
    """A size as it is printed on cards."""
    return f"{size_bytes / 1e9:.1f}GB" if size_bytes >= 10**9 else f"{size_bytes / 1e6:.0f}MB"


def confirmation(drive: Drive) -> str:
    """What the user types to confirm: the device's name and its size, such as ``sdb-31.9GB``."""
    return f"{drive.name}-{size_text(drive.size_bytes)}"


def consent_line(name: str) -> str:
    """What a plan says if a yes is not enough: ``name`` must be typed, or given with ``--confirm``."""
    return f"(this needs --confirm {name} besides --yes; on a terminal, a yes and that name typed)"


def confirms(typed: str | None, drive: Drive) -> bool:
    """Whether the user typed name and size; blanks, case and ``/dev/`` do not matter."""

    def plain(text: str) -> str:
        return re.sub(r"[\s_-]", "", text).lower().removeprefix("/dev/")

    return typed is not None and plain(typed) == plain(confirmation(drive))


def description(drive: Drive) -> str:
    """A drive on one line."""
    words = [drive.device, size_text(drive.size_bytes), drive.bus.upper(), shown(drive.model)]
    if drive.serial:
        words.append(f"serial {shown(drive.serial)}")
    return ", ".join(word for word in words if word)
