"""A FAT volume on a medium: which one files are read from, and where the clusters of a file lie. No verdict."""

from __future__ import annotations

from dataclasses import dataclass

from doctor.fat import boot_sector
from doctor.fat.boot_sector import Defect, Geometry
from doctor.fat.chains import Chain, Fat
from doctor.fat.directory import DirEntry, Listing, fat_sector, list_directory
from doctor.fat.layout import BoardMount, Layout, board_mount, look_at
from doctor.fat.source import SECTOR_BYTES, BlockSource, View


@dataclass(frozen=True)
class FatVolume:
    """One FAT volume whose numbers hold, with what is needed to read it."""

    view: View
    geometry: Geometry
    fat: Fat
    start_sector: int

    def root(self) -> Listing:
        """The root directory. Raises CardError."""
        return list_directory(self.view, self.fat, None)

    def card_sector(self, sector: int) -> int:
        """A sector of the volume, counted from the start of the medium."""
        return self.start_sector + sector * (self.geometry.sector_bytes // SECTOR_BYTES)


def open_volume(source: BlockSource, start_sector: int) -> tuple[FatVolume | None, list[Defect]]:
    """The FAT volume at a sector, and the defects of its boot sector; no volume if the numbers do not hold."""
    room = source.size_bytes - start_sector * SECTOR_BYTES
    boot = source.read_at(start_sector * SECTOR_BYTES, SECTOR_BYTES)
    geometry = boot_sector.read_geometry(boot)
    if geometry is None:
        return None, [Defect("the boot sector's numbers make no sense", 0, True, True)]
    defects = boot_sector.check_numbers(boot, geometry, room)
    if any(defect.pc for defect in defects) and not _readable_though_cut(geometry, defects, room):
        return None, defects
    view = View(source, start_sector * SECTOR_BYTES, min(room, geometry.size_bytes))
    return FatVolume(view, geometry, Fat(view, geometry), start_sector), defects


def _readable_though_cut(geometry: Geometry, defects: list[Defect], room: int) -> bool:
    """A volume that is only cut behind its FATs and root is still worth reading: its files can be backed up."""
    only_cut = sum(defect.pc for defect in defects) == 1 and geometry.size_bytes > room
    return only_cut and room >= (geometry.data_sector + geometry.cluster_sectors) * geometry.sector_bytes


def find_volume(source: BlockSource) -> FatVolume | None:
    """The volume that files are read from, without judging what is inside; None if there is none to be read."""
    start = chosen(look_at(source), board_mount(source))
    return None if start is None else open_volume(source, start)[0]


def chosen(layout: Layout, mount: BoardMount) -> int | None:
    """Start of the board's volume if it has one, else of the first FAT volume that a PC finds."""
    if mount.start_sector is not None:
        return mount.start_sector
    return next((part.start_sector for part in layout.partitions if part.kind.is_fat), None)


@dataclass(frozen=True)
class FileChain:
    """The clusters of one file, exactly as many as its size needs.

    fault   what is wrong, in words; empty for a whole file
    sector  sector of the volume that shows it
    torn    the file cannot be read whole; a fault without this leaves the content good
    """

    chain: Chain
    fault: str = ""
    sector: int = 0
    torn: bool = False


def follow_file(volume: FatVolume, entry: DirEntry) -> FileChain:
    """Follow a file's chain and compare it with the size in its directory entry. Raises CardError."""
    geometry = volume.geometry
    need = -(-entry.size_bytes // geometry.cluster_bytes)
    if need == 0:
        return FileChain(Chain((), 0))
    chain = volume.fat.chain(entry.first_cluster, most_clusters=need)
    if chain.fault:
        sector = fat_sector(geometry, chain.cluster if geometry.holds(chain.cluster) else entry.first_cluster)
        longer = chain.clusters == need
        return FileChain(chain, f"{chain.fault} (cluster {chain.cluster})", sector, torn=not longer)
    sector = fat_sector(geometry, entry.first_cluster)
    if chain.clusters < need:
        have = chain.clusters * geometry.cluster_bytes
        return FileChain(chain, f"claims {entry.size_bytes} bytes, but its chain holds only {have}", sector, torn=True)
    if volume.view.size_bytes < max(geometry.cluster_offset(run.start + run.count) for run in chain.runs):
        return FileChain(chain, "is partly beyond the end of the card", sector, torn=True)
    return FileChain(chain)
