"""Answers that are not on a flash: is it dead, erase it, may the power go, is it mild, what comes first, how long."""

from __future__ import annotations

from collections.abc import Sequence

from doctor.jobs.explaining.steps import ERASES, FORBIDS
from doctor.knowledge.catalogue import Entry
from doctor.knowledge.explanation import Explanation
from doctor.knowledge.order import Match, explained_by
from doctor.knowledge.outcome import MENDED, SUCCESS, WORKING_MODEM
from doctor.knowledge.session import APPLICATION
from doctor.text.power_off import IF_NO_OTHER

_BLOCKS = ("yes", "maybe", "no")  #: what an entry says of a flash, the worst first
#: Not told, and it decides.
_ANSWERS_COUNT = (
    "Is it dead? Nothing in this text proves it. What it answers decides: "
    "`fipy-doctor check` asks it in several ways and at both speeds."
)
_ANSWERED_LAST = (
    "Is it dead? Nothing in this text proves it: when it was asked last here, it answered in its application."
)
_NOT_OF_THE_MODEM = ("board", "files", "sd-card", "serial")  #: areas of entries
WHICHEVER = "whichever of these it is"
_SPARES = "It does the modem no harm, and a flash can go on beside it."


def whether_dead(explanation: Explanation) -> str:
    """Whether something in the text speaks for a lost modem; else what must be known to tell."""
    if not explanation.matches or explanation.unsure:
        return _ANSWERED_LAST if APPLICATION in explanation.facts.proved else _ANSWERS_COUNT
    if all(cause.entry.area in _NOT_OF_THE_MODEM for cause in explanation.causes) and _spares_the_modem(explanation):
        return "Is it dead? Nothing in this text proves it; and what is found here is not about the modem."
    # What follows from a cause that kills no modem says nothing of a dead one.
    spared = {match.id for match in explanation.matches if match.follows and not _may_kill(match, explanation)}
    told = (match.entry for match in explanation.matches if match.id not in spared)
    if any(known.brick_risk.startswith(("already", "usually", "unknown")) for known in told):
        return "Is it dead? It may be; only what comes of the steps below tells."
    if APPLICATION in explanation.facts.proved:
        return (
            "Is it dead? Nothing in this text proves it: when it was asked last here, it answered in its application."
        )
    return "Is it dead? Nothing in this text proves it."


def _spares_the_modem(explanation: Explanation) -> bool:
    return all(cause.entry.brick_risk.startswith("none") for cause in explanation.causes)


def _may_kill(match: Match, explanation: Explanation) -> bool:
    """Whether a cause that this one follows from has cost modems."""
    causes = [cause for cause in explanation.causes if match.id in explained_by(cause.id)]
    return any(cause.entry.brick_risk.startswith(("high", "already", "usually", "unknown")) for cause in causes)


def whether_to_erase(explanation: Explanation, steps: Sequence[str]) -> str:
    """Whether a step erases something; not before it is known what is wrong."""
    if explanation.unsure or not explanation.causes:
        return "Erase or format it? Not before it is known what is wrong: nothing in this text calls for that."
    erasing = [n for n, step in enumerate(steps, 1) if ERASES.search(step) and not FORBIDS.match(step)]
    if not erasing:
        return "Erase or format it? No, nothing in this text calls for that."
    return f"Erase or format it? {'Yes, as' if erasing[0] == 1 else 'Not yet: only as'} step {erasing[0]} below says."


def whether_power_may_go(explanation: Explanation, decides: Match | None, keep: bool) -> str:
    """Whether it may be unplugged, reset or stopped: only where the text shows the last transfer over."""
    if explanation.says.startswith(SUCCESS) and not explanation.matches and not explanation.reader.unfinished:
        return f"May the power go? Yes, {IF_NO_OTHER}: the one that this text shows is over."
    if decides is not None and not keep:
        return "May the power go? Only in the way of the step below that asks for the last hour first."
    return (
        "May the power go? No, leave it on. `fipy-doctor status` says whether a flash is under way, "
        "and how long it may take. If a battery feeds the board, plug in USB or the charger beside it."
    )


def whether_mild(explanation: Explanation) -> str:
    """Whether what is told may be left as it is."""
    if explanation.unsure:
        if any(one.harmless for one in explanation.candidate_entries):
            return "Is that bad? That depends on which of these it is."
        return f"Can it be left so? No, {WHICHEVER}."
    if explanation.causes:
        first = explanation.causes[0].entry
        if first.under_way:
            return f"Is that normal? Yes, as long as it is left to go on: {first.title}."
        every = [cause.entry for cause in explanation.causes]
        if _is_to_be_left(first):
            return f"Can it be left so? Yes, and it should be: {first.title}."
        harms_none = all(known.brick_risk.startswith("none") and known.blocks == "no" for known in every)
        spared = f" {_SPARES}" if harms_none else ""
        return f"Can it be left so? No: {first.title}.{spared}"
    harmless = [match.entry.title for match in (*explanation.notes, *explanation.harmless, *explanation.asides)]
    if explanation.says.startswith(SUCCESS) or explanation.says in (WORKING_MODEM, MENDED):
        return "Is that normal? Yes, nothing in this text is wrong."
    return (
        f"Can it be left so? Yes: {harmless[0]}." if harmless else "Is that bad? No line of this text is a known fault."
    )


def _is_to_be_left(known: Entry) -> bool:
    """Whether an entry says only which modem or build it is, and its cure is to leave that alone."""
    return known.cure[0].startswith("Leave it") or (bool(known.family) and FORBIDS.match(known.cure[0]) is not None)


def whether_first(explanation: Explanation) -> str:
    """Whether what is found is put right before a flash; empty if nothing is sure."""
    if explanation.unsure or not explanation.causes:
        return ""
    worst = min((cause.entry for cause in explanation.causes), key=lambda known: _BLOCKS.index(known.blocks))
    if worst.blocks == "no":
        return f"Before the flash? It need not be: a flash of the modem can go on beside it. But: {worst.title}."
    must = "Yes, it blocks a flash" if worst.blocks == "yes" else "Better so, it may spoil a flash"
    return f"Before the flash? {must}: {worst.title}."


def how_long(explanation: Explanation) -> str:
    """How long a transfer takes and may stand still (modem-protocol.md 5.2, 5.6); empty if none is told of."""
    if explanation.says.startswith(SUCCESS) or not (explanation.reader.may_run or _of_a_transfer(explanation)):
        return ""
    return (
        "How long? The whole of it usually takes 2 to 5 minutes at full speed, and 10 to 20 by the vendor's "
        "scripts; it may "
        "stand still near 7, 10 and 99 %, and up to 30 minutes after 100 %. `fipy-doctor status` says how it stands."
    )


def _of_a_transfer(explanation: Explanation) -> bool:
    return explanation.reader.unfinished or any(match.entry.area == "flash-process" for match in explanation.matches)
