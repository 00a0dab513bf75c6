"""Things that are pulled in the middle of a flash from the card, at random moments; ``make table`` tries all.

Moments are counted in events, so that chance falls as often on a short step as on the transfer. Every other one is in
a flash by the method that leaves the modem without firmware until its end.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from doctor.events import CheckEnded, CheckStarted, Event
from doctor.jobs.flash import FlashRequest
from tests.jobs.flashing import BUILD, SIZE_BYTES, User, small_image
from tests.jobs.test_card_flash import CARD, BoardJob

MOMENTS = 10
EVENTS = 60  #: a flash of the small image from the card reports more than so many
QUICK = 2
METHODS = ("on-the-fly", "store")


class Gone(Exception):
    """The PC's program ends here."""


def moments(quick: int = QUICK) -> list[object]:
    """Event numbers at which something happens; the first few in every ``make long``."""
    chance = random.Random(7)
    numbers = chance.sample(range(12, EVENTS), MOMENTS)
    return [
        pytest.param(number, METHODS[i % 2], marks=() if i < quick else pytest.mark.table)
        for i, number in enumerate(numbers)
    ]


class Moment:
    """True at the event of this number; ``came`` tells whether there was one."""

    def __init__(self, number: int) -> None:
        self._left = number

    @property
    def came(self) -> bool:
        return self._left <= 0

    def __call__(self, event: Event) -> bool:
        self._left -= not isinstance(event, (CheckStarted, CheckEnded))
        return self.came


def die() -> None:
    raise Gone


@pytest.fixture
def job(tmp_path: Path) -> BoardJob:
    return BoardJob(small_image(tmp_path), "sim://gpy")


@pytest.mark.long
@pytest.mark.parametrize(("number", "method"), moments())
def test_pc_that_is_killed_stops_nothing(job: BoardJob, number: int, method: str) -> None:
    with pytest.raises(Gone):
        job.flash(FlashRequest("card", method), at=Moment(number), act=die)
    job.walk_off()
    job.sim.world.sleep_ms(180_000)
    assert job.received()
    assert job.sim.modem.received[-1].size_bytes == SIZE_BYTES
    job.bench.close()


@pytest.mark.long
@pytest.mark.parametrize("what", ["reset", "card", "modem"])
@pytest.mark.parametrize(("number", "method"), moments(1))
def test_what_is_pulled_leaves_a_named_state_and_the_next_run_ends_it(
    job: BoardJob, tmp_path: Path, number: int, method: str, what: str
) -> None:
    card = tmp_path / "card.img"
    job.sim.hands.card_to(card)
    acts = {"reset": job.sim.hands.press_reset, "card": job.sim.hands.take_card_out, "modem": job.sim.modem.hang}
    moment = Moment(number)
    first = job.flash(FlashRequest("card", method), at=moment, act=acts[what])
    assert moment.came
    if first.error is not None:
        assert first.exit_code == (3 if first.begun else 1) and first.error.next
        assert not first.begun or first.mode
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
