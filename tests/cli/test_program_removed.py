"""The files of the program go while it flashes, as when it is updated, or the folder of the one file is swept away."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from doctor.sim.practice.image import make_practice_image

ROOT = Path(__file__).parents[2]


@pytest.mark.long
@pytest.mark.skipif(os.name == "nt", reason="Windows removes no file that is open")
def test_how_a_flash_ended_is_told_without_the_files_of_the_program(tmp_path: Path) -> None:
    program = tmp_path / "program"
    for room in ("doctor", "checks"):
        shutil.copytree(ROOT / room, program / room, ignore=shutil.ignore_patterns("__pycache__"))
    image = make_practice_image(tmp_path, size_bytes=100_000)
    environ = {**os.environ, "PYTHONPATH": str(program), "PYTHONDONTWRITEBYTECODE": "1"}
    words: list[str | Path] = ["flash", image, "--port", "sim://fipy?speed=20", "--via", "usb", "--yes"]
    with subprocess.Popen(
        [sys.executable, "-m", "doctor", *words], env=environ, cwd=tmp_path, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as running:  # fmt: skip
        assert running.stdout is not None
        before = next((line for line in running.stdout if "step 3 of 6" in line), "")
        shutil.rmtree(program)
        rest = running.stdout.read()
    assert before and running.returncode == 0 and "Flashed and proved" in rest, rest
