"""The pytest plug-in: fixtures for tests of board code, on a simulated bench or on a board (docs/pytest.md).

pytest loads this in every run of whoever has us installed, so it imports nothing of ours until a fixture is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from doctor.board_under_test import BoardUnderTest

MARK = "fipy_scenario"


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--fipy-port`` and ``--fipy-interrupt``."""
    group = parser.getgroup("fipy-doctor", "tests of board code (fipy-doctor)")
    group.addoption("--fipy-port", metavar="PORT", help="Port of the board for the fixture fipy_board.")
    group.addoption("--fipy-interrupt", action="store_true", help="A program that runs on that board may be stopped.")


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known."""
    config.addinivalue_line(
        "markers", f"{MARK}(name, board='fipy', **more): what is wrong on the simulated bench of fipy_bench"
    )


@pytest.fixture
def fipy_bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BoardUnderTest]:
    """A simulated board, healthy or in the state that the mark names; each test gets a new one."""
    yield from _board(_simulated(request), tmp_path, interrupt=False)


@pytest.fixture
def fipy_board(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BoardUnderTest]:
    """The board at ``--fipy-port``; without one, the test is skipped."""
    port = request.config.getoption("--fipy-port")
    if not port:
        pytest.skip("needs a board: give its port with --fipy-port")
    yield from _board(port, tmp_path, interrupt=request.config.getoption("--fipy-interrupt"))


def _simulated(request: pytest.FixtureRequest) -> str:
    """The port of the bench that the test asks for."""
    from doctor.link.port_url import simulated

    mark = request.node.get_closest_marker(MARK)
    if mark is None:
        return "sim://fipy"
    if len(mark.args) > 1:
        pytest.fail(f"@pytest.mark.{MARK} takes one scenario; fipy-doctor sim --list names them", pytrace=False)
    more = dict(mark.kwargs)
    board = more.pop("board", "fipy")
    query = {**({"scenario": mark.args[0]} if mark.args else {}), **more}
    return simulated(board, query)


def _board(port: str, tmp_path: Path, *, interrupt: bool) -> Iterator[BoardUnderTest]:
    from doctor.api import opened
    from doctor.board_under_test import BoardUnderTest

    with _in_words(), opened(port, (), {"interrupt": interrupt}) as bench:
        assert bench.link is not None  # opened here, so that a port that is missing is told before the test begins
        board = BoardUnderTest(bench, port, tmp_path / "files-of-the-board")
        try:
            yield board
        finally:
            board.put_back()


@contextmanager
def _in_words() -> Iterator[None]:
    """What goes wrong with the board itself is told in our words, without a traceback of our inside."""
    from doctor.errors import DoctorError

    try:
        yield
    except DoctorError as err:
        told = [str(err), *(f"{name}: {text}" for name, text in (("cause", err.cause), ("next", err.next)) if text)]
        pytest.fail("\n".join(told), pytrace=False)
