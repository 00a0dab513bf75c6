"""Fixtures and marks for all tests."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def state_of_its_own(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Journals and logs of a test stay out of the user's own state directory."""
    folder = tmp_path_factory.mktemp("state")
    monkeypatch.setenv("FIPY_DOCTOR_STATE_DIR", str(folder))
    return folder


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test marked ``needs_tool("mkfs.fat")`` where the tool is missing, and name it."""
    for mark in item.iter_markers("needs_tool"):
        for tool in mark.args:
            if shutil.which(tool) is None and shutil.which(tool, path="/usr/sbin:/sbin") is None:
                pytest.skip(f"{tool} is not installed")
