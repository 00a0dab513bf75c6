"""What the steps of a trial showed of the open points of the reference (doctor/data/trial.toml)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from doctor.documents.json_file import open_ours, read_bounded
from doctor.documents.trace_lines import RX, Line, lines_of
from doctor.jobs.trial import Point, Stage, Standing, Trial, member, points
from doctor.text.escape import shown

AsRead = Callable[[Iterable[Line]], Iterator[str]]
YES, NO, SEEN, OPEN = "yes", "no", "seen", "open"
MOST_ROWS = 200_000  #: of one trace; a full image has some 20,000
_MOST_LOG_BYTES = 8 << 20
_LONGEST = 300


@dataclass(frozen=True)
class Answer:
    """What is known of an open point.

    verdict  ``yes``: as the reference assumes; ``no``: otherwise; ``seen``: it assumes nothing; ``open``
    saw      what was seen; of an open point, why nothing was
    step     the step that showed it
    """

    point: Point
    verdict: str
    saw: str
    step: str = ""


def answers(trial: Trial, standings: Iterable[Standing], as_read: AsRead) -> Iterator[Answer]:
    """What is known of every open point, from what the steps left; a file that is missing or cut shows less.

    as_read  the lines of a trace as people read them (report/wire.py)
    """
    left = {one.step.id: _Left(trial, one, as_read) for one in standings}
    for point in points():
        yield _answer(point, [left[step] for step in point.steps])


class _Left:
    """What one step left, read when it is asked for."""

    def __init__(self, trial: Trial, standing: Standing, as_read: AsRead) -> None:
        self._as_read = as_read
        self.step = standing.step
        self.counts = standing.stage in (Stage.DONE, Stage.FAILED)
        self.document: Mapping[str, Any] = standing.document if self.counts else {}
        self._trace = trial.file(standing.step, ".jsonl")
        self._texts: dict[str, str] = {}

    def text(self, kind: str) -> str:
        """Its log, its trace as people read it, or what came (``heard``); "" if that cannot be read."""
        if kind not in self._texts:
            try:
                self._texts[kind] = self._log() if kind == "log" else self._of_trace(kind)
            except (OSError, ValueError):
                self._texts[kind] = ""
        return self._texts[kind]

    def _log(self) -> str:
        path = self.document.get("log")
        return read_bounded(Path(str(path)), _MOST_LOG_BYTES).decode("utf-8", "replace") if path else ""

    def _of_trace(self, kind: str) -> str:
        if not self.counts:
            return ""
        with open_ours(self._trace, "rb") as file:
            if kind == "heard":
                return b"".join(line.data for line in lines_of(file) if line.what == RX).decode("latin-1")
            return "\n".join(islice(self._as_read(lines_of(file)), MOST_ROWS))


def _answer(point: Point, left: list[_Left]) -> Answer:
    if not left:
        return Answer(point, OPEN, f"no step shows it: {point.why}")
    for one in left:
        if point.only and str(member(one.document, point.only[0])) != point.only[1]:
            continue
        saw = _saw(point, one)
        if saw:
            fits = re.fullmatch(point.assumed, saw, re.DOTALL) if point.assumed else None
            verdict = SEEN if not point.assumed else YES if fits else NO
            return Answer(point, verdict, shown(saw, _LONGEST), one.step.id)
    done = [one.step.id for one in left if one.counts]
    if not done:
        return Answer(point, OPEN, f"may be shown by {' or '.join(point.steps)}")
    return Answer(point, OPEN, f"not shown by {', '.join(done)}")


def _saw(point: Point, left: _Left) -> str:
    told = [(path.removeprefix("evidence."), member(left.document, path)) for path in point.member]
    if len(told) == 1:
        return "" if told[0][1] in (None, "", []) else str(told[0][1])
    if any(value not in (None, "", []) for _, value in told):
        return "; ".join(f"{name}: {value}" for name, value in told)
    for kind, pattern in (("log", point.log), ("trace", point.trace), ("heard", point.heard)):
        found = re.search(pattern, left.text(kind)) if pattern else None
        if found is not None:
            return found[1].strip()
    return ""
