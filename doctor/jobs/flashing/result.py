"""How a flash ended: what was sent, what shows that the new firmware runs, and what is wrong if it does not."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass, replace

from doctor import engine
from doctor.errors import DoctorError, Exit, FlashUnproved, Stopped
from doctor.jobs.flashing.plan import FlashPlan
from doctor.jobs.flashing.steps_done import all_sent, first_sent
from doctor.jobs.hands import PLUG_IN, POWER_CYCLE
from doctor.jobs.onward import Attempt, NextFlash, flash_command, onward
from doctor.link.link import SERVER_BACK
from doctor.link.port_url import PortUrl
from doctor.modem.facts import ModemFacts
from doctor.updater import states
from doctor.updater.flow import Outcome


class JumpersUnsure(DoctorError):
    """The card's way is closed by nothing but jumpers at which somebody has to look; who did may say so."""


@dataclass(frozen=True)
class Proof:
    """What shows that the new firmware runs.

    sent_bytes, sent_sha256  the firmware that the modem acknowledged, hashed as it went over the wire
    received_sha256          what a simulated modem says it received; None on a real one, which cannot say
    promised_build           what the file promised; None if it promises nothing
    after                    what the modem says of itself after its own return to application
    """

    sent_bytes: int
    sent_sha256: str
    received_sha256: str | None
    promised_build: int | None
    after: ModemFacts

    @property
    def holds(self) -> bool:
        """True if the modem runs what the file promised (and a simulated one received what was sent)."""
        if self.received_sha256 not in (None, self.sent_sha256):
            return False
        return self.promised_build is not None and self.after.build == self.promised_build


@dataclass(frozen=True)
class FlashResult:
    """How a flash ended; ``error`` says why it was refused, stopped or is unproved.

    advice  how to leave the way that was taken, such as mirror mode; "" if nothing is left
    mode    of the modem at the end, as far as known
    onward  the next step if the flash did not come to its end
    begun   something was sent to the modem, or its mode was changed
    log     file that tells all of it; "" if none was written
    far     how far it came: the step of how many, and the bytes of its file; "" if nothing was begun
    took_s  from the yes to the end, by the clock of the bench; None if nothing was begun
    bytes_per_s  of the file that went over last, while it did; None if none went over whole
    """

    report: engine.Report
    plan: FlashPlan | None = None
    proof: Proof | None = None
    error: DoctorError | None = None
    advice: str = ""
    mode: str = ""
    onward: NextFlash | None = None
    begun: bool = False
    log: str = ""
    far: str = ""
    took_s: float | None = None
    bytes_per_s: int | None = None

    @property
    def exit_code(self) -> Exit:
        """0 only for flashed and proved, or a plan that was only asked for."""
        return self.error.exit_code if self.error is not None else Exit.OK


class HashedSource:
    """A file as the core reads it, hashed on the way; read whole beforehand, so nothing can vanish mid-flash."""

    def __init__(self, data: bytes) -> None:
        self.size_bytes = len(data)
        self._stream = io.BytesIO(data)
        self._hash = hashlib.sha256()

    def read(self, size: int) -> bytes:
        """The next ``size`` bytes, or fewer at the end."""
        data = self._stream.read(size)
        self._hash.update(data)
        return data

    def seek(self, offset: int) -> None:
        """Begin again; ``offset`` is 0."""
        self._stream.seek(offset)
        self._hash = hashlib.sha256()

    @property
    def at_end(self) -> bool:
        """Whether all of it was read."""
        return self._stream.tell() == self.size_bytes

    @property
    def sha256(self) -> str:
        """Hash of what was read so far, as hexadecimal text."""
        return self._hash.hexdigest()


def result_of(
    report: engine.Report, plan: FlashPlan | None, outcome: Outcome, proof: Proof, *, attempt: Attempt, advice: str
) -> FlashResult:
    """The result of a flow that ended by itself, on this computer or on the board.

    plan   None if another run made it
    proof  what shows that the new firmware runs, if no error says otherwise
    """
    attempt = with_progress(attempt, plan, outcome)
    read: Proof | None = None
    if outcome.error is None:
        read = proof
        if outcome.proved and proof.holds:
            return FlashResult(report, plan, proof, None, advice, outcome.mode, begun=True)
        promised, runs = proof.promised_build or "none", proof.after.build or "unknown"
        outcome.error = "upgrade-failed-result", f"the modem runs build {runs}, the file promised {promised}"
    elif not (outcome.sent_any or outcome.changed):
        return _nothing_sent(report, plan, outcome, attempt, advice)
    error_id, text = outcome.error
    step = onward(outcome.mode, attempt, error_id)
    cause = outcome.cause or _CAUSES.get(error_id, "")
    error = FlashUnproved(error_id, text, on="modem", cause=cause, next=step.text)
    return FlashResult(report, plan, read, error, advice, outcome.mode, step, begun=True)


def _nothing_sent(
    report: engine.Report, plan: FlashPlan | None, outcome: Outcome, attempt: Attempt, advice: str
) -> FlashResult:
    assert outcome.error is not None
    error_id, text = outcome.error
    before = (outcome.cure,) if outcome.cure else ()
    step = replace(onward(outcome.mode, attempt, error_id), before=before)
    error: DoctorError = DoctorError(error_id, text, on="modem", cause=outcome.cause, next=step.text)
    if error_id == "user-interrupt":
        error = Stopped(text, next=step.text)
    return FlashResult(report, plan, None, error, advice, outcome.mode, step)


def lost_midway(
    err: DoctorError, report: engine.Report, plan: FlashPlan, outcome: Outcome, *, attempt: Attempt, advice: str
) -> FlashResult:
    """The way to the modem broke in the middle: begun, and not proved."""
    attempt = with_progress(attempt, plan, outcome)
    waits = outcome.sent_any and not attempt.all_sent
    mode = states.STP_OPEN if waits else states.UNKNOWN  # nobody can look any more
    step = onward(mode, attempt, err.id)
    if POWER_CYCLE in step.hands:  # it may well answer, once the port is back
        step = NextFlash((), replace(attempt.command, verb="status"))
    port = attempt.command.port
    if port is not None and PortUrl.read(port).has_address:
        step = replace(step, before=(SERVER_BACK, *step.before))
    else:
        step = replace(step, hands=(PLUG_IN, *step.hands))
    error = FlashUnproved(err.id, err.what, on=err.on, cause=err.cause, next=step.text)
    return FlashResult(report, plan, None, error, advice, mode, step, True)


def with_progress(attempt: Attempt, plan: FlashPlan | None, outcome: Outcome) -> Attempt:
    """``attempt`` with what the flow says of how far it came."""
    steps = [step.id for step in plan.core.steps] if plan is not None else []
    went = all_sent(steps, outcome.done, outcome.step, 0 if outcome.maybe_all else None)
    first = attempt.first_sent
    if plan is not None:
        first = first_sent(steps, outcome.done, len(attempt.command.firmware))
    return replace(attempt, all_sent=attempt.all_sent or went, first_sent=first)


def no_way(err: DoctorError, report: engine.Report, plan: FlashPlan, attempt: Attempt) -> FlashResult:
    """The modem fell silent before anything was sent: power off, which ends mirror mode too, then all again."""
    before = states.FFH if plan.before.mode == states.RAM_UPDATER else plan.before.mode  # it lives in memory only
    step = NextFlash((POWER_CYCLE,), flash_command(attempt, before), known=True)
    error = DoctorError(err.id, err.what, on=err.on, cause=err.cause, next=step.text)
    return FlashResult(report, plan, None, error, "", states.SILENT, step)


_CAUSES = {
    "modem-fell-silent": "its power failed, or it hangs until the power is removed",
    "stp-header-too-small": "the line to it broke for a while, another program used the port, or it restarted",
}
