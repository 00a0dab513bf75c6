from __future__ import annotations

import random

import pytest

from doctor.firmware.checksums import WordOrder, fletcher32
from tests.firmware.made import fletcher32_by_the_book


@pytest.mark.parametrize("order", ["big", "little"])
@pytest.mark.parametrize("size", [0, 1, 2, 3, 719, 720, 721, 5001, 131_071, 131_072, 131_075])
def test_same_as_word_by_word(order: WordOrder, size: int) -> None:
    data = random.Random(size).randbytes(size)
    assert fletcher32(data, order) == fletcher32_by_the_book(data, order)


@pytest.mark.parametrize("order", ["big", "little"])
def test_sums_at_their_highest_do_not_overflow(order: WordOrder) -> None:
    data = b"\xff" * 140_001
    assert fletcher32(data, order) == fletcher32_by_the_book(data, order)


def test_takes_a_view_without_copying_it_first() -> None:
    assert fletcher32(memoryview(b"abcdef")[2:], "big") == fletcher32_by_the_book(b"cdef", "big")
