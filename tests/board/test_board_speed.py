"""``make bench-board`` still runs: the core's sender and all three ways to a checksum, in a real MicroPython."""

from __future__ import annotations

import pytest

from tests.benchmarks import board
from tests.board.micropython import needs_micropython

pytestmark = [pytest.mark.micropython, needs_micropython]


@pytest.mark.long
def test_every_way_to_a_checksum_is_measured() -> None:
    found = board.measure(5_000)
    assert found.blocks == 3
    assert list(found.checksum_us) == list(found.block_us) == ["side file", "table", "naive loop"]
