"""Which file system a folder lies on, as the system tells it."""

from __future__ import annotations

import ctypes
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from doctor.computer import is_linux, is_mac, is_windows, kernel32
from doctor.fat.layout import VolumeKind

_MOUNT_TIMEOUT_S = 5.0  #: ``mount`` only prints a table; longer means a dead network share

_KINDS = {
    "vfat": VolumeKind.FAT,
    "msdos": VolumeKind.FAT,
    "fat": VolumeKind.FAT,
    "fat12": VolumeKind.FAT12,
    "fat16": VolumeKind.FAT16,
    "fat32": VolumeKind.FAT32,
    "exfat": VolumeKind.EXFAT,
    "ntfs": VolumeKind.NTFS,
    "ntfs3": VolumeKind.NTFS,
    "ext2": VolumeKind.EXT,
    "ext3": VolumeKind.EXT,
    "ext4": VolumeKind.EXT,
    "hfs": VolumeKind.HFS,
    "hfsplus": VolumeKind.HFS,
    "apfs": VolumeKind.APFS,
    "iso9660": VolumeKind.ISO9660,
}


@dataclass(frozen=True)
class MountedOn:
    """The file system below a folder.

    system    its name as the system gives it, such as ``vfat``; empty if that is not told
    is_mount  the folder itself is where a volume is mounted: the root of a card
    device    what is mounted there
    """

    system: str
    is_mount: bool
    device: str = ""

    @property
    def kind(self) -> VolumeKind:
        """Its kind in our words."""
        return _KINDS.get(self.system.lower(), VolumeKind.UNKNOWN)


def mounted_on(folder: Path) -> MountedOn:
    """What a folder lies on; an unknown system or a refusal gives an empty answer, never an error."""
    folder = folder.resolve()
    try:
        if is_linux():
            return from_mountinfo(Path("/proc/self/mountinfo").read_text(errors="replace"), str(folder))
        if is_mac():
            table = subprocess.run(
                ["/sbin/mount"], capture_output=True, text=True, timeout=_MOUNT_TIMEOUT_S, check=False
            ).stdout
            return from_mac_mount(table, str(folder))
        if is_windows():
            return _windows(folder)
    except (OSError, subprocess.SubprocessError):
        pass
    return MountedOn("", os.path.ismount(folder))  # which Path.is_mount refuses to say on Windows before 3.12


def from_mountinfo(text: str, folder: str) -> MountedOn:
    """Read Linux's /proc/self/mountinfo."""
    mounts = []
    for line in text.splitlines():
        before, _, after = line.partition(" - ")
        fields, tail = before.split(), after.split()
        if len(fields) >= 5 and len(tail) >= 2:
            point = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), fields[4])
            mounts.append((tail[1], point, tail[0]))
    return _innermost(mounts, folder)


def from_mac_mount(text: str, folder: str) -> MountedOn:
    """Read the output of macOS's ``mount``: ``/dev/disk4s1 on /Volumes/CARD (msdos, local, …)``."""
    return _innermost(re.findall(r"^(\S+) on (.+) \(([^,)]+)[^)]*\)$", text, re.MULTILINE), folder)


def _innermost(mounts: list[tuple[str, str, str]], folder: str) -> MountedOn:
    """The last of (device, point, system) with the longest mount point that holds the folder."""
    holding = [mount for mount in mounts if PurePosixPath(folder).is_relative_to(mount[1])]
    for device, point, system in sorted(holding, key=lambda mount: len(mount[1]))[-1:]:
        return MountedOn(system, point == folder, device)
    return MountedOn("", False)


def _windows(folder: Path) -> MountedOn:
    """Ask Windows for the file system of the drive (not run on a real Windows yet)."""
    system, root = ctypes.create_unicode_buffer(64), folder.anchor
    good = kernel32().GetVolumeInformationW(root, None, 0, None, None, None, system, len(system))
    return MountedOn(system.value if good else "", str(folder) == root, root)
