"""What lies on a medium, told by its bytes: partition table, and the kind of each volume."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import Enum

from doctor.fat.boot_sector import SIGNATURE, Geometry, board_sees_fat, read_geometry
from doctor.fat.source import SECTOR_BYTES, BlockSource
from doctor.text.escape import counted


class VolumeKind(str, Enum):
    """What a volume, or a whole medium without volumes, is."""

    FAT12 = "FAT12"
    FAT16 = "FAT16"
    FAT32 = "FAT32"
    FAT = "FAT"
    """Mounted by the system, which does not say which of the three."""
    EXFAT = "exFAT"
    NTFS = "NTFS"
    EXT = "ext2/3/4"
    HFS = "HFS+"
    APFS = "APFS"
    ISO9660 = "ISO 9660 (a CD image)"
    BLANK = "blank"
    HTML = "a web page"
    ARCHIVE = "an archive (zip, gzip, xz)"
    DISK_IMAGE = "a packed disk image"
    GPT = "a GPT disk"
    BITLOCKER = "a volume that Windows encrypted (BitLocker)"
    UNKNOWN = "unknown"

    @property
    def is_fat(self) -> bool:
        """Whether it is one of the kinds that the board can read."""
        return self in (VolumeKind.FAT12, VolumeKind.FAT16, VolumeKind.FAT32, VolumeKind.FAT)


class Scheme(str, Enum):
    """How a medium is divided."""

    NONE = "no partition table"
    MBR = "MBR"
    GPT = "GPT"


@dataclass(frozen=True)
class Partition:
    """One volume's place on the medium.

    slot     number in its table, from 0; -1 if the volume fills the whole medium
    type     type byte of the MBR; 0 elsewhere
    primary  one of the four of the MBR, which are all that the board looks at
    """

    slot: int
    type: int
    start_sector: int
    sectors: int
    kind: VolumeKind
    primary: bool = True


@dataclass(frozen=True)
class Layout:
    """What a medium holds."""

    scheme: Scheme
    partitions: tuple[Partition, ...]
    whole: VolumeKind
    """Kind of the medium taken as one volume; UNKNOWN if there is a partition table."""

    def in_words(self) -> str:
        """The layout in one line."""
        nothing = (VolumeKind.BLANK, VolumeKind.UNKNOWN)
        if self.scheme is Scheme.NONE:
            known = self.whole not in nothing
            return f"{self.whole.value} without a partition table" if known else "no partition table and no file system"
        if self.scheme is Scheme.GPT:
            return "a GUID partition table"
        named = [f"type {p.type:02X}" if p.kind in nothing else p.kind.value for p in self.partitions]
        places = [f"{name} at sector {p.start_sector}" for name, p in zip(named, self.partitions, strict=True)]
        return f"{counted(len(places), 'partition')}: {', '.join(places)}" if places else "an empty partition table"


_SNIFF_BYTES = 72 * 1024  #: reaches past the ISO 9660 mark at 32769 and the ext and HFS marks at 1 KiB
_ARCHIVE_MARKS = (b"PK\x03\x04", b"\x1f\x8b", b"\xfd7zXZ", b"7z\xbc\xaf", b"Rar!", b"BZh")
_DISK_IMAGE_MARKS = (b"QFI\xfb", b"conectix", b"KDMV", b"vhdxfile", b"<<< ")  #: qcow2, VHD, VMDK, VHDX, VirtualBox
_BLANK_BYTES = (0x00, 0xFF)  #: what erased cards read as
_EXTENDED_TYPES = (0x05, 0x0F, 0x85)
#: Of BitLocker To Go, behind the boot sector of a FAT32 volume that holds nothing of the user's (libbde, file format).
_BITLOCKER_TO_GO = bytes.fromhex("3bd66749292ed84a8399f6a339e3d001"), 424
_MOST_GPT_ENTRIES = 128
_MOST_LOGICAL_DRIVES = 32


def kind_of(data: bytes) -> VolumeKind:
    """The kind of volume that starts with these bytes (512 or more)."""
    if len(data) < SECTOR_BYTES:
        data = data.ljust(SECTOR_BYTES, b"\0")
    boot = data[:SECTOR_BYTES]
    if boot[3:11] == b"-FVE-FS-" or boot.startswith(*_BITLOCKER_TO_GO):
        return VolumeKind.BITLOCKER
    if board_sees_fat(boot) and (fat := _fat(boot)) is not None:
        # What lies behind the boot sector does not count then: a FAT16 that leads cluster 256 to 11080 spells HFS+
        # there, and a formatter may leave the ext mark of an earlier use in the reserved sectors.
        return fat
    text = data[:256].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    marks = (
        (data[3:11] == b"EXFAT   ", VolumeKind.EXFAT),
        (data[3:11] == b"NTFS    ", VolumeKind.NTFS),
        (text.startswith((b"<!doctype", b"<html", b"<?xml", b"<head")), VolumeKind.HTML),
        (data.startswith(_ARCHIVE_MARKS), VolumeKind.ARCHIVE),
        (data.startswith(_DISK_IMAGE_MARKS), VolumeKind.DISK_IMAGE),
        (data[1080:1082] == b"\x53\xef", VolumeKind.EXT),
        (data[1024:1026] in (b"H+", b"HX", b"BD"), VolumeKind.HFS),
        (data[32:36] == b"NXSB", VolumeKind.APFS),
        (data[32769:32774] == b"CD001", VolumeKind.ISO9660),
    )
    for holds, kind in marks:
        if holds:
            return kind
    if (fat := _fat(boot)) is not None:
        return fat
    return VolumeKind.BLANK if any(data.count(byte) == len(data) for byte in _BLANK_BYTES) else VolumeKind.UNKNOWN


def _fat(boot: bytes) -> VolumeKind | None:
    """The kind of FAT that a boot sector's numbers make; None if they make none."""
    geometry = read_geometry(boot)
    return None if geometry is None else fat_kind(geometry)


def fat_kind(geometry: Geometry) -> VolumeKind:
    """Which FAT a volume of these numbers is."""
    return {12: VolumeKind.FAT12, 16: VolumeKind.FAT16, 32: VolumeKind.FAT32}[geometry.width]


def _kind_at(source: BlockSource, start_sector: int) -> VolumeKind:
    offset = start_sector * SECTOR_BYTES
    length = min(_SNIFF_BYTES, source.size_bytes - offset)
    if length < SECTOR_BYTES:
        return VolumeKind.UNKNOWN
    return kind_of(source.read_at(offset, length))


def look_at(source: BlockSource) -> Layout:
    """Partition table and volumes of a medium. Raises CardError if its first sectors cannot be read."""
    if source.size_bytes < SECTOR_BYTES:
        head = source.read_at(0, source.size_bytes)
        return Layout(Scheme.NONE, (), kind_of(head) if head else VolumeKind.BLANK)
    whole = _kind_at(source, 0)
    sector = source.read_at(0, SECTOR_BYTES)
    if whole in (VolumeKind.ARCHIVE, VolumeKind.DISK_IMAGE, VolumeKind.HTML) and board_mount(source).start_sector:
        whole = VolumeKind.UNKNOWN  # boot code that starts like something else; the table behind it leads to a volume
    # The boot sector is tested before the table: mkfs.fat --mbr writes both into sector 0.
    if whole is not VolumeKind.UNKNOWN or sector[510:512] != SIGNATURE:
        if whole is VolumeKind.UNKNOWN and (gpt := _gpt(source)) is not None:
            return gpt
        filling = Partition(-1, 0, 0, source.size_bytes // SECTOR_BYTES, whole)
        volumes = whole not in (VolumeKind.BLANK, VolumeKind.HTML, VolumeKind.ARCHIVE, VolumeKind.UNKNOWN)
        return Layout(Scheme.NONE, (filling,) if volumes else (), whole)
    entries = mbr_entries(sector)
    if any(kind == 0xEE for _, kind, _, _ in entries) and (gpt := _gpt(source)) is not None:
        return gpt
    partitions: list[Partition] = []
    for slot, kind, start, sectors in entries:
        if kind in _EXTENDED_TYPES:
            partitions.extend(_logical(source, start))
        else:
            partitions.append(Partition(slot, kind, start, sectors, _kind_at(source, start)))
    return Layout(Scheme.MBR, tuple(partitions), VolumeKind.UNKNOWN if partitions else VolumeKind.BLANK)


def mbr_entries(sector: bytes) -> list[tuple[int, int, int, int]]:
    """Used entries of a partition table as (slot, type, start, sectors)."""
    found = []
    for slot in range(4):
        kind, start, sectors = struct.unpack_from("<4xB3xII", sector, 446 + 16 * slot)
        if kind and start:
            found.append((slot, kind, start, sectors))
    return found


def _logical(source: BlockSource, extended_start: int) -> list[Partition]:
    """Logical drives of an extended partition; the board never looks there."""
    found: list[Partition] = []
    table = extended_start
    for _ in range(_MOST_LOGICAL_DRIVES):
        if (table + 1) * SECTOR_BYTES > source.size_bytes:
            break
        sector = source.read_at(table * SECTOR_BYTES, SECTOR_BYTES)
        if sector[510:512] != SIGNATURE:
            break
        following = 0
        for _, kind, start, sectors in mbr_entries(sector):
            if kind in _EXTENDED_TYPES:
                following = extended_start + start
            else:
                place = table + start
                found.append(Partition(4 + len(found), kind, place, sectors, _kind_at(source, place), primary=False))
        if not following:
            break
        table = following
    return found


def _gpt(source: BlockSource) -> Layout | None:
    """The volumes of a GPT; None if there is none. Bounded: at most 128 entries are looked at."""
    if source.size_bytes < 3 * SECTOR_BYTES:
        return None
    header = source.read_at(SECTOR_BYTES, SECTOR_BYTES)
    if not header.startswith(b"EFI PART"):
        return None
    entries_lba, count, entry_bytes = struct.unpack_from("<QII", header, 72)
    partitions: list[Partition] = []
    if 128 <= entry_bytes <= 4096:
        for index in range(min(count, _MOST_GPT_ENTRIES)):
            offset = entries_lba * SECTOR_BYTES + index * entry_bytes
            if offset + 128 > source.size_bytes:
                break
            entry = source.read_at(offset, 128)
            first, last = struct.unpack_from("<QQ", entry, 32)
            if entry[:16] != bytes(16) and first <= last:
                kind = _kind_at(source, first)
                partitions.append(Partition(index, 0, first, last - first + 1, kind, primary=False))
    return Layout(Scheme.GPT, tuple(partitions), VolumeKind.GPT)


@dataclass(frozen=True)
class BoardMount:
    """What the board's FAT driver takes for its volume; ``start_sector`` None if it finds none."""

    start_sector: int | None
    why_not: str = ""


def board_mount(source: BlockSource) -> BoardMount:
    """The volume that the board would mount: FatFs find_volume() (ff.c 3110-3170).

    Sector 0 as a boot sector, else the four primary slots in order, any type byte but 0; the first that
    looks like FAT is taken, good or bad.
    """
    if source.size_bytes < SECTOR_BYTES:
        return BoardMount(None, "there is not even one sector")
    first = source.read_at(0, SECTOR_BYTES)
    if first[510:512] != SIGNATURE:
        return BoardMount(None, "sector 0 lacks the signature 55 AA")
    if board_sees_fat(first):
        return BoardMount(0)
    for _, _, start, _ in mbr_entries(first):
        if (start + 1) * SECTOR_BYTES <= source.size_bytes and board_sees_fat(
            source.read_at(start * SECTOR_BYTES, SECTOR_BYTES)
        ):
            return BoardMount(start)
    return BoardMount(None, "no FAT volume in the four slots of the partition table")
