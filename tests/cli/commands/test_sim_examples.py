"""The example that ``sim --make-firmware`` prints is a command that works."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from doctor.sim.practice.image import make_practice_elf, make_practice_image
from tests.cli.terminal import Terminal


@pytest.mark.sampled(6)
@pytest.mark.parametrize(
    "words",
    [
        "",
        "--base 33080",
        "--base 39529 --build 48828",
        "--base 43818",
        "--radio NB1 --build 41019",
        "--radio NB1 --base 40343 --build 41019",
        "--build 38638",
        "--kind pair",
        "--kind updater",
        "--kind bootrom",
    ],
)
def test_the_printed_example_works(terminal: Terminal, tmp_path: Path, words: str) -> None:
    said = terminal.type("sim", "--make-firmware", str(tmp_path), *words.split())
    found = re.findall(r"fipy-doctor (flash .*)", said.out)
    stands = {"FILE.dup": make_practice_image, "FILE.elf": make_practice_elf}
    typed = [str(stands[word](tmp_path)) if word in stands else word for word in shlex.split(found[0])]
    assert terminal.type(*typed, "--dry-run").code == 0
