"""What a flash waits for by itself, beside wire and modem, does not creep up: in the simulator's time, not ours."""

from __future__ import annotations

import pytest

from tests.benchmarks import overhead

MOST_S = {"first contact": 0.3, "questions": 0.6, "soak": 0.1, "steps": 1.9}


@pytest.mark.long
def test_own_waits_of_a_flash_over_a_bare_modem() -> None:
    found = overhead.measure("sim://sqn3330").by_phase
    assert found.keys() == MOST_S.keys()
    assert all(0 <= seconds <= MOST_S[phase] for phase, seconds in found.items()), found
