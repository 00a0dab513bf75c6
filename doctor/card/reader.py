"""File contents out of a FAT volume, along chains that our own checks have passed.

pyfatfs reads the clusters, on a bounded read-only view, never more: its own reading of the FAT takes seconds and
hundreds of megabytes on a large card, its directory reader fails on one odd long name and its chain walk ends
quietly on a short chain (reference/fat-and-pyfatfs.md 3 and 6). So FAT, directories and chains are ours.
Volumes that pyfatfs declines though the board reads them (jump ``EB 76 90`` of SD-Association formatters, a
missing ``55 AA``), or whose type it decides otherwise, are read by our own code.
"""

from __future__ import annotations

import struct
import warnings
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from doctor.card.directory import Entry
from doctor.card.judge import FatVolume, FileChain, follow_file
from doctor.card.source import ViewFile
from doctor.errors import CardError
from doctor.escape import shown

if TYPE_CHECKING:
    from doctor.card.chains import Chain

_CHUNK_BYTES = 1 << 20  #: pieces that reading yields: large enough for a card reader's best speed


def read_file(volume: FatVolume, entry: Entry) -> Iterator[bytes]:
    """The content of a file in pieces, ``entry.size_bytes`` bytes in all.

    Raises CardError before the first byte where the chain does not hold the whole file, and later where the
    medium fails. Never yields less than the file claims without an error.
    """
    found = follow_file(volume, entry)
    if found.torn:
        raise _torn(volume, entry, found)
    yield from _content(volume, found.chain, entry.size_bytes)


def read_what_is_left(volume: FatVolume, entry: Entry) -> Iterator[bytes]:
    """The part of a damaged file that can still be read, for a backup; ends where reading fails."""
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


def _torn(volume: FatVolume, entry: Entry, found: FileChain) -> CardError:
    return CardError(
        "write-protected-or-unsafe-eject",
        f"{shown(entry.name)} {found.fault}",
        on=f"{volume.view.name}, sector {volume.card_sector(found.sector)}",
        cause="the card was pulled out while it was written, or is worn out",
        next="copy the file to the card again and eject the card before pulling it out",
    )


def _content(volume: FatVolume, chain: Chain, size_bytes: int) -> Iterator[bytes]:
    read_clusters = _pyfatfs_reader(volume) or _own_reader(volume)
    geometry = volume.geometry
    most = max(1, _CHUNK_BYTES // geometry.cluster_bytes)
    left = size_bytes
    for run in chain.runs:
        for first in range(run.start, run.start + run.count, most):
            count = min(most, run.start + run.count - first)
            piece = read_clusters(first, count)[:left]
            if len(piece) < min(left, count * geometry.cluster_bytes):
                raise CardError(
                    "sd-read-error-mid-flash",
                    f"only {len(piece)} bytes came where {count * geometry.cluster_bytes} were asked",
                    on=f"{volume.view.name}, sector {volume.card_sector(geometry.cluster_sector(first))}",
                )
            left -= len(piece)
            yield piece


def _own_reader(volume: FatVolume) -> Callable[[int, int], bytes]:
    geometry, view = volume.geometry, volume.view

    def read(first: int, count: int) -> bytes:
        return view.read_at(geometry.cluster_offset(first), count * geometry.cluster_bytes)

    return read


def _pyfatfs_reader(volume: FatVolume) -> Callable[[int, int], bytes] | None:
    """Reads clusters through pyfatfs; None where pyfatfs declines the volume or places its data elsewhere."""
    from pyfatfs._exceptions import PyFATException
    from pyfatfs.PyFat import PyFat

    class CheckedPyFat(PyFat):  # type: ignore[misc,unused-ignore]
        """PyFat with our FAT in place of its own, and without its directory reader."""

        def _parse_fat(self) -> None:
            self.bytes_per_cluster = volume.geometry.cluster_bytes
            self.fat: Any = volume.fat

        def parse_root_dir(self) -> None:
            self.root_dir = None

        def __del__(self) -> None:
            """Nothing to close: the view belongs to the caller."""

    reader = CheckedPyFat()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            reader.set_fp(ViewFile(volume.view))
        except (PyFATException, ValueError, struct.error, KeyError):
            return None
    geometry = volume.geometry
    if (reader.fat_type, reader.first_data_sector) != (geometry.width, geometry.data_sector):
        return None

    def read(first: int, count: int) -> bytes:
        return b"".join(reader.read_cluster_contents(cluster) for cluster in range(first, first + count))

    return read
