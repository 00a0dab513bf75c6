"""What goes wrong on the wire, through every way: by the fault words of the bench's URL."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from doctor.bench import Bench, BenchOptions
from doctor.jobs.flash import FlashPlan, FlashRequest, FlashResult, rehearse
from doctor.jobs.hands import POWER_CYCLE, PRESS_RESET, WAIT
from doctor.knowledge import explain
from doctor.report import as_json, flash_plan
from doctor.sim.bench import SimBench
from doctor.sim.world import close_all_worlds
from tests.jobs.flashing import BUILD, User, flashed, small_image
from tests.jobs.test_card_flash import CARD, BoardJob


@pytest.fixture(autouse=True)
def worlds_end() -> Iterator[None]:
    yield
    close_all_worlds()


def flash_over(via: str, image: Path, faults: str) -> tuple[FlashResult, SimBench]:
    """The result of a flash over this way, and the simulated bench."""
    if via == "card":
        job = BoardJob(image, f"sim://fipy?{faults}")
        with job.bench:
            return job.flash(CARD), job.sim
    url = f"sim://{'sqn3330' if via == 'modem' else 'fipy'}?{faults}"
    done = flashed(image, User(), url=url, request=FlashRequest(via))
    return done.result, done.sim


FAULTS = (
    "fault=AT:urc@1@0",
    "fault=AT:nul@1@0&fault=ATE0:error@1@0",
    "fault=AT:nul-behind@1@0",
    "fault=nack-nameless@20@2",
    "fault=open:refuse@1",
    "fault=reset:half-obeyed@2",
    "fault=reset:lose@2@4",
    "fault=deploy:late-start",
)
ALL_AT_ONCE = "&".join((*FAULTS[:1], *FAULTS[3:6], *FAULTS[7:]))


@pytest.mark.sampled(6)
@pytest.mark.parametrize(
    ("via", "faults"), [*(("modem", faults) for faults in FAULTS), ("usb", ALL_AT_ONCE), ("card", ALL_AT_ONCE)]
)
def test_flashed_and_proved_all_the_same(tmp_path: Path, via: str, faults: str) -> None:
    result, sim = flash_over(via, small_image(tmp_path), faults)
    assert result.error is None and result.proof is not None and result.proof.holds
    assert sim.modem.build == BUILD


#: Fault, and what every way must make of it: error, mode, what the user does first.
ENDS = {
    "fault=reset:nack-unknown@2@0": ("stp-invalid-answer", "stp-open", WAIT),  # it has all of it, and may write
    "fault=nack@60@0": ("stp-invalid-answer", "application", None),
    "fault=stall@60": ("modem-fell-silent", "silent", POWER_CYCLE),
    "fault=AT+SMSTPU:error@1@0": ("stp-start-refused", "application", None),
    "fault=deploy:fail": ("upgrade-failed-result", "application", None),
    "fault=AT+CFUN=4:hang": ("stp-start-refused", "silent", POWER_CYCLE),
}


@pytest.mark.long
@pytest.mark.sampled(3)
@pytest.mark.parametrize("faults", ENDS)
def test_every_way_judges_an_end_alike(tmp_path: Path, faults: str, monkeypatch: pytest.MonkeyPatch) -> None:
    image = small_image(tmp_path)
    for via in ("modem", "usb", "card"):
        monkeypatch.setenv("FIPY_DOCTOR_STATE_DIR", str(tmp_path / via))  # a second failure is advised otherwise
        result, _ = flash_over(via, image, faults)
        assert result.error is not None and result.onward is not None
        hand = next((hand for hand in result.onward.hands if hand != PRESS_RESET), None)
        assert (result.error.id, result.mode, hand) == ENDS[faults], via
        assert_log_says_so(result)


@pytest.mark.parametrize(("via", "kind"), [("modem", "twice"), ("usb", "short"), ("card", "garbled")])
def test_a_line_that_damages_answers_is_named_with_cause_and_cure(tmp_path: Path, via: str, kind: str) -> None:
    result, sim = flash_over(via, small_image(tmp_path), f"fault=AT:{kind}@200@17")
    error = result.error
    assert error is not None and error.id == "link-unsteady"
    assert "17 of 500 answers were damaged (first: " in error.what
    assert "cable" in error.cause and "short cable" in error.next and "then" in error.next
    assert sim.modem.received == [] and sim.modem.mode == "application"
    assert_log_says_so(result)


def assert_log_says_so(result: FlashResult) -> None:
    """``explain`` reads the log of a flash that failed as this failure, and as no other."""
    assert result.error is not None
    explained = explain(Path(result.log).read_bytes())
    assert f"that was not proved: {result.error.what[:60]}" in explained.says
    assert {match.id for match in explained.matches} <= {result.error.id}


@pytest.mark.parametrize(
    ("scenario", "was", "says"),
    [
        ("modem-recovery", None, "runs no firmware now; it ran an unknown build"),
        ("modem-recovery", 38638, "runs no firmware now; it ran build 38638, as --was says"),
        ("ati-error", 38638, "runs no firmware now; it ran build 38638, as --was says"),
        ("healthy", None, "runs LR5.1.1.0-38638"),
    ],
)
def test_a_plan_says_what_runs_in_the_modem(tmp_path: Path, scenario: str, was: int | None, says: str) -> None:
    options = BenchOptions(
        port=f"sim://sqn3330?scenario={scenario}", firmware=(small_image(tmp_path),), via_modem=True, was=was,
        accept=frozenset({"radio-change"}),
    )  # fmt: skip
    with Bench(options) as bench:
        plan = rehearse(bench, FlashRequest("modem")).plan
        assert isinstance(plan, FlashPlan)
    assert plan.runs == says
    shown, document = _text(plan), as_json.plan(plan)
    assert says in shown and document["was"] == was
    steps = " ".join(step["way_back"] for step in document["steps"])
    assert ("the modem still has its firmware" in steps) == (scenario == "healthy")
    assert ("the modem still has its firmware" in shown) == (scenario == "healthy")


def _text(plan: FlashPlan) -> str:
    out = io.StringIO()
    Console(width=1000, file=out).print(flash_plan.whole(plan))
    return out.getvalue()
