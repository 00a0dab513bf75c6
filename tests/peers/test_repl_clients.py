"""mpremote, ampy, rshell, mpfshell and belay on a board of every firmware era."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.jobs.test_era_table import ERAS
from tests.peers.served import run, said, served

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo terminals")

#: All byte values, Ctrl-F and Ctrl-C among them, in more pieces than one.
DATA = bytes(range(256)) * 5
#: Before Ctrl-F was a reset.
OLDEST = "1.15.0.b1"
#: The first and the last file system: what `make peers-short` tries.
SHORT = ("A", "F")


class Board:
    """A served board, and a folder of the PC with ``there.bin`` in it."""

    def __init__(self, name: str, inside: Any, release: str, folder: Path) -> None:
        self.name = name
        self.release = release
        self.folder = folder
        self._inside = inside
        self.has_ilistdir = inside.era.vfs
        (folder / "there.bin").write_bytes(DATA)

    @property
    def files(self) -> dict[str, bytes]:
        """What lies in /flash."""
        found: dict[str, bytes] = self._inside.flash.files
        return found

    @property
    def back(self) -> bytes:
        """What a program has brought back."""
        return (self.folder / "back.bin").read_bytes()

    def run(self, *words: str) -> Any:
        return run(words, self.folder)

    def said(self, *words: str) -> str:
        return said(words, self.folder)


@pytest.fixture(params=[pytest.param(era, marks=() if era in SHORT else pytest.mark.table) for era in ERAS])
def board(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Board]:
    release = ERAS[request.param]
    with served(f"sim://{'gpy' if request.param in 'BD' else 'fipy'}?release={release}") as listener:
        yield Board(listener.names[0], listener.serial.bench.board, release, tmp_path)


@pytest.mark.needs_tool("mpremote")
def test_mpremote(board: Board) -> None:
    mpremote = ("mpremote", "connect", board.name, "resume")
    board.said(*mpremote, "fs", "mkdir", ":/flash/x", "+", "fs", "cp", "there.bin", ":/flash/x/a.bin")
    assert board.files["x/a.bin"] == DATA
    board.said(*mpremote, "fs", "cp", ":/flash/x/a.bin", "back.bin")
    assert board.back == DATA
    assert hashlib.sha256(DATA).hexdigest() in board.said(*mpremote, "fs", "sha256sum", ":/flash/x/a.bin")
    tree = board.run(*mpremote, "fs", "tree", ":/flash")
    assert ("a.bin" in tree.stdout) if board.has_ilistdir else ("no attribute 'ilistdir'" in tree.stderr)
    board.said(*mpremote, "fs", "rm", ":/flash/x/a.bin", "+", "fs", "rmdir", ":/flash/x")
    assert "x/a.bin" not in board.files
    long = board.said(*mpremote, "exec", "for i in range(117): print('x' * 510)")
    assert long.count("x") == 117 * 510
    assert board.said(*mpremote[:3], "soft-reset", "eval", "6 * 7").endswith("42\n")
    board.said(*mpremote, "exec", "import machine; before = 1", "+", "reset")
    assert "NameError" in board.run(*mpremote, "eval", "before").stdout
    assert board.release in board.said(*mpremote[:3], "eval", "__import__('os').uname().release")
    for refused, lack in (
        ("rtc", "'RTC' object has no attribute 'datetime'"),
        ("df", "no module named 'vfs'"),
        ("mount .", "no attribute 'IOBase'"),
    ):
        done = board.run(*mpremote, *refused.split())
        assert lack in done.stdout + done.stderr


@pytest.mark.needs_tool("ampy")
def test_ampy(board: Board) -> None:
    ampy = ("ampy", "-p", board.name)
    board.said(*ampy, "mkdir", "/flash/x")
    board.said(*ampy, "put", "there.bin", "/flash/x/a.bin")
    assert board.files["x/a.bin"] == DATA
    assert f"/flash/x/a.bin - {len(DATA)} bytes" in board.said(*ampy, "ls", "-l", "/flash/x")
    board.said(*ampy, "get", "/flash/x/a.bin", "back.bin")
    assert board.back == DATA
    board.said(*ampy, "rmdir", "/flash/x")
    assert not any(name.startswith("x/") for name in board.files)
    (board.folder / "run.py").write_text("print('so it is', 6 * 7)\n")
    assert "so it is 42" in board.said(*ampy, "run", "run.py")


@pytest.mark.needs_tool("rshell")
def test_rshell(board: Board) -> None:
    """Its ACK is Ctrl-F, from 1.16 on a reset (board-and-repl.md 3.3): it cannot copy from such a board."""
    rshell = ("rshell", "--quiet", "-p", board.name)
    board.said(*rshell, "cp there.bin /flash/a.bin")
    assert board.files["a.bin"] == DATA
    assert "a.bin" in board.said(*rshell, "ls /flash")
    assert "Non-hexadecimal" in board.run(*rshell, "cp /flash/a.bin back.bin").stderr
    assert "a.bin" not in board.said(*rshell, "rm /flash/a.bin; ls /flash")


@pytest.mark.needs_tool("rshell")
@pytest.mark.table
def test_rshell_copies_from_a_board_that_knows_no_ctrl_f(tmp_path: Path) -> None:
    with served(f"sim://fipy?release={OLDEST}") as listener:
        board = Board(listener.names[0], listener.serial.bench.board, OLDEST, tmp_path)
        board.said("rshell", "--quiet", "-p", board.name, "cp there.bin /flash/a.bin; cp /flash/a.bin back.bin")
        assert board.back == DATA


@pytest.mark.needs_tool("mpfshell")
def test_mpfshell(board: Board) -> None:
    """It looks for a file in the list of a folder, by ilistdir, before it brings one back."""
    steps = "put there.bin a.bin; md x; exec print('so it is', 6 * 7); cd flash; get a.bin back.bin; rm x; ls"
    done = board.run("mpfshell", "-n", "-c", f"open {board.name.removeprefix('/dev/')}; {steps}")
    assert board.files["a.bin"] == DATA
    assert "so it is 42" in done.stdout
    if board.has_ilistdir:
        assert board.back == DATA and "a.bin" in done.stdout
    else:
        assert "has no attribute" in done.stderr and "ilistdir" in done.stderr


BELAY = """
import sys
from belay import Device

with Device(sys.argv[1]) as device:
    @device.task
    def double(x):
        return 2 * x

    @device.task
    def count(n):
        for number in range(n):
            yield number * number

    print(device("6 * 7"), double(21), list(count(4)), device.implementation.emitters)
    device.sync("source", "/flash/lib")
    print(device("__import__('of_mine').WORD"))
"""


@pytest.mark.needs_tool("belay")
def test_belay(board: Board) -> None:
    (board.folder / "source").mkdir()
    (board.folder / "source" / "of_mine.py").write_text("WORD = 'mine'\n")
    (board.folder / "belay_user.py").write_text(BELAY)
    done = board.run("python", "belay_user.py", board.name)
    assert done.stdout.splitlines()[0] == "42 42 [0, 1, 4, 9] ()"  # no native emitter (board-and-repl.md 3.2)
    assert "mine" in done.stdout if board.has_ilistdir else "ilistdir" in done.stderr
