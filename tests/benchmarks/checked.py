"""A check of a card as a user types it: its processor time beside reading, and how often it reads a byte of the card.

The bound counts all processor time of the check and its children, less that of a Python that starts, reads as much of
the card twice and hashes it once: nobody can do without that. Both take turns.
The bytes are counted at the wire: ``strace`` (Linux) writes down every read of the image by any process of the check.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from doctor.card.reformat.image import make_card
from doctor.fat.writer import new_file
from tests.benchmarks.card import GB, NAME
from tests.benchmarks.ratios import Row, processor_medians

BOUND_S = 0.35  #: beside reading
READ_BYTES = 7_200_000  #: the file, and what leads to it
_READER = """
import hashlib, sys
with open(sys.argv[1], "rb") as card:
    card.read(int(sys.argv[2]))
    card.seek(0)
    hashlib.sha256(card.read(int(sys.argv[2])))
"""
MOST_READS = 2  #: of one byte
ROUNDS = 5
NEW_S = 2.5  #: of a file that was written less than two seconds ago, a check takes nothing for known
PAGE_BYTES = 512
_OPENED = re.compile(r"openat\(.*\) = (\d+)<(.*)>$")
_SEEK = re.compile(r"lseek\((\d+)<(.*?)>, (-?\d+), \w+\) += (\d+)$")
_READ = re.compile(r"(read|pread64)\((\d+)<(.*?)>, .*?, \d+(?:, (\d+))?\) += (\d+)$")


def words(image: Path) -> list[str]:
    """The check: its two probes of a card."""
    return [sys.executable, "-m", "doctor", "check", "--sd", str(image), "--select", "card-is-fat,dup-at-root"]


def reads(image: Path, folder: Path) -> Counter[int]:
    """How often the check reads each sector of the image. Raises CalledProcessError, FileNotFoundError."""
    trace = folder / "trace"
    told = "trace=openat,lseek,read,pread64"
    strace = ["strace", "-f", "-y", "-qq", "-e", told, "-e", "signal=none", "-o", str(trace)]
    subprocess.run([*strace, *words(image)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return counted(trace.read_text("utf-8", "replace"), str(image))


def counted(trace: str, image: str) -> Counter[int]:
    """The reads of each sector that a trace of strace tells of."""
    found: Counter[int] = Counter()
    places: dict[str, int] = {}
    for line in trace.splitlines():
        if opened := _OPENED.search(line):
            places[opened[1]] = 0
        elif (sought := _SEEK.search(line)) and sought[2] == image:
            places[sought[1]] = int(sought[4])
        elif (read := _READ.search(line)) and read[3] == image:
            at = places.get(read[2], 0) if read[4] is None else int(read[4])
            length = int(read[5])
            found.update(range(at // PAGE_BYTES, -(-(at + length) // PAGE_BYTES)))
            if read[1] == "read":
                places[read[2]] = at + length
    return found


def rows(tiny: bool = False) -> list[Row]:
    """Processor time beside a bound, and the most reads of one byte."""
    with tempfile.TemporaryDirectory(prefix="fipy-doctor-bench-") as name:
        image = Path(name) / "card.img"
        size = int(0.05 * GB) if tiny else 4 * GB
        make_card(image, size, [new_file(NAME, bytes(i * 7 % 251 for i in range(10_000 if tiny else 6_000_000)))])
        time.sleep(0 if tiny else NEW_S)
        found = []
        if not tiny:
            reader = (sys.executable, "-c", _READER, str(image), str(READ_BYTES))
            took = processor_medians({"check": tuple(words(image)), "reader": reader}, ROUNDS)
            beside = took["check"] - took["reader"]
            note = f"{took['check']:.3f} s, of which {took['reader']:.3f} s start a Python and read"
            found.append(
                Row("check --sd, 4 GB, 6 MB on it: processor beside reading", beside, "bound", BOUND_S, "s", 1.0, note)
            )
        if shutil.which("strace"):
            seen = reads(image, Path(name))
            most = float(max(seen.values()))
            note = f"{sum(seen.values()) * PAGE_BYTES / 1e6:.1f} MB read in all"
            found.append(Row("check --sd: most reads of one byte", most, "bound", MOST_READS, "times", 1.0, note))
    return found
