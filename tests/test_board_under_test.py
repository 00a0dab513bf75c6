from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from doctor.api import opened
from doctor.bench import Bench
from doctor.board_under_test import BoardUnderTest, Raised
from doctor.errors import BoardError, DoctorError

MAIN = "/flash/main.py"


@pytest.fixture
def bench() -> Iterator[Bench]:
    with opened("sim://fipy", (), {}) as bench:
        yield bench


@pytest.fixture
def board(bench: Bench, tmp_path: Path) -> BoardUnderTest:
    return BoardUnderTest(bench, "sim://fipy", tmp_path / "copies")


def test_what_raises_on_the_board_fails_with_its_traceback(board: BoardUnderTest) -> None:
    assert board.run("print(6 * 7)") == "42\n"
    with pytest.raises(Raised, match="Traceback") as caught:
        board.run("1 / 0")
    assert caught.value.error == "ZeroDivisionError: division by zero"


def test_the_board_has_its_own_files_back(board: BoardUnderTest) -> None:
    before = board.read(MAIN)
    board.put(MAIN, "first = 1\n")
    board.put(MAIN, b"second = 2\n")
    board.put("/flash/lib/mine.py", "x = 1\n")
    board.remove("/flash/boot.py")
    assert board.read(MAIN) == b"second = 2\n" and "boot.py" not in board.listdir()
    board.put_back()
    assert board.read(MAIN) == before
    assert {"boot.py", "main.py"} <= set(board.listdir()) and "mine.py" not in board.listdir("/flash/lib")


def test_files_that_cannot_be_put_back_are_told_with_their_copies(
    board: BoardUnderTest, bench: Bench, tmp_path: Path
) -> None:
    before = board.read(MAIN)
    board.put(MAIN, "x = 1\n")
    bench.link.serial.bench.hands.unplug()
    with pytest.raises(DoctorError) as caught:
        board.put_back()
    assert str(tmp_path / "copies") in caught.value.next
    assert [copy.read_bytes() for copy in (tmp_path / "copies").iterdir()] == [before]


def test_the_modem_is_asked_and_never_told(board: BoardUnderTest) -> None:
    assert board.modem("AT") == []
    assert any("38638" in line for line in board.modem("ATI1"))
    assert board.modem("AT+CFUN?")
    for command in (
        "AT+SMSWBOOT=3,0",
        "AT^RESET",
        "AT+CFUN=0",
        "ATZ",
        "AT+CFUN?;+CFUN=0",
        "AT\r",
        "AT+CFUN?\r\nAT^RESET",
    ):
        with pytest.raises(ValueError, match="no query"):
            board.modem(command)
    assert board.run("print(1)") == "1\n"


@pytest.mark.parametrize("scenario", ["modem-silent", "modem-recovery", "stp-fails-midway"])
def test_a_modem_that_does_not_run_its_application_is_not_asked(scenario: str, tmp_path: Path) -> None:
    port = f"sim://fipy?scenario={scenario}"
    with opened(port, (), {}) as bench, pytest.raises(BoardError, match="the modem is in mode"):
        BoardUnderTest(bench, port, tmp_path).modem("AT")
