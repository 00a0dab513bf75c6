"""The containers of a firmware file (modem-protocol.md 6.1, 6.2): walked by headers, verified by one more reading.

For a file that nobody else has examined: by a person with a terminal only, or on a card that no PC has prepared. The
walk reads a few hundred bytes; the PC uses it through the REPL. doctor/firmware does the same with all bytes at hand.
"""

import binascii
import struct

try:
    from typing import BinaryIO, Callable, Iterator, List, Optional  # noqa: F401
except ImportError:  # MicroPython
    pass

#: Magics that stand for a container wherever they are met.
MAGICS = (
    b"PACK", b"UPGR", b"PRAC", b"SFFF", b"SUFF", b"DIFF", b"RASR", b"TEST", b"FILE", b"PSIA", b"CRC\x00", b"CRC ",
    b"RFIL", b"OTP\x00", b"OTP ", b"SIR\x00", b"SIR ", b"SUPG",
)  # fmt: skip
#: Deepest nesting and most containers that are walked; the genuine Monarch 2 bundle has 2 and 6.
MAX_DEPTH = 4
MAX_CONTAINERS = 64
FLETCHER32 = 1
ECDSA256 = 2
RSA_SHA256 = 3
ZCRC32 = 4
#: Words between two folds of a Fletcher sum, and their weights in the second sum.
RUN_WORDS = 360
_WEIGHTS = [RUN_WORDS - at for at in range(RUN_WORDS)]
#: Read at once while verifying; whole runs, so that each piece ends at a fold.
PIECE_BYTES = 5 * 2 * RUN_WORDS
_HEADER_BYTES = 20


class Sum(object):
    """A checksum over ``length`` bytes from ``offset`` on: its kind (FLETCHER32, ZCRC32), and what it must be."""

    def __init__(self, offset, length, kind, wanted):
        # type: (int, int, int, int) -> None
        self.offset = offset
        self.length = length
        self.kind = kind
        self.wanted = wanted


class Walk(object):
    """What the headers say.

    trouble  why the file cannot be whole, as the end of a sentence; "" if nothing is wrong
    sums     checksums that can be verified; none lies inside another
    """

    def __init__(self, read_at, size):
        # type: (Callable[[int, int], bytes], int) -> None
        self.trouble = ""
        self.sums = []  # type: List[Sum]
        self._read_at = read_at
        self._count = 0
        start = read_at(0, 6)
        if start[:4] in MAGICS or (len(start) == 6 and struct.unpack("<H", start[4:6])[0] in (1, 2, 3)):
            self._level(0, size, 0, False)

    def _level(self, start, end, depth, covered):
        # type: (int, int, int, bool) -> None
        """Containers that must fill the place exactly; ``covered`` by a checksum around them."""
        here = start
        packs = 0
        while here < end and not self.trouble:
            self._count += 1
            if self._count > MAX_CONTAINERS:
                self.trouble = "holds more than %d containers" % MAX_CONTAINERS
                return
            packs += self._read_at(here, 4) == b"PACK"
            first = here == start
            here = self._container(here, end, depth, covered)
            if depth == 0 and packs and not self.trouble and not (first and here == end):
                self.trouble = "holds something beside its bundle (PACK), which must be alone"

    def _container(self, offset, end, depth, covered):
        # type: (int, int, int, bool) -> int
        """One container; returns where the next one begins."""
        head = self._read_at(offset, min(_HEADER_BYTES, end - offset))
        if len(head) < _HEADER_BYTES:
            self.trouble = "is cut short: %d bytes are left where a container header belongs" % len(head)
            return end
        magic, version, _, data_size = struct.unpack("<4sHHI", head[:12])
        if (magic not in MAGICS and offset) or version not in (1, 2, 3):
            self.trouble = "has no container where one belongs, at byte %d" % offset
            return end
        kind, signature, text = struct.unpack("<HHH", head[12:18])
        data = offset + {1: 20, 2: 16, 3: 18 + text}[version]
        if version == 1:
            kind, signature = 0, 0
        after = data + data_size + signature
        if after > end:
            place = (after - offset, end - offset)
            self.trouble = "is cut short: a container in it needs %d bytes, %d are there" % place
            return end
        if kind in (FLETCHER32, ZCRC32) and signature == 4:
            if not covered:
                wanted = struct.unpack("<I", self._read_at(data + data_size, 4))[0]
                self.sums.append(Sum(offset, data + data_size - offset, kind, wanted))
            covered = True
        elif not ((kind, signature) in ((0, 0), (RSA_SHA256, 256)) or (kind == ECDSA256 and signature >= 64)):
            self.trouble = "has a container with signature type %d of %d bytes, which does not exist" % (
                kind,
                signature,
            )
        self._inside(magic, data, data_size, depth, covered)
        return int(after)

    def _inside(self, magic, data, size, depth, covered):
        # type: (bytes, int, int, int, bool) -> None
        if self.trouble:
            return
        if magic == b"PACK":
            if depth + 1 >= MAX_DEPTH or not size:
                self.trouble = "holds a bundle (PACK) that is empty, or nested too deep"
            else:
                self._level(data, data + size, depth + 1, covered)
        elif magic == b"UPGR":
            self._package(data, size)

    def _package(self, data, size):
        # type: (int, int) -> None
        """A boot package or an image, whose own lengths must fit."""
        head = self._read_at(data, min(size, 44))
        wanted = size
        if head[:4] == b"toob" and len(head) >= 28:
            wanted = 28 + sum(struct.unpack(">III", head[16:28]))
        elif head[4:8] == b"FFF!" and len(head) == 44 and struct.unpack("<I", head[12:16])[0] & 1:
            wanted = 44 + struct.unpack("<I", head[32:36])[0] + struct.unpack("<H", head[42:44])[0]
        if wanted != size:
            self.trouble = "holds a package of %d bytes where %d belong" % (size, wanted)


def wrong_sum(stream, sums, tell=None):
    # type: (BinaryIO, List[Sum], Optional[Callable[[int], None]]) -> bool
    """Whether a checksum does not agree with the bytes in ``stream``. Raises OSError.

    tell  called with the bytes read so far
    """
    for one in sums:
        if one.kind == ZCRC32:
            good = _crc32(stream, one, tell) == one.wanted
        else:  # big-endian in every file that was seen; nobody has seen an application of an SQN3330
            good = _fletcher(stream, one, ">", tell) == one.wanted or _fletcher(stream, one, "<", tell) == one.wanted
        if not good:
            return True
    return False


def _pieces(stream, one, tell):
    # type: (BinaryIO, Sum, Optional[Callable[[int], None]]) -> Iterator[bytes]
    stream.seek(one.offset)
    left = one.length
    while left > 0:
        piece = stream.read(min(left, PIECE_BYTES))
        if not piece:
            raise OSError("the file ended before its size was reached")
        left -= len(piece)
        yield piece
        if tell is not None:
            tell(one.offset + one.length - left)


def _crc32(stream, one, tell):
    # type: (BinaryIO, Sum, Optional[Callable[[int], None]]) -> int
    quick = getattr(binascii, "crc32", None)
    value = 0
    for piece in _pieces(stream, one, tell):
        value = quick(piece, value) if quick is not None else crc32_by_table(piece, value)
    return value & 0xFFFFFFFF


def crc32_by_table(data, value):
    # type: (bytes, int) -> int
    """CRC-32 four bits at a time, for a board without one."""
    value ^= 0xFFFFFFFF
    for byte in data:
        value ^= byte
        value = (value >> 4) ^ _NIBBLES[value & 15]
        value = (value >> 4) ^ _NIBBLES[value & 15]
    return value ^ 0xFFFFFFFF


def _nibbles():
    # type: () -> List[int]
    table = []
    for value in range(16):
        for _ in range(4):
            value = (value >> 1) ^ (0xEDB88320 if value & 1 else 0)
        table.append(value)
    return table


_NIBBLES = _nibbles()


def _fletcher(stream, one, order, tell):
    # type: (BinaryIO, Sum, str, Optional[Callable[[int], None]]) -> int
    """Fletcher-32 as the modem's maker computes it: sums start at 0xFFFF and fold once a run, and again at the end."""
    first = 0xFFFF
    second = 0xFFFF
    for piece in _pieces(stream, one, tell):
        for at in range(0, len(piece), 2 * RUN_WORDS):
            run = piece[at : at + 2 * RUN_WORDS]
            count = len(run) // 2
            words = struct.unpack(order + str(count) + "H", run[: 2 * count])
            weights = _WEIGHTS[RUN_WORDS - count :]
            second += count * first + sum([words[index] * weights[index] for index in range(count)])
            first += sum(words)
            second = (second & 0xFFFF) + (second >> 16)
            first = (first & 0xFFFF) + (first >> 16)
            if len(run) & 1:
                first += run[-1] << 8
                second += first
                first = (first & 0xFFFF) + (first >> 16)
                second = (second & 0xFFFF) + (second >> 16)
    first = (first & 0xFFFF) + (first >> 16)
    second = (second & 0xFFFF) + (second >> 16)
    return second << 16 | first
