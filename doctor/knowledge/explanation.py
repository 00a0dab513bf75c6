"""Putting signs, facts and likeness together: what a paste shows, the cause before its consequences."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from doctor.knowledge import own_output, session, signs
from doctor.knowledge.accents import without_accents
from doctor.knowledge.catalogue import Entry, entry
from doctor.knowledge.chain import find, holds
from doctor.knowledge.facts import Facts, facts_of
from doctor.knowledge.order import BESIDE_OTHERS, DEEDS, Match, Proof, explained_by, first_line, in_order, without_weak
from doctor.knowledge.our_lines import our_lines, summary
from doctor.knowledge.own_output import OwnOutput
from doctor.knowledge.paste import Paste, read
from doctor.knowledge.words import describe, history, seen
from doctor.knowledge.words.asked import FLASH, WHICH, questions
from doctor.knowledge.words.reader import NOTHING_SAID, Reader, reader_of

_SECOND_SIGN = 0.02  #: what a further sign of the same entry adds
_SUREST = 0.99
_MOST_DESCRIBED = 0.6  #: a description never proves more than this

_LASTING = (*DEEDS, "power")  #: areas whose entries tell what was done to the modem: that is not over the next day
_ABOUT_SQN3330 = ("modem", *DEEDS)  #: areas whose entries are about the modem of a FiPy or GPy
_SURE_BY_LIKENESS = 1.35  #: of the descriptions with a likeness of 0.37, nearly all are right (docs/explain-quality.md)
_MANY_SHARED = 3
_CLEARLY_DESCRIBED = 0.54  #: least score of a description beside signs

_LOOKED_AT_CHARS = 20_000  #: of a paste, for what its reader says of himself

#: Tools of the PC that say themselves that they came to no board.
_TOOLS = re.compile(r"\b(?:mpremote|rshell|ampy|thonny|pymakr|esptool|pyboard|serialutil|fwtool)\b", re.I)

UNSURE = 0.5  #: below, a description is asked back about
_MOST_CANDIDATES = 3
_MOST_PROOFS = 6
_SHARED_BY_A_QUESTION = 2

SUCCESS = "This shows a success"
#: What is said when all went well, in the vendor's tools and ours.
#: Alone on its line: in a sentence it is waited for, or somebody else's.
_SUCCESS = (
    r"^[^a-z\n]{0,40}Your modem has been successfully updated[^a-z\n]{0,40}$"
    r"|flashed and proved: |^Flashed and proved$"
)
#: A Monarch 2 says so, and then that it runs the build of the file that was sent.
_UPGRADED = (
    r"-(?P<build>\d{5})\.dup\b[\s\S]{0,5000}?\+SMUPGRADE: ?success[\s\S]{0,2000}?\bLR8[\d.]{2,9}-(?P<build>\d{5})\b"
)
_SAME_BUILD = "build > other"  #: what is named alike must be alike; nothing is named ``other``
MENDED = "What failed above went well when it was tried again, and nothing behind it failed."
WORKING_MODEM = "This is the version list of a modem that works."  #: what is said of it
_HEALTHY_BLOCK = (
    r"Bootloader\d\*? {0,9}: [^\n]*\n(?:[^\n]*\n){0,9}?[^\n]*Software {0,9}: (?:BUILD)?\d\.\d\.\d\.\d[ -]\[?\d{5}\b"
)

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
    found = _found(paste, facts, ours, reader)
    notes, harmless = _harmless(found)
    failures = _failures(paste, found, notes, reader)
    success = _how_it_ended(paste, facts, failures, reader) if ours is None else ""
    asides = _asked_about(harmless, reader.prose)
    error = _has_unexplained_error(paste, found)
    candidates: tuple[str, ...] = ()
    if ours is None and _only_guessed(failures):
        guesses = list[seen.Near]()
        may_guess = failures or error or not (asides or _only_plans(reader))
        if may_guess and not _must_not_guess(reader, success, notes):
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


def _only_plans(reader: Reader) -> bool:
    """Whether a description asks what to flash and tells of no trouble: then it is about none of our failures."""
    return not {FLASH, WHICH}.isdisjoint(reader.asks) and not _TROUBLE.search(without_accents(reader.prose))


def _how_it_ended(paste: Paste, facts: Facts, failures: list[Match], reader: Reader) -> str:
    """That it ended well: a tool says so, sentences do, or a command that failed went well later; else empty."""
    if told := _success(paste, failures) or _success_told(facts, failures, reader.prose):
        return told
    return MENDED if not failures and session.mended(paste) else ""


def _success_told(facts: Facts, failures: list[Match], prose: str) -> str:
    """What sentences tell that end well; empty if they do not, or if a sign shows that something is wrong."""
    if not facts.builds.runs or not _only_guessed(failures) or not history.runs_again(prose):
        return ""
    return f"{SUCCESS}, as it is told: the modem runs {facts.builds.runs[-1].number}."


def _ruled_out(paste: Paste, failures: list[Match]) -> Iterator[str]:
    for known in (match.entry for match in failures):
        for step, expression in zip(known.cure, known.ruled_out, strict=False):
            if expression and holds(expression, paste.searched()):
                yield step


def _harmless(found: list[Match]) -> tuple[tuple[Match, ...], tuple[Match, ...]]:
    """What is harmless: what is said whatever else is found, and what is said if nothing else is, or if it is asked."""
    every = [match for match in found if match.entry.harmless]
    return tuple(match for match in every if match.entry.runs), tuple(match for match in every if not match.entry.runs)


def _only_guessed(failures: list[Match]) -> bool:
    """Whether no sign shows any of them, and no description fits well."""
    return all(match.how == "words" and match.score < UNSURE for match in failures)


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
    failures = _not_over(paste, [match for match in found if not match.entry.harmless], reader)
    failures = without_weak(in_order(failures, history.story_from(paste)))
    return [match for match in failures if match.how == "sign" or match.id not in answered]


def _not_over(paste: Paste, matches: list[Match], reader: Reader) -> list[Match]:
    """Without what only lines of another time show, if anything is left or a transfer runs; deeds still count."""
    mended = frozenset(paste.numbers[index] for index in session.mended(paste))
    over = history.over(paste) | mended
    now = [
        match
        for match in matches
        if match.entry.area in _LASTING or not over.issuperset(proof.number for proof in match.proofs)
    ]
    if reader.runs_now or reader.may_run:
        return now
    if history.not_begun(paste.text[:_LOOKED_AT_CHARS]):
        now = [match for match in now if not match.entry.under_way] or now
    # A wait in the words of the reader is over if a deed stands behind it; a tool's own line may still hold.
    told = {paste.numbers[index] for index in reader.indexes}
    last_deed = max((first_line(m) for m in now if m.entry.area in DEEDS and not m.entry.under_way), default=0)
    return [match for match in now if not match.entry.under_way or not 0 < _last_told(match, told) < last_deed] or [
        match for match in matches if not mended.issuperset(proof.number for proof in match.proofs)
    ]


def _last_told(match: Match, told: set[int]) -> int:
    """Number of the last line that shows a match, if the reader's own words are all that shows it; else 0."""
    numbers = [proof.number for proof in match.proofs]
    return max(numbers, default=0) if told.issuperset(numbers) else 0


def _found(paste: Paste, facts: Facts, ours: OwnOutput | None, reader: Reader) -> list[Match]:
    """All that signs prove, and what the prose describes besides."""
    found = [] if ours is not None and ours.success else _by_signs(paste, facts, reader)
    if ours is not None and ours.named_only:
        found = [match for match in found if match.id in ours.ids]
    found = [match for match in found if _fits(match.entry, facts)]
    proved = {match.id for match in found if not match.entry.harmless}
    return found + [
        match
        for match in _by_words(paste, reader)
        if match.id not in proved and _fits(match.entry, facts) and _may_stand_beside(match, proved)
    ]


def _guesses(
    paste: Paste, failures: list[Match], facts: Facts, notes: tuple[Match, ...], reader: Reader, *, error: bool
) -> list[seen.Near]:
    """What a paste resembles in which somebody tells of trouble, or a tool of the PC does; likeliest first."""
    asks_of_it = error and "?" in reader.prose
    if not (failures or asks_of_it or _tells_of_trouble(reader) or _TOOLS.search(paste.text[:_LOOKED_AT_CHARS])):
        return []
    near = seen.nearest(paste.text)
    near += [seen.Near(match.id, match.score) for match in failures if match.id not in {one.id for one in near}]
    fitting = [one for one in near if one.id not in _answered(notes) and _fits(entry(one.id), facts)]
    return fitting[:_MOST_CANDIDATES]


def _described(paste: Paste, near: seen.Near, reader: Reader) -> Match:
    """A match of what a paste resembles so clearly that it is not asked back about."""
    indexes = reader.indexes or range(min(len(paste.numbers), _MOST_PROOFS))
    return Match(near.id, max(round(min(near.score, _MOST_DESCRIBED), 2), UNSURE), "words", _proofs(paste, indexes))


def _tells_of_trouble(reader: Reader) -> bool:
    """Whether the reader says that something is wrong, or asks about our field."""
    told = _TROUBLE.search(without_accents(reader.prose)) is not None or bool(reader.asks) or "?" in reader.prose
    return told and describe.is_of_our_field(reader.prose)


def _success(paste: Paste, failures: list[Match]) -> str:
    """What a log that ends well shows; empty if it does not, or if more is wrong than that the family is another."""
    if not _only_guessed([match for match in failures if match.entry.family != "monarch2"]):
        return ""
    ends = [end for _, end in find(_SUCCESS, paste.searched())]
    ends += [end for _, end in find(_UPGRADED, paste.searched(), _SAME_BUILD)]
    if ends:
        return f"{SUCCESS}: the modem was updated, and said so." if not _error_after(paste, ends[-1]) else ""
    blocks = [end for _, end in find(_HEALTHY_BLOCK, paste.searched())]
    if blocks and not _error_after(paste, 0):
        return WORKING_MODEM
    return ""


def _error_after(paste: Paste, place: int) -> bool:
    ours = our_lines(paste)
    return any(paste.index(start) not in ours for start, _ in find(signs.ERROR_LINE, paste.searched(place)))


def _has_unexplained_error(paste: Paste, found: list[Match]) -> bool:
    explained = {proof.number for match in found for proof in match.proofs}
    return any(
        paste.numbers[paste.index(start)] not in explained for start, _ in find(signs.ERROR_LINE, paste.searched())
    )


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
        found.append(Match(entry_id, round(score, 2), "sign", _proofs(paste, indexes)))
    return found


def _fits(known: Entry, facts: Facts) -> bool:
    """Whether an entry is about the modem of the paste, and about a card only if one is in the board."""
    if facts.no_card and known.area == "sd-card":
        return False
    about = known.family or ("sqn3330" if known.area in _ABOUT_SQN3330 else "any")
    return (not facts.family or about in ("any", facts.family)) and facts.builds.may_run(
        known.runs, surely=known.harmless
    )


def _ends(hit: signs.Hit) -> Iterable[int]:
    """Lines of a hit that are worth showing: all of a short one, first and last of a long one."""
    return range(hit.first, hit.last + 1) if hit.last - hit.first < 6 else (hit.first, hit.last)


def _proofs(paste: Paste, indexes: Iterable[int]) -> tuple[Proof, ...]:
    lines = ((paste.numbers[index], paste.line(index)) for index in indexes)
    return tuple(Proof(number, text) for number, text in lines if text.strip())


def _by_words(paste: Paste, reader: Reader) -> list[Match]:
    return [
        Match(like.id, round(_sure_by(like), 2), "words", _proofs(paste, reader.indexes))
        for like in describe.resembling(reader.prose)
        if not entry(like.id).harmless
    ]


def _sure_by(like: describe.Likeness) -> float:
    """How sure a description makes: if it shares many words with the entry it is surer than its likeness says."""
    return min(like.score * (_SURE_BY_LIKENESS if like.shared >= _MANY_SHARED else 1), _MOST_DESCRIBED)


def _may_stand_beside(described: Match, proved: set[str]) -> bool:
    """Whether a description counts if signs were found: only if it tells of their cause, and clearly."""
    return not proved or (described.score >= _CLEARLY_DESCRIBED and bool(proved & explained_by(described.id)))
