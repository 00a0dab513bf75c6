"""How a flash ended that the board did by itself: by its last word, or by what was heard before the line broke."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from doctor import engine
from doctor.bench import Bench
from doctor.board.at_work import Said
from doctor.errors import BoardError, BoardReset, DoctorError, FlashUnproved, LinkError, PortLost, Stopped
from doctor.firmware.names import parse_name
from doctor.jobs.flashing.card.follow import ENDS_WITH_US, Follower
from doctor.jobs.flashing.interrupts import Interrupts, Left
from doctor.jobs.flashing.plan import FlashPlan
from doctor.jobs.flashing.result import FlashResult, Proof, result_of, with_progress
from doctor.jobs.flashing.steps_done import LAST_BLOCK_BYTES
from doctor.jobs.onward import Attempt, NextFlash, flash_command, onward
from doctor.link.link import SERVER_BACK
from doctor.modem.facts import from_version_lines
from doctor.updater import states
from doctor.updater.flow import Outcome

ADVICE = "press the board's reset button once: its own LTE functions work again after that"
POWERED = "leave the board powered: it may go on by itself"


@dataclass(frozen=True)
class Ending:
    """The result of a flash that is followed.

    plan     what was ordered; None if another run, or a hand, gave the order
    attempt  what the next step depends on
    """

    bench: Bench
    report: engine.Report
    plan: FlashPlan | None
    attempt: Callable[[], Attempt]
    interrupts: Interrupts
    follower: Follower

    def await_it(self, first: bytes) -> FlashResult:
        """Follow it to its end. Raises DoctorError if the board cannot be heard and nothing was sent."""
        try:
            return self._judged(self.follower.follow(first))
        except Left:
            return self._left()
        except (BoardError, LinkError) as err:
            if self.follower.heard.phase == "prepare":
                if isinstance(err, BoardReset):
                    raise
                if self.interrupts.pressed_early and err.id == "board-updater-broke-off":
                    raise Stopped from err  # Ctrl-C cut its last words off
            return self._unheard(err)

    def _judged(self, end: Said) -> FlashResult:
        """The result out of the board's last word."""
        advice = ADVICE if end.get("sent_any") and not end.get("restored") else ""
        outcome = self._outcome(end)
        if end.get("error") and not (end.get("sent_any") or "step" in end):
            return self._refused(end, outcome)
        proof = self._proof(end, outcome)
        return result_of(self.report, self.plan, outcome, proof, attempt=self.attempt(), advice=advice)

    def _outcome(self, end: Said) -> Outcome:
        """How the flow on the board ended; what its last word does not say is known as far as it was heard."""
        steps = [step.id for step in self.plan.core.steps] if self.plan is not None else []
        outcome, heard = Outcome.of_words(dict(end)), self.follower.heard
        outcome.step = outcome.step or heard.told[1]
        if "done" not in end and outcome.step in steps:
            outcome.done = steps[: steps.index(outcome.step)]
        if "maybe_all" not in end:
            outcome.maybe_all = bool(heard.total) and heard.total - heard.done <= LAST_BLOCK_BYTES
        if "sent" not in end:
            outcome.sent_bytes = heard.total
        return outcome

    def _proof(self, end: Said, outcome: Outcome) -> Proof:
        sha256, card_file = str(end.get("sha256") or ""), self.bench.options.card_file
        if self.plan is not None:
            promised = self.plan.image.promised_build
        elif card_file is None:  # what was recognised is the file that was given
            promised, sha256 = self.bench.firmware[-1].promised_build, self.bench.firmware[-1].sha256
        else:
            said = end.get("image") or (0, 0, 0, 0)
            promised = int(said[3]) or parse_name(card_file).build
        received = self.bench.link.received_sha256 if sha256 else None
        after = from_version_lines(outcome.version_lines, outcome.mode)
        return Proof(outcome.sent_bytes, sha256, received, promised, after)

    def _refused(self, end: Said, outcome: Outcome) -> FlashResult:
        """The board did not begin; ``cure`` is then all that comes next."""
        error_id, what = outcome.error or ("", "")
        after = outcome.cure or "run `fipy-doctor check`"
        error = DoctorError(error_id, what, on=str(end.get("path") or ""), cause=outcome.cause, next=after)
        if error_id == "user-interrupt":
            error = Stopped(what)
        return FlashResult(self.report, self.plan, None, error, "", outcome.mode)

    def _progress(self) -> Attempt:
        """What the next step depends on, as far as the board was heard."""
        return with_progress(self.attempt(), self.plan, self._outcome({}))

    def _left(self) -> FlashResult:
        """The user has left; the board goes on."""
        link = self.bench.link
        what = f"this program ended, and the board continues by itself ({self.follower.heard})"
        joins = "it joins the board again; `fipy-doctor status` shows where it stands"
        step = NextFlash((), flash_command(self.attempt(), states.APPLICATION), joins, before=(POWERED,))
        if link.url.in_process:
            what = f"this program ended ({self.follower.heard}): {ENDS_WITH_US}"
            step = NextFlash((), flash_command(self.attempt(), states.UNKNOWN))
        error = FlashUnproved("user-interrupt", what, on=link.name, next=step.text)
        return FlashResult(self.report, self.plan, None, error, "", states.UNKNOWN, step, True)

    def _unheard(self, err: DoctorError) -> FlashResult:
        """The line to the board broke, or the board restarted, after it had begun."""
        reset = isinstance(err, BoardReset)
        attempt = self._progress()
        waits = reset and self.follower.heard.phase == "transfer" and not attempt.all_sent
        mode = states.STP_OPEN if waits else states.UNKNOWN
        what = f"{err.what}; the board was last heard in: {self.follower.heard}"
        if reset:
            step = onward(mode, attempt)
        elif isinstance(err, PortLost):
            cable = ("plug the board in again and leave it powered; a battery may have kept it going",)
            if self.bench.link.url.has_address:
                cable = (SERVER_BACK,)
            back = (POWERED, "join its Wi-Fi network again") if self.bench.link.network else cable
            step = NextFlash((), flash_command(attempt, mode), before=back)
        else:
            light = "check that its light, or the light of its carrier board, shows power"
            step = NextFlash((), replace(attempt.command, verb="status"), before=(POWERED, light))
        error = FlashUnproved(err.id, what, on=err.on, cause=err.cause, next=step.text)
        return FlashResult(self.report, self.plan, None, error, "", mode, step, True)
