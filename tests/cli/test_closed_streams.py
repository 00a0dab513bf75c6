"""Streams that the shell closed, and Ctrl-C before anything is loaded: no traceback, the same exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX shell")


def in_shell(redirections: str, words: str = "check --port sim://fipy", **env: str) -> subprocess.CompletedProcess[str]:
    command = f'"{sys.executable}" -m doctor {words} {redirections}'
    return subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, **env},
    )  # fmt: skip


@pytest.mark.sampled(4, "long")
@pytest.mark.parametrize("redirections", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
def test_a_closed_stream_changes_no_exit_code(redirections: str) -> None:
    done = in_shell(redirections)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.long
def test_what_is_left_open_is_still_written_to() -> None:
    assert "passed" in in_shell("2>&-").stdout


@pytest.mark.parametrize("loading", ["doctor.cli.main", "doctor.cli.stdio", "doctor.cli.screen"])
def test_ctrl_c_while_loading_is_130(loading: str) -> None:
    code = (
        "import sys, signal\n"
        "class Stop:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name == {loading!r}:\n"
        "            signal.raise_signal(signal.SIGINT)\n"
        "sys.meta_path.insert(0, Stop())\n"
        "sys.argv[1:] = ['ports']\n"
        "from doctor.__main__ import main\n"
        "sys.exit(main())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (130, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("words", ["--version", "check --help"])
def test_a_full_disk_changes_no_exit_code_and_is_told(words: str) -> None:
    done = in_shell(">/dev/full", words)
    assert done.returncode == 0
    assert done.stderr.startswith("fipy-doctor: standard output stopped") and done.stderr.count("\n") == 1


def test_help_is_shown_whatever_the_terminal_can_show() -> None:
    done = in_shell("", "check --help", PYTHONIOENCODING="latin-1")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Usage:") and "..." in done.stdout and "?" not in done.stdout


def test_a_damaged_installation_shows_no_traceback() -> None:
    code = "import sys\nsys.modules['doctor.cli.main'] = None\nfrom doctor.__main__ import main\nsys.exit(main())\n"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("fipy-doctor itself failed") and "next:" in done.stderr
