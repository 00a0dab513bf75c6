"""Lengths of time in words and as a stopwatch shows them."""

from __future__ import annotations

import pytest

from doctor.text.durations import about, clock, span


@pytest.mark.parametrize(
    ("seconds", "planned", "watched"),
    [
        (0.2, "1 s", "0:00"),
        (59.9, "60 s", "0:59"),
        (119.4, "119 s", "1:59"),
        (252, "4 min", "4:12"),
        (3590, "1 h", "59:50"),
        (3723, "1 h 2 min", "1:02:03"),
        (6120, "1 h 42 min", "1:42:00"),
    ],
)
def test_a_length_of_time(seconds: float, planned: str, watched: str) -> None:
    assert (span(seconds), clock(seconds)) == (planned, watched)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.0, "1 s"), (1.2, "1 s"), (6.6, "5 s"), (12.4, "10 s"), (74.0, "70 s"), (119.9, "2 min"), (188.0, "3 min")],
)
def test_an_estimate_is_no_more_exact_than_it_can_be(seconds: float, said: str) -> None:
    assert about(seconds) == f"about {said}"
