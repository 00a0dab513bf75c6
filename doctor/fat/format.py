"""Our own formatter: MBR, one primary partition at 4 MiB, FAT32 (FAT16 if FAT32 cannot be).

Layout and order of writing as fat-and-pyfatfs.md 8; ``PyFat.mkfs`` is never used (fat-and-pyfatfs.md 5: it leaves
old FAT content, cuts image files and refuses large cards).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace

from doctor.errors import CardError
from doctor.fat.boot_sector import DIR_ENTRY_BYTES, Geometry
from doctor.fat.overlay import Medium
from doctor.fat.source import SECTOR_BYTES

START_SECTOR = 8192  #: 4 MiB: where the partition starts, and the border its data is aligned to (SD Association style)
SMALLEST_CARD_BYTES = 8 << 20  #: below, the 4 MiB border leaves too little for FAT16; no SD card is this small
LARGEST_CARD_SECTORS = 0xFFFFFFFF  #: an MBR counts sectors in 32 bits
FAT32_FEWEST_CLUSTERS = 65526  #: FatFs calls up to 65525 (0xFFF5) clusters FAT16
FAT16_FEWEST_CLUSTERS = 4096  #: above FAT12's 4085 with some room, as other formatters keep
FAT16_MOST_CLUSTERS = 65000
FATS = 2
DEFAULT_LABEL = "FIPY"
_RESERVED_FAT32, _FSINFO_SECTOR, _BACKUP_SECTOR, _ROOT_CLUSTER = 32, 1, 6, 2
_ROOT_ENTRIES_FAT16 = 512
_LARGEST_CLUSTER_FAT16 = 64  #: sectors; 32 KiB, the most that every system reads on FAT16
_GPT_SECTORS = 33  #: header and table of a GPT at both ends
_ZEROS = bytes(1 << 20)
_TYPE_FAT32_LBA, _TYPE_FAT16_LBA = 0x0C, 0x0E


@dataclass(frozen=True)
class FormatPlan:
    """How a card will be formatted."""

    geometry: Geometry
    start_sector: int

    def __str__(self) -> str:
        size = self.geometry.size_bytes / 2**20
        cluster = self.geometry.cluster_bytes
        text = f"{cluster // 1024} KiB" if cluster >= 1024 else f"{cluster} bytes"
        return f"MBR, one primary FAT{self.geometry.width} partition of {size:.0f} MiB at 4 MiB, clusters of {text}"


def plan_format(size_bytes: int, label: str = DEFAULT_LABEL) -> FormatPlan:
    """The usual layout for a card of this size. Raises CardError for sizes that cannot be formatted for the board."""
    return next(format_plans(size_bytes, label))


def format_plans(size_bytes: int, label: str = DEFAULT_LABEL) -> Iterator[FormatPlan]:
    """Every layout for a card of this size that the board reads: the usual one, then smaller clusters, then FAT16.

    Raises CardError for sizes that cannot be formatted for the board.
    """
    sectors = size_bytes // SECTOR_BYTES
    if size_bytes < SMALLEST_CARD_BYTES:
        raise CardError(
            "card-is-fat",
            f"{size_bytes} bytes are too few to be formatted as a card",
            cause="no SD card is this small; the image was cut short, or is something else",
            next=f"use an image of {SMALLEST_CARD_BYTES >> 20} MiB or more",
        )
    if sectors > LARGEST_CARD_SECTORS:
        raise CardError("sd-exfat-or-over-32gb", f"{size_bytes} bytes are more than a partition table can count")
    for geometry in (*_fat32(sectors, size_bytes), *_fat16(sectors)):
        yield FormatPlan(replace(geometry, label=label), START_SECTOR)


def _geometry(width: int, volume_sectors: int, cluster: int, reserved: int, fat_sectors: int) -> Geometry:
    is_fat32 = width == 32
    root_entries = 0 if is_fat32 else _ROOT_ENTRIES_FAT16
    data = volume_sectors - reserved - FATS * fat_sectors - root_entries * DIR_ENTRY_BYTES // SECTOR_BYTES
    return Geometry(
        width=width,
        sector_bytes=SECTOR_BYTES,
        cluster_sectors=cluster,
        reserved=reserved,
        fats=FATS,
        fat_sectors=fat_sectors,
        root_entries=root_entries,
        total_sectors=volume_sectors,
        hidden=START_SECTOR,
        root_cluster=_ROOT_CLUSTER if is_fat32 else 0,
        fsinfo_sector=_FSINFO_SECTOR if is_fat32 else 0,
        backup_sector=_BACKUP_SECTOR if is_fat32 else 0,
        clusters=max(0, data) // cluster,
        label="",
        dirty=False,
    )


def _fat_sectors(volume_sectors: int, reserved: int, cluster: int, entry_bytes: int) -> int:
    """Sectors of one FAT for as many clusters as could lie behind ``reserved``; never too few."""
    clusters = (volume_sectors - reserved) // cluster
    return -(-(clusters + 2) * entry_bytes // SECTOR_BYTES)


def _fat32(sectors: int, size_bytes: int) -> Iterator[Geometry]:
    """FAT32 with clusters of the usual size, then with smaller ones."""
    volume = sectors - START_SECTOR
    cluster = 64 if size_bytes >= 2 << 30 else 8 if size_bytes >= 260_000_000 else 1
    while cluster:
        fat = _fat_sectors(volume, _RESERVED_FAT32, cluster, 4)
        front = -(-(_RESERVED_FAT32 + FATS * fat) // START_SECTOR) * START_SECTOR
        # The BPB counts reserved sectors in 16 bits; the fill-up to 4 MiB stays below that by far.
        found = _geometry(32, volume, cluster, front - FATS * fat, fat)
        if found.clusters >= FAT32_FEWEST_CLUSTERS:
            yield found
        cluster //= 2


def _fat16(sectors: int) -> Iterator[Geometry]:
    """FAT16, the smallest clusters first; none for cards that are too large for it."""
    volume = sectors - START_SECTOR
    cluster = 1
    while cluster <= _LARGEST_CLUSTER_FAT16:
        found = _geometry(16, volume, cluster, 1, _fat_sectors(volume, 1, cluster, 2))
        if FAT16_FEWEST_CLUSTERS <= found.clusters <= FAT16_MOST_CLUSTERS:
            yield found
        cluster *= 2


def format_card(
    target: Medium, plan: FormatPlan, *, serial: int, mark: bytes | None = None, blank: bool = False
) -> None:
    """Write an empty volume; the partition table last, so that an unfinished card is recognised as no card.

    serial  32 bits for volume and disk; the user sees it, nothing depends on it
    mark    what stands in sector 0 until then; with it the partition table is left to ``finish_card``
    blank   the medium is known to hold nothing but zeros: a new file, never a card

    Unless it is blank, every byte in front of the first file is written, and where a GPT has its copy at the end: an
    old medium holds anything. Raises CardError if the target refuses a write.
    """
    geometry, start = plan.geometry, plan.start_sector * SECTOR_BYTES
    target.write_at(0, mark or bytes(SECTOR_BYTES))
    target.sync()
    if not blank:
        behind_root = start + geometry.data_sector * SECTOR_BYTES + geometry.cluster_bytes
        _wipe(target, SECTOR_BYTES, behind_root - SECTOR_BYTES)
        _wipe(target, target.size_bytes - _GPT_SECTORS * SECTOR_BYTES, _GPT_SECTORS * SECTOR_BYTES)
    for copy in range(geometry.fats):
        target.write_at(start + geometry.fat_offset(copy), fat_head(geometry))
    root = start + geometry.root_sector * SECTOR_BYTES
    target.write_at(root, label_entry(geometry.label))
    boot = boot_sector(geometry, serial)
    target.write_at(start, boot)
    if geometry.width == 32:
        info = fs_info(geometry.clusters - 1, 3)
        third = bytes(510) + b"\x55\xaa"
        target.write_at(start + SECTOR_BYTES, info + third)
        target.write_at(start + _BACKUP_SECTOR * SECTOR_BYTES, boot + info + third)
    target.sync()
    if mark is None:
        finish_card(target, plan, serial=serial)


def finish_card(target: Medium, plan: FormatPlan, *, serial: int) -> None:
    """Write the partition table, which makes it a card. Raises CardError."""
    target.write_at(0, partition_table(plan, serial))
    target.sync()


def _wipe(target: Medium, offset: int, length: int) -> None:
    while length > 0:
        step = min(length, len(_ZEROS))
        target.write_at(offset, _ZEROS[:step])
        offset += step
        length -= step


def fat_head(geometry: Geometry) -> bytes:
    """The first entries of a FAT: media byte, clean mark, and the end of the root's chain on FAT32."""
    if geometry.width == 32:
        return struct.pack("<III", 0x0FFFFFF8, 0x0FFFFFFF, 0x0FFFFFFF)
    return struct.pack("<HH", 0xFFF8, 0xFFFF)


def label_entry(label: str) -> bytes:
    """The root directory's entry that holds the volume label."""
    return struct.pack("<11sB10xHHHI", _label(label), 0x08, 0, _FIRST_DOS_DATE, 0, 0)


_FIRST_DOS_DATE = 0x0021  #: 1 January 1980; files keep their own times, only the label has none


def _label(label: str) -> bytes:
    return label.upper().encode("ascii", "replace")[:11].ljust(11)


def boot_sector(geometry: Geometry, serial: int) -> bytes:
    """The boot sector of a volume."""
    is_fat32 = geometry.width == 32
    small = geometry.total_sectors < 0x10000 and not is_fat32
    head = struct.pack(
        "<3s8sHBHBHHBHHHII",
        b"\xeb\x58\x90" if is_fat32 else b"\xeb\x3c\x90",
        b"MSDOS5.0",
        geometry.sector_bytes,
        geometry.cluster_sectors,
        geometry.reserved,
        geometry.fats,
        geometry.root_entries,
        geometry.total_sectors if small else 0,
        0xF8,
        0 if is_fat32 else geometry.fat_sectors,
        63,
        255,
        geometry.hidden,
        0 if small else geometry.total_sectors,
    )
    if is_fat32:
        places = (geometry.fat_sectors, 0, 0, geometry.root_cluster, geometry.fsinfo_sector, geometry.backup_sector)
        head += struct.pack("<IHHIHH12x", *places)
    name = b"FAT32   " if is_fat32 else b"FAT16   "
    tail = struct.pack("<BBBI11s8s", 0x80, 0, 0x29, serial, _label(geometry.label), name)
    return (head + tail).ljust(510, b"\0") + b"\x55\xaa"


def fs_info(free_clusters: int, next_free: int) -> bytes:
    """The FSInfo sector of FAT32, which the board trusts for its free space."""
    return struct.pack("<I480xIII12xI", 0x41615252, 0x61417272, free_clusters, next_free, 0xAA550000)


def partition_table(plan: FormatPlan, signature: int) -> bytes:
    """Sector 0: one primary partition from 4 MiB to the end."""
    kind = _TYPE_FAT32_LBA if plan.geometry.width == 32 else _TYPE_FAT16_LBA
    beyond = b"\xfe\xff\xff"  # cylinder, head and sector of anything that old numbers cannot express
    entry = struct.pack("<B3sB3sII", 0, beyond, kind, beyond, plan.start_sector, plan.geometry.total_sectors)
    return struct.pack("<440xIH", signature, 0) + entry + bytes(48) + b"\x55\xaa"
