"""Putting signs, facts and likeness together: what a paste shows, the cause before its consequences."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from doctor.knowledge import own_output
from doctor.knowledge.accents import without_accents
from doctor.knowledge.catalogue import Entry, entry
from doctor.knowledge.chain import holds
from doctor.knowledge.facts import Facts, facts_of
from doctor.knowledge.found import MOST_DESCRIBED, fits, found_in, proofs_of
from doctor.knowledge.order import Match, in_order, without_weak
from doctor.knowledge.our_lines import summary
from doctor.knowledge.outcome import (
    UNSURE,
    has_unexplained_error,
    hides_a_wait,
    how_it_ended,
    only_guessed,
    shows_an_error,
    without_what_is_over,
)
from doctor.knowledge.paste import Paste, read
from doctor.knowledge.words import describe, history, seen
from doctor.knowledge.words.asked import FLASH, WHICH, asks_for_an_order, questions
from doctor.knowledge.words.reader import NOTHING_SAID, Reader, reader_of

_LOOKED_AT_CHARS = 20_000  #: of a paste, for what its reader says of himself

#: Tools of the PC that say themselves that they came to no board.
_TOOLS = re.compile(r"\b(?:mpremote|rshell|ampy|thonny|pymakr|esptool|pyboard|serialutil|fwtool)\b", re.I)

_MOST_CANDIDATES = 3
_MOST_PROOFS = 6
_SHARED_BY_A_QUESTION = 2

#: Without one of these nothing is told to be wrong.
_TROUBLE = re.compile(
    r"\b(?:no|not|cannot|never|nothing|only|un\w+able|nicht|nichts|nur|kein\w*|nie|nada|sin|solo|nunca|rien|pas|plus|ne"
    r"|jamais|sans|niet|niets|geen|nooit|zonder)\b|n.t\b|fail|err|wrong|stuck|hang|haeng|refus|reject|forbid"
    r"|verbiet|weiger|rechaz|denie|freeze|froze|lost|broke|dead|problem"
    r"|missing|trouble|crash|stop|fehl|falsch|kaputt|verschw|fall[ao]|mal\b|perd|muert|mort|bloq|erreur|fout|kwijt"
    r"|kapot",
    re.I,
)


@dataclass(frozen=True)
class Explanation:
    """All that is known about one paste; matches best first, each cause before its consequences.

    says        what a report, a log or a trace of ours says, or that a log shows a success; empty if it is neither
    notes       what is harmless and said whatever else is found: what the paste tells of builds proves it
    candidates  ids of entries that a description might mean, if none is sure
    reader      what its reader says and asks himself
    asides      what is harmless beside the failures, and asked about
    ruled_out   steps of cures that the paste makes pointless
    """

    matches: tuple[Match, ...]
    harmless: tuple[Match, ...]
    facts: Facts
    line_count: int
    cut: bool = False
    says: str = ""
    notes: tuple[Match, ...] = ()
    candidates: tuple[str, ...] = ()
    reader: Reader = NOTHING_SAID
    asides: tuple[Match, ...] = ()
    ruled_out: frozenset[str] = frozenset()

    @property
    def unsure(self) -> bool:
        """Whether the paste only resembles entries, and none of them clearly."""
        return bool(self.candidates)

    @property
    def candidate_entries(self) -> tuple[Entry, ...]:
        """What to ask back about, likeliest first."""
        return tuple(entry(candidate) for candidate in self.candidates)

    @cached_property
    def causes(self) -> tuple[Match, ...]:
        """The matches that follow from no other."""
        return tuple(match for match in self.matches if not match.follows)


def explain(data: bytes) -> Explanation:
    """Explain a paste: a log, a console session, a forum post or an output of ours, in any encoding."""
    paste = read(data)
    ours = own_output.recognise(data, paste)
    facts = facts_of(paste)
    reader = reader_of(paste, facts, is_ours=ours is not None)
    found = found_in(paste, facts, ours, reader)
    notes, harmless = _harmless(found)
    failures = _failures(paste, found, notes, reader)
    if hides_a_wait(paste, failures, reader):
        failures = sorted(failures, key=lambda one: not one.entry.under_way)
    success = how_it_ended(paste, facts, failures, reader) if ours is None else ""
    asides = harmless if asks_for_an_order(reader.prose) else _asked_about(harmless, reader.prose)
    error = has_unexplained_error(paste, found, reader)
    candidates: tuple[str, ...] = ()
    if ours is None and only_guessed(failures):
        if not success and history.tells_of_a_transfer(reader.prose):
            reader = replace(reader, may_run=True)
        guesses = list[seen.Near]()
        may_guess = failures or error or not (asides or _only_plans(reader) or shows_an_error(paste, harmless))
        if may_guess and not _is_only_a_number(facts) and not _must_not_guess(reader, success, notes):
            guesses = _guesses(paste, failures, facts, notes, reader, error=error)
        candidates = () if any(one.clear for one in guesses) else tuple(one.id for one in guesses)
        failures = failures if candidates else [_described(paste, one, reader) for one in guesses if one.clear]
    return Explanation(
        matches=tuple(failures),
        harmless=() if failures or candidates or error else harmless,
        facts=facts,
        line_count=paste.numbers[-1],
        cut=paste.cut,
        says=ours.says if ours is not None else success or summary(paste),
        notes=notes,
        candidates=candidates,
        reader=reader,
        asides=asides,
        ruled_out=frozenset(_ruled_out(paste, failures)),
    )


def _must_not_guess(reader: Reader, success: str, notes: tuple[Match, ...]) -> bool:
    """Whether what only may be meant is not asked about: while a transfer runs, each question brings a step with it."""
    return bool(success or notes or reader.runs_now or reader.may_run)


def _is_only_a_number(facts: Facts) -> bool:
    """Whether the errors are numbers whose calls are known: what they say is told, and no likeness says more."""
    return bool(facts.failed) and all(call.medium and call.entry is None for call in facts.failed)


def _only_plans(reader: Reader) -> bool:
    """Whether a description asks what to flash and tells of no trouble: then it is about none of our failures."""
    return not {FLASH, WHICH}.isdisjoint(reader.asks) and not _TROUBLE.search(without_accents(reader.prose))


def _ruled_out(paste: Paste, failures: list[Match]) -> Iterator[str]:
    for known in (match.entry for match in failures):
        for step, expression in zip(known.cure, known.ruled_out, strict=False):
            if expression and holds(expression, paste.searched()):
                yield step


def _harmless(found: list[Match]) -> tuple[tuple[Match, ...], tuple[Match, ...]]:
    """What is harmless: what is said whatever else is found, and what is said if nothing else is, or if it is asked."""
    every = [match for match in found if match.entry.harmless]
    return tuple(match for match in every if match.entry.runs), tuple(match for match in every if not match.entry.runs)


def _asked_about(harmless: tuple[Match, ...], prose: str) -> tuple[Match, ...]:
    """Those that a question is about: it shares two words with each, since one is shared by chance."""
    asked_of = set(describe.words_of(questions(prose))) if harmless else set[str]()
    words = ((match, describe.words_of(f"{match.entry.title} {match.entry.words}")) for match in harmless)
    return tuple(match for match, own in words if len(asked_of.intersection(own)) >= _SHARED_BY_A_QUESTION)


def _answered(notes: tuple[Match, ...]) -> set[str]:
    """Ids of the entries that a note answers."""
    return {other for note in notes for other in note.entry.related}


def _failures(paste: Paste, found: list[Match], notes: tuple[Match, ...], reader: Reader) -> list[Match]:
    """What is wrong, in the order in which it is read: nothing that is over, nothing that a note answers."""
    answered = _answered(notes)
    failures = without_what_is_over(paste, [match for match in found if not match.entry.harmless], reader)
    failures = without_weak(in_order(failures, history.story_from(paste)))
    return [match for match in failures if match.how == "sign" or match.id not in answered]


def _guesses(
    paste: Paste, failures: list[Match], facts: Facts, notes: tuple[Match, ...], reader: Reader, *, error: bool
) -> list[seen.Near]:
    """What a paste resembles in which somebody tells of trouble, or a tool of the PC does; likeliest first."""
    asks_of_it = error and "?" in reader.prose
    if not (failures or asks_of_it or _tells_of_trouble(reader) or _TOOLS.search(paste.text[:_LOOKED_AT_CHARS])):
        return []
    near = seen.nearest(paste.text)
    near += [seen.Near(match.id, match.score) for match in failures if match.id not in {one.id for one in near}]
    out = _answered(notes)
    if history.not_begun(reader.prose):  # what was not begun does not stand still
        out |= {one.id for one in near if entry(one.id).under_way}
    fitting = [one for one in near if one.id not in out and fits(entry(one.id), facts)]
    return fitting[:_MOST_CANDIDATES]


def _described(paste: Paste, near: seen.Near, reader: Reader) -> Match:
    """A match of what a paste resembles so clearly that it is not asked back about."""
    indexes = reader.indexes or range(min(len(paste.numbers), _MOST_PROOFS))
    return Match(near.id, max(round(min(near.score, MOST_DESCRIBED), 2), UNSURE), "words", proofs_of(paste, indexes))


def _tells_of_trouble(reader: Reader) -> bool:
    """Whether the reader says that something is wrong, or asks about our field."""
    told = _TROUBLE.search(without_accents(reader.prose)) is not None or bool(reader.asks) or "?" in reader.prose
    return told and describe.is_of_our_field(reader.prose)
