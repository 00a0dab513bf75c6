"""An explanation as console text and as JSON. Lines of the paste are untrusted: shown escaped and cut."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from doctor.report.as_json import Said, said
from doctor.text.command import Command, marked
from doctor.text.escape import shown, told

if TYPE_CHECKING:
    from rich.console import RenderableType

    from doctor.jobs.explain import Explained
    from doctor.jobs.explaining.advice import Advice
    from doctor.knowledge.explanation import Explanation
    from doctor.knowledge.order import Match

PROOFS_SHOWN = 6  #: lines that prove one match, without --verbose
LINE_CHARS = 150
_FACT_NAMES = {"modem": "modem firmware", "mode": "modem mode (SMOD)", "updater": "updater version"}
_WHICH_ONE, _THIS_ONE = "Not sure. Is it one of these?", "Not sure. Is it this?"
_HIDDEN_FACTS = ("build", "monarch2", "monarch2-was", "generation", "family", "maker")


def console(explained: Explained, *, named: bool, verbose: bool) -> RenderableType:
    """Which failures, how sure, the lines that prove it, what they mean together, what to do now.

    named  say where the paste came from, because there are several
    """
    from rich.console import Group
    from rich.text import Text

    from doctor.jobs.explaining.advice import advice

    found = explained.explanation
    lines: list[RenderableType] = []
    if named:
        lines.append(Text(f"{shown(explained.name, LINE_CHARS)}", style="bold underline"))
    facts = _facts_line(found)
    if facts:
        lines.append(Text(facts, style="dim"))
    if found.cut:
        lines.append(Text("! The paste is very long; only its first part was read.", style="yellow"))
    if found.says:
        lines.append(Text(told(found.says, LINE_CHARS * 3), style="bold"))
    advised = advice(found)
    lines += [Text(answer, style="bold") for answer in advised.answers]
    lines += [Text(f"{note.entry.means} {note.entry.cure[0]}") for note in found.notes]
    if advised.steps and not found.unsure:
        lines += [*_known(found, verbose), *_advised(advised)]
    else:
        lines += _harmless(found)
        if found.unsure or not (found.says or found.notes):
            lines += [*_not_known(found, advised)]
    return Group(*lines)


def _harmless(found: Explanation) -> list[RenderableType]:
    from rich.text import Text

    lead = [Text("Nothing in this text is a known fault. Harmless:", style="bold")] if found.harmless else []
    return [*lead, *(Text(f"  {_numbers(match)}: {match.entry.title}") for match in found.harmless)]


def _known(found: Explanation, verbose: bool) -> Iterable[RenderableType]:
    from rich.text import Text

    for number, match in enumerate(found.matches, 1):
        yield Text("")
        yield from _match(match, number, verbose)


def _advised(advised: Advice) -> Iterable[RenderableType]:
    from rich.text import Text

    if advised.together:
        yield Text("")
        yield from (Text(sentence, style="italic") for sentence in advised.together)
    yield Text("")
    yield Text("Do this now:", style="bold")
    yield from (_hanging(f"  {n}. ", step) for n, step in enumerate(advised.steps, 1))


def _not_known(found: Explanation, advised: Advice) -> Iterable[RenderableType]:
    """Questions, or that nothing is known; what to run next, and what to send."""
    from rich.text import Text

    from doctor.jobs.explain import RUN_NEXT, SEND_INSTEAD

    if advised.judged or found.harmless or (advised.answers and not found.unsure):
        pass
    elif found.unsure:
        yield Text("")
        yield Text(_WHICH_ONE if found.candidates[1:] else _THIS_ONE, style="bold")
        yield from _questions(found)
    else:
        yield Text("Nothing known here.", style="bold")
    yield Text("")
    lead = "If something does not work, run this" if found.harmless else "Run this next"
    yield Text(f"{lead}, with the board plugged in:", style="bold")
    yield Text(f"  {marked(RUN_NEXT)}")
    yield Text("If something is still wrong, send:")
    yield from (_hanging("  - ", item) for item in SEND_INSTEAD)


def members(all_explained: Sequence[Explained]) -> dict[str, Any]:
    """The members of the JSON document."""
    from doctor.jobs.explain import RUN_NEXT, SEND_INSTEAD
    from doctor.jobs.explaining.advice import advice

    known = any(e.explanation.matches or e.explanation.says or e.explanation.notes for e in all_explained)
    return {
        "matches": [_as_json(m, e.name) for e in all_explained for m in e.explanation.matches],
        "harmless": [
            {"id": m.id, "lines": _line_numbers(m), "title": Said(m.entry.title), "source": e.name}
            for e in all_explained
            for m in e.explanation.harmless
        ],
        "sources": [
            {
                "name": e.name,
                "lines": e.explanation.line_count,
                "cut": e.explanation.cut,
                "says": Said(e.explanation.says),
                "notes": [note.id for note in e.explanation.notes],
                "questions": [candidate.id for candidate in e.explanation.candidate_entries],
                "facts": {kind: list(values) for kind, values in e.explanation.facts.by_kind.items()},
                "answers": said(advice(e.explanation).answers),
                "together": said(advice(e.explanation).together),
                "do_now": said(advice(e.explanation).steps),
            }
            for e in all_explained
        ],
        "run_next": "" if known else RUN_NEXT,
        "send_instead": [] if known else said(SEND_INSTEAD),
    }


def _as_json(match: Match, source: str) -> dict[str, Any]:
    known = match.entry
    return {
        "id": match.id,
        "score": match.score,
        "lines": _line_numbers(match),
        "source": source,
        "title": Said(known.title),
        "how": match.how,
        "confidence": match.confidence,
        "follows": list(match.follows),
        "proof": [{"line": proof.number, "text": proof.text[:LINE_CHARS]} for proof in match.proofs],
        "means": Said(known.means),
        "causes": said(known.causes),
        "cure": said(known.cure),
        "blocks": known.blocks,
        "brick_risk": Said(known.brick_risk),
        "found_by": list(known.found_by),
        "related": list(known.related),
    }


def _questions(found: Explanation) -> Iterable[RenderableType]:
    from rich.text import Text

    from doctor.jobs.explaining.steps import step_of_a_guess

    told = set[str]()
    for candidate in found.candidate_entries:
        yield _hanging("  ? ", f"{candidate.title}?")
        yield Text(f"    It looks like this: {candidate.shows}")
        step = step_of_a_guess(candidate, found)
        if step not in told:
            yield _hanging("    If so: ", step)
        told.add(step)
        yield Text(f"    more: {Command('open', (candidate.id,))}", style="dim")


def _match(match: Match, number: int, verbose: bool) -> Iterable[RenderableType]:
    from rich.text import Text

    known = match.entry
    why = "by its description" if match.how == "words" else match.confidence
    score = f", {match.score:.2f}" if verbose else ""
    yield Text.assemble((f"{number}. {known.title}", "bold"), f"  ({match.id}: {why}{score})")
    proofs = match.proofs if verbose else match.proofs[:PROOFS_SHOWN]
    width = len(str(proofs[-1].number)) if proofs else 1
    for proof in proofs:
        yield Text(f"   {proof.number:>{width}} | {shown(proof.text, LINE_CHARS)}", style="cyan")
    if len(proofs) < len(match.proofs):
        yield Text(f"   and {len(match.proofs) - len(proofs)} more lines", style="dim")
    if match.follows:
        yield Text(f"   may follow from {', '.join(match.follows)}", style="dim")
    yield Text(f"   {known.means}")
    if known.causes and (verbose or not match.follows):
        shown_causes = known.causes if verbose else known.causes[:2]
        yield Text(f"   Most often: {' / '.join(shown_causes)}")
    if known.brick_risk.startswith(("medium", "high", "often", "usually", "already")):
        yield Text(f"   Danger for the modem: {known.brick_risk}", style="yellow")
    if verbose and known.found_by:
        yield Text(f"   Found before flashing by: {', '.join(known.found_by)}", style="dim")


def _facts_line(found: Explanation) -> str:
    parts = [
        f"{_FACT_NAMES.get(kind, kind)} {', '.join(_fact(kind, value) for value in values)}"
        for kind, values in found.facts.by_kind.items()
        if kind not in _HIDDEN_FACTS
    ]
    return f"Read on the way: {'; '.join(parts)}" if parts else ""


def _fact(kind: str, value: str) -> str:
    from doctor.knowledge.errnos import by_name

    known = by_name().get(value) if kind == "error" else None
    return f"{known.name} ({known.number})" if known else shown(value, 60)


def _line_numbers(match: Match) -> list[int]:
    return sorted({proof.number for proof in match.proofs})


def _numbers(match: Match) -> str:
    numbers = _line_numbers(match)
    text = ", ".join(str(number) for number in numbers[:5])
    return f"line{'s' if len(numbers) > 1 else ''} {text}{', …' if len(numbers) > 5 else ''}"


def _hanging(lead: str, text: str) -> RenderableType:
    from rich.text import Text

    from doctor.report.prose import Prose

    return Prose(Text(lead), Text(text))
