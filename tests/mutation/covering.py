"""A plugin of pytest: which test runs which lines of the modules, and how long each test takes.

``FIPY_DOCTOR_COVERS`` names the modules, ``FIPY_DOCTOR_COVERING`` the folder into which each worker writes a file.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import coverage
import pytest

MODULES = "FIPY_DOCTOR_COVERS"
FOLDER = "FIPY_DOCTOR_COVERING"


class Covering:
    """One process that runs tests."""

    def __init__(self) -> None:
        self.root = Path.cwd()
        self.modules = os.environ[MODULES].split(":")
        self.seconds: dict[str, float] = {}
        self.measured = coverage.Coverage(data_file=None, include=[str(self.root / each) for each in self.modules])
        self.measured.start()

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Note what the test runs under its own name."""
        self.measured.switch_context(item.nodeid)
        yield
        self.measured.switch_context("")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add up set-up, test and tidying."""
        self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0.0) + report.duration

    def pytest_sessionfinish(self) -> None:
        """Write what was seen."""
        self.measured.stop()
        data = self.measured.get_data()
        lines = {each: data.contexts_by_lineno(str(self.root / each)) for each in self.modules}
        path = Path(os.environ[FOLDER]) / f"{os.getpid()}.json"
        path.write_text(json.dumps({"lines": lines, "seconds": self.seconds}))


def pytest_configure(config: pytest.Config) -> None:
    """Measure in every process that runs tests itself."""
    if hasattr(config, "workerinput") or not config.getoption("numprocesses", None):
        config.pluginmanager.register(Covering(), "covering")
