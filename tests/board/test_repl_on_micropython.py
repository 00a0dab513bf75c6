"""Our client against a real MicroPython on a pty: the wire format is not of our making."""

from __future__ import annotations

from collections.abc import Iterator

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


def test_first_contact_sees_the_prompt(link: Link) -> None:
    assert first_contact.contact(link).seen is Seen.REPL


def test_code_runs_and_errors_come_back(link: Link) -> None:
    assert first_contact.contact(link).seen is Seen.REPL
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
