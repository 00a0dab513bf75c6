"""A plugin of pytest: runs the tests that were chosen, in their order, and writes down which of them failed first.

A test that is named after a value has another name once a mutant changes that: it is not there, which is not a failure.
A file that cannot be imported is one.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

_OUT_OF_TIME = ("TimeoutExpired", "TimeoutError", "Timeout >")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep what was chosen."""
    chosen: list[str] = json.loads(Path(os.environ["FIPY_DOCTOR_CHOSEN"]).read_text())
    there = {item.nodeid: item for item in items}
    items[:] = [there[name] for name in chosen if name in there]


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """Write that a file cannot be imported."""
    _note(report)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Write the first failure."""
    _note(report)


def _note(report: pytest.TestReport | pytest.CollectReport) -> None:
    path = Path(os.environ["FIPY_DOCTOR_VERDICT"])
    if report.failed and not path.exists():
        said = report.longreprtext.splitlines()
        timeout = any(word in line for line in said[-3:] for word in _OUT_OF_TIME)
        path.write_text(json.dumps({"test": report.nodeid, "timeout": timeout}))
