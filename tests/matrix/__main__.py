"""``python -m tests.matrix``: play all cells, print the table; exit code 1 if a cell is bad."""

from __future__ import annotations

import argparse
import multiprocessing
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from docs._build.counts import keep
from tests.matrix.cells import Cell, cells
from tests.matrix.flows import FLOWS, Stage, make_files, shorten_soak, stages
from tests.matrix.play import BAD, DEAD, PROVED, RESCUED, Played, play
from tests.quick_disk import quick_disk

MARKS = {PROVED: "P", RESCUED: "R", DEAD: "D", BAD: "!"}
SHOWN_BAD = 60


def main() -> int:
    """Run it."""
    asked = argparse.ArgumentParser(prog="python -m tests.matrix", description=__doc__)
    asked.add_argument("--only", default="", help="cells whose name holds this text")
    asked.add_argument("--all", action="store_true", help="every pair of stage and fault, nothing thinned out")
    asked.add_argument("--jobs", type=int, default=multiprocessing.cpu_count())
    asked.add_argument("--thin", type=int, default=1, help="only every so many-th cell")
    asked.add_argument("--sample", type=int, default=0, help="other cells of the same kinds, by a number")
    asked.add_argument("--story", action="store_true", help="what every bad cell printed")
    given = asked.parse_args()
    started = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="fipy-doctor-matrix-", dir=quick_disk()))
    try:
        files = folder / "files"
        files.mkdir()
        make_files(files)
        shorten_soak()
        places = _stages(folder, files, given.jobs)
        chosen = [cell for cell in cells(places, given.all, given.sample) if given.only in cell.name][:: given.thin]
        played = _play_all(chosen, folder, files, given.jobs)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    _print(played, time.monotonic() - started, story=given.story)
    if not given.only and given.thin == 1:
        verdicts = Counter(one.verdict for one in played)
        keep("matrix", cells=len(played), verdicts=verdicts, seconds=round(time.monotonic() - started))
    return 1 if any(one.verdict == BAD for one in played) else 0


def _stages(folder: Path, files: Path, jobs: int) -> dict[str, tuple[Stage, ...]]:
    """The stages of every flow, by its name: each flow is run once, and healthy."""
    tasks = [(flow, folder, files) for flow in sorted(FLOWS, key=lambda flow: not flow.is_large)]
    with multiprocessing.get_context("fork").Pool(jobs) as pool:
        found = pool.starmap(stages, tasks, chunksize=1)
    return {flow.name: places for (flow, _, _), places in zip(tasks, found, strict=True)}


def _play_all(chosen: list[Cell], folder: Path, files: Path, jobs: int) -> list[Played]:
    if jobs <= 1:
        return [play(cell, folder, files) for cell in chosen]
    with multiprocessing.get_context("fork").Pool(jobs, maxtasksperchild=200) as pool:
        return pool.starmap(play, [(cell, folder, files) for cell in chosen], chunksize=4)


def _print(played: list[Played], took_s: float, *, story: bool) -> None:
    columns = sorted({one.cell.column for one in played})
    flows = [flow.name for flow in FLOWS]
    width = max((len(column) for column in columns), default=5)
    print(f"{'':{width}} " + " ".join(f"{name:>11}" for name in flows))
    by_place: dict[tuple[str, str], Counter[str]] = {}
    for one in played:
        by_place.setdefault((one.cell.column, one.cell.flow), Counter())[one.verdict] += 1
    for column in columns:
        print(f"{column:{width}} " + " ".join(f"{_counted(by_place.get((column, name))):>11}" for name in flows))
    total = Counter(one.verdict for one in played)
    print("\nP flashed and proved at once; R stopped, mode named, flashed by the next steps; D dead, and why; ! bad")
    print(f"{len(played)} cells: " + ", ".join(f"{total[word]} {word}" for word in MARKS))
    longest = max((one.longest_s for one in played), default=0)
    cpu_s = sum(one.cpu_s for one in played)
    print(f"{took_s:.0f} s; longest run of a flash {longest / 60:.0f} virtual minutes; cpu {cpu_s:.0f} s")
    bad = [one for one in played if one.verdict == BAD]
    for one in bad[: None if story else SHOWN_BAD]:
        print(f"! {one.cell.name}: {one.reason} (after {one.rounds} next steps)")
        if story:
            print("\n".join(one.story))
    if bad and not story:
        reasons = Counter(one.reason for one in bad)
        print(f"  … {len(bad)} in all: " + "; ".join(f"{n} x {reason}" for reason, n in reasons.most_common(25)))


def _counted(counts: Counter[str] | None) -> str:
    if counts is None:
        return "."
    return " ".join(f"{counts[word]}{mark}" for word, mark in MARKS.items() if counts[word])


if __name__ == "__main__":
    sys.exit(main())
