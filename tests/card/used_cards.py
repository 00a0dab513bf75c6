"""Used cards, filled by the tools of a Linux PC, reformatted by the command line, and read by those tools again.

``make used-cards`` runs ``python -m tests.card.used_cards``: 130 MiB and 4 GiB full of old bytes from end to end, and
clusters of all sizes; ``make test`` has the cards of 64 MiB (``test_used_cards.py``).
"""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from doctor.card.drives.find import find_drive
from doctor.card.drives.guard import confirmation
from doctor.sim.practice.image import practice_image
from tests.card import media
from tests.card.images import DUP_NAME, MIB, START, tool
from tests.card.reformat.test_device import attach, detach

NOTES = "Fotos/2019 · Urlaub/notes with a long name.txt"
FILES = {
    f"sd/{DUP_NAME}": practice_image(build=41065, size_bytes=300_000),
    "EMPTY.BIN": b"",
    NOTES: b"notes" * 999,
    "Fotos/漢字の名前のファイル.bin": media.old_bytes(70_001),
    "a/b/c/d/e/deep.bin": media.old_bytes(33_000),
    **{f"many/small file {number}.txt": b"%d" % number * number for number in range(100)},
}


@dataclass(frozen=True)
class UsedCard:
    """How a card came from its last owner.

    start            sector of its volume; 0 without a partition table
    width, cluster   of its FAT, in bits; sectors of a cluster
    volume_bytes     of the volume, if it does not reach to the end
    """

    size_bytes: int
    start: int
    width: int
    cluster: int
    volume_bytes: int = 0

    def __str__(self) -> str:
        table = f"MBR, at {self.start}" if self.start else "superfloppy"
        return f"{self.size_bytes // MIB} MiB, {table}, FAT{self.width}, clusters of {self.cluster * 512}"


def made(card: UsedCard, path: Path) -> Path:
    """The card: old bytes everywhere, a table, mkfs.fat, files by mcopy, some of them deleted and written again."""
    media.used(path, card.size_bytes, whole=True)
    volume = card.volume_bytes or card.size_bytes - card.start * 512
    if card.start:
        kind = 0x0C if card.width == 32 else 0x0E
        entry = struct.pack("<B3sB3sII", 0, b"\xfe\xff\xff", kind, b"\xfe\xff\xff", card.start, volume // 512)
        with path.open("r+b") as file:
            file.seek(446)
            file.write(entry + bytes(48) + b"\x55\xaa")
    words = ("-F", str(card.width), "-s", str(card.cluster), "-n", "OLD CARD", "--offset", str(card.start))
    tool("mkfs.fat", *words, path, str(volume // 1024))
    inside = f"{path}@@{card.start * 512}"
    with tempfile.TemporaryDirectory(dir=path.parent) as name:
        for file_name, data in FILES.items():
            local = Path(name) / file_name
            local.parent.mkdir(parents=True, exist_ok=True)
            local.write_bytes(data)
        tool("mcopy", "-s", "-i", inside, *sorted(Path(name).iterdir()), "::")
        again = [file_name for file_name in FILES if file_name.endswith("7.txt")]
        tool("mdel", "-i", inside, *(f"::{file_name}" for file_name in again), f"::{NOTES}")
        for file_name in (NOTES, *again):
            tool("mcopy", "-i", inside, Path(name) / file_name, f"::{file_name}")
    return path


@contextmanager
def loop(image: Path, *options: str) -> Iterator[str]:
    """A loop device on an image, or on a part of it."""
    device = attach(image, *options)
    try:
        yield device
    finally:
        detach(device)


def reformat(device: str, backups: Path) -> None:
    """By the command line, as the user types it."""
    words = ["fix", "--reformat-sd", "--sd", device, "--yes", "--force-device", "--backup", str(backups)]
    words += ["--confirm", confirmation(find_drive(device))]
    done = subprocess.run(
        [sys.executable, "-m", "doctor", *words], capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, f"{done.returncode}: {done.stdout}{done.stderr}"


def read_back(image: Path, folder: Path) -> dict[str, bytes]:
    """Every file of our volume, by mcopy."""
    folder.mkdir()
    tool("mcopy", "-s", "-n", "-i", f"{image}@@{START}", "::*", folder)
    found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    shutil.rmtree(folder)
    return found


def wanted() -> dict[str, bytes]:
    """What a reformatted card holds: the .dup at the root."""
    return {DUP_NAME if name.endswith(DUP_NAME) else name: data for name, data in FILES.items()}


def play(card: UsedCard, folder: Path, times: int = 2) -> None:
    """Reformat a card; the second time, folders come to lie on what were file clusters. Raises AssertionError."""
    image = made(card, folder / "card.img")
    for number in range(1, times + 1):
        with loop(image) as device:
            reformat(device, folder / "backups")
        found = read_back(image, folder / "out")
        found.pop(f"{DUP_NAME}.crc")
        assert found == wanted(), f"{card}, reformat {number}: other files than before"
        with loop(image, "-r", "-o", str(START)) as volume:
            tool("fsck.fat", "-n", volume)


GIB = 1024 * MIB
#: mtools makes no folders with clusters of 64 KiB ("No directory slots").
LARGE = [
    *(UsedCard(130 * MIB, start, 32, cluster) for cluster in (1, 2) for start in (0, 2048)),
    *(UsedCard(130 * MIB, start, 16, cluster) for cluster in (8, 16, 32) for start in (0, 63)),
    *(
        UsedCard(4 * GIB, start, 32, cluster)
        for cluster, start in ((8, 0), (16, 8192), (32, 2048), (64, 0), (128, 8192))
    ),
    *(UsedCard(4 * GIB, start, 16, 64, 2 * GIB - MIB) for start in (0, 2048)),
]


def main() -> int:
    """Every large card, one after the other; 1 if one of them does not come back whole."""
    failed = 0
    sys.stdout.write(f"{media.SAID}\n")
    for card in LARGE:
        with tempfile.TemporaryDirectory(prefix="fipy-doctor-used-cards-") as name:
            os.environ["FIPY_DOCTOR_STATE_DIR"] = f"{name}/state"
            try:
                play(card, Path(name))
            except pytest.skip.Exception as why:
                sys.stdout.write(f"not played: {why}\n")
                return 1
            except (AssertionError, OSError) as wrong:
                failed += 1
                sys.stdout.write(f"FAILED: {card}: {wrong}\n")
            else:
                sys.stdout.write(f"whole: {card}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{len(LARGE)} cards, {failed} failed\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
