"""The job behind ``fipy-doctor fix``: find what is wrong, cure what can be cured, show what is left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from doctor import engine
from doctor.bench import Bench
from doctor.check import Finding, Grade, Status
from doctor.errors import DoctorError, Exit, Stopped
from doctor.events import Event, Listener, Note, SecondReading, Working, gravest, ignore
from doctor.jobs import last_flash
from doctor.jobs.memory.logbook import logged
from doctor.remedies import Cure, Cures, DoableCure, cures
from doctor.remedies.cure import CureContext


@dataclass(frozen=True)
class FixRequest:
    """What to cure.

    named    ids of doable cures that the user asked for by switch; empty: whatever the checks ask for
    backup   folder on the PC for copies of what is replaced
    confirm  name that the user gave to confirm what destroys
    force    go on although the card looks unusual
    dry_run  show the plans and stop
    put_back names of files that go back to a board whose flash is formatted, or to a card; with ``*`` for any text
    leave_out names of files that do not go back to a card
    """

    named: Sequence[str] = ()
    backup: Path = field(default_factory=Path)
    confirm: str | None = None
    force: bool = False
    dry_run: bool = False
    put_back: Sequence[str] = ()
    leave_out: Sequence[str] = ()


class FixTalk(Protocol):
    """Who answers for the user while things are cured."""

    def say(self, text: str) -> None:
        """Show one line."""

    def ask(self, question: str) -> bool:
        """A yes-or-no question; False if nobody can answer."""

    def typed(self, question: str) -> str | None:
        """A name that the user types, for what destroys; None if nobody can answer."""

    def confirm_plan(self, aim: str, plan: Sequence[str]) -> bool:
        """Show what a cure brings about and its plan, and ask whether to carry it out."""


@dataclass(frozen=True)
class Action:
    """What became of one cure: its plan, and what was done, or why not.

    began          something may have been changed, whatever ended it
    declined       nobody said yes to the plan
    planned        the plan was only to be shown
    pointless      there was nothing that it could do
    by_hand        it is for the user's hands
    second_reader  what a second reader made of the card; None if no card was written
    """

    cure: Cure
    plan: tuple[str, ...]
    done: bool = False
    text: str = ""
    error: DoctorError | None = None
    began: bool = False
    declined: bool = False
    planned: bool = False
    pointless: bool = False
    by_hand: bool = False
    second_reader: SecondReading | None = None


@dataclass(frozen=True)
class FixResult:
    """How curing ended; ``report`` is the state of the bench afterwards."""

    report: engine.Report
    actions: tuple[Action, ...]
    named: bool
    stopped: DoctorError | None = None

    @property
    def error(self) -> DoctorError | None:
        """The first cure that went wrong, that the user stopped, or that was asked for by name and did not help.

        It did not help if nobody confirmed it, or if it had nothing to do and its check fails all the same.
        """
        wrong = self.stopped or next((a.error for a in self.actions if a.error is not None), None)
        if wrong is None and self.named:
            wrong = next((_not_confirmed(a.cure) for a in self.actions if a.declined), None)
            wrong = wrong or next(filter(None, map(self._no_help, self.actions)), None)
        return wrong

    def _no_help(self, action: Action) -> DoctorError | None:
        finding = _asked_by(self.report, action.cure.id) if action.pointless else None
        if finding is None or finding.status is not Status.FAIL:
            return None
        return DoctorError(
            finding.catalogue or finding.check,
            f"{action.cure.id} found nothing to do, and {finding.check} still fails: {finding.summary}",
            cause=finding.cause or "",
            next="run `fipy-doctor fix` without naming a cure, to see what else may help",
        )

    @property
    def exit_code(self) -> Exit:
        """Named cures: 0 if each was done, or not needed. Else what the checks say afterwards."""
        if self.error is not None:
            return self.error.exit_code
        if self.named:
            return Exit.OK
        return self.report.exit_code


def fix(bench: Bench, request: FixRequest, talk: FixTalk, listen: Listener = ignore) -> FixResult:
    """Cure ``bench``. Raises UsageError for a request that makes no sense; a failed cure is in the result."""
    with logged(bench, "fix", request, listen) as run:
        result = _fix(bench, request, talk, run.saying(talk.say), run.hear)
        run.ended(result.exit_code, result.error)
        return result


def _fix(bench: Bench, request: FixRequest, talk: FixTalk, say: Callable[[str], None], listen: Listener) -> FixResult:
    known = cures()
    context = CureContext(
        say,
        talk.ask,
        request.backup,
        request.confirm,
        request.force,
        talk.typed,
        request.put_back,
        request.leave_out,
        listen,
    )
    last_flash.tell_history(bench)

    def look() -> engine.Report:
        report = engine.run(bench, listen=listen)
        return replace(report, warnings=(*report.warnings, *known.warnings))

    before = look()
    if before.interrupted:
        return FixResult(
            before, (), bool(request.named), stopped=Stopped("stopped while examining; nothing was changed")
        )
    actions: list[Action] = []
    if request.named:
        for cure_id in request.named:
            cure = known.get(cure_id)
            assert isinstance(cure, DoableCure)
            actions.append(_one(bench, cure, _asked_by(before, cure_id), request, talk, context))
            if actions[-1].error is not None:
                break
    else:
        actions = _what_checks_ask(bench, before, known, request, talk, context)
    if not any(action.began for action in actions):
        return FixResult(before, tuple(actions), bool(request.named))
    return FixResult(look(), tuple(actions), bool(request.named))


def _what_checks_ask(
    bench: Bench, report: engine.Report, known: Cures, request: FixRequest, talk: FixTalk, context: CureContext
) -> list[Action]:
    actions: list[Action] = []
    seen: set[str] = set()
    for finding in report.findings:
        if not finding.remedies or finding.caused_by or finding.status not in (Status.FAIL, Status.WARN):
            continue
        remedy = finding.remedies[0]
        if remedy.id in seen:
            continue
        seen.add(remedy.id)
        cure = known.get(remedy)
        if isinstance(cure, DoableCure) and cure.grade is not Grade.MANUAL:
            actions.append(_one(bench, cure, finding, request, talk, context))
        else:
            actions.append(Action(cure, cure.steps(finding), text="by hand", by_hand=True))
    return actions


def _one(
    bench: Bench, cure: DoableCure, finding: Finding | None, request: FixRequest, talk: FixTalk, context: CureContext
) -> Action:
    heard: list[SecondReading] = []

    def hear(event: Event) -> None:
        context.emit(event)
        if isinstance(event, SecondReading):
            heard.append(event)

    action = _try(bench, cure, finding, request, talk, replace(context, emit=hear))
    context.emit(Note(f"{cure.id}: {action.text or action.error}"))
    return replace(action, second_reader=gravest(heard))


def _try(
    bench: Bench, cure: DoableCure, finding: Finding | None, request: FixRequest, talk: FixTalk, context: CureContext
) -> Action:
    began = False
    plan: tuple[str, ...] = ()
    try:
        context.emit(Working(f"looking at what {cure.id} has to do"))
        plan = cure.plan(bench, finding, context)
        if not plan:
            return Action(cure, (), text="nothing to do", pointless=True)
        if request.dry_run:
            return Action(cure, plan, text="planned only", planned=True)
        context.emit(Note("\n".join((f"{cure.aim(finding)}:", *(f"  {step}" for step in plan)))))
        if cure.grade is not Grade.SAFE and not talk.confirm_plan(cure.aim(finding), plan):
            return Action(cure, plan, text="not confirmed; nothing was changed", declined=True)
        began = True
        context.emit(Working(f"doing {cure.id}"))
        return Action(cure, plan, True, cure.do(bench, finding, context), began=True)
    except DoctorError as err:
        return Action(cure, plan, error=err, began=began)
    except KeyboardInterrupt:
        stopped = Stopped(f"stopped during {cure.id}", next=f"run {bench.options.command('check')}")
        return Action(cure, plan, error=stopped, began=began)
    finally:
        if began:  # whatever ended it: what was known is that of before
            bench.forget()


def _not_confirmed(cure: Cure) -> DoctorError:
    return DoctorError(
        "not-confirmed",
        "the plan was not confirmed; nothing was changed",
        on=cure.id,
        next="read the plan, then run the same command and say yes, or add --yes",
    )


def _asked_by(report: engine.Report, cure_id: str) -> Finding | None:
    return next((f for f in report.findings if any(r.id == cure_id for r in f.remedies)), None)
