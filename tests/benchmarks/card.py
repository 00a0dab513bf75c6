"""Cards: we against mtools and mkfs.fat, on sparse images of 4, 32 and 64 GB, warm cache, medians.

Our side runs in this process, as in a check; the tools run as processes, as a script would start them. What starting
a process costs (``true``) is printed, so that anybody can subtract it.
"""

from __future__ import annotations

import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from doctor.card.image import ImageCard
from doctor.card.reformat.image import make_card, reformat_image
from doctor.card.target import FileTarget
from doctor.fat.format import format_card, plan_format
from doctor.fat.writer import new_file
from tests.card.images import SBIN

GB = 10**9
SIZES = (4, 32, 64)
ROUNDS = 9
NAME = "PRACTICE-CATM1-41065.dup"
DUP_BYTES = 6_000_001


def median_ms(work: Callable[[], object]) -> float:
    """Median of some rounds, after one that warms the cache."""
    work()
    took = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        took.append((time.perf_counter() - start) * 1000)
    return statistics.median(took)


def tool(*command: str | Path) -> Callable[[], object]:
    """A tool of the PC as work; raises if it fails."""
    where = shutil.which(str(command[0]), path=SBIN)
    if where is None:
        raise SystemExit(f"{command[0]} is not installed")
    words = [where, *map(str, command[1:])]
    return lambda: subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def judge_and_hash(image: Path) -> None:
    """What a check does: judge the whole card, list it, hash the .dup."""
    card = ImageCard(image)
    assert card.volume().board_reads
    assert len(card.files()) == 1
    card.sha256(f"/sd/{NAME}")


def format_in_place(image: Path) -> None:
    """The formatting of a reformat alone, on a target with old content everywhere it could be."""
    with FileTarget(image) as target:
        format_card(target, plan_format(target.size_bytes), serial=1)


def measure(size_gb: int, folder: Path) -> list[tuple[str, float, str, float, float]]:
    """Rows of (what, ours in ms, the tool, its ms, most ratio that we want)."""
    image = folder / f"{size_gb}.img"
    make_card(image, size_gb * GB, [new_file(NAME, random.Random(1).randbytes(DUP_BYTES))])
    at = f"{image}@@4M"
    out = folder / "out"
    rows = [
        ("list the root", median_ms(lambda: ImageCard(image).files()), "mdir", tool("mdir", "-b", "-i", at, "::"), 1.0),
        (
            "open + judge + hash 6 MB",
            median_ms(lambda: judge_and_hash(image)),
            "mcopy",
            tool("mcopy", "-n", "-o", "-i", at, f"::{NAME}", out),
            1.0,
        ),
    ]
    done = [(what, ours, name, median_ms(work), most) for what, ours, name, work, most in rows]
    start = time.perf_counter()
    reformat_image(image, backup_dir=folder / "backups")
    whole = (time.perf_counter() - start) * 1000
    theirs = median_ms(tool("mkfs.fat", "-F", "32", "-s", "64", "--offset", "8192", image))
    done.append(("format", median_ms(lambda: format_in_place(image)), "mkfs.fat", theirs, 3.0))
    # No target: nobody else saves the files first; what it costs is worth knowing.
    done.append(("reformat with backup and comparison", whole, "mkfs.fat", theirs, float("inf")))
    image.unlink()
    return done


def main() -> int:
    """Print the table; 1 if a target is missed."""
    missed = 0
    write = sys.stdout.write
    with tempfile.TemporaryDirectory(prefix="fipy-doctor-bench-") as name:
        write(f"starting a process: {median_ms(tool('true')):.1f} ms\n")
        write(f"{'':8}{'what':38}{'ours':>10}{'tool':>20}{'ratio':>8}  target\n")
        for size in SIZES:
            for what, ours, named, theirs, most in measure(size, Path(name)):
                ratio = ours / theirs
                missed += ratio > most
                mark = "" if ratio <= most else "  MISSED"
                wanted = "-" if most == float("inf") else f"<= {most:g}"
                write(f"{f'{size} GB':8}{what:38}{ours:8.1f}ms{named:>10}{theirs:8.1f}ms{ratio:8.2f}  {wanted}{mark}\n")
    return 1 if missed else 0
