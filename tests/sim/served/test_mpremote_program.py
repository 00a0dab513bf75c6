"""The mpremote program itself, as a user starts it, on the pseudo terminal of ``sim --listen``."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from doctor.sim.served.listen import Listener

pytest.importorskip("mpremote", reason="mpremote is not installed")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo terminals")

DATA = bytes(range(256)) * 2
SPEED = 300  #: simulated seconds in one; a boot takes two of them


@pytest.fixture(params=[pytest.param("1.17.3.b1", marks=pytest.mark.table), "1.20.2.r4"])
def board(request: pytest.FixtureRequest) -> Iterator[tuple[Listener, str]]:
    with Listener(f"sim://fipy?release={request.param}&speed={SPEED}", tcp_port=None) as listener:
        yield listener, request.param
    assert listener.error is None


def mpremote(listener: Listener, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mpremote", "connect", listener.names[0], *words],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.long
def test_connect_eval_cp_ls_and_reset(board: tuple[Listener, str], tmp_path: Path) -> None:
    listener, release = board
    inside: Any = listener.serial.bench.board
    there, back = tmp_path / "there.bin", tmp_path / "back.bin"
    there.write_bytes(DATA)
    copied = mpremote(
        listener,
        *("eval", "6 * 7", "+", "fs", "cp", str(there), ":/flash/lib/x.bin", "+"),
        *("fs", "cp", ":/flash/lib/x.bin", str(back), "+", "fs", "ls", ":/flash/lib"),
    )
    assert copied.stdout.splitlines()[0] == "42"
    assert back.read_bytes() == DATA
    assert inside.flash.files["lib/x.bin"] == DATA
    if release.startswith("1.20"):
        assert copied.returncode == 0
        assert f"{len(DATA)} x.bin" in copied.stdout
    else:
        assert "no attribute 'ilistdir'" in copied.stderr  # board-and-repl.md 4: only listdir up to 1.18.3
    assert mpremote(listener, "exec", "import machine; before = 1", "+", "reset").returncode == 0
    assert "NameError" in mpremote(listener, "resume", "eval", "before").stdout
    assert release in mpremote(listener, "eval", "__import__('os').uname().release").stdout
    assert inside.flash.files["lib/x.bin"] == DATA
