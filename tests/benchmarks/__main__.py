"""``python -m tests.benchmarks NAME``: run one benchmark and print its table. 1 if a target is missed.

``python -m tests.benchmarks --json``: run all, and write one JSON document, from which docs/performance.md is made.
"""

from __future__ import annotations

import importlib
import json
import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from docs._build.counts import commit_now, today
from tests.benchmarks import growth
from tests.benchmarks.ratios import Row, table

BUSY = 1.0  #: load at the start from which on other programs are said to work beside
#: In the order of the page; ``growth`` has curves, too.
NAMES = ("start", "transfer", "overhead", "card", "checked", "board", "explained")


def rows(name: str, tiny: bool = False) -> list[Row]:
    """The rows of one benchmark."""
    found: list[Row] = importlib.import_module(f"tests.benchmarks.{name}").rows(tiny)
    return found


def everything(tiny: bool = False) -> dict[str, Any]:
    """All benchmarks as the members of a document."""
    before = os.getloadavg()[0]
    drawn = growth.curves(tiny)
    found = {name: [asdict(row) for row in rows(name, tiny)] for name in NAMES}
    return {
        "commit": commit_now(),
        "day": today(),
        "machine": _machine(before),
        "rows": {**found, "growth": [asdict(row) for row in growth.rows_of(drawn)]},
        "curves": [asdict(one) for one in drawn],
    }


def _machine(load_before: float) -> dict[str, str | bool]:
    cores = os.cpu_count() or 1
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "cores": str(cores),
        "load": f"{load_before:.1f} at its start, {os.getloadavg()[0]:.1f} at its end",
        "shared": load_before > BUSY,
    }


def main(words: Sequence[str]) -> int:
    """Run what is asked for."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # a user's Python keeps what it compiled
    if list(words) == ["--json"]:
        json.dump(everything(), sys.stdout, indent=1)
        sys.stdout.write("\n")
        return 0
    if list(words) == ["growth"]:
        found = growth.rows_of(growth.curves())
    elif len(words) == 1 and words[0] in NAMES:
        found = rows(words[0])
    else:
        sys.stderr.write(f"usage: python -m tests.benchmarks {'|'.join(NAMES)}|growth|--json\n")
        return 2
    sys.stdout.write(table(found))
    return 1 if any(row.missed for row in found) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
