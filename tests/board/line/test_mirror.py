from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from doctor.board.board import Board
from doctor.board.line import bridge, mirror
from doctor.clock import Deadline
from doctor.errors import BoardError, LinkError
from doctor.link.link import Link, open_link
from doctor.link.port_url import PortUrl

BOOTED_MS = 3000  #: virtual


@contextmanager
def board_at(url: str) -> Iterator[Board]:
    with open_link(PortUrl.read(url)) as link:
        link.clock.sleep_ms(BOOTED_MS)
        yield Board(link)


def ask(port: mirror.MirrorPort, line: bytes) -> bytes:
    port.drain()
    port.write(line + b"\r\n")
    left = Deadline(port.clock, 5)
    heard = b""
    while b"OK\r\n" not in heard and not left.expired:
        heard += port.read(256, left.left_ms)
    return heard


@pytest.mark.parametrize(
    ("release", "bridged"),
    [
        ("1.16.0.b1", True),
        ("1.17.3.b1", True),
        ("1.18.1.r1", False),
        ("1.18.2.r4", False),
        ("1.20.1.r2", False),
        ("1.20.2.r1", False),
        ("1.20.2.r2", False),
        ("1.20.2.r6", False),
    ],
)
def test_mirror_reaches_the_modem_in_every_era(release: str, bridged: bool) -> None:
    with board_at(f"sim://fipy?release={release}") as board:
        with mirror.enter(board, board.identify()) as port:
            assert port.max_block == (bridge.MAX_BLOCK if bridged else 0)
            assert b"38638" in ask(port, b"ATI1")
        assert board.link.baud == 115_200


@pytest.mark.parametrize("release", ["1.20.2.r2", "1.20.2.r6"])
def test_board_without_lte_task_is_not_stopped_by_the_mirror(release: str) -> None:
    with board_at(f"sim://fipy?release={release}") as board:
        board.repl.run("import pycom\npycom.lte_modem_en_on_boot(False)\n")
        board.reset_safe()
        with mirror.enter(board, board.identify()) as port:
            assert b"38638" in ask(port, b"ATI1")


def test_initialised_lte_is_given_up_where_the_mirror_would_refuse() -> None:
    with board_at("sim://fipy?release=1.18.1.r1") as board:
        board.repl.run("from network import LTE\nx = LTE()\n", silence_s=30)
        with mirror.enter(board, board.identify()) as port:
            assert b"38638" in ask(port, b"ATI1")


def test_users_watchdog_does_not_end_the_mirror() -> None:
    with board_at("sim://fipy") as board:
        board.repl.run("from machine import WDT\nw = WDT(timeout=20000)\n")
        with mirror.enter(board, board.identify()) as port:
            board.clock.sleep_ms(60_000)
            assert b"38638" in ask(port, b"ATI1")


def test_gpy_is_bridged_over_its_own_pins() -> None:
    with (
        board_at("sim://gpy?release=1.17.3.b1") as board,
        mirror.enter(board, board.identify()) as port,
    ):
        assert b"38638" in ask(port, b"ATI1")


def test_bridge_passes_control_characters_as_data() -> None:
    with (
        board_at("sim://fipy?release=1.17.3.b1") as board,
        mirror.enter(board, board.identify()) as port,
    ):
        port.write(bytes(range(32)) + b"\r\n")
        assert b"38638" in ask(port, b"ATI1")


def test_any_other_speed_is_deaf() -> None:
    with board_at("sim://fipy") as board, mirror.enter(board, board.identify()) as port:
        port.set_baud(115_200)
        port.write(b"AT\r\n")
        assert port.read(256, 500) == b""
        port.set_baud(mirror.BAUD)
        assert b"OK" in ask(port, b"AT")


def test_silent_modem_is_told_and_the_port_is_back_at_the_repls_speed() -> None:
    with board_at("sim://fipy?scenario=modem-silent") as board:
        with pytest.raises(BoardError) as caught:
            mirror.enter(board, board.identify())
        assert caught.value.id == "mirror-no-answer"
        assert "reset button" in caught.value.next
        assert board.link.baud == 115_200


def test_fixed_speed_is_refused_before_anything_is_sent() -> None:
    with board_at("sim://fipy") as board:
        facts = board.identify()
        board.link.can_change_baud = False
        with pytest.raises(LinkError):
            mirror.enter(board, facts)
        assert board.repl.call("print('@@FD 1')") == 1


def test_advice_names_the_ways_out() -> None:
    with board_at("sim://fipy") as board, mirror.enter(board, board.identify()) as port:
        assert "reset button" in port.leave_advice


def test_mirror_keeps_the_link_for_the_reset() -> None:
    with board_at("sim://fipy") as board:
        link: Link = board.link
        mirror.enter(board, board.identify()).close()
        link.write(b"\r")
        assert b">>>" not in link.read(256, 500)
