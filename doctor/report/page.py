"""What can be read about an id: the page of a check, a known failure or a cure, as data.

The site (docs/_build) makes Markdown of it, ``fipy-doctor open`` text, and with ``--web`` one HTML file. Texts name
other ids plainly, or in backticks; a renderer may make links of them.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from doctor.check import Check, Finding, Grade, Status
from doctor.knowledge import Entry, entries
from doctor.links import Kind, page_command
from doctor.remedies import Cure, DoableCure, cures
from doctor.roster import builtin
from doctor.text.command import Command
from doctor.text.durations import span

EVIDENCE = {
    "thread": "seen by users, in public",
    "code": "read in the source of the programs, not seen on a board",
    "knowledge": "general knowledge of the platform, not seen on a board",
}
#: Areas of the catalogue, in the order in which one looks for a failure.
AREAS = {
    "modem": "Modem",
    "flash-process": "While flashing",
    "firmware-file": "Firmware file",
    "files": "Scripts and files",
    "sd-card": "SD card",
    "board": "Board",
    "serial": "Ports and cables",
    "power": "Power",
    "ours": "fipy-doctor itself",
}
BLOCKS = {"yes": "yes", "no": "no", "maybe": "perhaps"}
GRADES = {
    Grade.SAFE: "fipy-doctor does it without asking",
    Grade.ASKS: "fipy-doctor does it: it shows the plan and asks first",
    Grade.MANUAL: "you do it yourself",
    Grade.DESTROYS: "fipy-doctor does it: it shows the plan and asks first; tried last",
}
#: Headings that the docstring of a check must have (docs/adding-a-check.md).
HEADINGS = ("Why", "Looks at", "Cures")


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it.

    text     paragraphs
    items    a list behind them; ``numbered`` if their order counts
    drawing  lines of plain ASCII behind all that
    """

    heading: str
    text: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    numbered: bool = False
    drawing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Page:
    """One page.

    title     one line, without a full stop
    facts     what is known about it in a word or two, by name
    sections  the rest
    words     other words for it, which somebody may search for
    """

    id: str
    kind: Kind
    title: str
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    words: str = ""

    @property
    def link(self) -> str:
        """The command that shows it."""
        return page_command(self.id)


def all_pages(checks: Sequence[Check] | None = None) -> Mapping[str, Page]:
    """Every page by id: the checks (ours, unless others are given), the known failures, the cures."""
    checks = builtin() if checks is None else checks
    known = entries()
    remedies = cures().by_id
    pages = [
        *(_of_check(check, known) for check in checks),
        *(_of_failure(entry, checks, known, remedies.values()) for entry in known.values()),
        *(_of_cure(cure, checks) for cure in remedies.values()),
    ]
    return {page.id: page for page in pages}


def _paragraphs(docstring: str) -> list[str]:
    plain = docstring.strip().replace("``", "`")
    return [" ".join(part.split()) for part in re.split(r"\n\s*\n", plain)]


def _manual(check: Check) -> tuple[str, dict[str, str], list[str]]:
    """Good state, paragraphs by heading, and paragraphs without one, of a check's docstring."""
    heading = re.compile(rf"^(?={'|'.join(f'{h}:' for h in HEADINGS)})", re.MULTILINE)
    first, *rest = _paragraphs(heading.sub("\n", inspect.getdoc(check) or check.id))
    by_heading: dict[str, str] = {}
    loose: list[str] = []
    for paragraph in rest:
        name, _, text = paragraph.partition(":")
        if name in HEADINGS:
            by_heading[name] = _sentence(text.strip())
        else:
            loose.append(paragraph)
    return first, by_heading, loose


def _sentence(text: str) -> str:
    """``text`` with a capital, unless it begins with an id, an option or a command."""
    return text[:1].upper() + text[1:] if re.match(r"[a-z]+[ ,:]", text) else text


def _of_check(check: Check, known: Mapping[str, Entry]) -> Page:
    good, manual, loose = _manual(check)
    gates = "yes" if check.gates else "no, it only informs"
    if check.gates and not check.overridable:
        gates = "yes, and no option lifts it"
    facts = [("stops flashing", gates), ("takes at most", span(check.deadline_s))]
    if check.package:
        facts.append(("brought by", check.package))
    if check.needs:
        facts.append(("needs", ", ".join(need.value for need in check.needs)))
    if check.after:
        facts.append(("runs after", ", ".join(check.after)))
    sections = [Section(heading, (manual[heading],)) for heading in HEADINGS if heading in manual]
    if loose:
        sections.append(Section("More", tuple(loose)))
    if check.finds:
        sections.append(Section("Known failures that it finds", items=tuple(_titled(i, known) for i in check.finds)))
    sections.append(Section("Only this check", (str(Command("check", ("--select", check.id))),)))
    return Page(check.id, Kind.CHECK, good.rstrip("."), tuple(facts), tuple(sections))


def _of_failure(entry: Entry, checks: Iterable[Check], known: Mapping[str, Entry], remedies: Iterable[Cure]) -> Page:
    finders = list(dict.fromkeys([*entry.found_by, *(check.id for check in checks if entry.id in check.finds)]))
    facts = (
        ("area", AREAS[entry.area]),
        ("blocks flashing", "no: nothing is wrong" if entry.harmless else BLOCKS[entry.blocks]),
        ("danger for the modem", entry.brick_risk),
        ("how we know", EVIDENCE[entry.evidence]),
    )
    sections = [
        Section("What you see", (entry.shows,)),
        Section("What it means", (entry.means,)),
        Section("Why it happens", ("The likeliest first.",) if len(entry.causes) > 1 else (), entry.causes, True),
        Section("What to do", items=entry.cure, numbered=len(entry.cure) > 1),
    ]
    sections += [_drawn(cure) for cure in remedies if entry.id in cure.drawn_for]
    if finders:
        sections.append(Section("Found by", items=tuple(finders)))
    if entry.explains:
        sections.append(Section("What follows from it", items=tuple(_titled(i, known) for i in entry.explains)))
    before = [other.id for other in known.values() if entry.id in other.explains]
    if before:
        sections.append(Section("Possible causes", items=tuple(_titled(i, known) for i in before)))
    if entry.related:
        sections.append(Section("See also", items=tuple(_titled(i, known) for i in entry.related)))
    return Page(entry.id, Kind.FAILURE, entry.title.rstrip("."), facts, tuple(sections), entry.words)


def _drawn(cure: Cure) -> Section:
    return Section("Drawing", drawing=cure.drawing(Finding("", Status.FAIL, "")))


def _of_cure(cure: Cure, checks: Iterable[Check]) -> Page:
    more = _paragraphs(inspect.getdoc(cure) or cure.id)[1:]
    facts = [("who does it", GRADES[cure.grade]), ("afterwards", str(Command(cure.then)))]
    if cure.optional:
        facts.append(("needed before flashing", "no, but a good idea"))
    sections = []
    if more:
        sections.append(Section("More", tuple(more)))
    if isinstance(cure, DoableCure):
        if cure.grade is Grade.MANUAL:
            sections.append(
                Section("With fipy-doctor", (f"{cure.command} watches while you do it yourself, and says what next.",))
            )
        else:
            plan = f"{cure.command} prints exactly what it would change, and asks. With `--dry-run` it stops there."
            sections.append(Section("With fipy-doctor", (plan,)))
    by_hand = cure.steps(Finding("", Status.FAIL, ""))
    if not isinstance(cure, DoableCure) or cure.grade is Grade.MANUAL:
        sections.append(Section("Steps", items=by_hand, numbered=len(by_hand) > 1))
    if cure.drawn_for:
        sections.append(_drawn(cure))
    advised = [
        check.id for check in checks if re.search(rf"(?<![\w-]){cure.id}(?![\w-])", _manual(check)[1].get("Cures", ""))
    ]
    if advised:
        sections.append(Section("Advised by", items=tuple(advised)))
    return Page(cure.id, Kind.CURE, cure.title, tuple(facts), tuple(sections))


def _titled(entry_id: str, known: Mapping[str, Entry]) -> str:
    return f"{entry_id}: {known[entry_id].title}" if entry_id in known else entry_id


def named_ids(text: str, known: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """``text`` in pieces, each with whether it is one of the ids ``known``, standing as a word of its own."""
    ids = frozenset(known)
    for piece in re.split(r"(?<![\w./-])([a-z0-9]+(?:-[a-z0-9]+)+)(?![\w/-])", text):
        if piece:
            yield piece, piece in ids
