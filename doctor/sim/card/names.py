"""FAT directory slots: short names, long names, and finding one's way between the two (code page 437).

How a name is packed into slots is told in doctor/fat; what the board makes of slots that it finds is told here.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from doctor.fat.directory import (
    ATTR_DIRECTORY,
    ATTR_LONG_NAME,
    ATTR_VOLUME,
    DELETED_MARK,
    END_MARK,
    short_name,
    short_name_checksum,
)
from doctor.fat.names import long_name_slots, plain_short_name, short_entry
from doctor.sim.board.text import encoded

SLOT_BYTES = 32
LONG_UNITS_MAX = 128
"""The board's FAT driver knows names of up to 128 units (fat-and-pyfatfs.md 9)."""

_SHORT_PUNCTUATION = "$%'-_@~`!(){}^#&"
_FIXED_DATE = ((2020 - 1980) << 9) | (1 << 5) | 1
_FIXED_STAMPS = struct.pack("<BHHHHH", 0, 0, _FIXED_DATE, _FIXED_DATE, 0, _FIXED_DATE)
"""1 January 2020 for every file: a simulated card must be the same on every run."""


@dataclass(frozen=True)
class Slot:
    """One live file or folder of a directory: its names, and where its slots lie (indices within the directory)."""

    name: str
    short: bytes
    attributes: int
    first_cluster: int
    size_bytes: int
    index: int
    slot_count: int

    @property
    def is_dir(self) -> bool:
        """True for a folder."""
        return bool(self.attributes & ATTR_DIRECTORY)


def _long_units(raw: bytes) -> bytes:
    return raw[1:11] + raw[14:26] + raw[28:32]


def live_slots(raw: bytes) -> Iterator[Slot]:
    """What the board sees in a directory's bytes: everything up to the first end mark.

    Long names count only with all their slots in order and the right sum; else the short name shows.
    """
    parts: list[bytes] = []
    expect, sum_ = 0, -1
    for index in range(len(raw) // SLOT_BYTES):
        slot = raw[index * SLOT_BYTES : (index + 1) * SLOT_BYTES]
        if slot[0] == END_MARK:
            return
        if slot[0] == DELETED_MARK:
            parts, expect = [], 0
            continue
        if slot[11] & 0x3F == ATTR_LONG_NAME:
            order = slot[0]
            if order & 0x40:
                parts, expect, sum_ = [], order & 0x3F, slot[13]
            if expect and order & 0x3F == expect and slot[13] == sum_:
                parts.insert(0, _long_units(slot))
                expect -= 1
            else:
                parts, expect = [], 0
            continue
        complete = bool(parts) and expect == 0 and sum_ == short_name_checksum(slot[:11])
        count = len(parts) + 1 if complete else 1
        if not slot[11] & ATTR_VOLUME:
            name = short_name(slot[:11], slot[12])
            if complete:
                name = b"".join(parts).decode("utf-16-le", "replace").split("\0")[0]
            high, low, size = struct.unpack_from("<H4xHI", slot, 20)
            yield Slot(name, slot[:11], slot[11], high << 16 | low, size, index - count + 1, count)
        parts, expect = [], 0


def fatfs_name(part: str) -> str:
    """The name that FatFs makes of one part of a path: cut at a control character, without dots and spaces at its end.

    Source: create_name() of lib/oofatfs/ff.c. Raises ValueError for a name that it refuses.
    """
    end = next((index for index, char in enumerate(part) if char < " "), len(part))
    name = part[:end].rstrip(". ")
    if not name or len(encoded(name)) > LONG_UNITS_MAX or any(char in '"*:<>?|\x7f' for char in name):
        raise ValueError(f"not a FAT file name: {part!r}")
    return name


def _upper(code: int) -> int:
    big = bytes([code]).decode("cp437").upper()
    return big.encode("cp437")[0] if len(big) == 1 and big in _LETTERS else code


_LETTERS = bytes(range(256)).decode("cp437")
_FOLDED = bytes(map(_upper, range(256)))


def folded(name: str) -> bytes:
    """A name as FatFs compares it: byte by byte, as letters of code page 437 without their case (cmp_lfn of ff.c)."""
    return encoded(name).translate(_FOLDED)


def _alias(name: str, taken: Callable[[bytes], bool]) -> bytes:
    """A short name for a long one, with the first free ~n."""
    stem, _, kind = name.lstrip(".").rpartition(".") if "." in name.lstrip(".") else (name.lstrip("."), "", "")

    def clean(text: str) -> str:
        kept = [c if c.isascii() and (c.isalnum() or c in _SHORT_PUNCTUATION) else "_" for c in text if c not in ". "]
        return "".join(kept).upper()

    plain = plain_short_name(name.upper())
    if plain is not None and not taken(plain):
        return plain
    stem_text, kind_text = clean(stem) or "_", clean(kind)[:3]
    for number in range(1, 1_000_000):
        tail = f"~{number}"
        short = (stem_text[: 8 - len(tail)] + tail).ljust(8).encode("ascii") + kind_text.ljust(3).encode("ascii")
        if not taken(short):
            return short
    raise ValueError(f"no short name left for {name!r}")


def slots_for(name: str, attributes: int, first_cluster: int, size_bytes: int, taken: Callable[[bytes], bool]) -> bytes:
    """The slots to store for a new entry, long-name slots first.

    taken  tells whether a short name is in use in this directory already
    Raises ValueError for a name that FAT cannot hold.
    """
    if not name or len(name) > LONG_UNITS_MAX or any(c in '"*/:<>?\\|' or ord(c) < 32 for c in name):
        raise ValueError(f"not a FAT file name: {name!r}")
    name.encode("utf-16-le")  # half a surrogate pair is no name either: UnicodeEncodeError is a ValueError
    exact = plain_short_name(name)
    short = exact if exact is not None and not taken(exact) else _alias(name, taken)
    long = long_name_slots(name, short) if short != exact else b""
    return long + short_slot(short, attributes, first_cluster, size_bytes)


short_slot = partial(short_entry, stamps=_FIXED_STAMPS)
"""One 32-byte slot with a short name."""
