"""Cards: we beside mtools and mkfs.fat, on sparse images; the cache is warm.

Listing, judging and formatting run in this process, as in a check; the tools run as processes, as a script would start
them. A whole reformat is held against ``mcopy``, ``mkfs.fat`` and ``mcopy`` of the same bytes, flushed where ours
are, which compare nothing that they wrote. How often a check reads a byte is counted at the wire: by the system, in a
trace.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from doctor.card.image import ImageCard
from doctor.card.reformat.image import make_card, reformat_image
from doctor.card.target import FileTarget
from doctor.fat.format import format_card, plan_format
from doctor.fat.writer import new_file
from tests.benchmarks.ratios import ROUNDS, Row, medians
from tests.card.images import SBIN

GB = 10**9
SIZES_GB = (4, 32)
CONTENTS_MB = (6, 60)
NAME = "PRACTICE-CATM1-41065.dup"


def tool(*command: str | Path) -> Callable[[], object]:
    """A tool of the PC as work; raises SystemExit if it is missing, CalledProcessError if it fails."""
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
    """The formatting of a reformat alone."""
    with FileTarget(image) as target:
        format_card(target, plan_format(target.size_bytes), serial=1)


def reformat(image: Path, backups: Path) -> None:
    """All of it: the backup, the format, the files, the comparison, the second reader. The backup goes again."""
    reformat_image(image, backup_dir=backups)
    shutil.rmtree(backups)


class _Peers:
    """The same work by mtools and mkfs.fat, on images of their own."""

    def __init__(self, image: Path, blank: Path, content: Path, out: Path) -> None:
        as_ours = () if image.stat().st_size < GB else ("-F", "32", "-s", "64")  # clusters of 32 KiB
        at = f"{image}@@4M"
        self.mdir = tool("mdir", "-b", "-i", at, "::")
        self.mcopy_out = tool("mcopy", "-n", "-o", "-i", at, f"::{NAME}", out)
        self.mkfs = tool("mkfs.fat", *as_ours, "--offset", "8192", blank)
        self._mkfs = tool("mkfs.fat", *as_ours, "--offset", "8192", image)
        self._mcopy_in = tool("mcopy", "-n", "-o", "-i", at, content, f"::{NAME}")
        self._sync_out, self._sync_image = tool("sync", out), tool("sync", image)

    def by_hand(self) -> None:
        """A reformat by hand: the file is copied off the card, the card is formatted, the file is copied back.

        The copy is on the disk before the card loses the file, as ours is.
        """
        self.mcopy_out()
        self._sync_out()
        self._mkfs()
        self._mcopy_in()
        self._sync_image()


def measure(size_gb: float, content_bytes: int, folder: Path, rounds: int = ROUNDS) -> list[Row]:
    """The rows of one card with one file."""
    ours, theirs, blank, content = (folder / name for name in ("ours.img", "theirs.img", "blank.img", NAME))
    content.write_bytes(random.Random(1).randbytes(content_bytes))
    for image, files in ((ours, [content.read_bytes()]), (theirs, [content.read_bytes()]), (blank, [])):
        image.unlink(missing_ok=True)
        make_card(image, int(size_gb * GB), [new_file(NAME, data) for data in files])
    peers = _Peers(theirs, blank, content, folder / "out")
    took = medians(
        {
            "list": lambda: ImageCard(ours).files(),
            "mdir": peers.mdir,
            "judge": partial(judge_and_hash, ours),
            "mcopy": peers.mcopy_out,
            "reformat": partial(reformat, ours, folder / "backups"),
            "by hand": peers.by_hand,
            "format": partial(format_in_place, blank),
            "mkfs": peers.mkfs,
        },
        rounds,
    )
    card = f"{size_gb:g} GB, {content_bytes / 1e6:g} MB on it"
    pairs = (
        ("list the root", "list", "mdir", "mdir", 1.0),
        ("open, judge, hash the file", "judge", "mcopy", "mcopy", 1.0),
        ("format", "format", "mkfs.fat", "mkfs", 3.0),
        ("reformat: backup, put back, compare", "reformat", "mcopy, sync, mkfs.fat, mcopy, sync", "by hand", 3.0),
    )
    return [
        Row(f"{card}: {what}", took[ours_] * 1000, peer, took[theirs_] * 1000, "ms", most)
        for what, ours_, peer, theirs_, most in pairs
    ]


def rows(tiny: bool = False) -> list[Row]:
    """All rows; ``tiny``: one small card, once."""
    found = []
    with tempfile.TemporaryDirectory(prefix="fipy-doctor-bench-") as name:
        if tiny:
            return measure(0.05, 10_000, Path(name), 1)
        for size_gb in SIZES_GB:
            for content_mb in CONTENTS_MB:
                found += measure(size_gb, content_mb * 10**6, Path(name))
    return found
