"""The boot sector of a FAT volume: its numbers, and what a PC and the board make of them.

The board's rules are those of FatFs R0.13c as the FiPy's firmware builds it (fat-and-pyfatfs.md 9):
512-byte sectors, one or two FATs, the type string present, and the type decided by the cluster count alone.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

SECTOR_BYTES_OF_BOARD = 512  #: FF_MIN_SS = FF_MAX_SS = 512 in the board's firmware (ffconf.h)
SIGNATURE = b"\x55\xaa"  #: at 510 of every boot sector and partition table
FAT12_MOST_CLUSTERS = 0xFF5  #: FatFs MAX_FAT12 (ff.c 48-50)
FAT16_MOST_CLUSTERS = 0xFFF5  #: FatFs MAX_FAT16
FAT32_MOST_CLUSTERS = 0x0FFFFFF5  #: FatFs MAX_FAT32
DIR_ENTRY_BYTES = 32
BOARD_LONGEST_CLUSTER_BYTES = 65536  #: clusters are a power of two up to 64 KiB on the board
_MEDIA = frozenset((0xF0, *range(0xF8, 0x100)))


@dataclass(frozen=True)
class Defect:
    """Something wrong with a volume.

    text    what is wrong, in words
    sector  where, counted from the start of the volume
    pc      a PC cannot use the volume because of it
    board   the board cannot use the volume because of it
    """

    text: str
    sector: int
    pc: bool
    board: bool


@dataclass(frozen=True)
class Geometry:
    """Where things lie on a FAT volume; sectors are the volume's own, counted from its start."""

    width: int
    sector_bytes: int
    cluster_sectors: int
    reserved: int
    fats: int
    fat_sectors: int
    root_entries: int
    total_sectors: int
    hidden: int
    root_cluster: int
    fsinfo_sector: int
    backup_sector: int
    clusters: int
    label: str
    dirty: bool

    @property
    def cluster_bytes(self) -> int:
        """Bytes of one cluster."""
        return self.sector_bytes * self.cluster_sectors

    @property
    def root_sector(self) -> int:
        """First sector of the fixed root directory of FAT12 and FAT16."""
        return self.reserved + self.fats * self.fat_sectors

    @property
    def root_sectors(self) -> int:
        """Sectors of the fixed root directory; 0 on FAT32."""
        return -(-self.root_entries * DIR_ENTRY_BYTES // self.sector_bytes)

    @property
    def data_sector(self) -> int:
        """Sector of cluster 2."""
        return self.root_sector + self.root_sectors

    @property
    def size_bytes(self) -> int:
        """Bytes of the volume."""
        return self.total_sectors * self.sector_bytes

    def holds(self, cluster: int) -> bool:
        """Whether this is the number of a data cluster."""
        return 2 <= cluster < self.clusters + 2

    def cluster_sector(self, cluster: int) -> int:
        """First sector of a data cluster."""
        return self.data_sector + (cluster - 2) * self.cluster_sectors

    def cluster_offset(self, cluster: int) -> int:
        """First byte of a data cluster."""
        return self.cluster_sector(cluster) * self.sector_bytes

    def fat_offset(self, copy: int) -> int:
        """First byte of a FAT; ``copy`` counts from 0."""
        return (self.reserved + copy * self.fat_sectors) * self.sector_bytes


def looks_like_fat(boot: bytes) -> bool:
    """Whether these 512 bytes are a FAT boot sector rather than anything else; lenient as PCs are.

    Jump byte and type string are not required (formatters differ), the numbers must make sense together.
    """
    sector_bytes, cluster_sectors, reserved, fats = struct.unpack_from("<HBHB", boot, 11)
    if sector_bytes not in (512, 1024, 2048, 4096) or cluster_sectors == 0 or cluster_sectors & (cluster_sectors - 1):
        return False
    if reserved == 0 or not 1 <= fats <= 4 or boot[21] not in _MEDIA:
        return False
    has_size = boot[19:21] != b"\0\0" or boot[32:36] != b"\0\0\0\0"
    has_fat = boot[22:24] != b"\0\0" or boot[36:40] != b"\0\0\0\0"
    return has_size and has_fat


def board_sees_fat(boot: bytes) -> bool:
    """FatFs check_fs(): signature, jump byte and type string; what fails this is no FAT to the board."""
    jump_is_good = boot[0] in (0xEB, 0xE9, 0xE8)
    return boot[510:512] == SIGNATURE and jump_is_good and (boot[54:57] == b"FAT" or boot[82:87] == b"FAT32")


def read_geometry(boot: bytes) -> Geometry | None:
    """The numbers of a FAT boot sector; None if it does not look like one, or they leave no room for data."""
    if not looks_like_fat(boot):
        return None
    sector_bytes, cluster_sectors, reserved, fats, root_entries, total16 = struct.unpack_from("<HBHBHH", boot, 11)
    fat16, _, _, hidden, total32, fat32 = struct.unpack_from("<HHHIII", boot, 22)
    root_cluster, fsinfo, backup = struct.unpack_from("<IHH", boot, 44)
    total, fat_sectors = total16 or total32, fat16 or fat32
    root_sectors = -(-root_entries * DIR_ENTRY_BYTES // sector_bytes)
    data = total - (reserved + fats * fat_sectors + root_sectors)
    clusters = data // cluster_sectors if data > 0 else 0
    if clusters <= 0:
        return None
    is_fat32 = fat16 == 0
    width = 32 if is_fat32 else (12 if clusters <= FAT12_MOST_CLUSTERS else 16)
    label_at, dirty_at = (71, 65) if is_fat32 else (43, 37)
    return Geometry(
        width=width,
        sector_bytes=sector_bytes,
        cluster_sectors=cluster_sectors,
        reserved=reserved,
        fats=fats,
        fat_sectors=fat_sectors,
        root_entries=root_entries,
        total_sectors=total,
        hidden=hidden,
        root_cluster=root_cluster if is_fat32 else 0,
        fsinfo_sector=fsinfo if is_fat32 else 0,
        backup_sector=backup if is_fat32 else 0,
        clusters=clusters,
        label=boot[label_at : label_at + 11].decode("cp437").rstrip(),
        dirty=bool(boot[dirty_at] & 1),
    )


def check_numbers(boot: bytes, geometry: Geometry, room_bytes: int) -> list[Defect]:
    """What is wrong with the boot sector.

    room_bytes  bytes between the start of the volume and the end of the medium
    """
    defects: list[Defect] = []

    def wrong(text: str, *, pc: bool, board: bool) -> None:
        defects.append(Defect(text, 0, pc, board))

    if boot[510:512] != SIGNATURE:
        wrong("the boot sector lacks its signature 55 AA", pc=False, board=True)
    elif not board_sees_fat(boot):
        wrong("the boot sector lacks the jump or the text FAT that the board looks for", pc=False, board=True)
    if geometry.sector_bytes != SECTOR_BYTES_OF_BOARD:
        wrong(f"sectors of {geometry.sector_bytes} bytes; the board takes only 512", pc=False, board=True)
    if geometry.cluster_bytes > BOARD_LONGEST_CLUSTER_BYTES:
        wrong(f"clusters of {geometry.cluster_bytes} bytes are too large", pc=False, board=True)
    if geometry.fats > 2:
        wrong(f"{geometry.fats} FATs; the board takes one or two", pc=False, board=True)
    if geometry.root_entries * DIR_ENTRY_BYTES % geometry.sector_bytes:
        wrong("the root directory does not fill whole sectors", pc=False, board=True)
    for text, pc, board in _type_defects(boot, geometry):
        wrong(text, pc=pc, board=board)
    need_bits = (geometry.clusters + 2) * (32 if geometry.width == 32 else geometry.width)
    if geometry.fat_sectors * geometry.sector_bytes * 8 < need_bits:
        wrong(f"the FAT is too short for {geometry.clusters} clusters", pc=True, board=True)
    if geometry.size_bytes > room_bytes:
        missing = geometry.size_bytes - room_bytes
        wrong(f"the volume is {missing} bytes longer than the medium has room for", pc=True, board=False)
    return defects


def _type_defects(boot: bytes, geometry: Geometry) -> list[tuple[str, bool, bool]]:
    """What the FAT32 or FAT12/16 layout and the cluster count say about each other, as (text, pc, board)."""
    if geometry.width != 32:
        found = []
        if geometry.clusters > FAT16_MOST_CLUSTERS:
            found.append((f"a FAT16 layout with {geometry.clusters} clusters", True, True))
        if geometry.root_entries == 0:
            found.append(("the root directory has no room for entries", True, True))
        return found
    found = []
    if geometry.clusters <= FAT16_MOST_CLUSTERS:
        found.append((f"a FAT32 layout with only {geometry.clusters} clusters; the board refuses it", False, True))
    if geometry.clusters > FAT32_MOST_CLUSTERS:
        found.append((f"more clusters ({geometry.clusters}) than FAT32 can number", True, True))
    if geometry.root_entries:
        found.append(("a FAT32 layout with a fixed root directory", False, True))
    if boot[42:44] != b"\0\0":
        found.append(("an unknown version of FAT32", True, True))
    if not geometry.holds(geometry.root_cluster):
        found.append(
            (f"the root directory starts at cluster {geometry.root_cluster}, which does not exist", True, True)
        )
    return found
