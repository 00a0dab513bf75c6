"""The one next command: what a report ends with, chosen from the first finding that matters."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from doctor.bench import BenchOptions
from doctor.check import Finding, Grade, Remedy, Status
from doctor.engine import Report
from doctor.firmware.names import parse_name
from doctor.jobs.amended import amended
from doctor.jobs.hands import done_ids, done_word, done_words
from doctor.jobs.onward import NextFlash, Situation, first_that_holds
from doctor.link.port_url import PortUrl
from doctor.remedies import Cure, Cures, DoableCure
from doctor.report import practice
from doctor.text.command import Command
from doctor.updater.shapes import FULL_IMAGE

if TYPE_CHECKING:
    from doctor.jobs.flash import FlashRequest, FlashResult

__all__ = ["AFTER_CHECKS", "Checked", "NextStep", "after", "after_broken_flash", "after_flash"]


@dataclass(frozen=True)
class NextStep:
    """What to do now: steps for the hands, then one command to type, then what else helps; each may be empty.

    cure     id of the remedy whose steps the hands are asked to do; "" if there is none
    drawing  lines that show where the hands go
    instead  another command that one of the notes names
    done     the work is done: no command follows, and ``command`` does not count
    check    id of the check whose finding it is about; "" if nothing is wrong
    tried    ids of cures that were done already
    """

    hands: tuple[str, ...]
    command: Command
    notes: tuple[str, ...] = ()
    cure: str = ""
    drawing: tuple[str, ...] = ()
    instead: Command | None = None
    done: bool = False
    check: str = ""
    tried: Collection[str] = ()

    @property
    def flashes(self) -> bool:
        """Whether it leads to a flash."""
        return any(command is not None and command.verb == "flash" for command in (self.command, self.instead))


#: What broke off is told by status.
_BROKE_OFF = "an earlier flash of this modem was not finished; status knows its files and the next step"


@dataclass(frozen=True)
class Checked:
    """What is known when the checks have ended.

    given      the command of this run with its bench: a check, a fix, or a flash and how it was to go
    done       ids of cures that were tried: what they did not cure, the next remedy of the finding does
    sure       those among them that the user says were done, or that were seen done
    broke_off  an earlier flash of this modem did not come to its end: status knows its files, and how to go on
    remembered those of ``sure`` that a later run knows too
    """

    report: Report
    given: Command
    cures: Cures
    done: Collection[str] = ()
    sure: Collection[str] = ()
    broke_off: bool = False
    remembered: Collection[str] = ()

    @property
    def failure(self) -> Finding | None:
        """The first failure; if the planner refuses for the same reason, its word, since it knows the modem too.

        A failure that only closes the card's way does not count if flashing goes another one, or if its harmless cures
        are done.
        """
        first = next((finding for finding in self.report.failed if self.way_round(finding) is None), None)
        planner = self.report.finding("step-is-safe")
        if first is None or planner is None or planner.status is not Status.FAIL or planner.change is None:
            return first
        return planner if planner.catalogue == first.catalogue else first

    @property
    def finding(self) -> Finding:
        """What is to be cured: the first failure, else the first warning that is worth it."""
        found = self.failure or self.warning
        assert found is not None, "a row above speaks for a report without any"
        return found

    @property
    def warning(self) -> Finding | None:
        """The first warning that is worth curing before anything else, as long as no firmware is given."""
        known = (f for f in self.report.findings if f.status is Status.WARN and self._is_worth_curing(f))
        return None if self.given.firmware else next(known, None)

    @property
    def left(self) -> list[Remedy]:
        """The cures of the finding that were not tried yet."""
        return self._left(self.finding)

    @property
    def gives_up(self) -> bool:
        """All that is known against the finding was tried."""
        return not self.left and bool(self.finding.remedies) and self.finding.catalogue is not None

    @property
    def unsure(self) -> Remedy | None:
        """A cure of the finding that was asked for, and of which nobody says that it was done."""
        asked = (remedy for remedy in self.finding.remedies if remedy.id not in self.sure and done_words(remedy.id))
        return next(asked, None)

    @property
    def cure(self) -> Cure:
        """The next cure to try."""
        return self.cures.get(self.left[0])

    @property
    def page(self) -> str:
        """What there is to read about the finding."""
        return self.finding.catalogue or self.finding.check

    def way_round(self, finding: Finding) -> Cure | None:
        """The cure of the finding that flashes another way, if its turn has come or that way was asked for."""
        left = [self.cures.get(remedy) for remedy in self._left(finding)]
        ways = (cure for cure in left if cure.goes_another_way)
        return next((cure for cure in ways if cure is left[0] or cure.adds["via"] == self.given.via), None)

    def to(self, verb: str, *args: str) -> Command:
        """Another command for the same bench."""
        return replace(self.given, verb=verb, args=args, done=())

    def notes(self, cure: Cure | None) -> tuple[str, ...]:
        """What to know on a simulated bench."""
        return practice.notes(self.given, cure)

    def _left(self, finding: Finding) -> list[Remedy]:
        """The cures that are left; if one that destroys was done, what was to spare it is over too."""
        destroyed = any(remedy.grade is Grade.DESTROYS and remedy.id in self.done for remedy in finding.remedies)
        left = (remedy for remedy in finding.remedies if remedy.id not in self.done)
        return [remedy for remedy in left if not (destroyed and self._spares(remedy))]

    def _spares(self, remedy: Remedy) -> bool:
        return bool(done_words(remedy.id)) or self.cures.get(remedy).goes_another_way

    def _is_worth_curing(self, finding: Finding) -> bool:
        if finding.command is not None:  # what was begun goes on with the very command that began it
            return True
        left = self._left(finding)
        return bool(left) and not self.cures.get(left[0]).optional


def after(
    report: Report,
    given: Command,
    cures: Cures,
    *,
    done: Collection[str] = (),
    sure: Collection[str] = (),
    broke_off: bool = False,
) -> NextStep:
    """The next step after ``report``: cure the first failure, else look at the first warning, else flash.

    No flash is named if gating checks were left out: then the next step is to run them too. The arguments are the
    members of Checked.
    """
    said = done_ids(given.done)
    case = Checked(report, given, cures, {*done, *said}, {*sure, *said}, broke_off, sure)
    about = case.failure or case.warning
    step = first_that_holds(AFTER_CHECKS, case).step(case)
    step = replace(step, check=about.check if about is not None else "", tried=case.sure)
    if report.left_out and step.flashes:
        left_out = f"left out of this run, though flashing depends on it: {', '.join(report.left_out)}"
        return NextStep((), case.to("check"), (left_out,))
    return step


def after_flash(
    result: FlashResult,
    options: BenchOptions,
    cures: Cures,
    request: FlashRequest | None = None,
    *,
    done: Collection[str] = (),
    sure: Collection[str] = (),
) -> NextStep | None:
    """The next step after a flash, a refusal or a dry run; None if the error says all there is to do."""
    given = options.command("flash") if request is None else request.command(options)
    if result.onward is not None:
        return after_broken_flash(result.onward, given)
    if result.plan is None and result.proof is None:
        failed = result.report.failed and not result.report.interrupted
        return after(result.report, given, cures, done=done, sure=sure) if failed else None
    if result.error is not None:
        return None
    if result.plan is not None and result.plan.core.nothing:
        return _done()
    if result.proof is None:
        return _flash(given)
    notes = practice.notes(given, cures.get("leave-mirror")) if result.advice else ()
    return _done((result.advice,) if result.advice else (), notes)


def after_broken_flash(step: NextFlash, given: Command) -> NextStep:
    """What a flash that did not come to its end, and status after it, lead to; ``given`` names the bench."""
    command = step.command or replace(given, verb="status", args=(), done=())
    notes = (*((step.remark,) if step.remark else ()), *practice.notes_for_hands(given, step.hands))
    return NextStep(step.hands_text, command, notes)


# -- what each row of the table calls for


def _done(hands: tuple[str, ...] = (), notes: tuple[str, ...] = ()) -> NextStep:
    """No command is left to type; the hands may still have one thing to do."""
    return NextStep(hands, Command(""), notes, done=True)


def _flash(given: Command, notes: tuple[str, ...] = ()) -> NextStep:
    """Flashing comes next; it finds board and firmware by itself."""
    command = replace(given, verb="flash", args=(), done=())
    return NextStep((), command, notes)


def _without_card(case: Checked) -> NextStep:
    way = case.way_round(case.report.failed[0])
    assert way is not None, "this row stands for a report all of whose failures have one"
    return _flash(replace(case.given, **way.adds), case.notes(None))


def _go_on(case: Checked) -> NextStep:
    """Flashing; who has looked at the jumpers need not be asked for them again."""
    given, jumpers = case.given, case.report.finding("jumpers-removed")
    if jumpers is not None and jumpers.status is Status.WARN and "remove-jumpers" in case.sure:
        given = replace(given, accept=given.accept | {"jumpers-removed"})
    return _flash(given, case.notes(None))


def _end_what_was_begun(case: Checked) -> NextStep:
    from doctor.board.storage.begun import remark  # hardly anybody has begun anything

    assert case.finding.command is not None
    command = case.finding.command.on(case.given)
    return NextStep((), command, tuple(filter(None, (remark(command),))))


def _ask_again(case: Checked) -> NextStep:
    assert case.unsure is not None
    return _by_hand(case, case.cures.get(case.unsure), case.given)


def _look_again(case: Checked) -> NextStep:
    text = case.finding.next
    return NextStep((text,) if text else (), case.to("check"))


def _read_on(case: Checked) -> NextStep:
    """What is known was done, or there is nothing to do; to look again would bring the same."""
    text = case.finding.next
    return NextStep((text,) if text else (), Command("open", (case.page,)))


def _change(case: Checked) -> NextStep:
    """The refused command as it must be to go further: other files, other helpers, a consent."""
    assert case.finding.change is not None
    cure = case.cure
    command = amended(case.to("flash"), case.finding.change)
    looks = FULL_IMAGE in case.finding.change.files
    if looks:
        command = replace(command, verb="plan")
    elif command.port is None or not command.firmware:
        command = replace(command, verb="check")
    notes = practice.notes(command, None) if looks else practice.stand_ins(command)
    if cure.then == "open":
        agreed = f"to do it anyway: {command}"
        return NextStep(cure.steps(case.finding), Command("open", (case.page,)), (agreed,), cure.id, (), command)
    return NextStep(cure.steps(case.finding), command, notes, cure.id)


def _fix(case: Checked) -> NextStep:
    cure = case.cure
    assert isinstance(cure, DoableCure)
    command = case.to("fix", f"--{cure.id}")
    if cure.card_in_reader and command.sd is None:
        command = replace(command, sd=practice.card_of(case.given))
    scripts = case.report.finding("scripts-are-python")
    if scripts is not None and scripts.status is not Status.PASS:  # no cure takes them, and none needs them
        command = replace(command, scripts=None)
    return NextStep((), command, case.notes(cure))


def _read(case: Checked) -> NextStep:
    return NextStep(case.cure.steps(case.finding), Command("open", (case.page,)))


def _plan(case: Checked) -> NextStep:
    command = replace(case.to("plan").anyhow(), firmware=())
    return NextStep(case.cure.steps(case.finding), command, case.notes(case.cure))


def _flash_otherwise(case: Checked) -> NextStep:
    """By another way than the one that was asked for."""
    command = replace(case.given.anyhow(), **case.cure.adds)
    return _flash(command, case.notes(case.cure))


def _flash_as_cure(case: Checked) -> NextStep:
    command = case.given.anyhow()
    if _is_differential(command):
        command = replace(command, firmware=())
    return NextStep(case.cure.steps(case.finding), _flash(command).command, case.notes(case.cure), case.cure.id)


def _by_hand_now(case: Checked) -> NextStep:
    cure = case.cure
    command = replace(case.given, **cure.adds)
    if "updater_elf" in cure.adds and case.finding.catalogue == "modem-in-ffh" and _is_differential(command):
        command = replace(command, firmware=(FULL_IMAGE,))
    return _by_hand(case, cure, command, (*case.notes(cure), *practice.stand_ins(command)))


def _by_hand(case: Checked, cure: Cure, given: Command, notes: tuple[str, ...] = ()) -> NextStep:
    """Steps for the hands, and the command that looks again; it says that they were done."""
    steps = cure.steps(case.finding)
    if cure.then == "ports" and given.port is not None and PortUrl.read(given.port).device:
        return NextStep(steps, Command("ports"), notes, cure.id)
    before = (word for word in given.done if not done_ids([word]) & set(case.remembered))
    command = replace(given, verb="check", args=(), done=(*before, done_word(cure.id)))
    return NextStep(steps, command, notes, cure.id, cure.drawing(case.finding))


def _is_differential(command: Command) -> bool:
    return any(parse_name(name).differential for name in _names(command))


def _names(command: Command) -> Iterator[str]:
    return (str(path).replace("\\", "/").rpartition("/")[2] for path in command.firmware)


#: What is left if no prompt came back, whatever was tried.
_LAST_RESORTS = (
    "hold the Safe Boot button (P12 to 3V3) while you press reset; look at the TX and RX jumpers of an expansion board",
    "try another USB cable, another socket and another carrier board",
)
#: Failures of a modem that says nothing at all: when all was tried, it is dead or not connected.
_LIFELESS = ("modem-silent", "modem-null-bytes", "lte-constructor-hangs")


def _without_a_prompt(case: Checked) -> NextStep:
    last = case.cures.get(case.finding.remedies[-1])
    return NextStep((*_LAST_RESORTS, *last.steps(case.finding)), Command("open", (case.page,)))


def _give_up(case: Checked) -> NextStep:
    """All cures were tried: the end of what this program knows, instead of the first of them again."""
    lifeless = case.page in _LIFELESS
    jumpers = any(remedy.id == "remove-jumpers" for remedy in case.finding.remedies)
    hands = (
        f"try another USB cable, another socket{' and, if there is one, another carrier board' if jumpers else ''}:"
        " everything else that can help was tried",
        *(
            ("if it stays silent after that, the modem is dead or not connected, and no command brings it back",)
            * lifeless
        ),
    )
    return NextStep(hands, Command("open", ("modem-dead-escalate" if lifeless else case.page,)))


#: What follows the checks, by what they found; the first row that holds speaks.
AFTER_CHECKS: tuple[Situation[Checked, NextStep], ...] = (
    Situation(
        "stopped before the end",
        lambda case: case.report.interrupted,
        lambda case: NextStep((), case.to("check")),
    ),
    Situation(
        "only the card's way is closed",
        lambda case: case.failure is None and bool(case.report.failed),
        _without_card,
    ),
    Situation(
        "an earlier flash was interrupted",
        lambda case: case.broke_off and (case.failure is None or case.failure.check == "modem-answers"),
        lambda case: NextStep((), case.to("status"), (_BROKE_OFF,)),
    ),
    Situation(
        "the modem runs the image already",
        lambda case: case.failure is None and case.warning is None and _runs_already(case.report),
        lambda _case: _done(),
    ),
    Situation(
        "nothing is in the way",
        lambda case: case.failure is None and case.warning is None,
        _go_on,
    ),
    Situation(
        "something was begun with the board's files",
        lambda case: case.finding.command is not None,
        _end_what_was_begun,
    ),
    Situation(
        "nobody says that a step was done",
        lambda case: case.gives_up and case.finding.check == "modem-answers" and case.unsure is not None,
        _ask_again,
    ),
    Situation(
        "no modem answers, whatever was tried",
        lambda case: case.gives_up and case.finding.check == "modem-answers",
        _give_up,
    ),
    Situation(
        "no prompt comes, whatever was tried",
        lambda case: case.gives_up and case.finding.check == "repl-answers",
        _without_a_prompt,
    ),
    Situation(
        "no cure is left, and all was looked at",
        lambda case: not case.left and (bool(case.finding.remedies) or case.given.verb == "check"),
        _read_on,
    ),
    Situation("no cure is known", lambda case: not case.left, _look_again),
    Situation(
        "the command must be another one",
        lambda case: case.finding.change is not None and case.left[0] == case.finding.remedies[0],
        _change,
    ),
    Situation("the program can cure it", lambda case: isinstance(case.cure, DoableCure), _fix),
    Situation("only reading helps", lambda case: case.cure.then == "open", _read),
    Situation("another image is to be chosen", lambda case: case.cure.then == "plan", _plan),
    Situation(
        "another way of flashing is the cure",
        lambda case: case.cure.goes_another_way,
        _flash_otherwise,
    ),
    Situation("flashing is the cure", lambda case: case.cure.then == "flash", _flash_as_cure),
    Situation("the hands can cure it", lambda _case: True, _by_hand_now),
)


def _runs_already(report: Report) -> bool:
    planner = report.finding("step-is-safe")
    return planner is not None and bool(planner.evidence.get("nothing_to_do"))
