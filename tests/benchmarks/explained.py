"""Explain: a log of one megabyte, beside a program that looks for one word in each line; processor time of both."""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.growth import MB, log_of
from tests.benchmarks.ratios import Row, processor_s

ROUNDS = 5
#: A program that reads the lines and looks for one word in each: the least that any explanation does.
LEAST = "import sys; print(sum('error' in line.lower() for line in open(sys.argv[1], errors='replace')))"


def rows(tiny: bool = False) -> list[Row]:
    """One row."""
    size = 10_000 if tiny else MB
    with tempfile.TemporaryDirectory(prefix="fipy-doctor-bench-") as name:
        log = Path(name) / "a.log"
        log.write_bytes(log_of(size))
        ours, theirs = (
            statistics.median(processor_s([sys.executable, *words, log]) for _ in range(1 if tiny else ROUNDS))
            for words in (("-m", "doctor", "explain"), ("-c", LEAST))
        )
    what = f"explain a log of {size / MB:g} MB: processor"
    return [Row(what, ours, "one word in each line", theirs, "s", note="the program and its catalogue start in that")]
