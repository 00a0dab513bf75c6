"""The plug-in in a pytest of its own, without this suite's configuration; make wheel-test does so from the wheel."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parent.parent / "docs" / "pytest.md"
EXAMPLES = re.findall(r'^```python title="(test_\w+\.py)"\n(.*?)^```$', PAGE.read_text("utf-8"), re.M | re.S)


def ran(folder: Path, *words: str) -> str:
    """What a pytest in ``folder`` prints."""
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\nfilterwarnings = error\n")
    command = [sys.executable, "-m", "pytest", "-p", "doctor.pytest_plugin", "-p", "no:hypothesispytest", "-ra", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    return done.stdout + done.stderr


@pytest.mark.long
def test_the_page_runs_with_and_without_a_board(tmp_path: Path) -> None:
    ((name, text),) = EXAMPLES
    (tmp_path / name).write_text(text, encoding="utf-8")
    said = ran(tmp_path)
    assert "3 passed, 1 skipped" in said and "needs a board: give its port with --fipy-port" in said
    assert "4 passed" in ran(tmp_path, "--fipy-port", "sim://gpy")


@pytest.mark.long
def test_what_is_wrong_with_the_board_is_told_in_our_words(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text("def test_it(fipy_board):\n    print(fipy_board.run('print(1)'))\n")
    said = ran(tmp_path, "--fipy-port", str(tmp_path / "ttyACM7"))
    assert "1 error" in said and "next:" in said and "Traceback" not in said and "doctor/link" not in said
    busy = ran(tmp_path, "--fipy-port", "sim://fipy?files=word-every@1", "--fipy-interrupt")
    assert "1 passed" in busy or "next:" in busy


def test_nothing_of_ours_is_loaded_until_a_fixture_is_used() -> None:
    code = "import sys, doctor.pytest_plugin; print(*(n for n in sys.modules if n.startswith('doctor')))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["doctor", "doctor.pytest_plugin"]
