"""File contents out of a FAT volume, along chains that our own checks have passed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from doctor.errors import CardError
from doctor.fat.directory import DirEntry
from doctor.fat.volume import FatVolume, FileChain, follow_file
from doctor.text.escape import shown

if TYPE_CHECKING:
    from doctor.fat.chains import Chain

_CHUNK_BYTES = 1 << 20  #: pieces that reading yields: large enough for a card reader's best speed


def read_file(volume: FatVolume, entry: DirEntry) -> Iterator[bytes]:
    """The content of a file in pieces, ``entry.size_bytes`` bytes in all.

    Raises CardError before the first byte if the chain does not hold the whole file, and later if the
    medium fails. Never yields less than the file claims without an error.
    """
    found = follow_file(volume, entry)
    if found.torn:
        raise _torn(volume, entry, found)
    yield from _content(volume, found.chain, entry.size_bytes)


def read_what_is_left(volume: FatVolume, entry: DirEntry) -> Iterator[bytes]:
    """The part of a damaged file that can still be read, for a backup; ends when reading fails."""
    geometry = volume.geometry
    left = entry.size_bytes
    for offset, length in follow_file(volume, entry).chain.offsets(geometry, geometry.cluster_bytes):
        if offset + length > volume.view.size_bytes or left <= 0:
            return
        try:
            piece = volume.view.read_at(offset, min(length, left))
        except CardError:
            return
        left -= len(piece)
        yield piece


def _torn(volume: FatVolume, entry: DirEntry, found: FileChain) -> CardError:
    return CardError(
        "write-protected-or-unsafe-eject",
        f"{shown(entry.name)} {found.fault}",
        on=f"{volume.view.name}, sector {volume.card_sector(found.sector)}",
        cause="the card was pulled out while it was written, or is worn out",
        next="copy the file to the card again and eject the card before pulling it out",
    )


def _content(volume: FatVolume, chain: Chain, size_bytes: int) -> Iterator[bytes]:
    left = size_bytes
    for offset, length in chain.offsets(volume.geometry, _CHUNK_BYTES):
        piece = volume.view.read_at(offset, length)[:left]
        left -= len(piece)
        yield piece
