"""A user without a home: HOME is not set, and the system does not know the user (a service, a container)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from doctor.documents import user_folders
from tests.cli.terminal import Terminal


@pytest.fixture
def terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Terminal:
    def unknown(*_: Any) -> Any:
        raise KeyError("uid not found")

    for name in ("HOME", "FIPY_DOCTOR_STATE_DIR", "FIPY_DOCTOR_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    for kind in ("STATE", "DATA", "CONFIG"):
        monkeypatch.delenv(f"XDG_{kind}_HOME", raising=False)
    monkeypatch.setattr("pwd.getpwuid", unknown)
    monkeypatch.setattr("pwd.getpwnam", unknown)
    monkeypatch.chdir(tmp_path)
    return Terminal(capsys)


def test_what_only_reads_goes_on(terminal: Terminal, tmp_path: Path) -> None:
    said = terminal.type("check", "--port", "sim://fipy")
    assert said.code == 0 and "10 checks passed" in said.out and "this-user-has-no-home" in said.err
    assert terminal.type("status", "--port", "sim://fipy").code == 0
    assert terminal.type("--show-config").code == 0
    assert "Not one byte comes" in terminal.type("open", "modem-silent", "--web").out
    assert not list(tmp_path.iterdir())  # no folder called "~" was made


def test_what_must_keep_something_is_refused_with_the_next_step(terminal: Terminal, image: Path) -> None:
    flash = terminal.type("flash", str(image), "--port", "sim://fipy", "--yes")
    assert flash.code == 1 and "nothing was sent to the modem" in flash.out and "FIPY_DOCTOR_STATE_DIR=" in flash.out
    fix = terminal.type("fix", "--upload-scripts", "--port", "sim://fipy?scenario=html-scripts", "--yes")
    assert fix.code == 1 and "--backup DIR" in fix.out + fix.err
    trial = terminal.type("trial", "--port", "sim://fipy", "--dry-run")
    assert trial.code == 1 and "FIPY_DOCTOR_STATE_DIR=" in trial.out + trial.err
    mistyped = terminal.type("trace", "nothing")
    assert mistyped.code == 2
    report = terminal.type("report", "out.zip", "--yes")
    assert report.code == 2 and "kept nothing" in report.out + report.err
    assert not [said for said in (flash, fix, trial, mistyped, report) if "itself failed" in said.out + said.err]


@pytest.mark.parametrize("error", [RuntimeError, OSError, KeyError, ValueError])
def test_every_way_in_which_a_home_is_not_found(error: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any, **__: Any) -> Path:
        raise error("LOCALAPPDATA")

    for kind in ("state", "data", "config", "downloads"):
        monkeypatch.setattr(f"platformdirs.user_{kind}_path", fails)
    monkeypatch.setattr("pathlib.Path.home", fails)
    found = [user_folders.own_folder(kind) for kind in ("state", "data", "config")]
    assert {*found, user_folders.downloads(), user_folders.home()} == {user_folders.NO_HOME}


def test_nothing_can_be_made_in_its_place() -> None:
    with pytest.raises(OSError):
        user_folders.NO_HOME.mkdir(parents=True)
