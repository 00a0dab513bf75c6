"""A plugin of pytest: writes down which test failed first, and whether only because time was over."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

_OUT_OF_TIME = ("TimeoutExpired", "TimeoutError", "Timeout >")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Write the first failure."""
    path = Path(os.environ["FIPY_DOCTOR_VERDICT"])
    if report.failed and not path.exists():
        said = report.longreprtext.splitlines()
        timeout = any(word in line for line in said[-3:] for word in _OUT_OF_TIME)
        path.write_text(json.dumps({"test": report.nodeid, "timeout": timeout}))
