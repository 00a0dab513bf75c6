"""The genuine Monarch 2 file, judged as it is, cut, and with single bits flipped."""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path

import pytest

from doctor.firmware.image import Verdict, examine, examine_bytes

#: Headers, tails and borders of the containers, from the measured tree in modem-protocol.md 6.2.
BORDERS = (0x000000, 0x000023, 0x011091, 0x06D07B, 0x638E09, 0x64B757)


@pytest.fixture(scope="module")
def whole(genuine: Path) -> bytes:
    return genuine.read_bytes()


def is_damaged(data: bytes | bytearray) -> bool:
    return examine_bytes(bytes(data), Path("GM02RB6Q_LR8.0.5.13-59577.dup")).verdict is Verdict.DAMAGED


def test_is_verified(genuine: Path) -> None:
    image = examine(genuine)
    assert (image.verdict, image.problems) == (Verdict.VERIFIED, ())
    assert (image.kind, image.family, image.promised_release) == ("full", "MONARCH2", "LR8.0.5.13-59577")
    assert [container.offset for container in image.containers] == [0, *BORDERS[1:]]
    assert all(container.checked for container in image.containers)


def test_name_is_not_needed(whole: bytes) -> None:
    image = examine_bytes(whole, Path("CATM1-41065.dup"))
    assert (image.family, image.promised_build, image.radio) == ("MONARCH2", 59577, None)
    assert "wrong-firmware-variant-chosen" in {problem.catalogue for problem in image.warnings}


def flipped(whole: bytes, place: int, mask: int) -> bytearray:
    data = bytearray(whole)
    data[place] ^= mask
    return data


def missed(whole: bytes, places: Iterable[int]) -> list[int]:
    return [place for place in places if not is_damaged(flipped(whole, place, 1 << (place % 8)))]


@pytest.mark.sampled(7)
@pytest.mark.parametrize("place", range(35))
def test_flipped_bit_in_each_byte_of_the_first_header(whole: bytes, place: int) -> None:
    assert missed(whole, [place]) == []


@pytest.mark.sampled(3)
@pytest.mark.parametrize("border", BORDERS[1:])
def test_flipped_bit_in_an_inner_header(whole: bytes, border: int) -> None:
    assert missed(whole, [border, border + 4, border + 9, border + 12]) == []


@pytest.mark.long
def test_flipped_bit_anywhere(whole: bytes) -> None:
    dice = random.Random(59577)
    assert missed(whole, [*(dice.randrange(len(whole)) for _ in range(4)), len(whole) - 1]) == []


def test_cut_anywhere(whole: bytes) -> None:
    dice = random.Random(7)
    sizes = [*range(64), *BORDERS[1:], len(whole) - 1, *(dice.randrange(len(whole)) for _ in range(10))]
    assert [size for size in sizes if not is_damaged(whole[:size])] == []


def test_end_lost_and_filled_with_zeros(whole: bytes) -> None:
    assert is_damaged(whole[:5_000_000] + bytes(len(whole) - 5_000_000))
