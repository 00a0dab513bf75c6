"""Real card images for tests: by our own formatter, by dosfstools and mtools, and with bytes broken on purpose.

Each is made of a used medium (``tests/card/media.py``).
"""

from __future__ import annotations

import hashlib
import os
import shutil
import struct
import subprocess
from collections.abc import Iterable
from pathlib import Path

from doctor.card.target import copy_sparse
from doctor.fat.directory import walk
from doctor.fat.source import FileSource
from doctor.fat.volume import find_volume
from doctor.fat.writer import new_file
from tests.card import media
from tests.card.media import MIB as MIB

SMALL = 8 * MIB  # FAT16
FLOPPY = 1440 << 10  # FAT12
BIG = 40 * MIB  # the smallest that is FAT32
START = 8192 * 512
DUP_NAME = "PRACTICE-CATM1-41065.dup"
DUP = hashlib.sha256(b"dup").digest() * 1500  # 48000 bytes
_ZEROS = bytes(MIB)
SBIN = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin"))


def card(path: Path, files: dict[str, bytes] | None = None, size: int = SMALL) -> Path:
    """An image by our own formatter; by default with the .dup at the root."""
    files = {DUP_NAME: DUP} if files is None else files
    return media.formatted(path, size, [new_file(name, data) for name, data in files.items()])


def mkfs_fat(path: Path, size_bytes: int, *args: str) -> Path:
    """A volume by mkfs.fat, without a partition table."""
    tool("mkfs.fat", *args, media.used(path, size_bytes))
    return path


def tool(name: str, *args: str | Path) -> str:
    """Run a tool of the PC and return what it prints; raises if it fails."""
    where = shutil.which(name, path=SBIN)
    assert where is not None
    environment = {**os.environ, "MTOOLS_SKIP_CHECK": "1", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        [where, *map(str, args)], capture_output=True, text=True, timeout=60, check=False, env=environment
    )
    assert done.returncode == 0, f"{name}: {done.stdout}{done.stderr}"
    return done.stdout


def volume_of(image: Path, start: int = START) -> Path:
    """The volume inside an image as a file of its own, as fsck.fat wants it."""
    volume = image.with_suffix(".volume")
    with image.open("rb") as source, volume.open("wb") as target:
        source.seek(start)
        while piece := source.read(MIB):
            if piece != _ZEROS[: len(piece)]:
                target.write(piece)
            else:
                target.seek(len(piece), os.SEEK_CUR)
        target.truncate(image.stat().st_size - start)
    return volume


def with_mbr(path: Path, volumes: Iterable[tuple[int, int, Path]]) -> Path:
    """An image whose partition table holds the given (type, start sector, volume file)."""
    volumes = list(volumes)
    table = b""
    for kind, start, volume in volumes:
        table += struct.pack("<B3sB3sII", 0, b"\xfe\xff\xff", kind, b"\xfe\xff\xff", start, sectors_of(volume))
    media.used(path, max(start + sectors_of(volume) for _, start, volume in volumes) * 512)
    with path.open("r+b") as file:
        file.write(media.old_bytes(440) + bytes(6) + table.ljust(64, b"\0") + b"\x55\xaa")
        for _, start, volume in volumes:
            file.seek(start * 512)
            file.write(volume.read_bytes())
    return path


def sectors_of(volume: Path) -> int:
    """Length of a volume's file."""
    return volume.stat().st_size // 512


def copied(source: Path, path: Path) -> Path:
    """A copy of an image; of a large one without filling its holes."""
    if source.stat().st_size <= media.FILLED_BYTES:
        shutil.copyfile(source, path)
    else:
        path.touch()
        copy_sparse(source, path)
    return path


def patched(source: Path, path: Path, changes: dict[int, bytes]) -> Path:
    """A copy of an image with bytes changed at offsets of the image."""
    with copied(source, path).open("r+b") as file:
        for offset, data in changes.items():
            file.seek(offset)
            file.write(data)
    return path


class Inside:
    """Where things lie in an image of ours, as offsets in the file; entries by their path on the volume."""

    def __init__(self, image: Path) -> None:
        with FileSource(image) as source:
            volume = find_volume(source)
            assert volume is not None
            self.geometry = volume.geometry
            self.entries = {step.entry.path: step.entry for step in walk(volume.view, volume.fat, volume.root())}

    def fat(self, cluster: int, copy: int = 0) -> int:
        """Offset of a FAT entry (FAT16 and FAT32)."""
        return START + self.geometry.fat_offset(copy) + cluster * self.geometry.width // 8

    def fats(self, cluster: int, value: int) -> dict[int, bytes]:
        """The change that sets an entry in both FATs."""
        data = struct.pack("<I" if self.geometry.width == 32 else "<H", value)
        return {self.fat(cluster, copy): data for copy in range(self.geometry.fats)}

    def cluster(self, cluster: int) -> int:
        """Offset of a data cluster."""
        return START + self.geometry.cluster_offset(cluster)

    def slot(self, path: str) -> int:
        """Offset of the short directory entry of a file or folder."""
        return START + self.entries[path].slots[-1]
