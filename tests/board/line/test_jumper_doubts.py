"""Every doubt of the reference about jumpers, both ways: what is said to be proved is never wrong.

Runs on the simulator's nets alone, through the same tables as the check: thousands of benches in a moment.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from doctor.board.line.carriers import Carrier as Kind
from doctor.board.line.jumper_verdict import (
    CtsReadings,
    JumperReadings,
    Jumpers,
    PinReading,
    Pulse,
    judge_cts,
    judge_pins,
)
from doctor.board.line.jumpers import order_of_steps
from doctor.sim.board.pins import Pins, PinState
from doctor.sim.carrier import G6, Carrier

KINDS = {"expansion2": Kind.EXPANSION_2, "expansion3": Kind.EXPANSION_3}
BOTH = (False, True)
DOUBTS = (
    "pic_drives_rts",
    "pic_reports_cts",
    "unreported_cts",
    "open_cts",
    "labels_swapped",
    "chip_swapped",
    "usb_wins",
)


def benches(name: str) -> Iterator[Carrier]:
    for rts, cts in itertools.product(BOTH, BOTH):
        for settings in itertools.product(BOTH, repeat=len(DOUBTS)):
            for held in (None, False, True):
                doubts = dict(zip(DOUBTS, settings, strict=True))
                yield Carrier(name, rts_jumper=rts, cts_jumper=cts, g6_held=held, **doubts)


def phase_a(pins: Pins) -> JumperReadings:
    for name in ("P19", "P20"):
        pins.configure(name, PinState("open-drain", None, True))
    pins.configure("P20", PinState("in", True))
    steps = []
    for rts, pull in order_of_steps(3):
        pins.carrier.rts_asserted = rts
        pins.configure("P19", PinState("in", pull == "up"))
        steps.append(PinReading(rts, pull, int(pins.level("P19")), int(pins.level("P20"))))
    pins.carrier.rts_asserted = True
    return JumperReadings(tuple(steps), 3)


def phase_b(pins: Pins) -> CtsReadings:
    seen = []
    for level in (True, False) * 4:
        pins.configure("P20", PinState("out", None, level))
        seen.append(Pulse(int(level), pins.cts_asserted))
    return CtsReadings(tuple(seen), True)


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("detaches", [False, pytest.param(True, marks=pytest.mark.table)])
def test_no_proof_is_ever_wrong(name: str, detaches: bool) -> None:
    told: set[Jumpers] = set()
    for carrier in benches(name):
        pins = Pins("FiPy", carrier)
        pins.input_detaches = detaches
        readings = phase_a(pins)
        first = judge_pins(readings, KINDS[name]).state
        told.add(first)
        if first is Jumpers.FITTED:
            assert carrier.jumpers_fitted, carrier
        elif first is Jumpers.REMOVED:
            assert carrier.chip_drives(G6) is None, carrier
        if first is not Jumpers.FITTED and readings.p20_rests:
            second = judge_cts(phase_b(pins), KINDS[name]).state
            if second is Jumpers.FITTED:
                assert carrier.jumpers_fitted, carrier
            elif second is Jumpers.REMOVED and not carrier.chip_swapped:  # the sheet is certain about the chip
                assert not carrier.jumpers_fitted, carrier
    assert told == ({Jumpers.FITTED, Jumpers.REMOVED} if name == "expansion2" else set(Jumpers))
