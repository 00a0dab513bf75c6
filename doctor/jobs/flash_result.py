"""How a flash ended: what was sent, what shows that the new firmware runs, and what is wrong where it does not."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass

from doctor import engine
from doctor.errors import DoctorError, Exit, FlashUnproved, Stopped
from doctor.jobs.flash_plan import FlashPlan
from doctor.modem.facts import ModemFacts
from doctor.updater.flow import Outcome


@dataclass(frozen=True)
class Proof:
    """What shows that the new firmware runs.

    sent_bytes, sent_sha256  what the modem acknowledged, hashed as it went over the wire
    received_sha256          what a simulated modem says it received; None on a real one, which cannot say
    promised_build           what the file promised; None where it promises nothing
    after                    what the modem says of itself after its own return to application
    """

    sent_bytes: int
    sent_sha256: str
    received_sha256: str | None
    promised_build: int | None
    after: ModemFacts

    @property
    def holds(self) -> bool:
        """True where the modem runs what the file promised (and a simulated one received what was sent)."""
        if self.received_sha256 not in (None, self.sent_sha256):
            return False
        return self.promised_build is not None and self.after.build == self.promised_build


@dataclass(frozen=True)
class FlashResult:
    """How a flash ended; ``error`` says why it was refused, stopped or is unproved."""

    report: engine.Report
    plan: FlashPlan | None = None
    proof: Proof | None = None
    error: DoctorError | None = None
    advice: str = ""

    @property
    def exit_code(self) -> Exit:
        """0 only for flashed and proved, or a plan that was only asked for."""
        return self.error.exit_code if self.error is not None else Exit.OK


class HashedSource:
    """The image as the core reads it, hashed on the way; read whole beforehand, so nothing can vanish mid-flash."""

    def __init__(self, data: bytes) -> None:
        self._stream = io.BytesIO(data)
        self._hash = hashlib.sha256()

    def read(self, size: int) -> bytes:
        """The next ``size`` bytes, or fewer at the end."""
        data = self._stream.read(size)
        self._hash.update(data)
        return data

    @property
    def sha256(self) -> str:
        """Hash of what was read so far, as hexadecimal text."""
        return self._hash.hexdigest()


def lost_midway(err: DoctorError, outcome: Outcome, plan: FlashPlan) -> FlashUnproved:
    """The way to the modem broke after the first block: begun, and not proved."""
    what = f"{err.what}, after {outcome.sent_bytes} of {plan.image.size_bytes} bytes"
    return FlashUnproved(
        err.id,
        f"{what}; the modem probably still waits for the rest (stp-open), or sits in recovery",
        on=err.on,
        cause=err.cause,
        next="plug the board in if it is unplugged, then: " + _again(plan),
    )


def judge(
    plan: FlashPlan, outcome: Outcome, source: HashedSource, received: str | None
) -> tuple[DoctorError | None, Proof | None]:
    """What is wrong, if anything, and what shows that the new firmware runs."""
    from doctor.modem.facts import from_version_lines

    if outcome.error is not None:
        error_id, text = outcome.error
        if not outcome.sent_any:
            return Stopped(text) if error_id == "user-interrupt" else DoctorError(
                error_id, text, next=_again(plan)
            ), None
        return FlashUnproved(error_id, text, on=f"modem in {outcome.mode}", next=_again(plan)), None
    proof = Proof(
        outcome.sent_bytes,
        source.sha256,
        received,
        plan.image.promised_build,
        from_version_lines(outcome.version_lines, outcome.mode),
    )
    if proof.holds:
        return None, proof
    what = f"the modem runs build {proof.after.build or 'unknown'}, the file promised {proof.promised_build or 'none'}"
    return FlashUnproved("upgrade-failed-result", what, on=f"modem in {outcome.mode}", next=_again(plan)), proof


def _again(plan: FlashPlan) -> str:
    return f"leave the board powered; run fipy-doctor check, then fipy-doctor flash {plan.image.path.name} again"
