from __future__ import annotations

import os
import pwd
import shlex
import subprocess
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from doctor.as_root import with_sudo
from doctor.card.drives import device
from doctor.documents.json_file import make_folder, write_synced, write_whole
from tests.another_system import on

USER = {"HOME": "/home/anna b", "PATH": "/usr/bin", "FIPY_DOCTOR_STATE_DIR": "/srv/state of anna"}
posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no sudo")
as_root_only = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root")


@pytest.fixture(autouse=True)
def started_as_a_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["__main__"], "__spec__", None)


def test_the_line_keeps_program_settings_and_words() -> None:
    words = shlex.split(with_sudo([sys.executable, "fix", "--sd", "my card.img"], USER))
    assert words[:2] == ["sudo", "env"]
    assert words[-4:] == [sys.executable, "fix", "--sd", "my card.img"]
    assert {"HOME=/home/anna b", "FIPY_DOCTOR_STATE_DIR=/srv/state of anna"} <= set(words)
    assert not [word for word in words if word.startswith("PATH=")]


def test_a_program_that_is_no_program_is_given_to_this_python(tmp_path: Path) -> None:
    (tmp_path / "fipy-doctor.pyz").touch()
    words = shlex.split(with_sudo([str(tmp_path / "fipy-doctor.pyz"), "cards"], {}))
    assert words[-3:] == [sys.executable, str(tmp_path / "fipy-doctor.pyz"), "cards"]


@pytest.mark.parametrize("word", ["telnet://anna:secret@192.168.4.1", "--port=Telnet://anna:secret@192.168.4.1"])
def test_no_password_stands_in_the_line(word: str) -> None:
    line = with_sudo(["fipy-doctor", word], {"FIPY_DOCTOR_TELNET_PASSWORD": "secret"})
    assert "secret" not in line and "anna@192.168.4.1" in line


def test_what_root_is_refused_is_not_to_be_tried_as_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert "sudo" not in device._refused("/dev/sdb", PermissionError(1, "no"), writing=True).next
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert "`sudo env " in device._refused("/dev/sdb", PermissionError(1, "no"), writing=True).next
    on(monkeypatch, "win32")
    assert "sudo" not in device._refused("/dev/sdb", PermissionError(1, "no"), writing=True).next


@as_root_only
def test_what_root_makes_in_the_folder_of_a_user_is_the_users(tmp_path: Path) -> None:
    nobody, theirs = pwd.getpwnam("nobody").pw_uid, tmp_path / "theirs"
    theirs.mkdir()
    os.chown(theirs, nobody, -1)
    make_folder(theirs / "state" / "journal")
    write_synced(theirs / "state" / "log", b"x")
    write_whole(theirs / "state" / "journal" / "one.json", b"{}")
    assert {path.stat().st_uid for path in theirs.rglob("*")} == {nobody}
    write_synced(tmp_path / "own", b"x")
    assert (tmp_path / "own").stat().st_uid == 0


@as_root_only
def test_a_file_with_a_second_name_is_given_to_nobody(tmp_path: Path) -> None:
    theirs, system = tmp_path / "theirs", tmp_path / "system"
    theirs.mkdir()
    os.chown(theirs, pwd.getpwnam("nobody").pw_uid, -1)
    system.touch()
    os.link(system, theirs / "log")
    write_synced(theirs / "log", b"x")
    assert system.stat().st_uid == 0


#: What sudo makes of the environment (sudoers: env_reset, secure_path).
SUDO = '#!/bin/sh\nexec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LOGNAME=root SUDO_UID=1000 "$@"\n'
PROGRAM = f"#!{sys.executable}\nfrom doctor.__main__ import main\nmain()\n"


def executable(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.mark.sampled(2, "long")
@posix
@pytest.mark.parametrize("as_module", [False, True])
def test_the_line_runs_where_sudo_keeps_nothing(
    as_module: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The program is found, and answers by a setting that it has from the environment of this user alone."""
    monkeypatch.setenv("FIPY_DOCTOR_SD", "/the card of anna")
    (tmp_path / "a user").mkdir()
    program = executable(tmp_path / "a user" / "fipy-doctor", PROGRAM)
    monkeypatch.setattr(sys.modules["__main__"], "__spec__", ModuleSpec("doctor.__main__", None) if as_module else None)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    monkeypatch.setenv("PATH", f"{executable(tmp_path / 'sudo', SUDO).parent}:{os.environ['PATH']}")
    line = with_sudo([str(program), "check"])
    done = subprocess.run(line, shell=True, capture_output=True, text=True)
    assert "/the card of anna" in done.stderr
