"""Checks and cures of other packages that print: a program that reads the results reads nothing of theirs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from doctor import plugins
from doctor.cli.main import run
from tests.planted import check, cure, plant

LOOK = "print('look'); return self.passed('it is')"
CHECK = f"print('load')\n{check(look=LOOK)}"
NOISY = cure(plan="print('plan'); return ('ask',)", do="print('do'); return 'done'")
CURE = f"print('load')\n{NOISY}"


@pytest.mark.parametrize("way", ["--json", "--json-events"])
def test_what_a_check_prints_goes_to_standard_error(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    plant(tmp_path, f"check-prints{way}", CHECK)
    before = sys.stdout
    run(["check", "--port", "sim://fipy", "--select", "antenna-is-fitted", way])
    assert sys.stdout is before
    said = capsys.readouterr()
    assert {"load", "look"} <= set(said.err.splitlines())
    documents = said.out.splitlines() if way == "--json-events" else [said.out]
    assert json.loads(documents[-1])["schema"] == "fipy-doctor/check/1" and all(map(json.loads, documents))


@pytest.mark.long
def test_what_a_cure_prints_goes_to_standard_error(tmp_path: Path) -> None:
    plant(tmp_path, "cure-prints", CURE, group=plugins.CURES)
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join((str(tmp_path), *filter(None, sys.path)))}
    command = [sys.executable, "-m", "doctor", "fix", "--screw-antenna-on", "--port", "sim://fipy", "--yes", "--json"]
    said = subprocess.run(command, env=environ, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert json.loads(said.stdout)["schema"] == "fipy-doctor/fix/1"
    assert {"load", "plan", "do"} <= set(said.stderr.splitlines())


#: What reaches the descriptor of standard output, whatever ``sys.stdout`` is; and one that takes it away.
BENEATH = {
    "descriptor": "import os; os.write(1, b'load\\n')",
    "child": "import os; os.system('echo load')",
    "first-stdout": "import sys; print('load', file=sys.__stdout__)",
    "closed": "import os; os.close(1); os.write(2, b'load\\n')",
}


@pytest.mark.long
@pytest.mark.parametrize("beneath", BENEATH)
def test_what_goes_beneath_our_streams_goes_to_standard_error(beneath: str, tmp_path: Path) -> None:
    plant(tmp_path, f"check-beneath-{beneath}", f"{BENEATH[beneath]}\n{check()}")
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join((str(tmp_path), *filter(None, sys.path)))}
    command = [
        sys.executable,
        "-m",
        "doctor",
        "check",
        "--port",
        "sim://fipy",
        "--select",
        "antenna-is-fitted",
        "--json",
    ]
    said = subprocess.run(command, env=environ, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert json.loads(said.stdout)["schema"] == "fipy-doctor/check/1"
    assert "load" in said.stderr.splitlines()
