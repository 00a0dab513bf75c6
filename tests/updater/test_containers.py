"""The core's own walk over containers, against the PC's."""

from __future__ import annotations

import io
import random
import struct
import zlib

import pytest

from doctor.firmware import caba
from doctor.updater import containers
from tests.firmware.made import boot_package, container, container_v1, full_image, practice_image, slim_image, upgrade

PARTS = container(b"UPGR", boot_package()) + upgrade(2, slim_image(b"body" * 700), signature=1)
FILES = {
    "practice": practice_image("build=41065\n"),
    "full": full_image(),
    "bundle": container(b"PACK", PARTS),
    "unsigned bundle": container(b"PACK", PARTS, signature=0),
    "in a row": PARTS,
    "old": container_v1(b"SFFF", bytes(3000)),
}


def whole(data: bytes) -> bool:
    stream = io.BytesIO(data)

    def read_at(offset: int, count: int) -> bytes:
        stream.seek(offset)
        return stream.read(count)

    walk = containers.Walk(read_at, len(data))
    return not walk.trouble and not containers.wrong_sum(stream, walk.sums)


@pytest.mark.parametrize("name", FILES)
def test_a_whole_file_passes_and_every_cut_is_found(name: str) -> None:
    data = FILES[name]
    assert whole(data) and not caba.walk(data).problems
    cuts = random.Random(1).sample(range(1, len(data)), 60)
    assert [cut for cut in cuts if whole(data[:cut]) and caba.walk(data[:cut]).problems] == []
    assert not whole(data + b"more bytes than belong there")


@pytest.mark.parametrize("name", ["practice", "full", "bundle", "unsigned bundle", "in a row"])
def test_a_changed_byte_is_found_as_the_pc_finds_it(name: str) -> None:
    data = FILES[name]
    missed = []
    for place in random.Random(2).sample(range(6, len(data)), 60):
        changed = data[:place] + bytes([data[place] ^ 4]) + data[place + 1 :]
        if whole(changed) and caba.walk(changed).problems:
            missed.append(place)
    assert missed == []


@pytest.mark.parametrize("seed", range(20))
def test_rubbish_behind_a_magic_ends(seed: int) -> None:
    chance = random.Random(seed)
    data = b"PACK" + struct.pack("<HHI", 3, 0, chance.randrange(400)) + chance.randbytes(500)
    assert whole(data) <= (not caba.walk(data).problems)


def test_what_begins_as_no_container_has_nothing_to_verify() -> None:
    data = bytes(range(7, 200)) * 30
    walk = containers.Walk(lambda offset, count: data[offset : offset + count], len(data))
    assert (walk.trouble, walk.sums) == ("", [])


@pytest.mark.parametrize("size", [0, 1, 719, 720, 721, 3600, 3601, 9001])
def test_sums_are_those_of_the_pc(size: int) -> None:
    from doctor.firmware import checksums

    data = random.Random(size).randbytes(size)
    for kind, wanted in (
        (containers.FLETCHER32, checksums.fletcher32(data, "big")),
        (containers.FLETCHER32, checksums.fletcher32(data, "little")),
        (containers.ZCRC32, zlib.crc32(data)),
    ):
        assert not containers.wrong_sum(io.BytesIO(data), [containers.Sum(0, size, kind, wanted)])
        assert containers.wrong_sum(io.BytesIO(data), [containers.Sum(0, size, kind, wanted ^ 1)])
    assert containers.crc32_by_table(data, 0) == zlib.crc32(data)
