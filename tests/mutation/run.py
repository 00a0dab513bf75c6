"""``python -m tests.mutation``: a seeded sample of mutants of each module; exit 1 if fewer than 85 % are killed.

A mutant is tried with the tests that run its lines, quickest first. What only a timeout, a kept screen or a test of the
documentation would notice counts as alive. Equivalent ones stand in ``equivalent.toml``, each with its reason.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docs._build.counts import commit_now, keep_modules
from docs._build.reliability import ENOUGH, noticed
from tests.mutation.covering import FOLDER, MODULES
from tests.mutation.equivalent import equivalent
from tests.mutation.mutants import Mutant, sample
from tests.mutation.trial import ALIVE, JUDGES, KILLED, Copy, Verdict, preload
from tests.quick_disk import quick_disk

ROOT = Path(__file__).parent.parent.parent
#: Name of a module, and the files that it is.
TARGETS: dict[str, tuple[str, ...]] = {
    **{f"updater/{name}": (f"doctor/updater/{name}.py",) for name in ("stp", "plan", "rules", "sending", "settling")},
    "firmware/caba": ("doctor/firmware/caba.py",),
    "fat": tuple(sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("doctor/fat/[!_]*.py"))),
}
#: Tests that judge no mutant: documentation, the form of the sources, and this folder.
NO_JUDGES = ("tests/docs", "tests/test_house.py", "tests/mutation", "tests/updater/test_syntax_gate.py", "tests/fuzz")
MOST_TESTS_S = 25.0  #: of tests, by the time that they took, one mutant gets
MOST_TESTS = 400


@dataclass(frozen=True)
class Covered:
    """Which tests run which lines, and how long each takes."""

    lines: dict[str, dict[int, list[str]]]
    seconds: dict[str, float]

    def tests(self, mutant: Mutant) -> list[str]:
        """The tests that run the mutant, quickest first; those of its own room before others."""
        by_line = self.lines[mutant.module]
        inside = range(mutant.lines[0], mutant.lines[1] + 1)
        found = {test for line in inside for test in by_line.get(line, ()) if test}
        if mutant.early or any("" in by_line.get(line, ()) for line in inside):  # or while tests are collected
            found = {test for tests in by_line.values() for test in tests if test}
        room = mutant.module.removeprefix("doctor/").rpartition("/")[0]
        ordered = sorted(found, key=lambda test: (not test.startswith(f"tests/{room}"), self.seconds[test], test))
        chosen: list[str] = []
        spent = 0.0
        for test in ordered[:MOST_TESTS]:
            spent += self.seconds[test]
            if spent > MOST_TESTS_S and chosen:
                break
            chosen.append(test)
        return chosen


def main() -> int:
    """Run it."""
    asked = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    asked.add_argument("--count", type=int, default=60, help="mutants of each module")
    asked.add_argument("--seed", default="1", help="other ones, by another word")
    asked.add_argument("--only", default="", help="modules whose name holds this text")
    asked.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    asked.add_argument("--tests", nargs="*", default=["tests"], help="where to look for tests that run the modules")
    asked.add_argument("--covered", type=Path, help="keep there which test runs what, and read it if it is there")
    given = asked.parse_args()
    targets = {name: files for name, files in TARGETS.items() if given.only in name}
    began, commit = time.monotonic(), commit_now()
    with tempfile.TemporaryDirectory(prefix="fipy-doctor-mutants-", dir=quick_disk()) as place:
        covered = _covered(Path(place), given.tests, given.jobs, given.covered)
        sys.stdout.write(f"{len(covered.seconds)} tests measured, {time.monotonic() - began:.0f} s\n")
        chosen: list[tuple[str, Mutant]] = [
            (name, mutant) for name, files in targets.items() for mutant in sample(ROOT, files, given.count, given.seed)
        ]
        judged = _judged(Path(place), covered, chosen, given.jobs)
    return _print(judged, time.monotonic() - began, commit)


def _covered(place: Path, where: list[str], jobs: int, kept: Path | None) -> Covered:
    if kept is None or not kept.exists():
        told = _measured(place, where, jobs)
        if kept is not None:
            kept.write_text(json.dumps(told))
    else:
        told = json.loads(kept.read_text())
    lines = {file: {int(line): tests for line, tests in by.items()} for file, by in told["lines"].items()}
    return Covered(lines, told["seconds"])


def _measured(place: Path, where: list[str], jobs: int) -> dict[str, Any]:
    """Run the tests once, each noted with the lines that it runs."""
    folder = place / "covering"
    folder.mkdir()
    root = Copy.make(ROOT, place / "measured").root  # where nobody edits in the meantime
    files = sorted({file for each in TARGETS.values() for file in each})
    left_out = [word for name in NO_JUDGES for word in ("--ignore", name)]
    options = ("-q", "-p", "no:cacheprovider", "-p", "tests.mutation.covering", "-n", str(jobs))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "-m", JUDGES, *left_out, *where],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root), MODULES: ":".join(files), FOLDER: str(folder)},
        stdout=subprocess.PIPE,
        text=True,
    )
    if done.returncode:
        sys.stderr.write(done.stdout[-3000:])
        raise SystemExit("the tests fail without any change: mend them first")
    lines: dict[str, dict[str, list[str]]] = {file: {} for file in files}
    seconds: dict[str, float] = {}
    for path in folder.iterdir():
        told = json.loads(path.read_text())
        seconds |= told["seconds"]
        for file, by_line in told["lines"].items():
            for line, tests in by_line.items():
                lines[file].setdefault(line, []).extend(tests)
    return {"lines": lines, "seconds": seconds}


_copy: Copy
_tests: Covered


def _begin(place: Path, covered: Covered) -> None:
    global _copy, _tests
    _tests = covered
    _copy = Copy.make(ROOT, place / f"copy-{os.getpid()}")
    preload()


def _try(mutant: Mutant) -> Verdict:
    tests = _tests.tests(mutant)
    return _copy.judge(mutant, tests, 60 + 6 * sum(_tests.seconds[test] for test in tests))


def _judged(
    place: Path, covered: Covered, chosen: list[tuple[str, Mutant]], jobs: int
) -> list[tuple[str, Mutant, Verdict]]:
    with ProcessPoolExecutor(
        jobs, multiprocessing.get_context("spawn"), initializer=_begin, initargs=(place, covered)
    ) as pool:
        judged = []
        for (name, mutant), verdict in zip(chosen, pool.map(_try, [mutant for _, mutant in chosen]), strict=True):
            judged.append((name, mutant, verdict))
            if verdict.outcome != KILLED:
                sys.stdout.write(f"{verdict.outcome}: {mutant.lines[0]} {mutant.key} {verdict.by}\n")
                sys.stdout.flush()
            if not len(judged) % 20:
                sys.stderr.write(f"{len(judged)} of {len(chosen)}\n")
    return judged


def _print(judged: list[tuple[str, Mutant, Verdict]], took_s: float, commit: str) -> int:
    known = equivalent()
    bad = 0
    counted: dict[str, dict[str, Any]] = {}
    for name in dict.fromkeys(name for name, _, _ in judged):
        mine = [(mutant, verdict) for each, mutant, verdict in judged if each == name]
        count = Counter("equivalent" if v.outcome == ALIVE and m.key in known else v.outcome for m, v in mine)
        counted[name] = {"mutants": len(mine), **count}
        bad += noticed(counted[name]) < ENOUGH
        words = ", ".join(f"{number} {outcome}" for outcome, number in count.most_common())
        sys.stdout.write(f"{name:18} {len(mine):3} mutants: {words}; {int(noticed(counted[name]))} % killed\n")
    sys.stdout.write(f"{len(judged)} mutants in {took_s:.0f} s\n")
    keep_modules("mutation", counted, tuple(TARGETS), commit)
    return 1 if bad else 0
