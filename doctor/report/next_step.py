"""The one next command: what a report ends with, chosen from the first finding that matters."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from doctor.bench import BenchOptions
from doctor.check import Finding, Grade, Remedy, Status
from doctor.command import quoted
from doctor.engine import Report
from doctor.firmware.names import parse_name
from doctor.jobs.changed import change_of, changed
from doctor.jobs.hands import done_words
from doctor.jobs.onward import Attempt, status_words
from doctor.marks import marked
from doctor.remedies import Cure, Cures, DoableCure
from doctor.report import practice
from doctor.updater.shapes import FULL_IMAGE, Change

if TYPE_CHECKING:
    from doctor.jobs.flash import FlashRequest, FlashResult

__all__ = ["NextStep", "after", "after_flash", "bench_words", "quoted"]


@dataclass(frozen=True)
class NextStep:
    """What to do now: steps for the hands, then one command to type, then what else helps; each may be empty.

    cure     id of the remedy whose steps the hands are asked to do; "" where there is none
    drawing  lines that show where the hands go
    """

    hands: tuple[str, ...]
    command: str
    notes: tuple[str, ...] = ()
    cure: str = ""
    drawing: tuple[str, ...] = ()


_FLASH = quoted(["fipy-doctor", "flash"])


def bench_words(options: BenchOptions, *, firmware_flag: bool = True) -> list[str]:
    """The options that name this bench, so that the printed command finds it again."""
    words: list[str] = []
    named: list[tuple[str, str | int | Path | None]] = [
        ("--updater-elf", options.updater_elf),
        ("--bootrom", options.bootrom),
        ("--sd", options.sd),
        ("--scripts", options.scripts),
        ("--carrier", options.carrier),
        ("--was", options.was),
        ("--port", options.port),
    ]
    if firmware_flag:
        for path in options.firmware:
            words += ["--firmware", str(path)]
    for flag, value in named:
        if value is not None:
            words += [flag, str(value)]
    for name in sorted(options.accept):
        words += ["--accept", name]
    return words + (["--via", "modem"] if options.via_modem else [])


def after(
    report: Report,
    options: BenchOptions,
    cures: Cures,
    *,
    done: Collection[str] = (),
    sure: Collection[str] = (),
    asked: Sequence[str] = (),
    broke_off: bool = False,
) -> NextStep:
    """The next step after ``report``: cure the first failure, else look at the first warning, else flash.

    No flash is named where gating checks were left out: then the next step is to run them too.

    done   ids of cures that were tried just now: what they did not cure, the next remedy of the finding does
    sure   those among them that the user says were done, or that were seen done
    asked  words of a flash command that name no part of the bench, for a next command that flashes
    broke_off  an earlier flash of this modem did not come to its end: status knows its files, and how to go on
    """
    step = _after(report, options, cures, done, sure, asked, broke_off)
    if report.left_out and any(_FLASH in text for text in (*step.hands, step.command, *step.notes)):
        left_out = f"left out of this run, though flashing stands on it: {', '.join(report.left_out)}"
        return NextStep((), _check_again(options), (left_out,))
    return step


def _check_again(options: BenchOptions) -> str:
    return quoted(["fipy-doctor", "check", *bench_words(options)])


def _after(
    report: Report,
    options: BenchOptions,
    cures: Cures,
    done: Collection[str],
    sure: Collection[str],
    asked: Sequence[str],
    broke_off: bool,
) -> NextStep:
    if report.interrupted:
        return NextStep((), _check_again(options))
    without = "usb" in asked
    first = _first_failure(report, done, without=without)
    if first is None and report.failed:
        bare = replace(options, sd=None)
        return _flash(bare, practice.notes(bare, None), asked if without else [*asked, *_WITHOUT_CARD])
    if broke_off and (first is None or first.check == "modem-answers"):
        return NextStep((), quoted(status_words(Attempt(options))), (_BROKE_OFF,))
    if first is None:
        first = next((f for f in report.findings if f.status is Status.WARN and _worth_curing(f, cures)), None)
        if first is None or options.firmware:
            build = _build_that_runs_already(report)
            return _flash(options, practice.notes(options, None)) if build is None else _done(options, build)
    return _cure(first, options, cures, done, asked, sure)


#: Cure and option of whoever goes on without a card.
_GO_WITHOUT, _WITHOUT_CARD = "go-without-card", ("--via", "usb")


def _left(finding: Finding, done: Collection[str]) -> list[Remedy]:
    """The cures that are left; where one that destroys was done, what was to spare it is over too."""
    destroyed = any(remedy.grade is Grade.DESTROYS and remedy.id in done for remedy in finding.remedies)
    spares = {r.id for r in finding.remedies if done_words(r.id) or r.id == _GO_WITHOUT} if destroyed else set()
    return [remedy for remedy in finding.remedies if remedy.id not in done and remedy.id not in spares]


def _first_failure(report: Report, done: Collection[str], *, without: bool) -> Finding | None:
    """The first failure; where the planner refuses for the same reason, its word, since it knows the modem too.

    without  flashing goes without a card, so that a failure which only closes the card's way is none; the same where
             the harmless cures of that failure are done
    """
    first = None
    for finding in report.failed:
        left = [remedy.id for remedy in _left(finding, done)]
        if _GO_WITHOUT not in left or not (without or left[0] == _GO_WITHOUT):
            first = finding
            break
    planner = report.finding("step-is-safe")
    if first is None or planner is None or planner.status is not Status.FAIL:
        return first
    return planner if planner.catalogue == first.catalogue and change_of(planner) is not None else first


def after_flash(
    result: FlashResult,
    options: BenchOptions,
    cures: Cures,
    request: FlashRequest | None = None,
    *,
    done: Collection[str] = (),
    sure: Collection[str] = (),
) -> NextStep | None:
    """The next step after a flash, a refusal or a dry run; None where the error says all there is to do."""
    if result.plan is None and result.proof is None:
        failed = result.report.failed and not result.report.interrupted
        asked = _asked_words(options, request)
        return after(result.report, options, cures, done=done, sure=sure, asked=asked) if failed else None
    if result.error is not None:
        return None
    if result.plan is not None and result.plan.core.nothing:
        return NextStep((), quoted(status_words(Attempt(options))))
    if result.proof is None:
        return _flash(options, (), _asked_words(options, request))
    notes = practice.notes(options, cures.get("leave-mirror")) if result.advice else ()
    words = ["fipy-doctor", "check", *bench_words(options)]
    return NextStep((result.advice,) if result.advice else (), quoted(words), notes)


def _build_that_runs_already(report: Report) -> int | None:
    """The build of the given image where the modem runs just that one; None where flashing changes something."""
    found = next((f.evidence for f in report.findings if f.check == "step-is-safe"), {})
    build = found.get("build")
    return build if found.get("nothing_to_do") and isinstance(build, int) else None


_BROKE_OFF = (
    "an earlier flash of this modem did not come to its end; status knows its files, and the step that comes next"
)


def _done(options: BenchOptions, build: int) -> NextStep:
    said = f"the modem runs build {build} already: there is nothing left to flash"
    return NextStep((), quoted(status_words(Attempt(options))), (said,))


def _worth_curing(finding: Finding, cures: Cures) -> bool:
    if "command" in finding.evidence:  # what was begun goes on with the very command that began it
        return True
    return bool(finding.remedies) and not cures.get(finding.remedies[0]).optional


def _asked_words(options: BenchOptions, request: FlashRequest | None) -> list[str]:
    """What a plan was made for, so that the flash is made for the same."""
    words: list[str] = []
    if request is not None:
        words += [] if options.via_modem or request.via == "auto" else ["--via", request.via]
        words += [] if request.method == "auto" else ["--method", request.method]
        words += [word for name in sorted(request.override) for word in ("--override", name)]
        words += ["--compress"] * request.compress
    return words + ["--interrupt"] * options.interrupt


def _flash(options: BenchOptions, notes: tuple[str, ...], asked: Sequence[str] = ()) -> NextStep:
    if options.port is None:
        return NextStep((), quoted(["fipy-doctor", "ports"]))
    on_card = [] if options.card_file is None else [f"card:{options.card_file}"]
    names = [str(path) for path in options.firmware] or on_card or ["FILE.dup"]
    words = ["fipy-doctor", "flash", *names, *bench_words(options, firmware_flag=False), *asked]
    return NextStep((), quoted(words), notes)


def _cure(
    finding: Finding,
    options: BenchOptions,
    cures: Cures,
    done: Collection[str],
    asked: Sequence[str],
    sure: Collection[str],
) -> NextStep:
    left = _left(finding, done)
    command = finding.evidence.get("command")
    if isinstance(command, list):
        port = [] if options.port is None else ["--port", options.port]
        return NextStep((), quoted(["fipy-doctor", *command, *port]))
    if not left and finding.remedies and finding.catalogue is not None:
        if finding.check == "modem-answers":
            unsure = next((r for r in finding.remedies if r.id not in sure and done_words(r.id)), None)
            if unsure is not None:
                return _by_hand(finding, cures.get(unsure), options)
            return _given_up(finding)
        if finding.check == "repl-answers":
            opened = quoted(["fipy-doctor", "open", finding.catalogue])
            return NextStep((*_LAST_RESORTS, *cures.get(finding.remedies[-1]).steps(finding)), opened)
    if not left:
        text = finding.evidence.get("next")
        return NextStep((text,) if isinstance(text, str) else (), _check_again(options))
    cure = cures.get(left[0])
    change = change_of(finding)
    if change is not None and left[0] == finding.remedies[0]:
        return _changed(finding, change, cure, options, asked)
    notes = practice.notes(options, cure)
    if cure.card_in_reader and options.sd is None:
        options = replace(options, sd=practice.card_of(options))
    if isinstance(cure, DoableCure):
        return NextStep((), quoted(["fipy-doctor", "fix", f"--{cure.flag}", *bench_words(options)]), notes)
    if cure.then == "open":
        return NextStep(cure.steps(finding), quoted(["fipy-doctor", "open", finding.catalogue or finding.check]))
    if cure.then == "plan":
        begin = ["check", "--firmware"] if options.port is None else ["plan"]
        words = ["fipy-doctor", *begin, FULL_IMAGE, *bench_words(options, firmware_flag=False)]
        return NextStep(cure.steps(finding), quoted(words), notes)
    if cure.then == "flash":
        if cure.adds:  # another way than the one that was asked for
            return _flash(replace(options, sd=None), notes, cure.adds)
        if any(parse_name(path.name).differential for path in options.firmware):
            options = replace(options, firmware=(Path(FULL_IMAGE),))
        return NextStep(cure.steps(finding), _flash(options, ()).command, notes)
    given = options  # less what the cure names anew
    if "--updater-elf" in cure.adds:
        given = replace(given, updater_elf=None)
        if finding.catalogue == "modem-in-ffh" and any(parse_name(path.name).differential for path in given.firmware):
            given = replace(given, firmware=(Path(FULL_IMAGE),))
    if "--bootrom" in cure.adds:
        given = replace(given, bootrom=None)
    return _by_hand(finding, cure, given, notes)


def _by_hand(finding: Finding, cure: Cure, options: BenchOptions, notes: tuple[str, ...] = ()) -> NextStep:
    """Steps for the hands, and the command that looks again; it says that they were done where nothing shows it."""
    then = "check" if isinstance(cure, DoableCure) else cure.then
    named = [] if then == "ports" else [*done_words(cure.id), *cure.adds, *bench_words(options)]
    words = ["fipy-doctor", then, *named]
    return NextStep(cure.steps(finding), quoted(words), notes, cure.id, cure.drawing(finding))


def _changed(finding: Finding, change: Change, cure: Cure, before: BenchOptions, asked: Sequence[str]) -> NextStep:
    """The refused command as it must be to go further: other files, other helpers, a consent."""
    options = changed(before, change)
    asked = asked if options.port == before.port else ()
    on_card = [] if options.card_file is None else [f"card:{options.card_file}"]
    named = [str(path) for path in options.firmware] or on_card
    stands = FULL_IMAGE in named
    if options.port is None or not named:
        words = ["fipy-doctor", "check", *bench_words(options)]
    else:
        name = "plan" if stands else "flash"
        words = ["fipy-doctor", name, *named, *bench_words(options, firmware_flag=False), *asked]
    notes = practice.notes(replace(options, firmware=()), None) if stands else practice.stand_ins(options)
    if cure.then == "open":
        agreed = f"to do it all the same, for good: {marked(quoted(words))}"
        opened = ["fipy-doctor", "open", finding.catalogue or finding.check]
        return NextStep(cure.steps(finding), quoted(opened), (agreed,), cure.id)
    return NextStep(cure.steps(finding), quoted(words), notes, cure.id)


#: What is left where no prompt came back, whatever was tried.
_LAST_RESORTS = (
    "hold the Safe Boot button (P12 to 3V3) while you press reset; look at the TX and RX jumpers of an expansion board",
    "try another USB cable, another socket and another carrier board",
)
#: Failures of a modem that says nothing at all: when all was tried, it is dead or not connected.
_LIFELESS = ("modem-silent", "modem-null-bytes", "lte-constructor-hangs")


def _given_up(finding: Finding) -> NextStep:
    """All cures were tried: the end of what this program knows, instead of the first of them once more."""
    catalogue = finding.catalogue or finding.check
    lifeless = catalogue in _LIFELESS
    jumpers = any(remedy.id == "remove-jumpers" for remedy in finding.remedies)
    hands = (
        f"try another USB cable, another socket{' and, if there is one, another carrier board' if jumpers else ''}:"
        " all else that is known against this was done",
        *(("if it is silent even then, the modem is dead or not connected, and no command brings it back",) * lifeless),
    )
    words = ["fipy-doctor", "open", "modem-dead-escalate" if lifeless else catalogue]
    return NextStep(hands, quoted(words))
