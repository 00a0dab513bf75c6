"""The ways in when another package called doctor lies in the place of ours; make wheel-test does so with PyPI's."""

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


def run(*command: str, first: Path | None, cwd: Path = START) -> subprocess.CompletedProcess[str]:
    """A program of Python with ``first`` in front of all packages."""
    paths = os.pathsep.join(map(str, filter(None, (first, START, START.parents[1]))))
    environ = {**os.environ, "PYTHONPATH": paths, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run([sys.executable, *command], cwd=cwd, env=environ, capture_output=True, text=True)


def started(*words: str, first: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The command with ``first`` in front of all packages."""
    return run("-c", RUN, *words, first=first)


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


def test_one_in_front_of_ours_is_told_by_its_place(tmp_path: Path) -> None:
    """Nothing was installed in our place: to install it again would help nobody."""
    site, other = tmp_path / "site-packages", tmp_path / "other"
    for folder in (site, other):
        (folder / "doctor").mkdir(parents=True)
        (folder / "doctor" / "__init__.py").touch()
    (site / "doctor" / "own_process.py").touch()
    (site / "_fipy_doctor.py").write_text((START / "_fipy_doctor.py").read_text())
    for first in (str(other), str(site)):
        paths = os.pathsep.join((first, str(site)))
        words = [sys.executable, "-c", RUN, "check"]
        said = subprocess.run(
            words, cwd=tmp_path, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True
        )
        assert ("PYTHONPATH" in said.stderr) == (first == str(other)), said.stderr
        assert ("pip uninstall doctor" in said.stderr) == (first == str(site)), said.stderr


def test_the_module_tells_it_too_as_far_as_python_comes_to_it(tmp_path: Path) -> None:
    """Theirs can be imported, and our ``__main__`` is the one that both have."""
    (tmp_path / "doctor").mkdir()
    (tmp_path / "doctor" / "__init__.py").write_text(f"__path__.append({str(START.parent)!r})\n")
    said = run("-m", "doctor", "flash", "--port", "sim://fipy", "--yes", first=tmp_path)
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr.startswith("fipy-doctor: the package doctor in ") and len(said.stderr.splitlines()) == 3


@pytest.mark.parametrize("source", OTHERS)
def test_tests_that_need_nothing_of_ours_run_beside_another_package(source: str, tmp_path: Path) -> None:
    (tmp_path / "doctor").mkdir()
    (tmp_path / "doctor" / "__init__.py").write_text(source)
    (tmp_path / "test_theirs.py").write_text(
        "import pytest\ndef test_own(): pass\n"
        "@pytest.mark.fipy_scenario('modem-silent')\ndef test_bench(fipy_bench): pass\n"
        "def test_board(fipy_board): pass\n"
    )
    words = ("-p", "_fipy_doctor_pytest", "--strict-markers", "--fipy-port", "COM7", "-c", os.devnull, "test_theirs.py")
    said = run("-m", "pytest", "--rootdir", str(tmp_path), *words, first=tmp_path, cwd=tmp_path)
    assert "1 passed, 2 errors" in said.stdout, said.stdout + said.stderr
    assert said.stdout.count("fipy-doctor: the package doctor in ") >= 2 and "Traceback" not in said.stdout
