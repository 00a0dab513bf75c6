"""A flash from the board's card goes on after this program has ended, and RTS with it: what jumpers mean for that."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from doctor.bench import Bench, BenchOptions
from doctor.errors import DoctorError
from doctor.jobs.flash import FlashPlan, FlashRequest, FlashResult, flash, prepare
from doctor.sim.practice.image import make_practice_image

from .flashing import User

OVER = frozenset({"jumpers-removed"})
ACCEPT = frozenset({"jumpers-removed"})


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The very image that lies on the simulated card."""
    yield make_practice_image(tmp_path_factory.mktemp("card"))


def planned(image: Path, scenario: str, request: FlashRequest, accept: frozenset[str]) -> FlashPlan | DoctorError:
    with Bench(BenchOptions(port=f"sim://fipy?scenario={scenario}", firmware=(image,), accept=accept)) as bench:
        return prepare(bench, request)[1]


def test_fitted_jumpers_close_the_cards_way_whatever_is_said(image: Path) -> None:
    refused = planned(image, "jumpers-fitted", FlashRequest("card", override=OVER), ACCEPT)
    assert isinstance(refused, DoctorError)
    assert "pull both jumpers" in refused.next


@pytest.mark.table
def test_nobody_who_did_not_ask_for_the_card_is_refused(image: Path) -> None:
    other = planned(image, "jumpers-fitted", FlashRequest(override=OVER), frozenset())
    assert isinstance(other, FlashPlan) and other.via == "usb"


class Answers(User):
    """Is asked whether the jumpers were looked at; declines the plan, so that nothing is flashed."""

    def __init__(self, looked: bool | None) -> None:
        super().__init__(yes=False)
        self.looked = looked
        self.question = ""

    def accept(self, name: str, question: str) -> bool:
        self.consents.append(name)
        self.question = question
        if self.looked is None:
            raise DoctorError(name, "nobody is there")
        return self.looked


def unsure(image: Path, user: User, **options: frozenset[str]) -> FlashResult:
    url = "sim://fipy?scenario=modem-recovery"
    with Bench(BenchOptions(port=url, firmware=(image,), **options)) as bench:  # type: ignore[arg-type]
        return flash(bench, FlashRequest("card"), consent=user)


@pytest.mark.parametrize(
    ("looked", "code", "says"), [(True, 1, "not confirmed"), (False, 1, "--accept"), (None, 1, "nothing proves")]
)
def test_who_is_there_is_asked_to_look(image: Path, looked: bool | None, code: int, says: str) -> None:
    user = Answers(looked)
    result = unsure(image, user)
    assert user.consents == ["jumpers-removed"]
    assert result.error is not None
    assert (result.exit_code, says in result.error.what) == (code, True)
    assert user.question.index("the modem is in recovery") < user.question.index("Have you looked")
    if looked is None:
        for way in ("--port 'sim://fipy?scenario=modem-recovery' --accept jumpers-removed --via card`;", "--via usb"):
            assert f"fipy-doctor flash {image}" in result.error.next and way in result.error.next


def test_who_said_so_before_is_not_asked(image: Path) -> None:
    user = Answers(None)
    assert unsure(image, user, accept=ACCEPT).plan is not None
    assert user.consents == []
