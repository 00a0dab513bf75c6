"""A report as text for a terminal. Texts from devices and files are shown as plain text, never as markup."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.console import Console, Group, RenderableType
from rich.text import Text

from doctor.bench import SkipReason
from doctor.check import Finding, Status
from doctor.engine import Report
from doctor.errors import COMMAND_IDS, LONGEST, DoctorError, joint
from doctor.remedies import Cure, Cures, DoableCure
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
_WORDS = {
    Status.PASS: "passed",
    Status.WARN: "warning",
    Status.FAIL: "failed",
    Status.SKIP: "skipped",
    Status.ERROR: "broken",
}


def findings(report: Report, cures: Cures, console: Console, *, verbose: bool = False) -> RenderableType:
    """All findings, those that matter with cause and cure, and the count."""
    shown: list[RenderableType] = [Text(f"! {warning}", style="yellow") for warning in report.warnings]
    skipped = [found for found in report.findings if found.status is Status.SKIP and not verbose]
    for found in report.findings:
        if found in skipped:
            continue
        shown.append(_headline(found, console))
        if verbose or found.failed or found.status is Status.WARN:
            shown += _details(found, cures, verbose)
    shown += _skipped(skipped, console)
    shown += [Text(""), _count(report)]
    return Group(*shown)


def _skipped(found: Iterable[Finding], console: Console) -> list[RenderableType]:
    """One line for all checks that were skipped for the same reason: nobody reads the reason nine times."""
    by_reason: dict[str, list[Finding]] = {}
    for one in found:
        by_reason.setdefault(one.summary, []).append(one)
    lines: list[RenderableType] = []
    for reason, group in by_reason.items():
        names = ", ".join(one.check for one in group)
        lines.append(Prose(_mark(group[0], console), Text(f"{reason}: {names}")))
    return lines


def hands(step: NextStep) -> RenderableType:
    """What to do by hand now."""
    lines = [Prose(Text(f"  {n}. "), Text(text)) for n, text in enumerate(step.hands, 1)]
    shown = [Text(""), drawing(step.drawing, 5), Text("")] if step.drawing else []
    return Group(Text(""), Text("Do this now:", style="bold"), *lines, *shown)


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


def notes(step: NextStep) -> Text:
    """What else helps with the next step, one line each."""
    return Text("\n".join(f"  ({text})" for text in step.notes), style="dim")


def error(err: DoctorError, *, far: str = "", stands: str = "", with_next: bool = True) -> RenderableType:
    """What happened, on what, the likely cause, the next step, and the id to look it up by.

    far        how far it came, and ``stands`` where that left the modem; "" if nothing was begun
    with_next  False if what to do now stands below
    """
    on, what = shown(err.on, LONGEST), (f"{far}: " if far else "") + told(err.what, LONGEST)
    head = Text.assemble((on + joint(on, what), "bold"), (what, "bold red"))
    lines: list[RenderableType] = [Prose(Text(""), head)]
    if stands:
        lines.append(Prose(Text("  now:   "), Text(stands)))
    if err.cause:
        lines.append(Prose(Text("  cause: "), Text(told(err.cause, LONGEST))))
    if err.next and with_next:
        lines.append(Prose(Text("  next:  "), Text(told(err.next, LONGEST))))
    lines.append(Text(f"  {_more(err.id)}", style="dim"))
    return Group(*lines)


def _more(error_id: str) -> str:
    """How to read on: the command that shows the page of an id; one of the command line's own has none."""
    return f"({error_id})" if error_id in COMMAND_IDS else f"more:  {Command('open', (error_id,))}"


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


def _details(found: Finding, cures: Cures, verbose: bool) -> Iterable[RenderableType]:
    def line(lead: str, text: str, style: str = "") -> RenderableType:
        return Prose(Text(f"    {lead}", style=style), Text(text, style=style))

    if found.cause:
        yield line("cause: ", found.cause)
    for remedy in found.remedies:
        cure = cures.get(remedy)
        yield line("cure:  ", cure.aim(found) + _how(cure, found, verbose))
    if found.caused_by:
        yield line("", f"follows from: {found.caused_by}")
    if found.link and found.skip_reason is None:
        yield line("more:  ", marked(found.link), "dim")
    if verbose:
        for name, value in found.evidence.items():
            yield line(f"{name}: ", shown(str(value), LONGEST), "dim")


def _how(cure: Cure, found: Finding, verbose: bool) -> str:
    """The command of a cure that we can do; the steps of one for hands only if everything is shown.

    The steps of the cure that matters now stand below, with the next command.
    """
    if isinstance(cure, DoableCure):
        return f": {cure.command}"
    return ": " + "; ".join(cure.steps(found)) if verbose else ""


def _count(report: Report) -> Text:
    parts = []
    for status in (Status.FAIL, Status.ERROR, Status.WARN, Status.PASS, Status.SKIP):
        number = sum(1 for f in report.findings if f.status is status)
        if number:
            plural = "s" if status is Status.WARN and number > 1 else ""
            parts.append(f"{number} {_WORDS[status]}{plural}")
    text = ", ".join(parts) or "nothing was examined"
    return Text(f"{text}{' (stopped by you before the end)' if report.interrupted else ''}.", style="bold")


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
