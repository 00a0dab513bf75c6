"""The walk over containers at its borders: what begins one, how deep they lie, what a package says it is for."""

from __future__ import annotations

import struct

import pytest

from doctor.firmware.caba import walk
from tests.firmware import made

PARTITION = struct.pack("<I", 2)


def head(magic: bytes, version: int) -> bytes:
    """The twelve bytes that every container begins with, and nothing behind them."""
    return struct.pack("<4sHHI", magic, version, 0, 100)


@pytest.mark.parametrize(
    ("data", "is_one"),
    [
        (b"", False),
        (b"hello", False),
        (b"UPGR", True),
        (b"UPGR1234567", True),
        (head(b"none", 0), False),
        (head(b"none", 3), True),
        (head(b"UPGR", 9), True),
        (head(b"none", 4), False),
    ],
)
def test_a_file_that_begins_like_a_container_is_a_damaged_one_and_no_other_is(data: bytes, is_one: bool) -> None:
    found = walk(data)
    assert found.containers == ()
    assert bool(found.problems) is is_one


@pytest.mark.parametrize(("data", "partition"), [(PARTITION[:3], None), (PARTITION, 2), (PARTITION + b"x", 2)])
def test_a_package_says_its_partition_in_its_first_four_bytes(data: bytes, partition: int | None) -> None:
    (container,) = walk(made.container(b"UPGR", data)).containers
    assert container.partition == partition


@pytest.mark.parametrize(("bundles", "refused"), [(1, False), (3, False), (4, True)])
def test_bundles_lie_in_bundles_three_deep_and_no_deeper(bundles: int, refused: bool) -> None:
    data = made.container(b"DIFF", b"x" * 300)
    for _ in range(bundles):
        data = made.container(b"PACK", data)
    assert any("deep" in problem.text for problem in walk(data).problems) is refused
