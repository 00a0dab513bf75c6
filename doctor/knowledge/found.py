"""What a paste shows: its signs as matches, and what its description resembles, where both fit its facts."""

from __future__ import annotations

from collections.abc import Iterable

from doctor.knowledge import signs
from doctor.knowledge.catalogue import Entry, entry
from doctor.knowledge.facts import Facts
from doctor.knowledge.failed_calls import speaks_against
from doctor.knowledge.order import BESIDE_OTHERS, DEEDS, Match, Proof, explained_by
from doctor.knowledge.own_output import OwnOutput
from doctor.knowledge.paste import Paste
from doctor.knowledge.session import UPDATED
from doctor.knowledge.words import describe
from doctor.knowledge.words.reader import Reader

_SECOND_SIGN = 0.02  #: what a further sign of the same entry adds
_SUREST = 0.99
MOST_DESCRIBED = 0.6  #: a description never proves more than this
_ABOUT_SQN3330 = ("modem", *DEEDS)  #: areas whose entries are about the modem of a FiPy or GPy
_SURE_BY_LIKENESS = 1.35  #: of the descriptions with a likeness of 0.37, nearly all are right (docs/explain-quality.md)
_MANY_SHARED = 3
_CLEARLY_DESCRIBED = 0.54  #: least score of a description beside signs


def found_in(paste: Paste, facts: Facts, ours: OwnOutput | None, reader: Reader) -> list[Match]:
    """All that signs prove, and what the prose describes besides."""
    found = [] if ours is not None and ours.success else _by_signs(paste, facts, reader)
    if ours is not None and ours.named_only:
        found = [match for match in found if match.id in ours.ids]
    found = [match for match in found if fits(match.entry, facts, shown=True)]
    proved = {match.id for match in found if not match.entry.harmless}
    return found + [
        match
        for match in _by_words(paste, reader)
        if match.id not in proved and fits(match.entry, facts) and _may_stand_beside(match, proved)
    ]


def _by_signs(paste: Paste, facts: Facts, reader: Reader) -> list[Match]:
    grouped: dict[str, list[signs.Hit]] = {}
    for hit in signs.hits_in(paste, facts, reader):
        grouped.setdefault(hit.id, []).append(hit)
    lone = len(grouped) == 1
    found = []
    for entry_id, hits in grouped.items():
        indexes = sorted({index for hit in hits for index in _ends(hit)})
        sures = sorted({hit.sure for hit in hits}, reverse=True)
        score = min(_SUREST, sures[0] + _SECOND_SIGN * (len(sures) - 1))
        if not lone and all(hit.side_note for hit in hits):
            score = min(score, BESIDE_OTHERS)
        found.append(Match(entry_id, round(score, 2), "sign", proofs_of(paste, indexes)))
    return found


def fits(known: Entry, facts: Facts, *, shown: bool = False) -> bool:
    """Whether an entry is about the modem of the paste, and about a card only if one is in the board and failed.

    shown  a sign shows it, on lines that were looked at already
    """
    if (facts.no_card and known.area == "sd-card") or (not shown and speaks_against(facts.failed, known)):
        return False
    if not facts.allow(known) or (not shown and known.area in DEEDS and UPDATED in facts.proved):
        return False
    about = known.family or ("sqn3330" if known.area in _ABOUT_SQN3330 else "any")
    return (not facts.family or about in ("any", facts.family)) and facts.builds.may_run(
        known.runs, surely=known.harmless
    )


def _ends(hit: signs.Hit) -> Iterable[int]:
    """Lines of a hit that are worth showing: all of a short one, first and last of a long one."""
    return range(hit.first, hit.last + 1) if hit.last - hit.first < 6 else (hit.first, hit.last)


def proofs_of(paste: Paste, indexes: Iterable[int]) -> tuple[Proof, ...]:
    """The lines with these indexes, as proofs; none for a blank one."""
    lines = ((paste.numbers[index], paste.line(index)) for index in indexes)
    return tuple(Proof(number, text) for number, text in lines if text.strip())


def _by_words(paste: Paste, reader: Reader) -> list[Match]:
    return [
        Match(like.id, round(_sure_by(like), 2), "words", proofs_of(paste, reader.indexes))
        for like in describe.resembling(reader.prose)
        if not entry(like.id).harmless
    ]


def _sure_by(like: describe.Likeness) -> float:
    """How sure a description makes: if it shares many words with the entry it is surer than its likeness says."""
    return min(like.score * (_SURE_BY_LIKENESS if like.shared >= _MANY_SHARED else 1), MOST_DESCRIBED)


def _may_stand_beside(described: Match, proved: set[str]) -> bool:
    """Whether a description counts if signs were found: only if it tells of their cause, and clearly."""
    return not proved or (described.score >= _CLEARLY_DESCRIBED and bool(proved & explained_by(described.id)))
