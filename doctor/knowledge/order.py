"""Which match is the cause of which, and in what order they are read: a cause before its consequences."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

from doctor.knowledge.catalogue import Entry, entry

BESIDE_OTHERS = 0.5  #: most that an entry scores whose sign only says something of the board at large
DEEDS = ("flash-process", "firmware-file")  #: areas whose entries happen at one moment of a paste
SURE, LIKELY = 0.9, 0.7  #: from these scores on a match is called certain, likely; below it is possible


@dataclass(frozen=True)
class Proof:
    """A line that shows a match: its number in what was given, and its text, cleaned but untrusted."""

    number: int
    text: str


@dataclass(frozen=True)
class Match:
    """One known failure that a paste shows.

    score      0 to 1
    how        ``sign`` (its error lines stand there) or ``words`` (a description resembles it)
    proofs     the lines that show it
    follows    ids of other matches that this one is a consequence of
    """

    id: str
    score: float
    how: str
    proofs: tuple[Proof, ...]
    follows: tuple[str, ...] = ()

    @property
    def entry(self) -> Entry:
        """What is known of it."""
        return entry(self.id)

    @property
    def confidence(self) -> str:
        """The score as a word: certain, likely, possible."""
        return "certain" if self.score >= SURE else "likely" if self.score >= LIKELY else "possible"


def without_weak(matches: list[Match]) -> list[Match]:
    """Without what is only possible beside what is certain, but for causes, consequences and side notes."""
    if not any(match.score >= SURE for match in matches):
        return matches
    causes = {cause for match in matches for cause in match.follows}
    return [
        match
        for match in matches
        if match.score >= LIKELY or match.follows or match.id in causes or match.score <= BESIDE_OTHERS
    ]


def in_order(matches: list[Match], story_from: int = 0) -> list[Match]:
    """The matches, best first, but every cause before its consequences; says of each what it follows from.

    What is under way comes first, whatever stands above it: nothing else may be done meanwhile.

    story_from  number of the line from which the paste tells what came before its log; 0 if it does not
    """
    under_way = _under_way(matches)
    causes = _causes_among(matches, story_from)
    causes.update((match.id, set[str]()) for match in under_way)
    waiting = sorted(matches, key=lambda m: (m not in under_way, -m.score, first_line(m)))
    ordered: list[Match] = []
    while waiting:
        chosen = _next(waiting, causes, [match.id for match in ordered])
        waiting.remove(chosen)
        before = causes[chosen.id] & {match.id for match in ordered}
        follows = tuple(sorted(before - set().union(*(causes[nearer] for nearer in before))))
        ordered.append(replace(chosen, follows=follows))
    return ordered


def _under_way(matches: list[Match]) -> list[Match]:
    """What the modem does now: a wait that stands below all other lines, unless one of them tells of a wrong deed."""
    if any(match.entry.area in (*DEEDS, "files") and not match.entry.under_way for match in matches):
        return []
    waits = [match for match in matches if match.entry.under_way and match.how == "sign"]
    others = [m for m in matches if m not in waits and m.score > BESIDE_OTHERS]
    last = max((proof.number for match in others for proof in match.proofs), default=0)
    return [wait for wait in waits if wait.proofs and wait.proofs[-1].number > last]


def _causes_among(matches: list[Match], story_from: int) -> dict[str, set[str]]:
    """For each id those of the others that may have caused it."""
    present = {match.id: match for match in matches}
    causes: dict[str, set[str]] = {match.id: set() for match in matches}
    for match in matches:
        # What is only true of the board at large is no proven cause of anything.
        for consequence in explained_by(match.id) if match.score > BESIDE_OTHERS or match.how == "words" else ():
            # If two entries could each explain the other, the surer one is the cause.
            after = present.get(consequence)
            if after is not None and match.id not in explained_by(after.id) and _in_time(match, after, story_from):
                causes[consequence].add(match.id)
    return causes


@cache
def explained_by(entry_id: str) -> frozenset[str]:
    """Ids of all that may follow from an entry, also by way of something that is not seen."""
    reached, waiting = set[str](), [entry_id]
    while waiting:
        new = set(entry(waiting.pop()).explains) - reached
        reached |= new
        waiting += new
    return frozenset(reached - {entry_id})


def _next(waiting: list[Match], causes: dict[str, set[str]], placed: list[str]) -> Match:
    """The one to stand next: a consequence of the last one, else the best whose causes all stand, else the best."""
    ready = [match for match in waiting if causes[match.id] <= set(placed)]
    following = [match for match in ready if causes[match.id] & set(placed[-1:])]
    return (following or ready or waiting)[0]


def _in_time(cause: Match, after: Match, story_from: int) -> bool:
    """Whether the order of the lines allows it: what was done later did not bring the modem into its mode before."""
    if first_line(after) < story_from <= first_line(cause):
        return True
    deed = cause.entry.area in DEEDS and after.entry.area == "modem" and cause.how == after.how == "sign"
    return not deed or first_line(cause) <= first_line(after)


def first_line(match: Match) -> int:
    """Number of the first line that shows it; 0 if none does."""
    return match.proofs[0].number if match.proofs else 0
