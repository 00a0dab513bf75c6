"""The two checksums of CABA containers: Fletcher-32 and zlib's CRC-32 (modem-protocol.md 6.1)."""

from __future__ import annotations

import zlib
from typing import Literal

WordOrder = Literal["big", "little"]
RUN_WORDS = 1 << 16  #: words that are summed up at a time: the sum of so many still fits a lane
_LANE_BITS = 32
_ONES = 0xFFFF


def fletcher32(data: bytes | memoryview, order: WordOrder) -> int:
    """Fletcher-32 as the modem maker computes it: sums start at 0xFFFF and fold, so that they are never 0.

    order  "big" in CABA containers, "little" inside FFF! images

    Both sums are numbers modulo 0xFFFF, so whole runs of words are added in lanes of one long number: about 4 ms per MB
    where adding word by word needs 150.
    """
    even = len(data) & ~1
    first = second = 0
    for start in range(0, even, 2 * RUN_WORDS):
        run = data[start : min(even, start + 2 * RUN_WORDS)]
        words = len(run) // 2
        plain, weighed = _sums(int.from_bytes(run, order), words, order)
        second = (second + words * first + weighed) % _ONES
        first = (first + plain) % _ONES
    if even != len(data):
        first += data[even] << 8
        second += first
    return (second % _ONES or _ONES) << 16 | (first % _ONES or _ONES)


def _sums(number: int, words: int, order: WordOrder) -> tuple[int, int]:
    """The sum of the words of a number, and their sum with the first weighed most (``words`` times), the last once."""
    lanes = (words + 1) // 2
    mask = int.from_bytes(b"\x00\x00\xff\xff" * lanes, "big")
    odd = number >> 16 & mask
    plain, placed = _lanes_with_places((number & mask) + odd, lanes)
    placed = 2 * placed + _lanes(odd, lanes)  # a lane holds the words at places 2k and 2k + 1
    return plain, plain + placed if order == "big" else words * plain - placed


def _lanes(number: int, lanes: int) -> int:
    """The sum of the lanes: the upper half is added to the lower until one is left."""
    while lanes > 1:
        half = (lanes + 1) // 2
        upper = number >> _LANE_BITS * half
        number = (number ^ upper << _LANE_BITS * half) + upper
        lanes = half
    return number


def _lanes_with_places(number: int, lanes: int) -> tuple[int, int]:
    """The sum of the lanes, and the sum of each times its place, counted from 0 at the lowest."""
    placed = 0
    while lanes > 1:
        half = (lanes + 1) // 2
        upper = number >> _LANE_BITS * half
        placed += half * _lanes(upper, lanes - half)
        number = (number ^ upper << _LANE_BITS * half) + upper
        lanes = half
    return number, placed


def crc32(data: bytes | memoryview) -> int:
    """zlib's CRC-32, which the containers call ZCRC32."""
    return zlib.crc32(data)
