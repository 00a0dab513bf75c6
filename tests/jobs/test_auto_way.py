"""``--via auto`` takes the card's way only if nothing closes it; nobody asked for the card."""

from __future__ import annotations

from pathlib import Path

import pytest

from doctor.bench import Bench, BenchOptions
from doctor.jobs.flash import FlashPlan, FlashRequest, prepare
from doctor.sim.practice.image import make_practice_image


@pytest.mark.parametrize(("scenario", "via"), [("healthy", "card"), ("modem-recovery", "usb")])
def test_jumpers_that_cannot_be_told_leave_the_way_over_usb(tmp_path: Path, scenario: str, via: str) -> None:
    image = make_practice_image(tmp_path)  # the very image that lies on the simulated card
    with Bench(BenchOptions(port=f"sim://fipy?scenario={scenario}", firmware=(image,))) as bench:
        _, plan = prepare(bench, FlashRequest())
    assert isinstance(plan, FlashPlan) and plan.via == via


def test_the_card_when_asked_for_is_not_swapped_for_usb(tmp_path: Path) -> None:
    image = make_practice_image(tmp_path)
    with Bench(BenchOptions(port="sim://fipy?scenario=modem-recovery", firmware=(image,))) as bench:
        _, refused = prepare(bench, FlashRequest(via="card"))
    assert not isinstance(refused, FlashPlan) and "--accept jumpers-removed" in refused.next


def test_a_file_that_only_the_card_has_is_sent_to_no_other_way() -> None:
    on_card = BenchOptions(port="sim://fipy?scenario=modem-recovery", card_file="PRACTICE-CATM1-41065.dup")
    with Bench(on_card) as bench:
        _, refused = prepare(bench, FlashRequest())
    assert not isinstance(refused, FlashPlan) and refused.id == "expansion-rts-cts-jumpers"
    assert refused.next.count("fipy-doctor flash") == 1 and "--accept jumpers-removed --via card" in refused.next
