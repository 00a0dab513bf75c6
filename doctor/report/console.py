"""A report as text for a terminal. Texts from devices and files are shown as plain text, never as markup."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from rich.console import Console, Group, RenderableType
from rich.text import Text

from doctor.bench import SkipReason
from doctor.check import Finding, Status
from doctor.engine import PORT_OPENS, Report
from doctor.errors import COMMAND_IDS, LONGEST, DoctorError, joint
from doctor.remedies import Cure, Cures, DoableCure
from doctor.report.ended import BEFORE_THE_END, failed_in
from doctor.report.next_step import NextStep
from doctor.report.prose import Prose
from doctor.text.command import Command, marked
from doctor.text.escape import shown, told

if TYPE_CHECKING:
    from doctor.report.page import Page, Section

_MARKS = {
    Status.PASS: ("✓", "+", "green"),
    Status.WARN: ("!", "!", "yellow"),
    Status.FAIL: ("✗", "x", "bold red"),
    Status.SKIP: ("·", "-", "dim"),
    Status.ERROR: ("✗", "x", "bold magenta"),
}
_COUNTED = (  # in the order in which they are counted
    (Status.FAIL, "problem", "problems"),
    (Status.ERROR, "broken check", "broken checks"),
    (Status.WARN, "warning", "warnings"),
    (Status.PASS, "check passed", "checks passed"),
)
_FINE = (Status.PASS, Status.SKIP)


def findings(
    report: Report,
    cures: Cures,
    console: Console,
    step: NextStep | None = None,
    *,
    verbose: bool = False,
    asked: Collection[str] = (),
) -> RenderableType:
    """The count, then what is wrong, and last what ``step`` is about: the caller shows that step just below.

    That one is told whole, the others in a sentence each, and what follows from another not at all.

    verbose  everything that was seen, and what was not examined
    asked    ids of checks that somebody asked for by name: those say what they found even if nothing is wrong
    """
    about = step.check if step is not None else ""
    wrong = [found for found in report.findings if found.status not in _FINE]
    main = next((found for found in wrong if found.check == about), next(iter(wrong), None))
    lines: list[RenderableType] = [Text(f"! {warning}", style="yellow") for warning in report.warnings]
    fine = [found for found in report.findings if found.status in _FINE]
    listed = fine if verbose else [found for found in fine if found.check in asked]
    for found in listed:
        lines += [_headline(found, console), *(_evidence(found) if verbose else ())]
    lines += [_count(report, listed), *_unseen(report, console, verbose)]
    for found in reversed(wrong):
        if found is not main and (verbose or not found.caused_by):
            lines += [_headline(found, console), *(_details(found, cures, verbose) if verbose else ())]
    if main is not None:
        lines += [_headline(main, console), *_details(main, cures, verbose, step)]
    return Group(*lines)


def _unseen(report: Report, console: Console, verbose: bool) -> Iterable[RenderableType]:
    """That no board was looked at; what could not be, in one line for all with the same reason."""
    if verbose:
        return
    by_reason: dict[str, list[Finding]] = {}
    for found in report.findings:
        if found.skip_reason is SkipReason.BLOCKED:
            by_reason.setdefault(found.summary, []).append(found)
        elif found.skip_reason is SkipReason.NOT_GIVEN and found.check == PORT_OPENS:
            yield Prose(_mark(found, console), Text(f"{found.summary}: no board was examined"))
    for reason, group in by_reason.items():
        yield Prose(_mark(group[0], console), Text(f"{reason}: {', '.join(one.check for one in group)}"))


def hands(step: NextStep, *, verbose: bool = False) -> RenderableType:
    """What to do by hand now; the page of the finding has the drawing too."""
    shown = [Text(""), drawing(step.drawing, 2), Text("")] if step.drawing and verbose else []
    return Group(Text(""), Text("Do this now:", style="bold"), steps(step.hands), *shown)


def steps(plan: Iterable[str]) -> RenderableType:
    """The steps of a plan, numbered; a line in brackets is a remark."""
    lines: list[RenderableType] = []
    number = 0
    for line in plan:
        remark = line.startswith("(")
        number += not remark
        lines.append(Prose(Text("     " if remark else f"  {number}. "), Text(line)))
    return Group(*lines)


def lead(step: NextStep) -> RenderableType:
    """The word that leads to the command."""
    return Text("Then run:" if step.hands else "\nNext:", style="bold")


def done(step: NextStep) -> Text:
    """The end of the work, and what the hands may still have to do."""
    left = f"One thing is left for your hands:\n  {step.hands[0]}" if step.hands else "Nothing is left to do."
    return Text(f"\nDone. {left}", style="bold")


def command(step: NextStep) -> Text:
    """The one next command, on a line of its own."""
    return Text(f"  {step.command}")


def notes(step: NextStep) -> RenderableType:
    """What else helps with the next step, in brackets."""
    return Group(*(Prose(Text("  "), Text(f"({text})", style="dim")) for text in step.notes))


def error(
    err: DoctorError, *, far: str = "", stands: str = "", with_next: bool = True, verbose: bool = False
) -> RenderableType:
    """What happened, on what, the likely cause, the next step, and the id to look it up by.

    far        how far it came, and ``stands`` where that left the modem; "" if nothing was begun
    with_next  False if what to do now stands below
    verbose    name the id of an error of the command line too, which has no page
    """
    on, what = shown(err.on, LONGEST), told(err.what, LONGEST)
    head = Text.assemble((failed_in(far) + on + joint(on, what), "bold"), (what, "bold red"))
    lines: list[RenderableType] = [Prose(Text(""), head)]
    if stands:
        lines.append(Prose(Text("  now:   "), Text(stands)))
    if err.cause:
        lines.append(Prose(Text("  cause: "), Text(told(err.cause, LONGEST))))
    if err.next and with_next:
        lines.append(Prose(Text("  next:  "), Text(told(err.next, LONGEST))))
    if err.id not in COMMAND_IDS:
        lines.append(Prose(Text("  more:  ", style="dim"), Text(str(Command("open", (err.id,))), style="dim")))
    elif verbose:
        lines.append(Text(f"  ({err.id})", style="dim"))
    return Group(*lines)


def drawing(lines: Iterable[str], columns: int) -> RenderableType:
    """Lines of a drawing behind a margin: never wrapped, never cut."""
    return Text("\n".join(f"{' ' * columns}{line}".rstrip() for line in lines), no_wrap=True, overflow="ignore")


def _headline(found: Finding, console: Console) -> RenderableType:
    text = Text.assemble((f"{found.check}  ", "bold" if found.failed else ""), found.summary)
    return Prose(_mark(found, console), text)


def _mark(found: Finding, console: Console) -> Text:
    fancy, plain, style = _MARKS[found.status]
    if found.skip_reason is SkipReason.BLOCKED:
        style = "red"
    mark = fancy if (console.encoding or "").lower().startswith("utf") else plain
    return Text(f"{mark} ", style=style)


def _details(found: Finding, cures: Cures, verbose: bool, step: NextStep | None = None) -> Iterable[RenderableType]:
    """Cause and cures; not the cure whose steps ``step`` shows below, nor those that were done, but with -v."""
    if found.cause:
        yield _line("cause: ", found.cause)
    known = [(remedy.id, cures.get(remedy)) for remedy in found.remedies]
    hidden = {*step.tried, *([step.cure] if step.hands else [])} if step is not None and not verbose else set()
    for number, (name, cure) in enumerate(known):
        if name not in hidden:
            yield _line("cure:  " if number == 0 else "or:    ", cure.aim(found) + _how(cure, found, verbose))
    if found.caused_by:
        yield _line("", f"follows from: {found.caused_by}")
    if found.link and found.skip_reason is None:
        drawn = " (with a drawing)" if step is not None and step.drawing and not verbose else ""
        yield _line("more:  ", marked(found.link) + drawn, "dim")
    if verbose:
        yield from _evidence(found)


def _evidence(found: Finding) -> Iterable[RenderableType]:
    for name, value in found.evidence.items():
        yield _line(f"{name}: ", shown(str(value), LONGEST), "dim")


def _line(lead: str, text: str, style: str = "") -> RenderableType:
    return Prose(Text(f"    {lead}", style=style), Text(text, style=style))


def _how(cure: Cure, found: Finding, verbose: bool) -> str:
    """What a cure takes, if everything is shown: the command that does it, or the steps for the hands.

    The command and the steps of the cure that matters now stand below.
    """
    if not verbose:
        return ""
    return f": {cure.command}" if isinstance(cure, DoableCure) else f": {'; '.join(cure.steps(found))}"


def _count(report: Report, listed: Collection[Finding]) -> Text:
    parts = []
    for status, one, many in _COUNTED:
        number = sum(1 for found in report.findings if found.status is status)
        if number:
            parts.append(f"{number} {one if number == 1 else many}")
    text = ", ".join(parts) or "nothing was examined"
    stopped = f" ({BEFORE_THE_END})" if report.interrupted else ""
    unlisted = any(found.status is Status.PASS and found not in listed for found in report.findings)
    lists = "; -v lists them" if unlisted else ""
    return Text(f"{text}{stopped}{lists}.", style="bold")


def page_text(page: Page) -> RenderableType:
    """The whole page."""
    wide = max(len(name) for name, _ in page.facts)
    facts = [Prose(Text(f"  {name:{wide}}  ", style="dim"), Text(value)) for name, value in page.facts]
    return Group(
        Text.assemble((page.id, "bold cyan"), "  ", (page.title, "bold")),
        Text(""),
        *facts,
        *(line for section in page.sections for line in _section(section)),
    )


def _section(section: Section) -> list[RenderableType]:
    lines: list[RenderableType] = [Text(""), Text(section.heading, style="bold")]
    lines += [Text(f"  {paragraph}") for paragraph in section.text]
    for number, item in enumerate(section.items, 1):
        mark = f"{number}." if section.numbered and len(section.items) > 1 else "-"
        lines.append(Prose(Text(f"  {mark} "), Text(item)))
    if section.drawing:
        lines.append(drawing(section.drawing, 2))
    return lines
