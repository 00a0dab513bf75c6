"""Who holds a port is told apart: another program is to be closed, a run of this one never is."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from doctor.bench import Bench, BenchOptions
from doctor.errors import LinkError
from doctor.jobs.check import CheckRequest, check
from doctor.jobs.memory.lock import port_lock
from doctor.link.holders import is_ours, who_holds
from doctor.link.link import open_link
from doctor.link.port_url import PortUrl
from doctor.remedies import cures
from doctor.report.next_step import after
from doctor.text.command import Command
from tests.another_system import on

pytestmark = pytest.mark.skipif(not Path("/proc/locks").exists(), reason="needs /proc/locks (Linux)")

HOLDS = (
    "import sys; from doctor.link.link import open_link; from doctor.link.port_url import PortUrl\n"
    "with open_link(PortUrl.read(sys.argv[1])):\n print(flush=True); sys.stdin.read()"
)
PLAIN = "import os, sys; fd = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY); print(flush=True); sys.stdin.read()"
FLASHES = (
    "import sys; from pathlib import Path; from doctor.jobs.memory.lock import port_lock\n"
    "from doctor.link.link import open_link; from doctor.link.port_url import PortUrl\n"
    "with port_lock(sys.argv[1], Path(sys.argv[2]) / 'locks'), open_link(PortUrl.read(sys.argv[1])):\n"
    " print(flush=True); sys.stdin.read()"
)


@pytest.fixture
def port() -> Iterator[str]:
    """A terminal that nobody has open but its maker."""
    ours, theirs = pty.openpty()
    name = os.ttyname(theirs)
    os.close(theirs)
    yield name
    os.close(ours)


@contextmanager
def held(words: list[str]) -> Iterator[int]:
    """Another process, until the end of the block; gives its number once it has the port."""
    child = subprocess.Popen([sys.executable, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()
    try:
        yield child.pid
    finally:
        child.communicate()


def script(tmp_path: Path, name: str, text: str) -> str:
    path = tmp_path / name
    path.write_text(text)
    return str(path)


def test_a_run_of_ours_is_never_to_be_closed(port: str, tmp_path: Path) -> None:
    with held([script(tmp_path, "fipy-doctor", HOLDS), port]) as pid:
        holder = who_holds(port)
        assert holder is not None and (holder.pid, holder.ours) == (pid, True)
        with Bench(BenchOptions(port=port)) as bench:
            report = check(bench, CheckRequest(("port-opens",)))
        step = after(report, Command("check", port=port), cures())
    finding = report.failed[0]
    assert finding.catalogue == "flash-under-way"
    assert [remedy.id for remedy in finding.remedies] == ["leave-it-alone"]
    assert step.hands == (f"leave it alone until pid {pid} has ended; only then look again",)
    assert "close" not in f"{step.hands} {finding.next} {finding.evidence} {finding.summary}"


def test_a_program_that_flashes_by_our_functions_is_one_of_ours(port: str, tmp_path: Path) -> None:
    with held([script(tmp_path, "factory.py", FLASHES), port, str(tmp_path)]) as pid:
        assert str(who_holds(port)) == f"fipy-doctor (pid {pid})"


def test_another_program_is_named_and_may_be_closed(port: str, tmp_path: Path) -> None:
    with held([script(tmp_path, "terminal.py", HOLDS), port]) as pid:
        with pytest.raises(LinkError) as caught:
            open_link(PortUrl.read(port))
        holder = who_holds(port)
    assert holder is not None and (holder.pid, holder.ours) == (pid, False)
    assert caught.value.id == "port-busy" and "close it" in caught.value.next


def test_who_has_it_open_without_a_lock_is_found_too(port: str, tmp_path: Path) -> None:
    with held([script(tmp_path, "terminal.py", PLAIN), port]) as pid:
        assert str(who_holds(port)).endswith(f"(pid {pid})")
    assert who_holds(port) is None


def test_macos_names_who_has_the_other_name_of_the_port_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    on(monkeypatch, "darwin")
    monkeypatch.setattr("doctor.link.holders._PROC", tmp_path / "proc")  # which macOS lacks
    program = script(
        tmp_path,
        "lsof",
        f"#!/bin/sh\ncase \"$*\" in *' /dev/tty.usbmodem1'*) printf 'p{os.getpid()}\\ncus\\np1\\ncscreen\\n';; esac\n",
    )
    Path(program).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert str(who_holds("/dev/cu.usbmodem1")) == "screen (pid 1)"


@pytest.mark.long
def test_a_kept_bench_in_use_is_left_alone(tmp_path: Path) -> None:
    url = f"sim://fipy?state={tmp_path / 'bench'}"
    with held([script(tmp_path, "fipy-doctor", HOLDS), url]) as pid, pytest.raises(LinkError) as caught:
        open_link(PortUrl.read(url))
    assert caught.value.id == "flash-under-way" and f"pid {pid} has ended" in caught.value.next


@pytest.mark.parametrize(
    ("line", "ours"),
    [
        ("fipy-doctor flash x.dup", True),
        ("/usr/bin/python3 /home/x/.local/bin/fipy-doctor check", True),
        ("python -m doctor flash x.dup", True),
        ("python3 -X dev -m doctor", True),
        ("/usr/bin/python3 /src/doctor/__main__.py status", True),
        ("C:\\Python\\Scripts\\fipy-doctor.exe flash", True),
        ("minicom -D /dev/ttyACM0", False),
        ("vim docs/fipy-doctor.md", False),
        ("less a b c d fipy-doctor", False),
        ("python -m doctors", False),
        ("", False),
    ],
)
def test_command_lines_of_ours_are_known(line: str, ours: bool) -> None:
    assert is_ours(line.split()) == ours


def test_a_lock_of_ours_has_the_name_that_is_looked_for(tmp_path: Path) -> None:
    from doctor.link import holders

    with port_lock("COM3", tmp_path / "locks"):
        (path,) = (tmp_path / "locks").iterdir()
    assert holders._LOCK_OF_OURS.search(str(path))
