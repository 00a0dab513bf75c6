from __future__ import annotations

from collections.abc import Iterator

import pytest

from doctor.board.board import Board
from doctor.board.line.tunnel import ModemTunnel
from doctor.clock import Deadline
from doctor.errors import BoardError
from doctor.link.link import open_link
from doctor.link.port_url import PortUrl


@pytest.fixture
def board(request: pytest.FixtureRequest) -> Iterator[Board]:
    with open_link(PortUrl.read(getattr(request, "param", "sim://fipy"))) as link:
        link.clock.sleep_ms(3000)
        yield Board(link)


def ask(tunnel: ModemTunnel, board: Board, line: bytes) -> bytes:
    tunnel.drain()
    tunnel.write(line + b"\r\n")
    left = Deadline(board.clock, 3)
    heard = b""
    while b"OK\r\n" not in heard and not left.expired:
        heard += tunnel.read(256, left.left_ms)
    return heard


@pytest.mark.parametrize("board", ["sim://fipy", "sim://gpy", "sim://fipy?release=1.17.3.b1"], indirect=True)
def test_at_travels_both_ways(board: Board) -> None:
    with ModemTunnel(board, 921_600) as tunnel:
        ask(tunnel, board, b"AT")
        assert b"38638" in ask(tunnel, board, b"ATI1")


@pytest.mark.parametrize("board", ["sim://fipy?scenario=modem-ffh"], indirect=True)
def test_speed_can_be_changed_to_the_boot_roms(board: Board) -> None:
    with ModemTunnel(board, 921_600) as tunnel:
        assert b"OK" not in ask(tunnel, board, b"AT")
        tunnel.set_baud(115_200)
        ask(tunnel, board, b"AT")
        assert b"OK" in ask(tunnel, board, b"AT")


@pytest.mark.parametrize("board", ["sim://fipy?scenario=modem-silent"], indirect=True)
def test_silence_takes_the_time_that_was_asked_and_no_more(board: Board) -> None:
    with ModemTunnel(board, 921_600) as tunnel:
        began = board.clock.ticks_ms()
        assert tunnel.read(64, 1700) == b""
        assert 1700 <= board.clock.ticks_ms() - began < 2400


def test_short_reads_lose_nothing(board: Board) -> None:
    with ModemTunnel(board, 921_600) as tunnel:
        ask(tunnel, board, b"AT")
        tunnel.write(b"AT\r\n")
        heard = b"".join(tunnel.read(1, 20) for _ in range(16))
        assert heard.endswith(b"\r\nOK\r\n")


def test_drain_forgets_what_was_heard(board: Board) -> None:
    with ModemTunnel(board, 921_600) as tunnel:
        tunnel.write(b"AT\r\n")
        assert tunnel.drain()
        assert tunnel.read(64, 100) == b""


@pytest.mark.parametrize(
    ("board", "restored"),
    [
        ("sim://fipy?release=1.18.1.r1", False),
        ("sim://fipy?release=1.18.2.r4", True),
        ("sim://fipy?release=1.20.2.r1", True),
        ("sim://fipy?release=1.20.2.r4", False),
    ],
    indirect=["board"],
)
def test_uart_goes_back_to_the_firmware_only_where_that_is_safe(board: Board, restored: bool) -> None:
    tunnel = ModemTunnel(board, 921_600)
    tunnel.close()
    assert tunnel.restored is restored
    assert bool(tunnel.leave_advice) is not restored
    assert board.repl.call("print('@@FD 1')") == 1


def test_closed_tunnel_leaves_no_names_on_the_board(board: Board) -> None:
    ModemTunnel(board, 921_600).close()
    names = board.repl.run("print([n for n in globals() if n.startswith('_fd')])")
    assert names.strip() == "[]"


def test_board_that_was_reset_is_closed_without_an_error(board: Board) -> None:
    tunnel = ModemTunnel(board, 921_600)
    board.reset_safe()
    tunnel.close()
    assert tunnel.restored is False


def test_garbled_answer_is_told(board: Board) -> None:
    tunnel = ModemTunnel(board, 921_600)
    board.repl.run("def _fd_x(a, b, c):\n    print('@@FD \"not base64!\"')\n")
    with pytest.raises(BoardError):
        tunnel.read(1, 10)
