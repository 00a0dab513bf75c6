"""The job behind ``fipy-doctor flash``: the very same checks, the plan, consent, the transfer, the proof."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from doctor import engine
from doctor.bench import Bench
from doctor.check import Check, Status
from doctor.errors import DoctorError, Stopped, UsageError
from doctor.events import Listener, Note, ignore
from doctor.jobs import last_flash
from doctor.jobs.flashing.carry import carry_out
from doctor.jobs.flashing.guard import guarded, refuse_weak_supply
from doctor.jobs.flashing.interrupts import Interrupts, Wish
from doctor.jobs.flashing.plan import FlashFile, FlashPlan, FlashRequest, plan_for, sources_of
from doctor.jobs.flashing.result import FlashResult, HashedSource, JumpersUnsure, Proof
from doctor.jobs.flashing.ways import goes_by_usb
from doctor.jobs.memory.jumper_proof import CHECK as JUMPERS
from doctor.jobs.memory.jumper_proof import proof_of
from doctor.jobs.memory.logbook import logged
from doctor.jobs.memory.state_dir import refuse_unwritable
from doctor.roster import Roster, everybody

__all__ = [
    "STOPPED_EARLY", "Consent", "FlashFile", "FlashPlan", "FlashRequest", "FlashResult", "HashedSource", "Proof",
    "Wish", "flash", "prepare", "rehearse",
]  # fmt: skip

HAVE_YOU_LOOKED = "Have you looked, and are both off (or does your board have none)?"
GO_ON = "Nobody knows what an old boot loader does after a failed flash. Flash anyway?"
STOPPED_EARLY = "stopped by you; no firmware was sent to the modem"
NOT_ACCEPTED = f"--accept {JUMPERS} was not given; nothing was sent to the modem"


class Consent(Protocol):
    """Who answers for the user."""

    def confirm(self, plan: FlashPlan) -> bool:
        """Whether the plan that was shown may be carried out."""

    def accept(self, name: str, question: str) -> bool:
        """Whether the user gives the consent ``name``. Raises DoctorError if nobody answers."""

    def stop_transfer(self) -> bool:
        """Asked after Ctrl-C in the middle of the transfer; True stops it."""

    def stop_board(self) -> Wish:
        """Asked after Ctrl-C while the board flashes by itself from its card."""


def prepare(
    bench: Bench, request: FlashRequest, listen: Listener = ignore, checks: Roster | None = None
) -> tuple[engine.Report, FlashPlan | DoctorError]:
    """Run every check, hold the gate, and ask the planner; sends the modem nothing but queries.

    Returns the report with the plan, or with the refusal. Raises UsageError for a wrong request, DoctorError if
    checks of ours are missing.
    """
    checks = checks or everybody()
    _refuse_usage(bench, request, checks.checks)
    last_flash.tell_history(bench)
    report = engine.run(bench, checks=checks, deadline_s=request.deadline_s, listen=listen)
    if _closed_a_session(bench):
        bench.forget_modem()
        report = engine.run(bench, checks=checks, deadline_s=request.deadline_s, listen=listen)
    if report.interrupted:
        return report, Stopped(STOPPED_EARLY)
    standing = engine.barriers(report, checks.checks, request.override, request.via)
    if standing:
        first = standing[0]
        told = first.next if first.change is not None else "cure what is listed above and run `fipy-doctor check`"
        return report, DoctorError(
            first.catalogue or first.check,
            f"not flashed: {first.summary}",
            on=first.check,
            cause=first.cause,
            next=f"{told}; nothing was sent to the modem",
        )
    plan = plan_for(bench, request)
    if isinstance(plan, FlashPlan) and plan.via == "card" and not plan.core.nothing:
        from doctor.jobs.flashing.card import start  # what serves one way only is loaded for that way

        closed = start.refusal(bench, report, plan, request)
        if closed is not None and request.via == "auto" and goes_by_usb(bench):  # nobody asked for the card
            return report, plan_for(bench, replace(request, via="usb"))
        return report, closed or plan
    return report, plan


def rehearse(bench: Bench, request: FlashRequest, listen: Listener = ignore) -> FlashResult:
    """All that a flash does before it sends anything: ``--dry-run``. Raises as ``flash`` does."""
    with logged(bench, "plan", request, listen) as run:
        report, plan = prepare(bench, request, run.hear)
        refused = plan if isinstance(plan, DoctorError) else None
        result = FlashResult(report, plan if isinstance(plan, FlashPlan) else None, error=refused, log=bench.log)
        run.ended(result.exit_code, refused)
        return result


def flash(bench: Bench, request: FlashRequest, *, consent: Consent, listen: Listener = ignore) -> FlashResult:
    """Flash the first image of ``bench`` and prove it.

    consent  answers for the user; it is shown the plan before anything is sent
    listen   hears every event, from the first check to the proof

    Never raises for what happens to board or modem: the result's ``error`` says it. Raises UsageError for a wrong
    request, DoctorError if checks of ours are missing.
    """
    if bench.recording is not None:
        raise UsageError(
            "replay-only-reads",
            "behind a trace there is no modem that could be flashed",
            on=str(bench.recording.path),
            next="type the port of the board",
        )
    with logged(bench, "flash", request, listen) as run:
        result = replace(_flash(bench, request, consent, run.hear), log=bench.log)
        run.ended(result.exit_code, result.error)
        return result


def _flash(bench: Bench, request: FlashRequest, consent: Consent, listen: Listener) -> FlashResult:
    checks = everybody()  # before the first byte: without its checks this program speaks to nothing
    if bench.options.port is not None and request.via in ("auto", "card"):
        from doctor.jobs.flashing.card import join

        joined = join.join(bench, request, consent.stop_board, listen)
        if joined is not None:
            return joined
    try:
        refuse_unwritable()
    except DoctorError as err:
        return FlashResult(engine.Report(()), error=err)
    report, plan = prepare(bench, request, listen, checks)
    if isinstance(plan, DoctorError) and _agreed(bench, consent, report, plan):
        report, plan = prepare(bench, request, listen, checks)
    if isinstance(plan, FlashPlan) and plan.core.nothing:
        return FlashResult(report, plan)
    asked = isinstance(plan, JumpersUnsure)
    if isinstance(plan, JumpersUnsure):
        plan = _after_looking(bench, request, consent, plan, report)
    if isinstance(plan, DoctorError):
        return FlashResult(report, error=plan)
    if request.plan and request.plan != plan.fingerprint:
        return FlashResult(report, plan, error=_another_plan(bench))
    try:
        question = "" if asked else _jumpers_question(report)
        if question and not consent.accept(JUMPERS, question):
            raise DoctorError("not-confirmed", NOT_ACCEPTED)
        refuse_weak_supply(bench)
        if not consent.confirm(plan):
            raise DoctorError("not-confirmed", "not confirmed; nothing was sent to the modem")
        listen(Note("the plan was agreed to"))
        sources = sources_of(plan) if bench.options.card_file is None else {}
        with (
            guarded(bench, plan, request, listen, proof_of(report)) as (hear, recorder),
            Interrupts(_question(bench, consent, plan, hear), hear) as hands,
        ):
            result = carry_out(bench, report, plan, request, sources, hands, recorder, hear)
            recorder.end(result)
            return recorder.told(result)
    except DoctorError as err:
        return FlashResult(report, plan, error=err)


def _another_plan(bench: Bench) -> DoctorError:
    """Why a plan that nobody has seen is not carried out, whatever was agreed to."""
    return DoctorError(
        "plan-differs",
        "the plan is not the one that --plan names; nothing was sent to the modem",
        on=bench.link.name,
        cause="another board is at this port now, or its modem, its card, the file or the options have changed",
        next="run the same command without --plan, and read the plan",
    )


def _agreed(bench: Bench, consent: Consent, report: engine.Report, refused: DoctorError) -> bool:
    """Whether somebody at the terminal agrees to what the planner asks about (rules_loaders.py); kept as a consent."""
    finding = report.finding("step-is-safe")
    if finding is None or not finding.consent or refused.on != finding.check:
        return False
    try:
        agreed = consent.accept(finding.consent, f"{finding.summary}.\n{GO_ON}")
    except DoctorError:  # nobody is there to ask
        return False
    if agreed:
        bench.options = replace(bench.options, accept=bench.options.accept | {finding.consent})
    return agreed


def _after_looking(
    bench: Bench, request: FlashRequest, consent: Consent, refused: DoctorError, report: engine.Report
) -> FlashPlan | DoctorError:
    """The plan for the card's way if somebody at the terminal has looked at the jumpers; else the refusal."""
    try:
        looked = consent.accept(JUMPERS, _have_you_looked(report))
    except DoctorError:  # nobody is there to look
        return refused
    return plan_for(bench, request) if looked else DoctorError("not-confirmed", NOT_ACCEPTED)


def _refuse_usage(bench: Bench, request: FlashRequest, checks: Sequence[Check]) -> None:
    by_id = {check.id: check for check in checks}
    for check_id in request.override:
        if check_id not in by_id:
            raise UsageError("unknown-check", f"there is no check {check_id!r}", next="`fipy-doctor checks` lists them")
        if not by_id[check_id].overridable:
            raise UsageError(
                "never-overridden",
                f"{check_id} can never be overridden",
                cause="to continue here is how modems die",
                next="cure what the check finds",
            )
    if len(bench.options.firmware) not in (1, 2) and bench.options.card_file is None:
        raise UsageError(
            "48829-second-step-skipped",
            f"{len(bench.options.firmware)} firmware images were given",
            next="give one .dup file, or the two files of 48829",
        )


def _question(bench: Bench, consent: Consent, plan: FlashPlan, listen: Listener) -> Callable[[], bool]:
    """What Ctrl-C asks in the middle of the transfer."""
    if plan.via != "card":
        return consent.stop_transfer
    from doctor.jobs.flashing.card import follow

    return follow.question(consent.stop_board, listen, in_process=bench.link.url.in_process)


def _jumpers_question(report: engine.Report) -> str:
    """What to ask if the jumpers could not be examined; empty if they are known."""
    finding = report.finding(JUMPERS)
    if finding is None or finding.status is not Status.WARN:
        return ""
    return _have_you_looked(report)


def _have_you_looked(report: engine.Report) -> str:
    """The question, behind what makes it one."""
    finding = report.finding(JUMPERS)
    return HAVE_YOU_LOOKED if finding is None else f"{finding.summary}.\n{HAVE_YOU_LOOKED}"


def _closed_a_session(bench: Bench) -> bool:
    """Whether the checks met an abandoned transfer and its closing RESET was answered: then ask again."""
    facts = bench.modem_facts_or_none
    return facts is not None and "session-closed" in facts.notes
