from __future__ import annotations

import pytest

from doctor.bench import Bench, BenchOptions
from doctor.board.signs import CTRL_A
from doctor.clock import Deadline
from doctor.errors import DeadlineOverrun
from tests.board.old_repl import OldRepl


@pytest.mark.parametrize("answered", [0, 1], ids=["on the way in", "on the first way out"])
def test_a_run_cut_short_leaves_the_repl(answered: int) -> None:
    board = OldRepl()
    hear, link = board.wire.hears, board.wire.link()

    def cut_short(data: bytes) -> None:
        hear(data)
        if data == CTRL_A and not answered:
            link.deadline = Deadline(link.clock, 0)

    board.wire.hears = cut_short
    with Bench(BenchOptions(port="/dev/ttyACM0"), link=link) as bench:
        with pytest.raises(DeadlineOverrun):
            bench.open_board()
            link.deadline = Deadline(link.clock, 0)
            bench.board_facts  # noqa: B018 - it leaves the REPL and enters it again, to read the banner
        assert board.raw
    assert not board.raw
