"""Fixtures and marks for all tests."""

from __future__ import annotations

import shutil

import pytest


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test marked ``needs_tool("mkfs.fat")`` where the tool is missing, and name it."""
    for mark in item.iter_markers("needs_tool"):
        for tool in mark.args:
            if shutil.which(tool) is None and shutil.which(tool, path="/usr/sbin:/sbin") is None:
                pytest.skip(f"{tool} is not installed")
