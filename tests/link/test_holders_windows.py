r"""Who holds a port on Windows, by what it tells every user; its calls are answered by ``another_system.Windows``."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from serial import SerialException

from doctor.link import holders_windows
from doctor.link.holders import who_holds
from doctor.link.holders_windows import pid_of_holder
from doctor.link.open_failed import explain
from doctor.link.port_url import PortUrl
from tests.another_system import Handle, Windows

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the real one answers by itself")

ENDED = 2**31 - 4  #: no system has so many programs
BOARD, OTHER = r"\Device\USBSER000", r"\Device\VCP0"
#: What pySerial raises for a port that somebody holds.
DENIED = SerialException("could not open port 'COM25': PermissionError(13, 'Access is denied.', None, 5)")


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Windows]:
    monkeypatch.setattr("doctor.link.holders._PROC", tmp_path / "proc")  # which Windows lacks
    windows = Windows.installed(monkeypatch)
    windows.devices = {"COM25": BOARD, "COM3": OTHER}
    yield windows
    for thread in threading.enumerate():
        if thread.name.startswith("who holds"):
            thread.join()
    assert not windows._copies  # all that was taken is given back


@pytest.fixture
def program() -> Iterator[subprocess.Popen[bytes]]:
    """A program that runs, and is none of ours."""
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield child
    child.communicate(b"\n")


def test_the_program_that_has_the_port_open_is_named(windows: Windows, program: subprocess.Popen[bytes]) -> None:
    windows.handles = [
        Handle(4, BOARD, foreign=True),
        Handle(os.getpid(), BOARD),
        Handle(700, OTHER),
        Handle(800, BOARD, access=0x00100080),  # looks at it only
        Handle(900, f"{BOARD}1"),
        Handle(program.pid, BOARD),
    ]
    failed = explain(DENIED, PortUrl.read("COM25"))
    assert failed.id == "port-busy"
    assert failed.cause is not None and failed.cause.startswith("held by python")
    assert failed.cause.endswith(f"(pid {program.pid})")


def test_nobody_is_named_if_nobody_can_be_seen(windows: Windows) -> None:
    windows.handles = [Handle(4, BOARD, foreign=True), Handle(ENDED, OTHER)]
    assert [pid_of_holder(port) for port in ("COM25", "COM3", "COM9")] == [None, ENDED, None]
    gone = who_holds("COM3")
    assert str(gone) == f"a program (pid {ENDED})"  # it ended meanwhile, or does not tell its name


def test_handles_of_thousands_of_programs_are_looked_through(windows: Windows) -> None:
    windows.handles = [Handle(pid, "", access=0) for pid in range(1, 30_000)] + [Handle(700, BOARD)]
    assert pid_of_holder("COM25") == 700


def test_a_pipe_that_does_not_tell_its_name_holds_nobody_up(windows: Windows, monkeypatch: pytest.MonkeyPatch) -> None:
    held = Event()
    pipes = [Handle(600, r"\Device\NamedPipe\x", waits=held) for _ in range(8)]
    try:
        windows.handles = [*pipes[1:], Handle(700, BOARD)]
        assert pid_of_holder("COM25") == 700
        monkeypatch.setattr(holders_windows, "_LIMIT_S", 0.01)
        windows.handles = [*pipes, Handle(700, BOARD)]
        assert pid_of_holder("COM25") is None
    finally:
        held.set()
