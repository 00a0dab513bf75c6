"""The verdict on a card: what it holds, whether this PC and whether the board can read it, and what is wrong where.

Only our own checks decide here; pyfatfs accepts or hangs on much of what they find
(fat-and-pyfatfs.md 1 and 3).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from doctor.card.card import CardProblem, Volume
from doctor.card.drives.guard import DOCUMENTED_BYTES
from doctor.card.reformat.unfinished import read_mark
from doctor.computer import is_linux, is_mac
from doctor.fat import boot_sector
from doctor.fat.boot_sector import Defect
from doctor.fat.chains import Claims, scan_fats
from doctor.fat.directory import Listing, fat_sector, walk
from doctor.fat.format import SMALLEST_CARD_BYTES
from doctor.fat.layout import BoardMount, Layout, Partition, Scheme, VolumeKind, board_mount, fat_kind, look_at
from doctor.fat.source import SECTOR_BYTES, BlockSource
from doctor.fat.volume import FatVolume, chosen, follow_file, open_volume
from doctor.text.escape import shown

_MOST_FAT_BYTES_COUNTED = 16 << 20  #: longer FATs (512-byte clusters on a large card) are not counted through
_MOST_CLUSTERS_FOLLOWED = 4_000_000  #: about two seconds of work; a card holding more in one file is not followed
_BACKUP_SECTOR = 6  #: where every formatter puts the backup of a FAT32 boot sector
_MOST_FAULTS_NAMED = 20  #: a folder overwritten with other data lists thousands of files that never were


#: What the type byte of a partition says it is for.
_TYPES = {
    0x01: "FAT",
    0x04: "FAT",
    0x06: "FAT",
    0x07: "NTFS or exFAT",
    0x0B: "FAT",
    0x0C: "FAT",
    0x0E: "FAT",
    0x82: "Linux (swap)",
    0x83: "Linux",
    0x8E: "Linux (LVM)",
    0xAF: "macOS",
}


@dataclass(frozen=True, kw_only=True)
class Judgement(Volume):
    """All that is known of a card from its bytes.

    volume  the volume that files are read from: the board's if it has one, else the first that this PC reads
    others  the other volumes of the card
    """

    layout: Layout
    mount: BoardMount
    volume: FatVolume | None = field(compare=False)
    others: tuple[Partition, ...]


def judge(source: BlockSource) -> Judgement:
    """Judge a whole medium. Raises CardError if it cannot be read at all."""
    layout = look_at(source)
    mount = board_mount(source)
    start = chosen(layout, mount)
    if start is None:
        return _no_fat(source, layout, mount)
    volume, defects = open_volume(source, start)
    kind = fat_kind(volume.geometry) if volume else VolumeKind.UNKNOWN
    problems = [_of_defect(defect, start, kind, readable=volume is not None) for defect in defects]
    refused = any(defect.board for defect in defects)
    problems += _of_layout(layout, mount, start, source.size_bytes, explained=refused)
    label, free = "", None
    if volume is not None:
        label, free, found = _inside(volume)
        problems += found
    return Judgement(
        layout=layout,
        mount=mount,
        kind=kind,
        volume=volume,
        others=tuple(part for part in layout.partitions if part.start_sector != start),
        label=label,
        size_bytes=source.size_bytes,
        free_bytes=free,
        pc_reads=volume is not None and not any(problem.pc for problem in problems),
        board_reads=volume is not None and not any(problem.board for problem in problems),
        problems=tuple(problems),
    )


def _of_defect(defect: Defect, start: int, kind: VolumeKind, *, readable: bool) -> CardProblem:
    """readable: files can be read all the same, so what a PC minds about the volume concerns changes only."""
    catalogue = "sd-mount-no-fat" if defect.board else "sd-partition-layout"
    text = f"{kind.value if kind.is_fat else 'FAT'} volume at sector {start}: {defect.text}"
    pc, unsafe = defect.pc and not readable, defect.pc and readable
    return CardProblem(catalogue, text, start + defect.sector, pc, defect.board, unsafe)


def _of_layout(
    layout: Layout, mount: BoardMount, start: int, size_bytes: int, *, explained: bool
) -> Iterator[CardProblem]:
    """What is wrong with where the volume lies.

    explained  the boot sector itself says why the board does not take the volume
    """
    reachable = any(part.primary and part.start_sector == start for part in layout.partitions)
    if mount.start_sector is None and not (explained and reachable):
        where = {
            Scheme.GPT: "the card has a GPT partition table, which the board cannot read",
            Scheme.MBR: "the FAT volume is not in one of the four primary partitions",
        }.get(layout.scheme, mount.why_not)
        yield CardProblem("sd-partition-layout", where, 0, board=True)
    elif mount.start_sector is not None and len(layout.partitions) > 1:
        number = next((part.slot + 1 for part in layout.partitions if part.start_sector == start), 1)
        kinds = ", ".join(part.kind.value for part in layout.partitions)
        text = f"the card has {len(layout.partitions)} partitions ({kinds}); the board takes number {number}"
        yield CardProblem("sd-partition-layout", text, 0)
    for part in layout.partitions:
        if part.start_sector == start and (part.start_sector + part.sectors) * SECTOR_BYTES > size_bytes:
            text = "the partition reaches beyond the end of the card: the image is cut short, or the table is wrong"
            yield CardProblem("sd-partition-layout", text, 0)
    if size_bytes > DOCUMENTED_BYTES:
        text = f"the card has {size_bytes / 1e9:.0f} GB; Pycom documents cards up to 32 GB only"
        yield CardProblem("sd-exfat-or-over-32gb", text)


def _no_fat(source: BlockSource, layout: Layout, mount: BoardMount) -> Judgement:
    """A card on which there is no FAT volume at all."""
    kinds = [part.kind for part in layout.partitions]
    kind = next((kind for kind in kinds if kind is VolumeKind.EXFAT), kinds[0] if kinds else layout.whole)
    catalogue = "sd-exfat-or-over-32gb" if kind is VolumeKind.EXFAT else "sd-mount-no-fat"
    texts = {
        VolumeKind.EXFAT: "the card is formatted exFAT; the board reads only FAT",
        VolumeKind.BLANK: "the card is blank: there is no volume on it",
        VolumeKind.HTML: "this is a saved web page, not the image of a card",
        VolumeKind.ARCHIVE: "this is an archive (zip, gzip or the like), not the image of a card; unpack it first",
        VolumeKind.UNKNOWN: "no volume of any known kind is on the card",
    }
    text = texts.get(kind, f"the card holds {kind.value}; the board reads only FAT")
    if kind in (VolumeKind.BLANK, VolumeKind.UNKNOWN) and layout.partitions:
        text = f"{_empty_partitions(layout)}: never formatted, or overwritten"
    elif kind in (VolumeKind.BLANK, VolumeKind.UNKNOWN) and source.size_bytes < SMALLEST_CARD_BYTES:
        text = f"{source.size_bytes:,} bytes are too few for a card, and there is no volume in them"
    sector = layout.partitions[0].start_sector if layout.partitions else 0
    cause = ""
    mark = read_mark(source.read_at(0, SECTOR_BYTES)) if source.size_bytes >= SECTOR_BYTES else None
    if mark is not None:
        text = f"formatting this card was interrupted; its files are in {shown(mark.folder, 300)}"
        cause = "fix --reformat-sd was stopped, or failed, before it was done"
    lost = next((start for start in _starts(layout) if good_backup(source, start) is not None), None)
    if lost is not None and mark is None:
        sector, catalogue = lost, "sd-mount-no-fat"
        text = f"the boot sector at {lost} is damaged; its backup copy at sector {lost + _BACKUP_SECTOR} is good"
    pc_reads = kind in _kinds_of_this_pc() and mark is None and lost is None
    return Judgement(
        layout=layout,
        mount=mount,
        kind=kind,
        volume=None,
        others=layout.partitions,
        label="",
        size_bytes=source.size_bytes,
        free_bytes=None,
        pc_reads=pc_reads,
        board_reads=False,
        problems=(CardProblem(catalogue, text, sector, pc=not pc_reads, board=True, cause=cause),),
    )


def _empty_partitions(layout: Layout) -> str:
    """What a partition table promises if none of its partitions keeps it."""
    first = layout.partitions[0]
    count = len(layout.partitions)
    what = f"the card has {count} partitions" if count > 1 else "the card has a partition"
    made_for = _TYPES.get(first.type)
    if made_for is not None:
        what += f", made for {made_for}" if count == 1 else f", the first made for {made_for}"
    return f"{what}, but no volume of any known kind is in {'them' if count > 1 else 'it'}"


def _starts(layout: Layout) -> Iterator[int]:
    """Where a FAT volume could start whose boot sector is gone."""
    empty = (VolumeKind.UNKNOWN, VolumeKind.BLANK)
    if layout.scheme is Scheme.NONE and layout.whole in empty:
        yield 0
    yield from (part.start_sector for part in layout.partitions if part.kind in empty)


def good_backup(source: BlockSource, start_sector: int) -> bytes | None:
    """The backup of a FAT32 boot sector, if it is good and would hold no fault; None elsewhere."""
    at = (start_sector + _BACKUP_SECTOR) * SECTOR_BYTES
    if at + SECTOR_BYTES > source.size_bytes:
        return None
    boot = source.read_at(at, SECTOR_BYTES)
    geometry = boot_sector.read_geometry(boot)
    if geometry is None or geometry.width != 32 or geometry.backup_sector != _BACKUP_SECTOR:
        return None
    room = source.size_bytes - start_sector * SECTOR_BYTES
    return None if boot_sector.check_numbers(boot, geometry, room) else boot


def _kinds_of_this_pc() -> frozenset[VolumeKind]:
    """Kinds other than FAT that the system we run on mounts out of the box."""
    kinds = {VolumeKind.EXFAT, VolumeKind.NTFS, VolumeKind.ISO9660}
    if is_linux():
        kinds.add(VolumeKind.EXT)
    elif is_mac():
        kinds |= {VolumeKind.HFS, VolumeKind.APFS}
    return frozenset(kinds)


def _inside(volume: FatVolume) -> tuple[str, int | None, list[CardProblem]]:
    """Label, free bytes and what is wrong inside a volume: FATs, root, chains of its files."""
    geometry = volume.geometry
    problems: list[CardProblem] = []

    def damaged(text: str, sector: int, *, whole: bool = False, unsafe: bool = False, path: str = "") -> None:
        where = volume.card_sector(sector)
        problems.append(CardProblem("write-protected-or-unsafe-eject", text, where, whole, whole, unsafe, path))

    root = volume.root()
    if root.fault:
        damaged(f"the root directory {root.fault}", root.sector, whole=True)
        return geometry.label, None, problems
    countable = geometry.fat_sectors * geometry.sector_bytes <= _MOST_FAT_BYTES_COUNTED
    scan = scan_fats(volume.view, volume.fat, count=countable)
    if scan.difference is not None:
        text = "the two copies of the FAT differ; the card was pulled out while it was written"
        damaged(text, scan.difference, unsafe=True)
    if _is_dirty(volume):
        damaged("the volume was not ejected cleanly", 0, unsafe=True)
    if backup_differs(volume):
        damaged("the backup of the boot sector differs from it", geometry.backup_sector)
    for number, fault in enumerate(chain_faults(volume, root)):
        if number == _MOST_FAULTS_NAMED:
            damaged("there are more damaged files than are listed here", fault.sector, unsafe=True, path=fault.path)
            break
        damaged(fault.text, fault.sector, unsafe=True, path=fault.path)
    free = None
    if scan.free is not None:
        free = scan.free * geometry.cluster_bytes
        if (text := fsinfo_fault(volume, scan.free)) and not any(problem.path for problem in problems):
            damaged(text, geometry.fsinfo_sector)
    label = root.label or ("" if geometry.label == "NO NAME" else geometry.label)
    return label, free, problems


def backup_differs(volume: FatVolume) -> bool:
    """Whether a FAT32 volume names a backup boot sector that does not hold the same numbers."""
    geometry = volume.geometry
    if geometry.width != 32 or not 0 < geometry.backup_sector < geometry.reserved:
        return False
    boot = volume.view.read_at(0, SECTOR_BYTES)
    copy = volume.view.read_at(geometry.backup_sector * geometry.sector_bytes, SECTOR_BYTES)
    return copy[11:64] != boot[11:64] or copy[510:] != boot_sector.SIGNATURE


def fsinfo_fault(volume: FatVolume, free_clusters: int) -> str:
    """What is wrong with FSInfo, whose number the board shows as the free space; empty if nothing is."""
    geometry = volume.geometry
    if geometry.width != 32 or not 0 < geometry.fsinfo_sector < geometry.reserved:
        return ""
    info = volume.view.read_at(geometry.fsinfo_sector * geometry.sector_bytes, SECTOR_BYTES)
    if (info[:4], info[484:488], info[510:]) != (b"RRaA", b"rrAa", boot_sector.SIGNATURE):
        return "the sector that holds the free space (FSInfo) is damaged"
    told = int.from_bytes(info[488:492], "little")
    if told not in (free_clusters, 0xFFFFFFFF):
        return f"the free space recorded on the card is wrong ({told} clusters, really {free_clusters})"
    return ""


def _is_dirty(volume: FatVolume) -> bool:
    """The dirty mark, in the boot sector (Windows) or in FAT[1] (DOS and macOS)."""
    mask = {16: 0x8000, 32: 0x08000000}.get(volume.geometry.width, 0)
    return volume.geometry.dirty or bool(mask and not volume.fat[1] & mask)


@dataclass(frozen=True)
class ChainFault:
    """A damaged file or folder: its path, what is wrong in words, and the sector of the volume that shows it."""

    path: str
    text: str
    sector: int


def chain_faults(volume: FatVolume, root: Listing) -> Iterator[ChainFault]:
    """Faults of files and folders, within the bounds of a check."""
    claims = Claims()
    geometry = volume.geometry
    if root.chain is not None:
        claims.claim(root.chain)
    budget = _MOST_CLUSTERS_FOLLOWED
    for step in walk(volume.view, volume.fat, root):
        entry, name = step.entry, shown(step.entry.path)
        what, sector, shared = "", 0, 0
        if step.circle:
            what, sector = "leads back to another folder", fat_sector(geometry, entry.first_cluster)
        elif step.listing is not None:
            what, sector = step.listing.fault, step.listing.sector
            if not what and step.listing.chain is not None:
                shared = claims.claim(step.listing.chain)
        elif not entry.is_dir and budget > 0:
            found = follow_file(volume, entry)
            budget -= found.chain.clusters
            what, sector = found.fault, found.sector
            shared = 0 if found.torn else claims.claim(found.chain)
        kind = "folder" if entry.is_dir else "file"
        if what:
            yield ChainFault(entry.path, f"the {kind} {name} {what}", sector)
        if shared:
            text = f"the {kind} {name} shares cluster {shared} with others"
            yield ChainFault(entry.path, text, fat_sector(geometry, shared))
