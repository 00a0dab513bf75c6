"""A FAT as a table: every entry is read as it stands there, and a broken chain tells how far it was sound."""

from __future__ import annotations

import struct
from dataclasses import replace

import pytest

from doctor.fat.boot_sector import Geometry
from doctor.fat.chains import Chain, Fat, Run
from doctor.fat.format import format_plans

PLAIN = next(iter(format_plans(64 << 20))).geometry
BEHIND = 0x0FFFFFFF


class Table:
    """A volume of which there is nothing but its FAT: reading behind that is an error."""

    name = "table"

    def __init__(self, at: int, raw: bytes) -> None:
        self._at, self._raw = at, raw

    @property
    def size_bytes(self) -> int:
        return self._at + len(self._raw)

    def read_at(self, offset: int, length: int) -> bytes:
        assert self._at <= offset and offset + length <= self.size_bytes
        return self._raw[offset - self._at : offset - self._at + length]


def geometry(width: int, clusters: int) -> Geometry:
    return replace(PLAIN, width=width, clusters=clusters)


def fat32(entries: dict[int, int], clusters: int = 20) -> Fat:
    raw = struct.pack(f"<{clusters + 2}I", *(entries.get(cluster, 0) for cluster in range(clusters + 2)))
    shape = geometry(32, clusters)
    return Fat(Table(shape.fat_offset(0), raw), shape)


@pytest.mark.parametrize("clusters", [7, 8, 9, 10, 11])
def test_every_entry_of_a_fat12_is_read_up_to_its_last_half_byte(clusters: int) -> None:
    wanted = [0xFF8, 0xFFF, *(0x123 + 0x111 * n for n in range(clusters))]
    bits = sum(entry << 12 * place for place, entry in enumerate(wanted))
    shape = geometry(12, clusters)
    raw = bits.to_bytes((len(wanted) * 3 + 1) // 2, "little")
    fat = Fat(Table(shape.fat_offset(0), raw), shape)
    assert [fat[cluster] for cluster in range(len(fat))] == wanted


SOUND = {5: 6, 6: 7, 7: 12, 12: 13, 13: BEHIND}


@pytest.mark.parametrize(
    ("change", "chain"),
    [
        ({}, Chain((Run(5, 3), Run(12, 2)), 5)),
        ({12: 0}, Chain((Run(5, 3), Run(12, 1)), 4, "leads to a free cluster", 12)),
        ({6: 0x0FFFFFF7}, Chain((Run(5, 2),), 2, "leads to a cluster marked bad", 6)),
        ({6: 1}, Chain((Run(5, 2),), 2, "leads to cluster 1, which cannot be", 6)),
        ({13: 5}, Chain((Run(5, 3), Run(12, 2)), 5, "runs in a circle", 5)),
        ({7: 500}, Chain((Run(5, 3),), 3, "leads to a cluster that does not exist", 500)),
    ],
)
def test_a_chain_is_known_as_far_as_it_is_sound(change: dict[int, int], chain: Chain) -> None:
    assert fat32(SOUND | change).chain(5) == chain


def test_a_chain_that_is_too_long_keeps_what_belongs_to_the_file() -> None:
    assert fat32(SOUND).chain(5, most_clusters=2) == Chain((Run(5, 2),), 2, "continues beyond the end of the file", 7)


def test_the_last_run_up_to_the_end_of_the_volume_counts() -> None:
    entries = {cluster: cluster + 1 for cluster in range(19, 21)} | {21: 22}
    assert fat32(entries).chain(19).runs == (Run(19, 3),)
