from __future__ import annotations

from doctor.bench import Bench, BenchOptions
from doctor.board.unique_id import unique_id


def test_the_number_of_a_board_is_asked_once() -> None:
    """A flash needs it four times: for what ran before, for the plan's fingerprint, and for the journal."""
    with Bench(BenchOptions(port="sim://fipy")) as bench:
        world = bench.link.serial.bench.world
        asked_ms = world.now_ms
        number = unique_id(bench.board)
        answered_ms = world.now_ms
        assert len(number) == 12
        assert answered_ms > asked_ms
        assert unique_id(bench.board) == number
        assert world.now_ms == answered_ms
        bench.forget_board()
        assert unique_id(bench.board) == number
        assert world.now_ms > answered_ms
