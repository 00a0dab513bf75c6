"""Names on a FAT volume: the 8.3 alias of a long name, and the slots that a name takes in a directory."""

from __future__ import annotations

import struct
from collections.abc import Iterable

from doctor.fat.directory import ATTR_LONG_NAME, short_name_checksum

_UNITS_PER_SLOT = 13
LONGEST_NAME_UNITS = 255  #: of UTF-16; the board reads up to 128 (FF_MAX_LFN)
_SHORT_CHARS = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'()-@^_`{}~")


def plain_short_name(name: str) -> bytes | None:
    """The 11 bytes of a name that needs no long name; None for all others."""
    base, dot, extension = name.partition(".")
    raw_base, raw_extension = (part.encode("ascii", "replace") for part in (base, extension))
    fits = 1 <= len(raw_base) <= 8 and len(raw_extension) <= 3 and (not dot or raw_extension)
    if fits and all(byte in _SHORT_CHARS for byte in raw_base + raw_extension):
        return raw_base.ljust(8) + raw_extension.ljust(3)
    return None


class Aliases:
    """Gives out 8.3 aliases for the long names of one directory.

    taken  8.3 names that the directory has already; what is given out is added
    names  all names of the directory: opening one of them must not lead to the alias of another
    """

    def __init__(self, taken: set[bytes], names: Iterable[str]) -> None:
        # A system compares a name with both names of each entry, without regard to case.
        self._taken = taken | {short for name in names if (short := plain_short_name(name.upper())) is not None}
        self._last: dict[tuple[bytes, bytes], int] = {}

    def give(self, name: str) -> bytes:
        """An alias that no other entry of the directory has."""
        stem, dot, extension = name.strip(". ").upper().rpartition(".")
        if not dot:
            stem, extension = extension, ""
        base = _cleaned(stem)[:6] or b"FILE"
        tail = _cleaned(extension)[:3].ljust(3)
        for number in range(self._last.get((base, tail), 0) + 1, 1_000_000):
            mark = b"~%d" % number
            candidate = (base[: 8 - len(mark)] + mark).ljust(8) + tail
            if candidate not in self._taken:
                self._last[base, tail] = number
                self._taken.add(candidate)
                return candidate
        raise AssertionError("a directory holds at most 65536 entries")


def _cleaned(text: str) -> bytes:
    kept = text.replace(" ", "").replace(".", "").encode("ascii", "replace")
    return bytes(byte if byte in _SHORT_CHARS else ord("_") for byte in kept)


def long_name_slots(name: str, short: bytes) -> bytes:
    """The slots of a long name, in the order in which they lie in front of their short entry."""
    units = name.encode("utf-16-le", "replace")
    if len(units) % (2 * _UNITS_PER_SLOT):
        units += b"\0\0"
        units += b"\xff" * (-len(units) % (2 * _UNITS_PER_SLOT))
    pieces = [units[at : at + 26] for at in range(0, len(units), 26)]
    checksum = short_name_checksum(short)
    slots = []
    for number, piece in enumerate(pieces, 1):
        order = number | (0x40 if number == len(pieces) else 0)
        fields = (order, piece[:10], ATTR_LONG_NAME, 0, checksum, piece[10:22], 0, piece[22:26])
        slots.append(struct.pack("<B10sBBB12sH4s", *fields))
    return b"".join(reversed(slots))


def short_entry(short: bytes, attributes: int, first_cluster: int, size_bytes: int, stamps: bytes) -> bytes:
    """The 32 bytes of a directory entry; ``stamps`` as ``doctor.fat.directory.Entry`` keeps them."""
    stamps = stamps if len(stamps) == 11 else _NO_STAMPS
    head = short + bytes([attributes, 0]) + stamps[:7] + struct.pack("<H", first_cluster >> 16)
    return head + stamps[7:] + struct.pack("<HI", first_cluster & 0xFFFF, size_bytes)


_NO_STAMPS = bytes([0, 0, 0, 0x21, 0, 0x21, 0]) + bytes([0, 0, 0x21, 0])  #: 1 January 1980, midnight
