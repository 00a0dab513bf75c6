"""What a flash waits for by itself, beside wire and modem, does not creep up: in the simulator's time, not ours."""

from __future__ import annotations

import pytest

from tests.benchmarks import overhead

MOST_S = {"first contact": 5.0, "questions": 2.0, "soak": 0.5, "steps": 3.0}


@pytest.mark.long
def test_own_waits_of_a_flash_over_a_bare_modem() -> None:
    found = overhead.measure("sim://sqn3330").by_phase
    assert found.keys() == MOST_S.keys()
    assert all(0 < seconds <= MOST_S[phase] for phase, seconds in found.items()), found
