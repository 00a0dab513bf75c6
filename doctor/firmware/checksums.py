"""Fletcher-32, one of the two checksums of CABA containers; the other is zlib's CRC-32 (modem-protocol.md 6.1)."""

from __future__ import annotations

import sys
from array import array
from typing import Literal

WordOrder = Literal["big", "little"]
_ONES = 0xFFFF


def fletcher32(data: bytes | memoryview, order: WordOrder) -> int:
    """Fletcher-32 as the modem maker computes it: sums start at 0xFFFF and fold, so that they are never 0.

    order  "big" in CABA containers, "little" inside FFF! images

    The second sum counts each word once and once more for each word behind it. All words as one number hold that:
    0x10000 ** k is 1 + k * 0xFFFF, modulo 0xFFFF squared. A division of long numbers is far quicker than a loop.
    """
    even = len(data) & ~1
    words = array("H", bytes(data[:even]))
    if order != sys.byteorder:
        words.byteswap()
    first = sum(words)
    if sys.byteorder == "little":
        words.byteswap()
    number = int.from_bytes(words.tobytes(), "big")
    second = first + (number - first) % _ONES**2 // _ONES
    if even != len(data):
        first += data[even] << 8
        second += first
    return (second % _ONES or _ONES) << 16 | (first % _ONES or _ONES)
