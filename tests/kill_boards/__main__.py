"""``python -m tests.kill_boards``: cut each cure of the board everywhere; exit 1 if a byte is lost or a cell is bad.

The same seed plays the same cells; it only chooses which bit, and which printed line, of an answer is hit.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from multiprocessing.pool import Pool
from pathlib import Path

from docs._build.counts import keep
from tests.kill_boards.cases import CASES
from tests.kill_boards.cuts import WAYS
from tests.kill_boards.place import AT_ONCE, BAD, FINISHED, LOST
from tests.kill_boards.play import Cell, Played, cells, play
from tests.kill_boards.real import play_real, real_cells
from tests.quick_disk import quick_disk

MARKS = {AT_ONCE: "", FINISHED: "f", BAD: "!", LOST: "LOST"}
SMOKE = (
    "restore/fat/dip", "restore/fat/kill", "restore/fat/ctrl-c", "restore/fat/flip@", "restore/fat/torn",
    "restore/fat/flip-sent", "reset-flash/littlefs/dip", "reset-flash/littlefs/ctrl-c", "reset-flash/littlefs/flip@",
    "reset-flash/littlefs/torn",
)  # fmt: skip
"""Beginnings of names: of each, the cell in the middle is played by ``--smoke``."""


def main() -> int:
    """Run it."""
    asked = argparse.ArgumentParser(prog="python -m tests.kill_boards", description=__doc__)
    asked.add_argument("--only", default="", help="cells whose name holds this text")
    asked.add_argument("--thin", type=int, default=1, help="only every so many-th cell")
    asked.add_argument("--all", action="store_true", help="every answer and command on both file systems")
    asked.add_argument("--real", action="store_true", help="on a real MicroPython too")
    asked.add_argument("--smoke", action="store_true", help="ten cells, one of each kind")
    asked.add_argument("--seed", type=int, default=int(os.environ.get("FIPY_DOCTOR_SEED", "1")))
    asked.add_argument("--jobs", type=int, default=multiprocessing.cpu_count())
    asked.add_argument("--story", action="store_true", help="what every failing cell typed and saw")
    given = asked.parse_args()
    started = time.monotonic()
    sys.stdout.write(f"FIPY_DOCTOR_SEED={given.seed}\n")
    folder = Path(tempfile.mkdtemp(prefix="fipy-doctor-kill-boards-", dir=quick_disk()))
    try:
        with multiprocessing.get_context("fork").Pool(given.jobs) as pool:
            chosen = _chosen(_cells(pool, folder, given), given)
            played = _all(pool, partial(play, folder=folder), chosen, max(1, len(chosen) // given.jobs // 8))
            if given.real:
                wanted = [cell for cell in real_cells(folder) if given.only in cell.name][:: given.thin]
                played += _all(pool, partial(play_real, folder=folder), wanted, 1)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    _print(played, time.monotonic() - started, story=given.story)
    if given.real and not given.only and given.thin == 1:
        verdicts = Counter(one.verdict for one in played)
        keep("kill-boards", cells=len(played), verdicts=verdicts, seconds=round(time.monotonic() - started))
    return 1 if any(one.verdict in (BAD, LOST) for one in played) else 0


def _all(pool: Pool, work: Callable[[Cell], Played], chosen: list[Cell], at_once: int) -> list[Played]:
    played = []
    for one in pool.imap(work, chosen, chunksize=at_once):
        played.append(one)
        if not len(played) % 100:
            sys.stderr.write(f"{len(played)} of {len(chosen)} cells\n")
    return played


def _cells(pool: Pool, folder: Path, given: argparse.Namespace) -> list[Cell]:
    wanted = [start.split("/")[:2] for start in SMOKE] if given.smoke else None
    tasks = [
        (case.name, kind, folder, given.seed, given.all)
        for case in CASES.values()
        for kind in case.releases
        if (wanted is None or [case.name, kind] in wanted) and _may_hold(f"{case.name}/{kind}/", given.only)
    ]
    return [cell for found in pool.starmap(cells, tasks, chunksize=1) for cell in found]


def _may_hold(start: str, only: str) -> bool:
    return "/" not in only or start.startswith(only) or only.startswith(start) or only in start


def _chosen(found: list[Cell], given: argparse.Namespace) -> list[Cell]:
    if not given.smoke:
        return [cell for cell in found if given.only in cell.name][:: given.thin]
    like = [[cell for cell in found if cell.name.startswith(start)] for start in SMOKE]
    return [some[len(some) // 2] for some in like]


def _print(played: list[Played], took_s: float, *, story: bool) -> None:
    rows = sorted({(one.cell.case, one.cell.kind) for one in played})
    width = max(len(f"{case}/{kind}") for case, kind in rows)
    lines = [f"{'':{width}} " + " ".join(f"{way:>12}" for way in WAYS)]
    for case, kind in rows:
        counts = [
            Counter(
                one.verdict for one in played if (one.cell.case, one.cell.kind, one.cell.cut.way) == (case, kind, way)
            )
            for way in WAYS
        ]
        lines.append(f"{f'{case}/{kind}':{width}} " + " ".join(f"{_counted(count):>12}" for count in counts))
    lines.append(
        "\nn done at once; f finished by what was printed next; ! not finished, or a false success; LOST a byte"
    )
    failing = [one for one in played if one.verdict in (BAD, LOST)]
    for one in failing:
        lines.append(f"{MARKS[one.verdict]} {one.cell.name} ({one.cell.cut.where}): {one.reason}")
        if story:
            lines += one.story
    for reason, count in Counter(f"{one.verdict}: {one.reason}" for one in failing).most_common(15):
        lines.append(f"{count:5} x {reason}")
    total = Counter(one.verdict for one in played)
    said = ", ".join(f"{total[verdict]} {verdict}" for verdict in MARKS)
    lines.append(f"{len(played)} cells: {said}; {took_s:.0f} s")
    sys.stdout.write("\n".join(lines) + "\n")


def _counted(counts: Counter[str]) -> str:
    return " ".join(f"{counts[verdict]}{mark}" for verdict, mark in MARKS.items() if counts[verdict]) or "."


if __name__ == "__main__":
    sys.exit(main())
