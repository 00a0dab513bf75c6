"""mpremote's own client against the simulated board: an independent judge of the REPL."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import serial

from tests.board.snippets.described import ERAS

#: board-and-repl.md 4: from 1.20 on.
WITH_ILISTDIR = ("C-vfs", "D", "E", "F")

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    transport_serial = pytest.importorskip("mpremote.transport_serial", reason="mpremote is not installed")


@pytest.fixture(autouse=True)
def handler() -> None:
    if "doctor.sim.urlhandler" not in serial.protocol_handler_packages:
        serial.protocol_handler_packages.append("doctor.sim.urlhandler")


@pytest.fixture(params=["1.17.3.b1", "1.20.2.r4"])
def any_board(request: pytest.FixtureRequest) -> Iterator[Any]:
    yield from connect(f"sim://fipy?release={request.param}")


@pytest.fixture
def board() -> Iterator[Any]:
    yield from connect("sim://fipy")


def connect(url: str) -> Iterator[Any]:
    transport = transport_serial.SerialTransport(url, timeout=1)
    transport.enter_raw_repl()
    yield transport
    transport.close()


def test_connects_and_evaluates(any_board: Any) -> None:
    assert any_board.eval("6 * 7") == 42
    assert any_board.exec("import sys\nprint(sys.platform)") == b"FiPy\r\n"


def test_errors_come_as_tracebacks(any_board: Any) -> None:
    with pytest.raises(Exception, match="ZeroDivisionError"):
        any_board.exec("1 / 0")


def test_copies_a_file_there_and_back(any_board: Any) -> None:
    data = bytes(range(256)) * 2
    any_board.fs_writefile("/flash/lib/data.bin", data)
    assert any_board.fs_readfile("/flash/lib/data.bin") == data
    assert any_board.fs_stat("/flash/lib/data.bin").st_size == len(data)


def test_soft_reset_forgets_variables(board: Any) -> None:
    board.exec("keep = 1")
    board.exit_raw_repl()
    board.enter_raw_repl(soft_reset=True)
    with pytest.raises(Exception, match="NameError"):
        board.exec("print(keep)")


@pytest.mark.parametrize(
    "era", [pytest.param(era, marks=() if era in ("A", "C-vfs", "F") else pytest.mark.table) for era in ERAS]
)
def test_lists_in_eras_that_have_ilistdir(era: str) -> None:
    for transport in connect(f"sim://gpy?release={ERAS[era]}"):
        assert transport.eval("6 * 7") == 42
        if era in WITH_ILISTDIR:
            assert {entry.name for entry in transport.fs_listdir("/flash")} >= {"boot.py", "main.py", "lib"}
        else:
            with pytest.raises(Exception, match="ilistdir"):
                transport.fs_listdir("/flash")


def test_card_is_read_through_its_image(board: Any) -> None:
    board.exec("import os\nfrom machine import SD\nos.mount(SD(), '/sd')")
    assert board.eval("os.stat('/sd/PRACTICE-CATM1-41065.dup')[6]") == 6_160_982
    board.exec("f = open('/sd/PRACTICE-CATM1-41065.dup', 'rb')")
    assert board.eval("f.read(4)") == b"PRAC"


def test_machine_reset_brings_the_prompt_back(board: Any) -> None:
    board.serial.write(b"import machine\nmachine.reset()\x04")
    board.serial.timeout = 5
    assert b"rst:0x7" in board.serial.read(3000)
    board.enter_raw_repl()
    assert board.eval("1 + 1") == 2
