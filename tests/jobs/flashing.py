"""A flash of a small practice image, with a user whose answers and keys the test decides."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from doctor.bench import Bench, BenchOptions
from doctor.events import Event, Notice, Phase, Progress, StepStarted
from doctor.jobs.flash import FlashPlan, FlashRequest, FlashResult, Wish, flash
from doctor.jobs.onward import NextFlash
from doctor.sim.bench import SimBench
from doctor.sim.practice.image import make_practice_image

BUILD = 41019  #: another than that of the practice image on the simulated card, which has its genuine size
SIZE_BYTES = 100_000
When = Callable[[Event], bool]


def words_of(step: NextFlash | None) -> tuple[str, ...]:
    """The command of a next step, word by word."""
    assert step is not None and step.command is not None
    return step.command.words()


def small_image(folder: Path) -> Path:
    """A practice image that is flashed in a blink."""
    return make_practice_image(folder, build=BUILD, size_bytes=SIZE_BYTES)


@dataclass
class User:
    """Says yes to the plan; answers and remembers whether to stop, or to leave a board that goes on."""

    stops: bool = False
    yes: bool = True
    asked: int = 0
    leaves: bool = False
    consents: list[str] = field(default_factory=list)

    def confirm(self, plan: FlashPlan) -> bool:
        return self.yes

    def accept(self, name: str, question: str) -> bool:
        self.consents.append(name)
        return True

    def stop_transfer(self) -> bool:
        self.asked += 1
        return self.stops

    def stop_board(self) -> Wish:
        self.asked += 1
        return Wish.STOP if self.stops else Wish.LEAVE if self.leaves else Wish.GO_ON


@dataclass
class Flashing:
    """What a flash left behind."""

    result: FlashResult
    sim: SimBench
    notices: list[str]
    mode: str


def flashed(
    image: Path,
    user: User,
    when: When | None = None,
    act: Callable[[SimBench], None] | None = None,
    *,
    url: str = "sim://fipy",
    request: FlashRequest | None = None,
) -> Flashing:
    """Flash ``image``; at the first event for which ``when`` is true, ``act`` on the simulated bench."""
    notices: list[str] = []
    waiting = [when] if when is not None else []
    request = request or FlashRequest()
    with Bench(BenchOptions(port=url, firmware=(image,), via_modem=request.via == "modem")) as bench:
        sim: SimBench = bench.link.serial.bench

        def hear(event: Event) -> None:
            if isinstance(event, Notice):
                notices.append(event.text)
            elif waiting and waiting[0](event):
                waiting.clear()
                assert act is not None
                act(sim)

        result = flash(bench, request, consent=user, listen=hear)
        assert not waiting
        return Flashing(result, sim, notices, sim.modem.mode)


def sends(*numbers: signal.Signals) -> Callable[[SimBench], None]:
    """Signals to this very process, as the terminal or the system would send them."""

    def act(_sim: SimBench) -> None:
        for number in numbers:
            signal.raise_signal(number)

    return act


def in_step(step: str) -> When:
    """When the step begins."""
    return lambda event: isinstance(event, StepStarted) and event.step == step


def in_phase(phase: Phase) -> When:
    """When the first step of the phase begins."""
    return lambda event: isinstance(event, StepStarted) and event.phase is phase


def after_bytes(share: float) -> When:
    """When this share of the image is in the modem."""
    return lambda event: isinstance(event, Progress) and event.done_bytes >= share * event.total_bytes
