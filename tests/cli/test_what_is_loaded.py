"""What a run has no use for is not loaded: half of a short run is loading."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from doctor.sim.practice.image import make_practice_image
from tests.card.images import card

PROGRAM = """
import sys
from doctor.cli.main import run
code = run(sys.argv[2:])
loaded = [name for name in sys.modules if any(f"{name}.".startswith(f"{room}.") for room in sys.argv[1].split())]
print(code, *loaded, file=sys.stderr)
"""
CARD = ("doctor.board.board", "doctor.board.storage", "doctor.board.card", "doctor.board.line.jumpers", "doctor.sim")
RUNS = {
    "check --sd CARD --select card-is-fat,dup-at-root": (
        *CARD,
        *("doctor.jobs.last_flash", "doctor.jobs.flashing", "doctor.jobs.memory.journal"),
        *("doctor.remedies.reformat_sd", "importlib.metadata"),
    ),
    "flash IMAGE --port sim://sqn3330 --via modem --yes -q": (
        *("doctor.jobs.flashing.card", "doctor.jobs.status", "doctor.board.card", "ftplib", "ssl"),
        *("doctor.board.onboard", "doctor.board.lean", "doctor.board.storage", "symtable"),
        *("doctor.sim.board.board", "doctor.sim.board.state", "doctor.remedies.reformat_sd", "importlib.metadata"),
    ),
}


@pytest.mark.long
@pytest.mark.parametrize("words", RUNS)
def test_a_run_loads_nothing_of_what_it_does_not_look_at(words: str, tmp_path: Path) -> None:
    image = card(tmp_path / "card.img", {"A.DUP": b"x"})
    given = {"CARD": str(image), "IMAGE": str(make_practice_image(tmp_path, size_bytes=20_000))}
    command = [sys.executable, "-c", PROGRAM, " ".join(RUNS[words]), *(given.get(w, w) for w in words.split())]
    ran = subprocess.run(command, capture_output=True, text=True)
    code, *loaded = ran.stderr.splitlines()[-1].split()
    assert (code in "01", loaded) == (True, [])
