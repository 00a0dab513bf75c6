"""Things that are pulled in the middle of a flash from the card, at random moments; ``make table`` tries all."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from doctor.events import CheckEnded, CheckStarted, Event
from tests.jobs.flashing import BUILD, SIZE_BYTES, User, small_image
from tests.jobs.test_card_flash import CARD, BoardJob

MOMENTS = 10
EVENTS = 60  #: a flash of the small image from the card tells about so many
QUICK = 2


class Gone(Exception):
    """The PC's program ends here."""


def moments(quick: int = QUICK) -> list[object]:
    """Event numbers at which something happens; the first few in every ``make test``."""
    chance = random.Random(7)
    numbers = chance.sample(range(12, EVENTS), MOMENTS)
    return [pytest.param(number, marks=() if i < quick else pytest.mark.table) for i, number in enumerate(numbers)]


def at_number(number: int) -> Callable[[Event], bool]:
    left = [number]

    def when(event: Event) -> bool:
        if isinstance(event, (CheckStarted, CheckEnded)):
            return False
        left[0] -= 1
        return left[0] == 0

    return when


def die() -> None:
    raise Gone


@pytest.fixture
def job(tmp_path: Path) -> BoardJob:
    return BoardJob(small_image(tmp_path), "sim://gpy")


@pytest.mark.parametrize("number", moments())
def test_pc_that_is_killed_stops_nothing(job: BoardJob, number: int) -> None:
    try:
        job.flash(at=at_number(number), act=die)
    except Gone:
        job.walk_off()
        job.sim.world.sleep_ms(180_000)
    assert job.received()
    assert job.sim.modem.received[-1].size_bytes == SIZE_BYTES
    job.bench.close()


@pytest.mark.parametrize("what", ["reset", "card", "modem"])
@pytest.mark.parametrize("number", moments(1))
def test_what_is_pulled_leaves_a_named_state_and_the_next_run_ends_it(
    job: BoardJob, tmp_path: Path, number: int, what: str
) -> None:
    card = tmp_path / "card.img"
    job.sim.hands.card_to(card)
    acts = {"reset": job.sim.hands.press_reset, "card": job.sim.hands.take_card_out, "modem": job.sim.modem.hang}
    first = job.flash(at=at_number(number), act=acts[what])
    if first.error is not None:
        assert first.exit_code in (1, 3) and first.error.next
    job.sim.hands.insert_card(card)
    if what == "modem":
        job.sim.hands.power_cycle()
        job.bench.close_link()
    else:
        job.sim.hands.press_reset()
    assert job.sim.board is not None
    job.sim.board.settle()
    job.sim.world.sleep_ms(120_000)
    job.bench.forget_board()
    second = job.flash(CARD, user=User())
    assert second.error is None, second.error
    assert job.sim.modem.build == BUILD
    job.bench.close()
