"""What every benchmark here is: ours beside a named peer or bound, in one run, medians of interleaved repeats.

A ratio of medians that were taken in turn bears a computer that has other work; an absolute figure does not.
"""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

ROUNDS = 9
Work = Callable[[], object]


@dataclass(frozen=True)
class Row:
    """One comparison.

    what    what is done
    ours    our figure, in ``unit``
    peer    who else does it, or which bound it is held against
    theirs  the same figure of the peer or bound
    most    what ours may be at most, as a multiple of theirs; None: no target, but worth knowing
    note    what has to be known to read it rightly
    """

    what: str
    ours: float
    peer: str
    theirs: float
    unit: str
    most: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float:
        """Ours over theirs."""
        return self.ours / self.theirs

    @property
    def missed(self) -> bool:
        """Whether there is a target, and it is not reached."""
        return self.most is not None and self.ratio > self.most


def seconds(work: Work) -> float:
    """How long it takes once."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def processor_s(command: Sequence[str | Path]) -> float:
    """User and system time of a command and its children. Raises CalledProcessError if it fails."""
    import resource  # which Windows does not have

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def medians(works: Mapping[str, Work], rounds: int = ROUNDS) -> dict[str, float]:
    """Seconds of each work, in turns."""
    return _in_turns({name: partial(seconds, work) for name, work in works.items()}, rounds)


def processor_medians(commands: Mapping[str, tuple[str, ...]], rounds: int) -> dict[str, float]:
    """Processor seconds of each command, in turns."""
    return _in_turns({name: partial(processor_s, command) for name, command in commands.items()}, rounds)


def _in_turns(once: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """The median of what each gives, in rounds in which they take turns, after one that warms the caches."""
    took: dict[str, list[float]] = {name: [] for name in once}
    for number in range(rounds + 1):
        for name, measure in once.items():
            found = measure()
            if number:
                took[name].append(found)
    return {name: statistics.median(each) for name, each in took.items()}


def table(rows: Sequence[Row]) -> str:
    """The rows for a terminal."""
    lines = [f"{'':58}{'ours':>12}  {'peer or bound':34}{'theirs':>12}{'ratio':>8}  at most"]
    for row in rows:
        wanted = "-" if row.most is None else f"{row.most:.4g}{'  MISSED' if row.missed else ''}"
        ours, theirs = (f"{value:.4g} {row.unit}" for value in (row.ours, row.theirs))
        lines.append(f"{row.what:58}{ours:>12}  {row.peer:34}{theirs:>12}{row.ratio:8.2f}  {wanted}")
    return "\n".join(lines) + "\n"
