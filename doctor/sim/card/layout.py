"""Which FAT volume the board mounts, and the two ways to lay out a new one: as the board formats, as a PC formats.

Facts: fat-and-pyfatfs.md 8 and 9. What the board accepts is written from there, not shared with doctor/fat, so that the
two can disagree in tests.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from functools import cached_property

from doctor.fat.boot_sector import FAT12_MOST_CLUSTERS, FAT16_MOST_CLUSTERS, FAT32_MOST_CLUSTERS
from doctor.fat.directory import ATTR_VOLUME
from doctor.fat.format import fs_info
from doctor.sim.card.blocks import SECTOR_BYTES, Blocks
from doctor.sim.card.names import short_slot

BOARD_PARTITION_LBA = 63
PC_PARTITION_LBA = 8192
"""4 MiB: where SD-Association style formatters put the partition."""
BOARD_SUPER_FLOPPY_BELOW_SECTORS = 32768
BOARD_FAT32_MIN_SECTORS = 65536
"""Cards of 16 to 32 MiB cannot be formatted by the board (EIO)."""
_PARTITION_TABLE = 446


class CardFault(Exception):
    """The card or its file system refuses; the board turns it into its era's error text.

    kind  of the card: absent, dead, read-error, format-failed; of its file system: no-filesystem, damaged, full; of a
          path: not-found, exists, not-a-directory, is-a-directory, not-empty, bad-name, denied
    """

    def __init__(self, kind: str, detail: str = "") -> None:
        super().__init__(f"{kind}: {detail}" if detail else kind)
        self.kind = kind
        self.detail = detail


@dataclass(frozen=True)
class Geometry:
    """Where the parts of one FAT volume lie, in sectors from the start of the card."""

    fat_type: int
    lba: int
    total_sectors: int
    sectors_per_cluster: int
    reserved: int
    fat_count: int
    fat_sectors: int
    root_entries: int
    root_cluster: int
    fsinfo_lba: int

    @cached_property
    def fat_lba(self) -> int:
        """The first FAT."""
        return self.lba + self.reserved

    @cached_property
    def root_lba(self) -> int:
        """The root directory of FAT12 and FAT16."""
        return self.fat_lba + self.fat_count * self.fat_sectors

    @cached_property
    def data_lba(self) -> int:
        """Cluster 2."""
        return self.root_lba + self.root_entries // 16

    @cached_property
    def clusters(self) -> int:
        """How many clusters there is room for; 0 or below if there is none."""
        return (self.lba + self.total_sectors - self.data_lba) // self.sectors_per_cluster

    @property
    def cluster_bytes(self) -> int:
        """Bytes of one cluster."""
        return self.sectors_per_cluster * SECTOR_BYTES


def looks_like_boot_sector(sector: bytes) -> bool:
    """The board's first test: signature, jump and the type string."""
    if sector[510:512] != b"\x55\xaa" or sector[0] not in (0xEB, 0xE9, 0xE8):
        return False
    return sector[54:57] == b"FAT" or sector[82:87] == b"FAT32"


def find_volume(blocks: Blocks) -> Geometry:
    """The volume that the board mounts: sector 0, else the first FAT of the four primary slots.

    Raises CardFault 'no-filesystem' where the board finds none that it accepts.
    """
    sector = blocks.read(0)
    if looks_like_boot_sector(sector):
        return read_geometry(blocks, 0)
    if sector[510:512] != b"\x55\xaa":
        raise CardFault("no-filesystem", "sector 0 has no signature")
    for slot in range(4):
        kind, lba = struct.unpack_from("<4xB3xI", sector, _PARTITION_TABLE + 16 * slot)
        if kind and lba and lba < blocks.sector_count and looks_like_boot_sector(blocks.read(lba)):
            return read_geometry(blocks, lba)
    raise CardFault("no-filesystem", "no primary partition holds FAT")


def read_geometry(blocks: Blocks, lba: int) -> Geometry:
    """Read a boot sector with the board's rules. Raises CardFault 'no-filesystem' for what it refuses."""
    boot = blocks.read(lba)
    sector_bytes, per_cluster, reserved, fats, root_entries, total16 = struct.unpack_from("<HBHBHH", boot, 11)
    fat16, total32, fat32 = struct.unpack_from("<H8xII", boot, 22)
    total, fat_sectors = total16 or total32, fat16 or fat32
    if sector_bytes != SECTOR_BYTES or fats not in (1, 2) or not reserved:
        raise CardFault("no-filesystem", "sector size or number of FATs")
    if per_cluster == 0 or per_cluster & (per_cluster - 1) or root_entries % 16:
        raise CardFault("no-filesystem", "cluster size or root directory")
    root_cluster, fsinfo = struct.unpack_from("<IH", boot, 44) if not root_entries else (0, 0)
    fsinfo_lba = lba + fsinfo if fsinfo == 1 else 0
    found = Geometry(0, lba, total, per_cluster, reserved, fats, fat_sectors, root_entries, root_cluster, fsinfo_lba)
    clusters = found.clusters
    if not 0 < clusters <= FAT32_MOST_CLUSTERS:
        raise CardFault("no-filesystem", "no room for clusters")
    fat_type = 12 if clusters <= FAT12_MOST_CLUSTERS else 16 if clusters <= FAT16_MOST_CLUSTERS else 32
    if (fat_type == 32) != (root_entries == 0) or (fat_type == 32 and struct.unpack_from("<H", boot, 42)[0]):
        raise CardFault("no-filesystem", "the cluster count does not fit the FAT type")
    needed_bytes = ((clusters + 2) * fat_type + 7) // 8
    if fat_sectors * SECTOR_BYTES < needed_bytes:
        raise CardFault("no-filesystem", "the FAT is too short")
    return replace(found, fat_type=fat_type)


def _planned(
    lba: int, total: int, per_cluster: int, fats: int, reserved: int, root_entries: int, bits: int
) -> Geometry:
    """A new volume, its FAT grown until it describes what is left."""
    root_cluster, fsinfo_lba = (2, lba + 1) if bits == 32 else (0, 0)
    fat_sectors, needed = 0, 1
    while needed > fat_sectors:
        fat_sectors = needed
        found = Geometry(
            bits, lba, total, per_cluster, reserved, fats, fat_sectors, root_entries, root_cluster, fsinfo_lba
        )
        needed = -(-((found.clusters + 2) * bits) // (8 * SECTOR_BYTES))
    return found


def board_layout(sector_count: int) -> Geometry:
    """How the board formats a card of this size. Raises CardFault 'format-failed' for 16 to 32 MiB.

    FAT32 in an MBR partition at LBA 63 with one FAT; below 16 MiB FAT12/16 without MBR.
    """
    if sector_count < BOARD_SUPER_FLOPPY_BELOW_SECTORS:
        per_cluster = 1 if sector_count < 0x1000 * 1 else 2 if sector_count < 0x1000 * 2 else 4
        for bits, most in ((12, FAT12_MOST_CLUSTERS), (16, FAT16_MOST_CLUSTERS)):
            found = _planned(0, sector_count, per_cluster, 1, 1, 512, bits)
            if found.clusters <= most:
                return found
        raise CardFault("format-failed", "too many clusters")
    volume = sector_count - BOARD_PARTITION_LBA
    per_cluster = 64
    for below_mib, sectors in ((64, 1), (128, 2), (256, 4), (512, 8), (1024, 16), (2048, 32)):
        if volume < below_mib * 2048:
            per_cluster = sectors
            break
    found = _planned(BOARD_PARTITION_LBA, volume, per_cluster, 1, 32, 0, 32)
    if sector_count < BOARD_FAT32_MIN_SECTORS or found.clusters <= FAT16_MOST_CLUSTERS:
        raise CardFault("format-failed", "too small for FAT32")
    return found


def pc_layout(lba: int, total_sectors: int, *, fat_type: int = 32) -> Geometry:
    """A volume as PC tools make it: two FATs, 32 reserved sectors, the smallest clusters that fit the type."""
    reserved, root_entries = (32, 0) if fat_type == 32 else (1, 512)
    per_cluster = 1
    while True:
        found = _planned(lba, total_sectors, per_cluster, 2, reserved, root_entries, fat_type)
        if fat_type != 16 or found.clusters < FAT16_MOST_CLUSTERS:
            return found
        per_cluster *= 2


def write_layout(blocks: Blocks, layout: Geometry, label: str | None = "FIPY") -> Geometry:
    """Write boot sector, empty FATs and an empty root directory; the partition table is the caller's.

    label  of the volume, as PC tools write one; None: as the board formats, without
    """
    boot = _boot_sector(layout, label)
    blocks.write(layout.lba, boot)
    if layout.fat_type == 32:
        info = fs_info(layout.clusters - 1, 3)
        for copy in (0, 6):
            blocks.write(layout.lba + copy, boot)
            blocks.write(layout.lba + copy + 1, info)
            blocks.write(layout.lba + copy + 2, bytes(510) + b"\x55\xaa")
    root_sectors = layout.root_entries // 16 or layout.sectors_per_cluster
    _zero(blocks, layout.fat_lba, layout.root_lba - layout.fat_lba + root_sectors)
    heads = {12: b"\xf8\xff\xff", 16: b"\xf8\xff\xff\xff", 32: b"\xf8\xff\xff\x0f" + b"\xff\xff\xff\x0f" * 2}
    for number in range(layout.fat_count):
        blocks.write(layout.fat_lba + number * layout.fat_sectors, heads[layout.fat_type].ljust(SECTOR_BYTES, b"\0"))
    if label is not None:  # cluster 2 is FAT32's root, and follows at once if there is no other
        blocks.write(layout.root_lba, short_slot(_label_bytes(label), ATTR_VOLUME, 0, 0).ljust(SECTOR_BYTES, b"\0"))
    return read_geometry(blocks, layout.lba)


def _label_bytes(label: str | None) -> bytes:
    return (label or "NO NAME").upper().ljust(11)[:11].encode("ascii")


def _zero(blocks: Blocks, lba: int, count: int) -> None:
    step = 128
    for start in range(lba, lba + count, step):
        size = min(step, lba + count - start) * SECTOR_BYTES
        if blocks.read(start, size // SECTOR_BYTES).strip(b"\0"):
            blocks.write(start, bytes(size))


def _boot_sector(layout: Geometry, label: str | None) -> bytes:
    boot = bytearray(SECTOR_BYTES)
    boot[0:3] = b"\xeb\xfe\x90" if label is None else b"\xeb\x58\x90" if layout.fat_type == 32 else b"\xeb\x3c\x90"
    boot[3:11] = b"MSDOS5.0"
    small = layout.total_sectors if layout.total_sectors < 0x10000 and layout.fat_type != 32 else 0
    struct.pack_into(
        "<HBHBHHBHHHII", boot, 11,
        SECTOR_BYTES, layout.sectors_per_cluster, layout.reserved, layout.fat_count, layout.root_entries, small, 0xF8,
        0 if layout.fat_type == 32 else layout.fat_sectors, 63, 255, layout.lba, 0 if small else layout.total_sectors,
    )  # fmt: skip
    tail = 36
    if layout.fat_type == 32:
        struct.pack_into("<IHHIHH12x", boot, 36, layout.fat_sectors, 0, 0, 2, 1, 6)
        tail = 64
    kind = f"FAT{layout.fat_type}".ljust(8).encode("ascii")
    struct.pack_into(
        "<BBBI11s8s", boot, tail, 0x80, 0, 0x29, 0xF1D0C000 | (layout.lba & 0xFFF),
        _label_bytes(label), kind,
    )  # fmt: skip
    boot[510:512] = b"\x55\xaa"
    return bytes(boot)


def partition_table(partitions: list[tuple[int, int, int]]) -> bytes:
    """Sector 0 with primary partitions given as (type, start LBA, sectors)."""
    sector = bytearray(SECTOR_BYTES)
    struct.pack_into("<I", sector, 440, 0xF1D0C70B)
    for number, (kind, lba, count) in enumerate(partitions):
        struct.pack_into(
            "<B3sB3sII", sector, _PARTITION_TABLE + 16 * number, 0, b"\xfe\xff\xff", kind, b"\xfe\xff\xff", lba, count
        )
    sector[510:512] = b"\x55\xaa"
    return bytes(sector)
