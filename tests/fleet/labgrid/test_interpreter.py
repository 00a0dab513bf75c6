from __future__ import annotations

import sys
from pathlib import Path

import pytest

from doctor.errors import DoctorError
from doctor.fleet.labgrid.farm import held
from doctor.fleet.labgrid.helper import Helper
from doctor.fleet.labgrid.interpreter import VARIABLE, labgrid_python
from doctor.fleet.labgrid.owner import own_name


@pytest.fixture(autouse=True)
def only_this_folder_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def client(folder: Path, first_lines: str) -> None:
    script = folder / "labgrid-client"
    script.write_text(first_lines)
    script.chmod(0o755)


@pytest.mark.skipif(sys.platform == "win32", reason="scripts there are programs, which say nothing of their Python")
@pytest.mark.parametrize(
    "first_lines",
    [
        f"#!{sys.executable}\nimport x\n",
        f"#!{sys.executable} -I\n",
        f"#!/bin/sh\n'''exec' \"{sys.executable}\" \"$0\" \"$@\"\n' '''\n",
        f"#!/usr/bin/env -S {sys.executable}\n",
    ],
)
def test_it_is_that_of_labgrid_client(tmp_path: Path, first_lines: str) -> None:
    client(tmp_path, first_lines)
    assert labgrid_python() == sys.executable


@pytest.mark.skipif(sys.platform == "win32", reason="scripts there are programs, which say nothing of their Python")
@pytest.mark.parametrize("first_lines", ["MZ\x90", "", "#!", "#!/bin/sh\n'''exec' \"\n", "#!/nowhere/python\n"])
def test_a_client_that_does_not_tell_is_said(tmp_path: Path, first_lines: str) -> None:
    client(tmp_path, first_lines)
    with pytest.raises(DoctorError, match="labgrid is not to be found") as caught:
        labgrid_python()
    assert VARIABLE in caught.value.next


def test_without_labgrid_the_cure_is_pipx() -> None:
    with pytest.raises(DoctorError) as caught:
        labgrid_python()
    assert caught.value.id == "labgrid-missing" and "`pipx install labgrid`" in caught.value.next


def test_what_the_environment_names_wins_and_has_to_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, sys.executable)
    assert labgrid_python() == sys.executable
    monkeypatch.setenv(VARIABLE, "/nowhere/python")
    with pytest.raises(DoctorError) as caught:
        labgrid_python()
    assert "/nowhere/python, which is not a program" in caught.value.cause


def test_a_python_without_labgrid_says_so_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, sys.executable)
    with pytest.raises(DoctorError) as caught, held(["*"], "127.0.0.1:9", 0, print):
        pass
    assert caught.value.id == "labgrid-missing" and "has no labgrid" in caught.value.cause


def test_an_old_labgrid_is_refused_by_its_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = tmp_path / "site" / "labgrid-24.0.3.dist-info"
    there.mkdir(parents=True)
    (there / "METADATA").write_text("Metadata-Version: 2.1\nName: labgrid\nVersion: 24.0.3\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    monkeypatch.setenv(VARIABLE, sys.executable)
    with pytest.raises(DoctorError, match=r"labgrid 24\.0\.3 is too old") as caught, held(["*"], "", 0, print):
        pass
    assert "`pipx upgrade labgrid`" in caught.value.next


@pytest.mark.skipif(sys.platform == "win32", reason="there it cannot be started in this way")
def test_a_python_that_breaks_is_quoted(tmp_path: Path) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho no module >&2\nexit 1\n")
    broken.chmod(0o755)
    with own_name("farm:1", tmp_path / "state") as owner:
        helper = Helper(str(broken), owner, print)
        assert helper.next() is None and helper.last_words() == "no module"
        assert not list(helper.end(1.0))
