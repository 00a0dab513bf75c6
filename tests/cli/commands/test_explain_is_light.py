from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HEAVY = ("doctor.bench", "doctor.engine", "doctor.updater", "doctor.board", "doctor.sim", "serial", "pyfatfs")
PROGRAM = """
import sys
from doctor.cli.main import run
run(["explain", sys.argv[1]])
print("loaded", *(name for name in sys.argv[2:] if name in sys.modules), file=sys.stderr)
"""


def test_explain_loads_nothing_that_flashes(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text("Received ERROR from AT+SMSWBOOT=0,0! Aborting!\n")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(log), *HEAVY],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "smswboot-01-error" in done.stdout
    assert done.stderr.splitlines()[-1] == "loaded"
