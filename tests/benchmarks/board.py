"""The board: what a block of 2016 bytes costs its interpreter, by three ways to the block's checksum.

The core itself runs in a real MicroPython (newer than the board's, on this PC). Its microseconds say nothing about an
ESP32; the ratios do, since all three are interpreted loops. The modem behind it takes everything at once, so that only
the board's own work is measured.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import doctor.updater
from doctor.updater import side_file
from doctor.updater.shapes import ImageFacts
from tests.benchmarks.ratios import Row

SIZE_BYTES = 80_640  #: 40 blocks; more changes nothing but the time it takes
INSIDE = Path(__file__).with_name("_board_inside.py")
INTERPRETER = Path(sys.executable).with_name("micropython")


@dataclass(frozen=True)
class Measured:
    """Microseconds for one block, by the way to its checksum: for the checksum alone, and for all the board's work.

    hashed_us  what it costs to read and hash the block twice before the transfer, which only a side file saves
    """

    blocks: int
    checksum_us: dict[str, float]
    block_us: dict[str, float]
    hashed_us: float


def measure(size_bytes: int = SIZE_BYTES) -> Measured:
    """Run the core inside. Raises CalledProcessError, FileNotFoundError."""
    data = bytes(i * 7 % 251 for i in range(size_bytes))
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        core = Path(doctor.updater.__file__).parent
        shutil.copytree(core, home / "core", ignore=shutil.ignore_patterns("__pycache__"))
        image = home / "CATM1-41065.dup"
        image.write_bytes(data)
        facts = ImageFacts(image.name, len(data), "full", "CATM1", 41065, 0, "SQN3330")
        side = home / (image.name + side_file.SUFFIX)
        side.write_bytes(side_file.build(data, facts, hashlib.sha256(data).hexdigest()))
        done = subprocess.run(
            [INTERPRETER, "-X", "heapsize=16M", INSIDE, home, image, side], stdout=subprocess.PIPE, check=True
        )
    found = json.loads(done.stdout)
    return Measured(found["blocks"], dict(found["checksum"]), dict(found["block"]), found["hashing"])


def rows(tiny: bool = False) -> list[Row]:
    """What a block costs with a side file, beside the two other ways; none if there is no MicroPython here."""
    if not INTERPRETER.exists():
        return []
    found = measure(5_000 if tiny else SIZE_BYTES)
    note = f"without a side file the card is read and hashed twice first: {found.hashed_us:.0f} us a block more"
    return [
        Row(what, took["side file"], way, took[way], "us", 1.0, note)
        for what, took in (("board: checksum of a block", found.checksum_us), ("board: a block", found.block_us))
        for way in took
        if way != "side file"
    ]
