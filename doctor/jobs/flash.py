"""The job behind ``fipy-doctor flash``: the very same checks, the plan, consent, the transfer, the proof."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from doctor import engine
from doctor.bench import Bench
from doctor.check import Check, Status
from doctor.errors import DoctorError, Exit, FirmwareError, FlashUnproved, LinkError, Stopped, UsageError
from doctor.events import Event, Listener, from_core, ignore
from doctor.jobs.interrupts import Interrupts
from doctor.modem.facts import ModemFacts
from doctor.modem.images import image_facts, running
from doctor.updater.contract import Port
from doctor.updater.flow import Flow, Outcome
from doctor.updater.plan import Options, Plan, make_plan
from doctor.updater.profile import Profile

if TYPE_CHECKING:
    from doctor.firmware.image import FirmwareImage

VIAS = ("auto", "usb", "modem", "card")
JUMPERS_CONSENT = "jumpers-removed"  #: what stands for a check that could not decide (design: "Consent")
METHODS = ("auto", "store", "on-the-fly")


@dataclass(frozen=True)
class FlashRequest:
    """How to flash. ``override`` names checks whose failure the user takes upon themselves."""

    via: str = "auto"
    method: str = "auto"
    override: frozenset[str] = field(default_factory=frozenset)
    deadline_s: float | None = None


@dataclass(frozen=True)
class FlashPlan:
    """What is going to happen, ready to be shown and consented to."""

    image: FirmwareImage
    before: ModemFacts
    via: str
    core: Plan


class Consent(Protocol):
    """Who answers for the user."""

    def confirm(self, plan: FlashPlan) -> bool:
        """Whether the plan that was shown may be carried out."""
        ...

    def accept(self, name: str, question: str) -> bool:
        """Whether the user gives the consent ``name``. Raises DoctorError where nobody answers."""
        ...

    def stop_transfer(self) -> bool:
        """Asked after Ctrl-C in the middle of the transfer; True stops it."""
        ...


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


def prepare(
    bench: Bench, request: FlashRequest, listen: Listener = ignore
) -> tuple[engine.Report, FlashPlan | DoctorError]:
    """Run every check, hold the gate, and ask the planner; sends the modem nothing but queries.

    Returns the report with the plan, or with the refusal. Raises UsageError for a wrong request.
    """
    checks = engine.in_order([*engine.builtin(), *engine.plugins()[0]])
    _refuse_usage(bench, request, checks)
    report = engine.run(bench, checks=checks, deadline_s=request.deadline_s, listen=listen)
    if _closed_a_session(bench):
        bench.forget_modem()
        report = engine.run(bench, checks=checks, deadline_s=request.deadline_s, listen=listen)
    if report.interrupted:
        return report, Stopped()
    standing = engine.barriers(report, checks, request.override)
    if standing:
        first = standing[0]
        return report, DoctorError(
            first.catalogue or first.check,
            f"not flashed: {first.summary}",
            on=first.check,
            cause=first.cause,
            next="cure what is listed above and run fipy-doctor check; nothing was sent to the modem",
        )
    return report, _plan(bench, request)


def rehearse(bench: Bench, request: FlashRequest, listen: Listener = ignore) -> FlashResult:
    """All that a flash does before it sends anything: ``--dry-run``. Raises UsageError."""
    report, plan = prepare(bench, request, listen)
    if isinstance(plan, DoctorError):
        return FlashResult(report, error=plan)
    return FlashResult(report, plan)


def flash(bench: Bench, request: FlashRequest, *, consent: Consent, listen: Listener = ignore) -> FlashResult:
    """Flash the first image of ``bench`` and prove it.

    consent  answers for the user; it is shown the plan before anything is sent
    listen   hears every event, from the first check to the proof

    Never raises for what happens to board or modem: the result's ``error`` says it. Raises UsageError.
    """
    report, plan = prepare(bench, request, listen)
    if isinstance(plan, DoctorError):
        return FlashResult(report, error=plan)
    try:
        question = _jumpers_question(bench, report)
        if question and not consent.accept(JUMPERS_CONSENT, question):
            raise Stopped(f"--accept {JUMPERS_CONSENT} was not given; nothing was sent to the modem")
        if not consent.confirm(plan):
            raise Stopped("not confirmed; nothing was sent to the modem")
        source = HashedSource(_read_again(plan.image))
        with Interrupts(consent.stop_transfer, listen) as interrupts:
            return _carry_out(bench, report, plan, source, interrupts, listen)
    except DoctorError as err:
        return FlashResult(report, plan, error=err)


def _refuse_usage(bench: Bench, request: FlashRequest, checks: list[Check]) -> None:
    if request.via == "card":
        raise UsageError(
            "via-card",
            "flashing from the card in the board is not part of this version",
            next="run the same command with --via usb",
        )
    by_id = {check.id: check for check in checks}
    for check_id in request.override:
        if check_id not in by_id:
            raise UsageError("unknown-check", f"there is no check {check_id!r}", next="fipy-doctor checks lists them")
        if not by_id[check_id].overridable:
            raise UsageError(
                "never-overridden",
                f"{check_id} can never be overridden",
                cause="going on here is how modems die",
                next="cure what the check finds",
            )
    if len(bench.options.firmware) != 1:
        raise UsageError(
            "48829-second-step-skipped",
            "exactly one firmware image can be flashed in this version",
            next="give one .dup file; the 48829 pair is not supported yet",
        )


def _jumpers_question(bench: Bench, report: engine.Report) -> str:
    """What to ask where the jumpers could not be examined; empty where they are known, or no real ones exist."""
    finding = report.finding("jumpers-removed")
    if finding is None or finding.status is not Status.WARN or bench.simulated:
        return ""
    return "It could not be told whether the RTS and CTS jumpers are removed. Have you looked, and are they gone?"


def _closed_a_session(bench: Bench) -> bool:
    """Whether the checks met an abandoned transfer and its closing RESET was answered: then ask once more."""
    facts = bench.modem_facts_or_none
    return facts is not None and "session-closed" in facts.notes


def _plan(bench: Bench, request: FlashRequest) -> FlashPlan | DoctorError:
    image = bench.firmware[0]
    facts = bench.modem_facts
    via = request.via
    if via == "auto":
        via = "modem" if bench.is_bare_modem else "usb"
    if via == "usb" and bench.is_bare_modem:
        return UsageError("via-usb", "the port leads to a bare modem", on=bench.link.name, next="use --via modem")
    if via == "usb" and not bench.link.can_change_baud:
        return LinkError(
            "mirror-no-answer",
            "this link cannot change its speed, and mirror mode needs 921600 baud",
            on=bench.link.name,
            next="connect the board by USB, or use rfc2217:// instead of socket://",
        )
    options = Options(
        method=request.method,
        accept=tuple(bench.options.accept),
        updater_elf=None,
        simulated=image.kind == "practice" and bench.simulated,
    )
    core = make_plan(running(facts, bench.options.was), [image_facts(image)], options)
    if core.refusal is not None:
        refusal = core.refusal
        return DoctorError(refusal.id, refusal.what, on=image.path.name, cause=refusal.why, next=refusal.next)
    return FlashPlan(image, facts, via, core)


def _read_again(image: FirmwareImage) -> bytes:
    """The file's bytes, which must still be those that the checks judged."""
    try:
        data = image.path.read_bytes()
    except OSError as err:
        raise FirmwareError(
            "firmware-file-truncated", f"cannot be read any more: {err.strerror}", on=str(image.path)
        ) from err
    if hashlib.sha256(data).hexdigest() != image.sha256:
        raise FirmwareError(
            "firmware-file-truncated",
            "changed after it was checked",
            on=str(image.path),
            next="let the copy finish, then run the same command again",
        )
    return data


@contextmanager
def _way(bench: Bench, via: str, profile: Profile) -> Iterator[tuple[Port, int, str]]:
    """The port over which to flash, the largest block it bears (0: any), and how to leave it afterwards."""
    if via == "modem":
        bench.link.set_baud(bench.modem_facts.baud or profile.app_baud)
        yield bench.link, 0, ""
        return
    from doctor.board import mirror

    with mirror.enter(bench.board, bench.board_facts, clock=bench.clock) as way:
        yield way, way.max_block, way.leave_advice


def _carry_out(
    bench: Bench,
    report: engine.Report,
    plan: FlashPlan,
    source: HashedSource,
    interrupts: Interrupts,
    listen: Listener,
) -> FlashResult:
    profile = bench.profile

    def emit(name: str, data: dict[str, object]) -> None:
        event: Event = from_core(name, data)
        interrupts.heard(event)
        listen(event)

    with _way(bench, plan.via, profile) as (port, max_block, advice):
        flow = Flow(port, bench.clock, profile, emit, max_block=max_block)
        try:
            outcome = flow.run(plan.core, source, plan.image.size_bytes, interrupts.should_stop)
        except DoctorError as err:
            if not flow.outcome.sent_any:
                raise
            return FlashResult(report, plan, error=_lost_midway(err, flow.outcome, plan), advice=advice)
    error, proof = _judge(plan, outcome, source, bench.link.received_sha256)
    return FlashResult(report, plan, proof, error, advice)


def _lost_midway(err: DoctorError, outcome: Outcome, plan: FlashPlan) -> FlashUnproved:
    """The way to the modem broke after the first block: begun, and not proved."""
    what = f"{err.what}, after {outcome.sent_bytes} of {plan.image.size_bytes} bytes"
    return FlashUnproved(
        err.id,
        f"{what}; the modem probably still waits for the rest (stp-open), or sits in recovery",
        on=err.on,
        cause=err.cause,
        next="plug the board in if it is unplugged, then: " + _again(plan),
    )


def _judge(
    plan: FlashPlan, outcome: Outcome, source: HashedSource, received: str | None
) -> tuple[DoctorError | None, Proof | None]:
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
