from __future__ import annotations

import contextlib
import os
import pty
import socket
import sys
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from doctor.clock import Deadline
from doctor.errors import DeadlineOverrun, LinkError, PortLost, UsageError
from doctor.link.link import ANSWERS_LEAST, open_link
from doctor.link.port_url import PortUrl
from tests.link.wire import Wire

posix = pytest.mark.skipif(sys.platform == "win32", reason="pseudo terminals are a POSIX thing")


@pytest.fixture
def terminal() -> Iterator[tuple[int, str]]:
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    yield ours, os.ttyname(theirs)
    for descriptor in (ours, theirs):
        with contextlib.suppress(OSError):
            os.close(descriptor)


def test_read_returns_with_the_first_bytes() -> None:
    wire = Wire()
    wire.say(b"abc", after_ms=70)
    assert wire.link().read(10, 1000) == b"abc"
    assert wire.clock.ticks_ms() == 70


def test_read_takes_no_more_than_asked_for() -> None:
    wire = Wire()
    wire.say(b"abcdef")
    link = wire.link()
    assert (link.read(2, 0), link.read(9, 0)) == (b"ab", b"cdef")


def test_read_gives_nothing_when_time_is_over() -> None:
    wire = Wire()
    assert wire.link().read(10, 400) == b""
    assert 400 <= wire.clock.ticks_ms() <= 420


def test_a_read_without_waiting_lets_no_time_pass() -> None:
    wire = Wire()
    assert wire.link().read(10, 0) == b""
    assert wire.clock.ticks_ms() == 0


def test_drain_returns_what_it_discards() -> None:
    wire = Wire()
    wire.say(b"old " * 2000)
    link = wire.link()
    assert link.drain() == b"old " * 2000
    assert link.read(1, 0) == b""


def test_the_turn_around_of_a_port_is_measured_on_the_way() -> None:
    """Of short commands only, and not by what answers late, unasked, or to a long command."""
    wire = Wire(lambda data: wire.say(b">>> ", after_ms={b"\r": 16, b"slow\r": 900}.get(data, 60)))
    link = wire.link()
    assert link.answer_s is None
    for data in (b"\r", b"slow\r", b"\r", b"a long line of code\r"):
        link.write(data)
        assert link.read(10, 1000) == b">>> "
    wire.say(b"unasked")
    link.drain()
    assert link.answer_s is None  # two are too few
    link.write(b"\r")
    link.read(10, 1000)
    assert link.answer_s == 0.016


def test_what_is_sent_behind_other_bytes_says_nothing_of_the_turn_around() -> None:
    """The line carries those first: a key behind a piece of code is answered as late as the code is long."""
    wire = Wire(lambda data: wire.say(b"OK", after_ms=2) if data == b"\r" else None)
    link = wire.link()
    for _ in range(ANSWERS_LEAST):
        link.write(b"\r")
        assert link.read(10, 1000) == b"OK"
    for _ in range(10):
        link.write(b"a long line of code")
        link.write(b"\x04")
        wire.say(b"OK", after_ms=80)
        assert link.read(10, 1000) == b"OK"
    assert link.answer_s == 0.002


class Flood(Wire):
    """Never falls silent."""

    in_waiting = 4096

    def read(self, size: int) -> bytes:
        self.clock.sleep_ms(1)
        return b"x" * size


def test_drain_ends_where_a_port_never_falls_silent() -> None:
    wire = Flood()
    assert wire.link().drain()
    assert wire.clock.ticks_ms() <= 1001


def test_an_overrun_deadline_ends_reading_and_writing() -> None:
    wire = Wire()
    link = wire.link()
    link.deadline = Deadline(wire.clock, 1)
    with pytest.raises(DeadlineOverrun, match="1 s"):
        link.read(1, 60_000)
    assert wire.clock.ticks_ms() < 1100
    with pytest.raises(DeadlineOverrun):
        link.write(b"x")
    assert wire.written == b""


@pytest.mark.parametrize("work", ["read", "write", "drain"])
def test_an_unplugged_port_is_lost(work: str) -> None:
    wire = Wire()
    link = wire.link()
    wire.unplugged = True
    with pytest.raises(PortLost, match="disappeared"):
        {"read": lambda: link.read(1, 10), "write": lambda: link.write(b"x"), "drain": link.drain}[work]()
    link.close()


def test_a_closed_link_refuses_work() -> None:
    wire = Wire()
    link = wire.link()
    link.close()
    assert wire.closed
    with pytest.raises(PortLost, match="closed"):
        link.read(1, 0)


def test_rts_reaches_the_port() -> None:
    wire = Wire()
    link = wire.link()
    link.rts = False
    assert (wire.rts, link.rts) == (False, False)


def test_loop_mirrors_bytes_and_lines() -> None:
    with open_link(PortUrl.read("loop://"), rts=False) as link:
        link.write(b"hello")
        assert link.read(10, 100) == b"hello"
        assert (link.has_modem_lines, link.cts) == (True, False)
        link.rts = True
        assert link.cts


@posix
def test_a_pty_works_without_modem_lines(terminal: tuple[int, str]) -> None:
    ours, name = terminal
    with open_link(PortUrl.read(name)) as link:
        link.write(b"\x00AT\r\n\xff")
        assert os.read(ours, 10) == b"\x00AT\r\n\xff"
        os.write(ours, b"\r\nOK\r\n")
        assert link.read(100, 1000) == b"\r\nOK\r\n"
        assert not link.has_modem_lines
        with pytest.raises(LinkError, match="no RTS and CTS"):
            link.rts = False
        link.set_baud(921600)
        assert (link.baud, link.name) == (921600, name)


@posix
def test_a_pty_whose_other_side_goes_is_lost() -> None:
    ours, theirs = pty.openpty()
    link = open_link(PortUrl.read(os.ttyname(theirs)))
    os.close(theirs)
    os.close(ours)
    with pytest.raises(PortLost):
        for _ in range(3):
            link.read(10, 50)
    link.close()


@posix
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # pySerial leaves its log open
def test_spy_is_a_device_too(terminal: tuple[int, str], tmp_path: Path) -> None:
    ours, name = terminal
    with open_link(PortUrl.read(f"spy://{name}?file={tmp_path}/log")) as link:
        os.write(ours, b"x")
        assert (link.read(1, 1000), link.name) == (b"x", name)


def test_a_socket_cannot_change_its_speed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"socket://127.0.0.1:{server.getsockname()[1]}"
        with open_link(PortUrl.read(url)) as link, server.accept()[0] as peer:
            peer.sendall(b"hi")
            assert link.read(10, 2000) == b"hi"
            assert not link.can_change_baud
            assert not link.has_modem_lines
            with pytest.raises(LinkError, match="921600"):
                link.set_baud(921600)


@pytest.mark.parametrize("url", ["nonsense://x", "loop://?what=ever"])
def test_a_url_that_means_nothing_is_a_usage_error(url: str) -> None:
    with pytest.raises((UsageError, LinkError)) as caught:
        open_link(PortUrl.read(url))
    assert caught.value.on == url


def test_a_server_that_ends_is_no_cable_at_this_computer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        link = open_link(PortUrl.read(f"socket://127.0.0.1:{door.getsockname()[1]}"))
        door.accept()[0].close()
        with pytest.raises(PortLost, match="connection to the server") as caught:
            while True:
                link.read(1, 1000)
    assert "plug" not in caught.value.next and "server of its port runs again" in caught.value.next
    link.close()
