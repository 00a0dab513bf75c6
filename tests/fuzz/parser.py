"""What a harness is: one parser, inputs to begin from, and the errors that it may raise."""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

FOUND = Path(__file__).parent / "found"
#: A parser is given at most this many bytes: what costs more than linear time shows itself with far fewer.
MOST_BYTES = 1 << 16

#: What parsers forget. Each is put into the middle of something sound.
PIECES: tuple[bytes, ...] = (
    b"",
    b"\0",
    b"\0" * 600,
    b"\xff" * 600,
    b"\r\n",
    b"\n" * 300,
    b"[" * 5000,
    b'{"a":' * 3000,
    b"(" * 300,
    b"-" * 3000 + b"1",
    b"1" + b"+1" * 3000,
    b"9" * 4400,
    b"-9",
    b"1e999",
    b"NaN",
    b"-Infinity",
    b"null",
    b"[]",
    b"{}",
    b'""',
    b"true",
    b"0.5",
    b"\\ud800",
    b"\\u0000",
    b"\xed\xa0\x80",
    b"\xc3\x28",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\x1b]8;;http://x\x1b\\",
    b"../" * 20,
    b"/dev/zero",
    b"%00%ff",
    b"IAC \xff\xfa\xff\xfa\xff",
    b"\xff\xf0",
    b"\x04",
    b"\x04\x04>",
    b"@@FD ",
    b"tsaf",
    b"\x7f\xff\xff\xff",
    b"\xff\xff\xff\x7f",
    b"\xff\xff\xff\xff\xff\xff\xff\x7f",
    b"\x80\0\0\0",
    b"\x01\0\0\0\0\0\0\0",
    b"A" * 5000,
)


@dataclass(frozen=True)
class Parser:
    """One harness.

    name    also the folder in ``found/`` with inputs that broke it once
    run     gives the bytes to the parser, and asserts what must hold whatever they are
    seeds   sound inputs
    errors  what its docstring says that it raises
    """

    name: str
    run: Callable[[bytes], object]
    seeds: tuple[bytes, ...]
    errors: tuple[type[BaseException], ...] = ()

    def __call__(self, data: bytes) -> None:
        """Try one input. Raises whatever the parser does not document."""
        with suppress(*self.errors):
            self.run(data[:MOST_BYTES])

    def spoilt(self, most: int) -> Iterator[bytes]:
        """The seeds with each piece put in at places of its own, ``most`` of them."""
        rng = random.Random(self.name)
        whole = [(seed, piece) for piece in PIECES for seed in self.seeds]
        for seed, piece in rng.sample(whole, min(most, len(whole))):
            yield edited(seed, [(rng.randrange(3), rng.random(), piece)])

    def found(self) -> list[Path]:
        """Inputs that broke it, kept."""
        return sorted((FOUND / self.name).glob("*"))


_VALUE = re.compile(rb"(?<=: )[^,\n{}\[\]]+|(?<=[\[(=&?|])[^,&|\])]*")


def harmless(text: str) -> bool:
    """Whether a text can be shown: nothing in it moves a cursor, hides or turns what stands beside it."""
    return not any(unicodedata.category(char) in ("Cc", "Cf", "Cs") for char in text)


def edited(data: bytes, edits: list[tuple[int, float, bytes]]) -> bytes:
    """``data`` with changes at places from 0 to 1.

    0 puts in, 1 puts over, 2 takes the place of a value, 3 doubles, 4 flips a bit, 5 cuts off
    """
    for kind, place, piece in edits:
        at = int(place * (len(data) + 1))
        if kind == 0:
            data = data[:at] + piece + data[at:]
        elif kind == 1:
            data = data[:at] + piece + data[at + len(piece) :]
        elif kind == 2:
            values = [found.span() for found in _VALUE.finditer(data)] or [(at, at)]
            start, end = values[int(place * len(values))]
            data = data[:start] + piece + data[end:]
        elif kind == 3:
            data = data[:at] + data[at : at + 64] * (2 + len(piece) % 7) + data[at:]
        elif kind == 5:
            data = data[:at]
        elif at < len(data):
            data = data[:at] + bytes([data[at] ^ 1 << len(piece) % 8]) + data[at + 1 :]
    return data[:MOST_BYTES]


def random_edits(rng: random.Random) -> list[tuple[int, float, bytes]]:
    """One to three changes, as ``edited`` takes them."""
    return [(rng.randrange(6), rng.random(), rng.choice(PIECES)) for _ in range(rng.randint(1, 3))]
