"""Our client against a real MicroPython on a pty: the wire format is not of our making."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import subprocess
import threading
import tty
from collections.abc import Iterator

import pytest

from doctor import sniff
from doctor.board.repl import Repl, ReplTraceback
from doctor.link import Link, open_link
from doctor.sniff import Seen
from tests.board.micropython import INTERPRETER, needs_micropython

pytestmark = [pytest.mark.micropython, needs_micropython]


def relay(one: int, other: int) -> None:
    """Copy both ways between two pty masters until one of them closes."""
    with contextlib.suppress(OSError):
        while True:
            for source in select.select([one, other], [], [])[0]:
                data = os.read(source, 4096)
                os.write(other if source == one else one, data)


@pytest.fixture
def link() -> Iterator[Link]:
    inner, board_side = pty.openpty()
    outer, pc_side = pty.openpty()
    for descriptor in (board_side, pc_side):
        tty.setraw(descriptor)
    board = subprocess.Popen(
        [str(INTERPRETER)], stdin=board_side, stdout=board_side, stderr=board_side, start_new_session=True
    )
    os.close(board_side)
    copier = threading.Thread(target=relay, args=(inner, outer), daemon=True)
    copier.start()
    opened = open_link(os.ttyname(pc_side))
    try:
        yield opened
    finally:
        opened.close()
        board.kill()
        board.wait()
        copier.join(5)
        for descriptor in (pc_side, inner, outer):
            os.close(descriptor)


def test_first_contact_sees_the_prompt(link: Link) -> None:
    assert sniff.contact(link).seen is Seen.REPL


def test_code_runs_and_errors_come_back(link: Link) -> None:
    assert sniff.contact(link).seen is Seen.REPL
    repl = Repl(link)
    repl.enter()
    assert repl.run("print(6 * 7)") == "42\n"
    assert repl.call("import ujson\nprint('@@FD ' + ujson.dumps({'a': [1, None, '\\x07']}))") == {
        "a": [1, None, "\x07"]
    }
    with pytest.raises(ReplTraceback, match="ZeroDivisionError"):
        repl.run("1/0")
    assert repl.run("print('" + "x" * 5000 + "')") == "x" * 5000 + "\n"
    assert "MicroPython" in repl.leave()
