from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest

from doctor import __version__, own_process
from doctor.as_root import with_sudo
from doctor.link.holders import is_ours

#: What PyInstaller makes calls ``main`` of this module; this does so without PyInstaller.
ONE_FILE = '#!/bin/sh\nexec {python} -c "from doctor.one_file import main; main()" "$@"\n'


@pytest.fixture
def one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """This process takes itself for the program as one file, and there is one."""
    program = tmp_path / "fipy-doctor"
    program.write_text(ONE_FILE.format(python=shlex.quote(sys.executable)))
    program.chmod(0o755)
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(program))
    return program


def version_by(command: list[str], folder: Path) -> str:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True, timeout=60).stdout.strip()


def test_a_child_is_this_program_whatever_lies_in_the_folder(tmp_path: Path) -> None:
    (tmp_path / "doctor").mkdir()
    for name in ("__init__.py", "__main__.py"):
        (tmp_path / "doctor" / name).write_text("raise SystemExit('somebody else')\n")
    for name in ("json.py", "click.py", "os.py"):
        (tmp_path / name).write_text("raise SystemExit('somebody else')\n")
    assert version_by(own_process.command("--version"), tmp_path) == f"fipy-doctor {__version__}"
    part = own_process.part("second-reader", "no such words")
    assert "somebody else" not in subprocess.run(part, cwd=tmp_path, capture_output=True, text=True, timeout=60).stderr


def test_a_child_is_known_as_a_run_of_ours() -> None:
    assert is_ours(own_process.command("check"))


def test_a_python_that_does_not_know_its_file_starts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "")
    assert own_process.command("check") == own_process.part("second-reader", "{}") == []


@pytest.mark.skipif(os.name == "nt", reason="Windows starts no shell scripts")
def test_one_file_starts_itself(one_file: Path, tmp_path: Path) -> None:
    assert version_by(own_process.command("--version"), tmp_path) == f"fipy-doctor {__version__}"
    assert shlex.split(with_sudo(["fipy-doctor", "cards"], {}))[-2:] == [str(one_file), "cards"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such variables")
def test_programs_of_the_system_find_their_own_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    from doctor import one_file as module

    seen: dict[str, str] = {}

    def run() -> NoReturn:
        seen.update(os.environ)
        raise SystemExit

    monkeypatch.setattr(module, "run", run)
    monkeypatch.setenv("LD_LIBRARY_PATH", "/tmp/_MEI1")
    monkeypatch.setenv("LD_LIBRARY_PATH_ORIG", "/opt/lib")
    monkeypatch.setenv("DYLD_LIBRARY_PATH", "/tmp/_MEI1")
    monkeypatch.setattr(sys, "argv", ["fipy-doctor"])
    with pytest.raises(SystemExit):
        module.main()
    assert seen["LD_LIBRARY_PATH"] == "/opt/lib"
    assert not {"LD_LIBRARY_PATH_ORIG", "DYLD_LIBRARY_PATH"} & seen.keys()
