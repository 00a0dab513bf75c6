"""What a card was before a test formats it: a used medium, full of old bytes.

The released program once passed every test on media full of zeros and failed on every used card. So nothing in the
tests makes a card out of zeros any more (``tests/test_house.py`` sees to it): all of them begin here. Old bytes are
random, with old directory entries among them; the seed and another kind of medium come from the environment, and
stand in every failure (``tests/conftest.py``).
"""

from __future__ import annotations

import os
import random
import struct
from pathlib import Path

from doctor.card.reformat.image import DEFAULT_SERIAL
from doctor.card.target import FileTarget
from doctor.fat.format import format_card
from doctor.fat.writer import NewFile, best_layout, write_files

MIB = 1 << 20
SECTOR = 512
SEED_VARIABLE, KIND_VARIABLE = "FIPY_DOCTOR_SEED", "FIPY_DOCTOR_MEDIUM"
KINDS = ("random", "zeros", "ones")
SEED = int(os.environ.get(SEED_VARIABLE) or "1")
KIND = os.environ.get(KIND_VARIABLE) or "random"
assert KIND in KINDS, f"{KIND_VARIABLE} is one of {', '.join(KINDS)}"
SAID = f"{SEED_VARIABLE}={SEED} {KIND_VARIABLE}={KIND}"

#: Old bytes come again after so many sectors: a prime, so that no two tables of a card begin on the same ones.
_TILE_SECTORS = 2039
_TILE_BYTES = _TILE_SECTORS * SECTOR
#: Larger files are used up to here, which holds all tables of a card, and at their end; what lies between is a hole.
#: ``UsedMedium`` is old bytes everywhere.
FILLED_BYTES = 64 * MIB
_PAGE_BYTES = 64 << 10


def _old_folder(rng: random.Random) -> bytes:
    """A sector of a folder that was: files that seem to be there, in clusters that exist on any card."""
    names = ("".join(rng.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ", k=8)) + "OLD" for _ in range(16))
    return b"".join(struct.pack("<11sB14xHI", name.encode(), 0x20, rng.randrange(3, 4000), 700) for name in names)


def _tile() -> bytes:
    if KIND != "random":
        return (b"\xff" if KIND == "ones" else b"\0") * _TILE_BYTES
    rng = random.Random(SEED)
    sectors = (_old_folder(rng) if rng.random() < 0.1 else rng.randbytes(SECTOR) for _ in range(_TILE_SECTORS))
    return b"".join(sectors)


_OLD = _tile()
_OLD_TWICE = memoryview(_OLD + _OLD)


def old_bytes(length: int, offset: int = 0) -> bytes:
    """What a used medium holds at an offset."""
    at = offset % _TILE_BYTES
    if length <= _TILE_BYTES:
        return bytes(_OLD_TWICE[at : at + length])
    return bytes(_OLD_TWICE[at:_TILE_BYTES]) + (_OLD * (length // _TILE_BYTES + 1))[: length - (_TILE_BYTES - at)]


def among_old_bytes(place: int, mark: bytes) -> bytes:
    """The beginning of a used medium, with ``mark`` at ``place``."""
    data = bytearray(old_bytes(72 * 1024))
    data[place : place + len(mark)] = mark
    return bytes(data)


def used(path: Path, size_bytes: int, *, whole: bool = False) -> Path:
    """A new file full of old bytes, as large as a card; ``whole`` leaves no hole in a large one."""
    filled = size_bytes if whole else FILLED_BYTES
    with path.open("xb", buffering=0) as file:
        if KIND != "zeros":
            _fill(file.fileno(), 0, min(size_bytes, filled))
            _fill(file.fileno(), max(filled, size_bytes - MIB), size_bytes)
        file.truncate(size_bytes)
    return path


def _fill(handle: int, offset: int, end: int) -> None:
    os.lseek(handle, offset, os.SEEK_SET)
    while offset < end:
        at = offset % _TILE_BYTES
        offset += os.write(handle, _OLD_TWICE[at : min(_TILE_BYTES, at + end - offset)])


class Unsynced(FileTarget):
    """An image file that is never flushed: a card of a test need not outlast a power cut."""

    def sync(self) -> None:
        """Nothing to wait for."""


def formatted(path: Path, size_bytes: int, files: list[NewFile]) -> Path:
    """A card by our own formatter, made of a used medium."""
    layout = best_layout(size_bytes, files)
    with Unsynced(used(path, size_bytes)) as target:
        format_card(target, layout.plan, serial=DEFAULT_SERIAL)
        write_files(target, layout)
    return path


class UsedMedium:
    """A card of any size in memory: old bytes wherever nothing was written."""

    def __init__(self, size_bytes: int) -> None:
        self.name = "used medium"
        self.size_bytes = size_bytes
        self._pages: dict[int, bytearray] = {}

    def read_at(self, offset: int, length: int) -> bytes:
        """Exactly so many bytes."""
        assert 0 <= offset <= offset + length <= self.size_bytes
        parts = []
        while length:
            number, at = divmod(offset, _PAGE_BYTES)
            step = min(length, _PAGE_BYTES - at)
            page = self._pages.get(number)
            parts.append(bytes(page[at : at + step]) if page is not None else old_bytes(step, offset))
            offset += step
            length -= step
        return b"".join(parts)

    def write_at(self, offset: int, data: bytes) -> None:
        """Keep all of it."""
        assert 0 <= offset <= offset + len(data) <= self.size_bytes
        left = memoryview(data)
        while left:
            number, at = divmod(offset, _PAGE_BYTES)
            piece = left[: _PAGE_BYTES - at]
            page = self._pages.get(number)
            if page is None:
                page = self._pages[number] = bytearray(old_bytes(_PAGE_BYTES, number * _PAGE_BYTES))
            page[at : at + len(piece)] = piece
            offset += len(piece)
            left = left[len(piece) :]

    def sync(self) -> None:
        """Nothing is held back."""


#: What the user's systems, cameras and phones leave on a card; none of it is a .dup, and none is shown in a listing
#: that tests compare by the files of theirs.
OTHERS_FILES = {
    ".DS_Store": b"\0\0\0\1Bud1" + old_bytes(500),
    ".Spotlight-V100/Store-V2/5F1D/0.indexHead": old_bytes(4096),
    ".fseventsd/fseventsd-uuid": b"1F0E7C9A",
    ".Trashes/501/old.txt": b"old",
    "System Volume Information/IndexerVolumeGuid": "{1}".encode("utf-16-le"),
    "System Volume Information/WPSettings.dat": old_bytes(12),
    "LOST.DIR/.nomedia": b"",
    "DCIM/100CANON/IMG_0001.JPG": b"\xff\xd8\xff\xe1" + old_bytes(3000),
    "Android/data/com.example/files/very/deep/down/notes · 漢字.txt": b"deep",
}


def used_folder(root: Path) -> Path:
    """A mounted card on which others have left their files."""
    for name, data in OTHERS_FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root
