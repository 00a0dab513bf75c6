"""The command when another package called doctor lies in the place of ours; make wheel-test does so with PyPI's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from doctor import __version__

START = Path(__file__).parents[2] / "doctor" / "start"
RUN = "import sys; sys.argv = ['fipy-doctor', *sys.argv[1:]]; import _fipy_doctor; _fipy_doctor.main()"
#: What may lie in its ``__init__.py``, and what is told of it.
OTHERS = {
    "import no_such_module_of_theirs": "No module named 'no_such_module_of_theirs'",
    "__version__ = '3.13.7'": "cannot import name 'IS_FIPY_DOCTOR'",
    "raise SystemExit(0)": "SystemExit: 0",
}


def started(*words: str, first: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The command with ``first`` in front of all packages."""
    paths = os.pathsep.join(map(str, filter(None, (first, START, START.parents[1]))))
    environ = {**os.environ, "PYTHONPATH": paths}
    return subprocess.run([sys.executable, "-c", RUN, *words], cwd=START, env=environ, capture_output=True, text=True)


def test_ours_runs() -> None:
    assert started("--version").stdout == f"fipy-doctor {__version__}\n"


@pytest.mark.parametrize("source", OTHERS)
def test_another_package_in_its_place_is_told_and_nothing_runs(source: str, tmp_path: Path) -> None:
    (tmp_path / "doctor").mkdir()
    (tmp_path / "doctor" / "__init__.py").write_text(source)
    said = started("flash", "--port", "sim://fipy", "--yes", first=tmp_path)
    assert (said.returncode, said.stdout) == (1, "")
    first, cause, step = said.stderr.splitlines()
    assert first.startswith("fipy-doctor: the package doctor in ") and str(tmp_path) in first
    assert OTHERS[source] in cause and "pipx" in step


def test_a_package_without_its_beginning_is_told_too(tmp_path: Path) -> None:
    """``pip uninstall doctor`` takes what both had."""
    (tmp_path / "doctor").mkdir()
    (tmp_path / "doctor" / "__init__.py").touch()
    assert "not whole" in started("check", first=tmp_path).stderr
