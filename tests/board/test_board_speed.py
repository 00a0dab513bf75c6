"""The side file is worth its place: the ratios of ``make bench-board``, on a small file and with wide margins."""

from __future__ import annotations

import pytest

from tests.benchmarks import board
from tests.board.micropython import needs_micropython

pytestmark = [pytest.mark.micropython, needs_micropython]


def test_a_block_costs_least_with_a_side_file_and_most_by_the_naive_loop() -> None:
    found = board.measure(40_000)
    checksum, block = found["checksum"], found["block"]
    assert 20 * checksum["side file"] < checksum["table"] < checksum["naive loop"] / 3
    assert 1.5 * block["side file"] < block["table"] < block["naive loop"] / 2
