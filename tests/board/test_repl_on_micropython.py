"""Our client against a real MicroPython on a pty: the wire format is not of our making."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from doctor.board import first_contact
from doctor.board.first_contact import Seen
from doctor.board.repl import Repl, ReplTraceback
from doctor.link.link import Link, open_link
from doctor.link.port_url import PortUrl
from tests.board.micropython import needs_micropython, on_a_pty

pytestmark = [pytest.mark.micropython, needs_micropython]


@pytest.fixture
def link() -> Iterator[Link]:
    with on_a_pty() as name:
        opened = open_link(PortUrl.read(name))
        try:
            yield opened
        finally:
            opened.close()


@pytest.mark.long
def test_a_real_micropython_of_another_board_is_named_and_left_alone(tmp_path: Path) -> None:
    with on_a_pty() as name:
        for words in (
            ("backup", str(tmp_path / "copy")),
            ("fix", "--reset-flash", "--yes", "--confirm", "/flash"),
        ):
            done = subprocess.run(
                [sys.executable, "-m", "doctor", *words, "--port", name], capture_output=True, text=True, timeout=60
            )
            said = " ".join((done.stdout + done.stderr).split())
            assert done.returncode == 1, said
            assert "this is a board with another MicroPython (linux [GCC" in said and "no FiPy or GPy" in said
            assert "format" not in said and "--reset-flash" not in said
    assert not (tmp_path / "copy").exists()


def test_code_runs_and_errors_come_back(link: Link) -> None:
    assert first_contact.contact(link).seen is Seen.FOREIGN
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


@pytest.mark.parametrize(
    ("words", "device", "sent"),
    [
        pytest.param(
            ("bash", "--norc", "-i"), "a computer with Linux, at its shell", b"\r", marks=pytest.mark.needs_tool("bash")
        ),
        ((sys.executable, "-i"), "a computer at the prompt of its Python", b"\r\x02"),
    ],
    ids=["bash", "python"],
)
def test_a_real_prompt_of_another_program_is_named_and_sent_no_more(
    words: tuple[str, ...], device: str, sent: bytes
) -> None:
    heard = bytearray()

    def note(way: str, data: bytes) -> bytes:
        heard.extend(data if way == "to-board" else b"")
        return data

    with on_a_pty(*words[1:], program=words[0], pass_on=note) as name:
        time.sleep(0.5)  # it starts
        opened = open_link(PortUrl.read(name))
        found = first_contact.contact(opened, may_interrupt=True)
        opened.close()
    assert found.foreign is not None and found.foreign.device == device
    assert bytes(heard) == sent
