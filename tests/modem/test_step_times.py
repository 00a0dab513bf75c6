"""The times of a plan against what a simulated flash takes, and against what they depend on."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from doctor.bench import Bench, BenchOptions
from doctor.board.onboard import FOLDER, core_files
from doctor.cli.flash_view import Pace
from doctor.events import Event, Phase, Progress, StepStarted
from doctor.jobs.flash import FlashPlan, FlashRequest, flash, rehearse
from doctor.modem.step_times import Line, usual_s
from doctor.sim.practice.image import make_practice_image
from doctor.updater.plan import FIRMWARE
from doctor.updater.shapes import ON_THE_FLY, STORE, Step

from ..jobs.flashing import User

WITHIN = 0.2  #: of the whole
#: A restart is quicker on the bench than what is reported (modem-protocol.md 3.3), and its stalls are shorter.
STEP_WITHIN_S = 10.0


class Watched(User):
    """Agrees, and keeps the plan, when each step began, and what was said to be left after a tenth of the file."""

    def __init__(self, bench: Bench) -> None:
        super().__init__()
        self._bench = bench
        self._pace = Pace()
        self.plans: list[FlashPlan] = []
        self.begun: list[tuple[str, int]] = []
        self.promised: list[tuple[float, float]] = []
        self.over_s: list[float] = []

    def confirm(self, plan: FlashPlan) -> bool:
        self.plans.append(plan)
        return True

    def hear(self, event: Event) -> None:
        if isinstance(event, StepStarted):
            self.begun.append((event.step, self._bench.clock.ticks_ms()))
            self._pace = Pace(event.last_s)
        elif isinstance(event, Progress) and event.phase is Phase.TRANSFER:
            now_s = self._bench.seconds()
            self._pace.hear(now_s, event.done_bytes)
            left_s = self._pace.left_s(event.done_bytes, event.total_bytes)
            if event.done_bytes > 0.1 * event.total_bytes and left_s is not None:
                self.promised.append((now_s, left_s))
            if event.done_bytes == event.total_bytes:
                self.over_s.append(now_s)

    def first_promise(self) -> tuple[float, float]:
        """Seconds that were said to be left then, and those that were."""
        at_s, left_s = self.promised[0]
        return left_s, self.over_s[0] - at_s


@pytest.mark.sampled(10, "long")
@pytest.mark.parametrize(
    ("url", "via", "base"),
    [
        ("sim://fipy", "usb", None),
        ("sim://sqn3330", "modem", None),
        ("sim://fipy", "usb", 38638),
        ("sim://sqn3330?latency=1", "modem", None),
        ("sim://gm02s?latency=1", "modem", None),  # 115200 baud, and no echo
        ("sim://gm02s", "modem", None),
        ("sim://sqn3330?latency=16", "modem", None),
        ("sim://fipy?latency=16", "usb", None),
        ("sim://gm02s?latency=16", "modem", None),
        ("sim://fipy?latency=1", "usb", 38638),
    ],
)
def test_a_flash_takes_as_long_as_its_plan_says(tmp_path: Path, url: str, via: str, base: int | None) -> None:
    """Whole, and each step, and what is left after a tenth of the file, by the clock of the bench."""
    image = make_practice_image(tmp_path, build=41019, size_bytes=1_200_000, base=base)
    with Bench(BenchOptions(port=url, firmware=(image,), via_modem=via == "modem")) as bench:
        watched = Watched(bench)
        result = flash(bench, FlashRequest(via=via), consent=watched, listen=watched.hear)
        begun = [*watched.begun, ("", bench.clock.ticks_ms())]
    (plan,) = watched.plans
    assert result.error is None and result.took_s is not None
    assert [step.id for step in plan.core.steps] == [step for step, _ in begun[:-1]]
    assert plan.all_usual_s == pytest.approx(result.took_s, rel=WITHIN)
    for step, ((_, at_ms), (_, then_ms)) in zip(plan.core.steps, pairwise(begun), strict=True):
        took_s = (then_ms - at_ms) / 1000
        assert plan.usual_s(step) == pytest.approx(took_s, abs=max(STEP_WITHIN_S, took_s / 10)), step.id
        assert plan.usual_s(step) < step.limit_ms / 1000
    said_s, was_s = watched.first_promise()
    assert said_s == pytest.approx(was_s, rel=WITHIN)
    assert plan.line not in (Line(921600), Line(115200))  # the turn-around of the port was measured
    assert f"latency={plan.line.timer_s * 1000:.0f}" in url + "latency=0"
    sent_s = next(then - at for (step, at), (_, then) in pairwise(begun) if step == "transfer") / 1000
    assert result.bytes_per_s == pytest.approx(1_200_000 / sent_s, rel=0.05)


@pytest.mark.long
@pytest.mark.parametrize("lies_there", ["nothing", "half", "all"])
def test_a_flash_from_the_card_takes_as_long_as_its_plan_says(tmp_path: Path, lies_there: str) -> None:
    """With what of the updater must be copied to the board first, and what is left after a tenth of the file."""
    image = make_practice_image(tmp_path, build=41019, size_bytes=1_200_000)
    with Bench(BenchOptions(port="sim://fipy", firmware=(image,))) as bench:
        simulated = bench.link.serial.bench
        simulated.hands.copy_to_card(image)
        core = sorted(core_files().items())
        there = core[: {"nothing": 0, "half": len(core) // 2, "all": len(core)}[lies_there]]
        simulated.board.flash.lay({f"{FOLDER}/{name}": data for name, data in there})
        watched = Watched(bench)
        result = flash(bench, FlashRequest(via="card"), consent=watched, listen=watched.hear)
    (plan,) = watched.plans
    assert result.error is None and result.took_s is not None
    assert plan.all_usual_s == pytest.approx(result.took_s, rel=WITHIN)
    assert plan.install_s == pytest.approx({"nothing": 29, "half": 14, "all": 0}[lies_there], rel=WITHIN)
    said_s, was_s = watched.first_promise()
    assert said_s == pytest.approx(was_s, rel=WITHIN)


def test_what_the_time_of_a_transfer_depends_on() -> None:
    """Speed, size, the turn-around of the port, and whether the modem writes meanwhile."""
    kept = Step("transfer", "", "transfer", 1, False, "", image=FIRMWARE, method=STORE)
    written = Step("transfer", "", "transfer", 1, False, "", image=FIRMWARE, method=ON_THE_FLY)
    fast, slow = Line(921600), Line(115200)
    slow_usb, quick = Line.measured(921600, 0.016), Line.measured(921600, 0.0)
    six = usual_s(kept, 6_160_982, fast)
    assert six > 65  # modem-protocol.md 5.6: what the line alone takes
    assert usual_s(kept, 6_160_982, slow) > six + 7 * 65
    assert usual_s(written, 6_160_982, fast) > six
    more = usual_s(kept, 6_160_982, slow_usb) - usual_s(kept, 6_160_982, quick)
    assert more == pytest.approx(2 * 0.016 * 6_160_982 / 2016, rel=0.01)  # two answers a block
    assert Line.measured(921600, None) == fast
    ftdi = Line.measured(921600, 0.016, timer_ms=16)
    assert usual_s(kept, 6_160_982, ftdi) == pytest.approx(
        3 * 0.016 * 6_160_982 / 2016, rel=0.01
    )  # three beats a block
    assert ftdi.quick.exchange_s(20) < ftdi.exchange_s(20) == 0.016
    assert Line.measured(115200, 0.013, echoes=False).answer_s == 0.013 < Line.measured(115200, 0.013).answer_s


def test_a_refused_plan_and_one_without_steps_take_no_time(tmp_path: Path) -> None:
    """Nothing to do is said without a time."""
    image = make_practice_image(tmp_path, build=41065, size_bytes=60_000)
    with Bench(BenchOptions(port="sim://fipy?build=41065", firmware=(image,))) as bench:
        plan = rehearse(bench, FlashRequest(via="usb")).plan
    assert plan is not None and plan.core.nothing and plan.all_usual_s == 0
