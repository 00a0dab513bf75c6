from __future__ import annotations

from collections.abc import Callable

import pytest

from doctor.board.line.carriers import Carrier
from doctor.board.line.jumper_verdict import (
    DOWN,
    UP,
    CtsReadings,
    JumperReadings,
    Jumpers,
    PinReading,
    Pulse,
    RtsAnswers,
    is_mixed,
    judge_cts,
    judge_pins,
    judge_rts,
)
from doctor.board.line.jumpers import order_of_steps

Pin = Callable[[bool, str], int]


def follows_rts(rts: bool, pull: str) -> int:
    return int(not rts)


def follows_pull(rts: bool, pull: str) -> int:
    return int(pull == UP)


def held_low(rts: bool, pull: str) -> int:
    return 0


def high(rts: bool, pull: str) -> int:
    return 1


def readings(p19: Pin, p20: Pin = high) -> JumperReadings:
    steps = tuple(PinReading(rts, pull, p19(rts, pull), p20(rts, pull)) for rts, pull in order_of_steps(1))
    return JumperReadings(steps, 1)


@pytest.mark.parametrize(
    ("p19", "p20", "carrier", "state"),
    [
        (follows_rts, high, Carrier.EXPANSION_2, Jumpers.FITTED),
        (follows_rts, high, Carrier.EXPANSION_3, Jumpers.FITTED),
        (follows_pull, high, Carrier.EXPANSION_2, Jumpers.REMOVED),
        (follows_pull, high, Carrier.EXPANSION_3, Jumpers.REMOVED),
        (held_low, high, Carrier.EXPANSION_2, Jumpers.REMOVED),
        (held_low, high, Carrier.EXPANSION_3, Jumpers.UNDECIDED),
        (held_low, high, Carrier.UNKNOWN, Jumpers.UNDECIDED),
        (follows_pull, follows_rts, Carrier.EXPANSION_2, Jumpers.FITTED),
    ],
)
def test_table_of_the_reference(p19: Pin, p20: Pin, carrier: Carrier, state: Jumpers) -> None:
    assert judge_pins(readings(p19, p20), carrier).state is state


def test_one_step_that_does_not_follow_is_no_proof() -> None:
    found = readings(follows_rts)
    spoilt = JumperReadings((*found.steps[:-1], PinReading(True, DOWN, 1, 1)), 1)
    assert is_mixed(spoilt)
    assert judge_pins(spoilt, Carrier.EXPANSION_3).state is Jumpers.UNDECIDED


def test_following_only_under_one_pull_is_no_proof() -> None:
    found = readings(lambda rts, pull: int(not rts) if pull == UP else 0)
    assert judge_pins(found, Carrier.EXPANSION_3).state is Jumpers.UNDECIDED


def test_steps_are_random_balanced_and_repeatable() -> None:
    first = order_of_steps(7)
    assert first == order_of_steps(7)
    assert first != order_of_steps(8)
    for pull in (UP, DOWN):
        moved = [rts for rts, p in first if p == pull]
        assert len(moved) >= 8
        assert moved.count(True) == moved.count(False)


@pytest.mark.parametrize(
    ("asserted", "released", "state"),
    [
        ((True, True), (False, False), Jumpers.FITTED),
        ((True, True), (True, True), Jumpers.UNDECIDED),
        ((True, False), (False, False), Jumpers.UNDECIDED),
        ((False, False), (False, False), Jumpers.UNDECIDED),
    ],
)
def test_only_answers_tied_to_rts_prove_a_jumper(
    asserted: tuple[bool, ...], released: tuple[bool, ...], state: Jumpers
) -> None:
    assert judge_rts(RtsAnswers(asserted, released)).state is state


def pulses(cts: Callable[[int], bool], *, prompt: bool = True) -> CtsReadings:
    return CtsReadings(tuple(Pulse(p20, cts(p20)) for p20 in (1, 0) * 4), prompt)


@pytest.mark.parametrize(
    ("cts", "carrier", "state"),
    [
        (lambda p20: not p20, Carrier.EXPANSION_2, Jumpers.FITTED),
        (lambda p20: not p20, Carrier.EXPANSION_3, Jumpers.FITTED),
        (lambda p20: False, Carrier.EXPANSION_2, Jumpers.REMOVED),
        (lambda p20: False, Carrier.EXPANSION_3, Jumpers.UNDECIDED),
        (lambda p20: False, Carrier.UNKNOWN, Jumpers.UNDECIDED),
        (lambda p20: True, Carrier.EXPANSION_2, Jumpers.UNDECIDED),
        (lambda p20: True, Carrier.EXPANSION_3, Jumpers.UNDECIDED),
        (lambda p20: bool(p20), Carrier.EXPANSION_2, Jumpers.UNDECIDED),
    ],
)
def test_table_of_the_reference_for_cts(cts: Callable[[int], bool], carrier: Carrier, state: Jumpers) -> None:
    assert judge_cts(pulses(cts), carrier).state is state


def test_a_line_that_is_told_late_proves_no_absence() -> None:
    assert judge_cts(pulses(lambda _: False, prompt=False), Carrier.EXPANSION_2).state is Jumpers.UNDECIDED
    assert judge_cts(pulses(lambda p20: not p20, prompt=False), Carrier.EXPANSION_2).state is Jumpers.FITTED


def test_one_reading_that_does_not_follow_is_no_proof_and_none_at_all_is_neither() -> None:
    spoilt = CtsReadings((*pulses(lambda p20: not p20).pulses, Pulse(1, True)), True)
    assert judge_cts(spoilt, Carrier.EXPANSION_2).state is Jumpers.UNDECIDED
    assert judge_cts(CtsReadings((), True), Carrier.EXPANSION_2).state is Jumpers.UNDECIDED
