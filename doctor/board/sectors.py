"""What sector 0 of a card in the board says: its partitions, and the file system behind each. Pure.

The board mounts sector 0 itself if that is a FAT volume, else the first of the four primary partitions that is one
(fat-and-pyfatfs.md 9); so several volumes, GPT and exFAT explain a card that mounts wrongly or not at all.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

SECTOR_BYTES = 512
ENTRY_OFFSET, ENTRY_BYTES = 446, 16
TYPE_GPT = 0xEE


@dataclass(frozen=True)
class Slot:
    """One primary partition: type byte, first sector, sectors, and the file system found there ("" unknown)."""

    type: int
    first_sector: int
    sectors: int
    filesystem: str


@dataclass(frozen=True)
class Layout:
    """How a card is divided. ``whole`` is the file system without a partition table, "" where there is one."""

    signature: bool
    whole: str
    slots: tuple[Slot, ...]

    @property
    def blank(self) -> bool:
        """No boot signature: never formatted, or unreadable."""
        return not self.signature

    @property
    def exfat(self) -> bool:
        """An exFAT volume, which the board cannot read."""
        return self.whole == "exFAT" or any(s.filesystem == "exFAT" for s in self.slots)

    @property
    def gpt(self) -> bool:
        """A GUID partition table, which the board cannot read."""
        return any(s.type == TYPE_GPT for s in self.slots)

    @property
    def sectors(self) -> int | None:
        """Sectors of the volume that the board takes; None where that is unknown."""
        fat = [s for s in self.slots if s.filesystem.startswith("FAT")]
        return fat[0].sectors if fat else None

    def in_words(self) -> str:
        """The layout in one line."""
        if self.blank:
            return "no partition table and no file system"
        if self.whole:
            return f"{self.whole} without a partition table"
        if not self.slots:
            return "an empty partition table"
        named = [f"{s.filesystem or f'type {s.type:02X}'} at sector {s.first_sector}" for s in self.slots]
        return f"{len(named)} partition{'s' if len(named) > 1 else ''}: {', '.join(named)}"


def filesystem_of(boot: bytes) -> str:
    """The name of the file system whose boot sector begins with ``boot``; "" where it is none that we know."""
    if boot[3:11] == b"EXFAT   ":
        return "exFAT"
    if boot[3:7] == b"NTFS":
        return "NTFS"
    if boot[82:87] == b"FAT32":
        return "FAT32"
    if boot[54:57] == b"FAT":
        return boot[54:62].decode("ascii", "replace").strip()
    return ""


def read_layout(sector0: bytes, boots: tuple[bytes, ...]) -> Layout:
    """The layout from sector 0 and the first bytes behind each used partition entry, in table order."""
    signature = sector0[510:512] == b"\x55\xaa"
    whole = filesystem_of(sector0) if signature else ""
    if not signature or whole:
        return Layout(signature, whole, ())
    slots = []
    left = list(boots)
    for number in range(4):
        start = ENTRY_OFFSET + number * ENTRY_BYTES
        kind = sector0[start + 4]
        if not kind:
            continue
        first, sectors = struct.unpack_from("<II", sector0, start + 8)
        slots.append(Slot(kind, first, sectors, filesystem_of(left.pop(0)) if left else ""))
    return Layout(True, "", tuple(slots))
