"""The card in the simulated board: a real image, reached only through its sectors, with the faults that cards have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from functools import lru_cache

from doctor.sim.card.blocks import SECTOR_BYTES, Blocks, MemoryBlocks
from doctor.sim.card.layout import (
    PC_PARTITION_LBA,
    CardFault,
    board_layout,
    find_volume,
    partition_table,
    pc_layout,
    read_geometry,
    write_layout,
)
from doctor.sim.card.volume import DirEntry, FatVolume

__all__ = ["CardDevice", "CardFault", "CardLayout", "DirEntry", "FatVolume", "build_card"]

CARD_MIB = 96
"""Size of the cards that scenarios hold: enough for FAT32 at 1 KiB per cluster, quick to build and to copy."""
_LEFTOVER_LBA = 2048
_LEFTOVER_SECTORS = 36 * 2048
"""A small first partition such as another device's boot partition: what the board mounts instead of the user's."""


class CardDevice:
    """A card in the slot, or an empty slot, as the board's SD driver sees it.

    blocks  the sectors; None = nothing in the slot
    dead    the card does not initialise (contact, power, brand): ``SD()`` fails until it is reseated
    """

    def __init__(self, blocks: Blocks | None, *, dead: bool = False) -> None:
        self.blocks = blocks
        self.dead = dead
        self.hides_errors = True
        """The board's driver ignores read errors: a card that was pulled reads as zeros. False: an OSError. **?**"""
        self.disturb: Callable[[int, bytes], bytes] = lambda lba, data: data
        """What the board gets of the sectors from ``lba`` on: a bad card or contact misreads without a word."""

    def insert(self, blocks: Blocks | None) -> None:
        """Put another card into the slot (None takes it out); a volume mounted before does not find its own."""
        self.blocks = blocks
        self.dead = False

    def init(self) -> Blocks:
        """What ``machine.SD()`` does. Raises CardFault 'absent' or 'dead'."""
        if self.blocks is None or not self.blocks.sector_count:
            raise CardFault("absent")
        if self.dead:
            raise CardFault("dead")
        return self.blocks

    def readblocks(self, lba: int, count: int) -> bytes:
        """Raw sectors. The board's driver ignores read errors, so sectors outside the card read as zeros."""
        try:
            return self.init().read(lba, count)
        except ValueError:
            return bytes(count * SECTOR_BYTES)

    def writeblocks(self, lba: int, data: bytes) -> None:
        """Store raw sectors. Raises CardFault 'read-error' outside the card."""
        try:
            self.init().write(lba, data)
        except ValueError as error:
            raise CardFault("read-error", str(error)) from error

    def mount(self) -> FatVolume:
        """The volume that the board's FAT driver picks. Raises CardFault 'absent', 'dead' or 'no-filesystem'."""
        blocks = self.init()
        return FatVolume(_Mounted(self, blocks), find_volume(blocks))

    def format(self) -> FatVolume:
        """Format as the board does and return the new, empty volume. Raises CardFault 'format-failed' for 16-32 MiB."""
        blocks = self.init()
        layout = board_layout(blocks.sector_count)
        if layout.lba:
            blocks.write(0, partition_table([(0x0C, layout.lba, layout.total_sectors)]))
        return FatVolume(blocks, write_layout(blocks, layout, label=None))


class _Mounted:
    """The sectors of a mounted card, as long as that card is in the slot."""

    def __init__(self, device: CardDevice, blocks: Blocks) -> None:
        self._device = device
        self._card = blocks

    @property
    def sector_count(self) -> int:
        """How many sectors there are."""
        return self._card.sector_count

    def read(self, lba: int, count: int = 1) -> bytes:
        """Sectors. Raises CardFault 'read-error' where the card is gone and the driver says so."""
        if self._device.blocks is self._card:
            return self._device.disturb(lba, self._card.read(lba, count))
        if self._device.hides_errors:
            return bytes(count * SECTOR_BYTES)
        raise CardFault("read-error")

    def write(self, lba: int, data: bytes) -> None:
        """Store sectors. Raises CardFault 'read-error' where the card is gone."""
        if self._device.blocks is not self._card:
            raise CardFault("read-error")
        self._card.write(lba, data)


class CardLayout(str, Enum):
    """How a card for a scenario is laid out."""

    PC = "pc"
    """MBR, one FAT32 partition at 4 MiB, two FATs: what the SD Association's formatter makes."""
    BOARD = "board"
    """MBR, one FAT32 partition at LBA 63, one FAT: what the board's own formatter makes."""
    SUPER_FLOPPY = "super-floppy"
    """FAT16 without a partition table."""
    LEFTOVER_PARTITION = "leftover-partition"
    """A small first partition whose directory starts with the end mark, the user's files in a second one:
    the board mounts the first and lists nothing, a PC shows the second."""
    BLANK = "blank"
    """Zeros: no file system at all."""


def build_card(
    files: Mapping[str, bytes], layout: CardLayout = CardLayout.PC, *, size_mib: int = CARD_MIB
) -> MemoryBlocks:
    """A new card holding ``files`` (paths from its root; folders are made as needed).

    The same card is made once a process and then copied, so that opening a bench stays cheap.
    Raises CardFault 'full' where the files do not fit.
    """
    return _filled_card(tuple((path, bytes(data)) for path, data in files.items()), layout, size_mib).copy()


@lru_cache(maxsize=4)
def _filled_card(files: tuple[tuple[str, bytes], ...], layout: CardLayout, size_mib: int) -> MemoryBlocks:
    blocks = _empty_card(layout, size_mib).copy()
    if layout is CardLayout.BLANK:
        if files:
            raise CardFault("no-filesystem", "a blank card holds no files")
        return blocks
    if layout is CardLayout.LEFTOVER_PARTITION:
        volume = FatVolume(blocks, read_geometry(blocks, _LEFTOVER_LBA + _LEFTOVER_SECTORS))
    else:
        volume = CardDevice(blocks).mount()
    put_files(volume, dict(files))
    return blocks


def put_files(volume: FatVolume, files: Mapping[str, bytes]) -> None:
    """Copy files onto a volume, making folders as needed. Raises CardFault."""
    for path, data in files.items():
        parts = [part for part in path.split("/") if part]
        for depth in range(1, len(parts)):
            folder = "/".join(parts[:depth])
            try:
                volume.mkdir(folder)
            except CardFault as fault:
                if fault.kind != "exists":
                    raise
        volume.write(path, data)


@lru_cache(maxsize=8)
def _empty_card(layout: CardLayout, size_mib: int) -> MemoryBlocks:
    blocks = MemoryBlocks(size_mib * 2048)
    if layout is CardLayout.BOARD:
        CardDevice(blocks).format()
    elif layout is CardLayout.SUPER_FLOPPY:
        write_layout(blocks, pc_layout(0, blocks.sector_count, fat_type=16))
    elif layout is CardLayout.PC:
        _write_pc_card(blocks)
    elif layout is CardLayout.LEFTOVER_PARTITION:
        _write_leftover_card(blocks)
    return blocks


def _write_pc_card(blocks: MemoryBlocks) -> None:
    volume = pc_layout(PC_PARTITION_LBA, blocks.sector_count - PC_PARTITION_LBA)
    blocks.write(0, partition_table([(0x0C, volume.lba, volume.total_sectors)]))
    write_layout(blocks, volume)


def _write_leftover_card(blocks: MemoryBlocks) -> None:
    """Two partitions; the directory of the first was wiped (end mark first), what it held still takes up room."""
    second_lba = _LEFTOVER_LBA + _LEFTOVER_SECTORS
    first = pc_layout(_LEFTOVER_LBA, _LEFTOVER_SECTORS, fat_type=16)
    second = pc_layout(second_lba, blocks.sector_count - second_lba, fat_type=16)
    parts = [(0x06, first.lba, first.total_sectors), (0x06, second.lba, second.total_sectors)]
    blocks.write(0, partition_table(parts))
    leftover = FatVolume(blocks, write_layout(blocks, first, "BOOT"))
    leftover.write("kernel.img", bytes(range(256)) * (3 * 4096))
    blocks.write(leftover.geometry.root_lba, bytes(SECTOR_BYTES))
    write_layout(blocks, second)
