from __future__ import annotations

from collections.abc import Iterator

import pytest

from doctor.board.board import Board
from doctor.board.line import jumpers
from doctor.board.line.carriers import Carrier
from doctor.board.line.jumper_verdict import Jumpers, judge_pins
from doctor.board.line.tunnel import ModemTunnel
from doctor.errors import UpdaterAtWork
from doctor.link.link import open_link
from doctor.link.port_url import PortUrl


@pytest.fixture
def board(request: pytest.FixtureRequest) -> Iterator[Board]:
    with open_link(PortUrl.read(request.param)) as link:
        link.clock.sleep_ms(3000)
        yield Board(link)


@pytest.mark.parametrize(
    ("board", "state"),
    [
        ("sim://fipy?carrier=expansion2&jumpers=fitted", Jumpers.FITTED),
        ("sim://fipy?carrier=expansion3&jumpers=fitted", Jumpers.FITTED),
        ("sim://fipy?carrier=expansion2", Jumpers.REMOVED),
        ("sim://fipy?carrier=expansion3", Jumpers.REMOVED),
    ],
    indirect=["board"],
)
def test_pins_tell_fitted_from_removed(board: Board, state: Jumpers) -> None:
    readings = jumpers.phase_a(board, board.link, seed=3)
    assert judge_pins(readings, Carrier.UNKNOWN).state is state
    assert len(readings.steps) == 16
    assert board.link.rts is True


@pytest.mark.parametrize("board", ["sim://fipy", "sim://fipy?release=1.11.0.b1"], indirect=True)
def test_modem_answers_once_the_pins_are_given_back(board: Board) -> None:
    def answers() -> bool:
        with ModemTunnel(board, 921_600) as tunnel:
            for _ in range(3):
                tunnel.write(b"AT\r\n")
                if b"OK" in tunnel.read(64, 300):
                    return True
        return False

    assert answers()
    jumpers.phase_a(board, board.link)
    jumpers.restore(board, board.identify())
    assert answers()


@pytest.mark.parametrize("board", ["sim://fipy"], indirect=True)
def test_rts_is_left_as_found_by_the_question(board: Board) -> None:
    board.link.rts = False
    jumpers.phase_c(board, board.link)
    assert board.link.rts is False


def test_pins_are_not_given_back_by_a_restart_while_an_updater_is_at_work() -> None:
    with open_link(PortUrl.read("sim://fipy?files=tick:Sending%2054854%20bytes@5000")) as link:
        link.clock.sleep_ms(3000)
        board = Board(link)
        with pytest.raises(UpdaterAtWork) as caught, jumpers.pins_taken(board, link, board.identify()):
            link.clock.sleep_ms(2000)
        assert "reset button" not in caught.value.next
        assert link.serial.bench.board.runs_programs
