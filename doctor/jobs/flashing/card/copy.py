"""Where the firmware image lies on the card in the board; over Wi-Fi it is brought there first."""

from __future__ import annotations

from doctor.bench import Bench
from doctor.board.card.image import need_on_card
from doctor.board.card.upload import Listeners, bring_to_card
from doctor.errors import Stopped
from doctor.events import Listener, Notice, Phase, Progress, StepStarted
from doctor.jobs.flashing.interrupts import Interrupts
from doctor.jobs.flashing.plan import FlashPlan


def path_on_card(bench: Bench, plan: FlashPlan, interrupts: Interrupts, listen: Listener) -> str:
    """Path of the image on the board. Raises Stopped after Ctrl-C, DoctorError where it is not there and cannot be."""
    if bench.link.network is None:
        return need_on_card(bench.board, plan.image)

    def sent(done: int, total: int) -> None:
        if interrupts.should_stop():
            raise Stopped("stopped; nothing was sent to the modem, and the unfinished copy was removed from the card")
        listen(Progress(Phase.PREPARE, done, total, False))

    tell = Listeners(
        step=lambda text: listen(StepStarted("card", text, Phase.PREPARE)),
        notice=lambda text: listen(Notice(text)),
        sent=sent,
    )
    return bring_to_card(bench.board, plan.image, tell)
