"""Deterministic rules: the signs of the catalogue, looked for in a paste."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from doctor.knowledge.builds import BETWEEN_BUILD, BuildStep
from doctor.knowledge.catalogue import Sign, entry, sources
from doctor.knowledge.chain import find, holds
from doctor.knowledge.facts import Facts, side_of
from doctor.knowledge.failed_calls import FailedCall, speaks_against
from doctor.knowledge.our_lines import our_lines
from doctor.knowledge.paste import FAILED, Paste
from doctor.knowledge.sizes import cut_upload, short_copy
from doctor.knowledge.words import history, said
from doctor.knowledge.words.asked import BACK, DONE, FLASH, NEWER, TO_CATM1, TO_NB1, WHICH
from doctor.knowledge.words.reader import Reader

#: A line that tells of an error.
ERROR_LINE = r"(?:error|exception|fatal|panic|could not|couldn't|cannot|unable to|failed|failure)\b"
_NEAR = 8  #: lines around a sign that belong to one matter
_MOST_HITS = 12  #: hits of one sign that are shown
_REACH_CHARS = 1_500  #: around a fixed part, for expressions over neighbouring lines
_FAR_REACH_CHARS = 7_000  #: for expressions that span whole sessions
_LOOKED_AT_ANEW_CHARS = 20_000  #: around a hit; in longer pieces what was found once is remembered
_WORDS_FROM_CHARS = 50_000  #: above, a set of the paste's words rules out most signs before any search

_PIECE_CHARS = 1 << 12
_MOST_WORD_CHARS = 60  #: no fixed part has a longer word

_SPLIT = bytes(c if chr(c).isalnum() and c < 128 else 32 for c in range(256))
_OURS = re.compile(
    r'"catalogue": ?"([a-z0-9-]+)"|(?:\bknown as:|^ *more:  fipy-doctor open) ([a-z0-9-]+)'
    r"|^  \(([a-z0-9-]+)\)$|\(([a-z0-9-]+):\s{1,9}(?:certain|likely|possible)(?:,\s{1,9}0\.\d\d)?\)$",
    re.MULTILINE,
)

_STATUS = re.compile(r'"status": ?"(\w{1,10})"')
_FINDING_CHARS = 4_000  #: of a finding, from its status to the entry that it names

_OURS_PARTS = (
    '"catalogue":',
    "known as: ",
    "fipy-doctor open ",
    "\n  (",
    *(word + end for word in ("certain", "likely", "possible") for end in ",)"),
)  #: one of which each of those holds


#: Questions that the build which runs may decide alone.
_OF_A_CHANGE = frozenset((FLASH, WHICH, DONE, NEWER, BACK, TO_CATM1, TO_NB1))


@dataclass(frozen=True)
class Hit:
    """A sign that was found: the entry, how sure, and the first and last line index that prove it."""

    id: str
    sure: float
    first: int
    last: int
    side_note: bool = False


def hits_in(paste: Paste, facts: Facts, reader: Reader) -> list[Hit]:
    """All signs that the paste shows, and what its reader tells in words, in the order of the catalogue."""
    ours = our_lines(paste)
    prose, indexes = f"{reader.prose}\n{reader.beside}", (*reader.indexes, *reader.beside_at)
    if not reader.indexes:
        prose = reader.beside
    shown = _shown(paste, facts, reader.indexes)
    told = [Hit(*state) for state in said.states(history.without_charge(prose), indexes, shown)]
    waits = [hit for hit in told if entry(hit.id).under_way]
    told = [hit for hit in told if hit not in waits]
    others = (*_named_by_us(paste), *_not_ours(_by_facts(paste, facts), ours), *told)
    found = [hit for hit in others if facts.allow(entry(hit.id))]
    conditional: list[tuple[Sign, list[Hit]]] = []
    for entry_id, numbers in _candidates(paste):
        for number in numbers if facts.allow(entry(entry_id)) else ():
            sign = entry(entry_id).signs[number]
            asks_of_run = sign.runs and not sign.image
            places = _asked_of(sign, paste, facts, reader) if asks_of_run else _places(sign, paste, facts)
            hits = [Hit(entry_id, sign.sure, *place, sign.side_note) for place in places]
            if not (sign.image or asks_of_run):  # what we printed of the build that runs counts
                hits = _not_ours(hits, ours)
            if sign.unless_id:
                conditional.append((sign, hits))
            else:
                found += hits
    found += _standing(conditional, {hit.id for hit in found})
    found = [hit for hit in found if not speaks_against(facts.failed, entry(hit.id), range(hit.first, hit.last + 1))]
    found += _not_ours(_by_number(facts.failed, found), ours)
    # Who waits tells nothing else; beside that, words of a wait are a part of the story.
    return found + [wait for wait in waits if all(entry(hit.id).under_way for hit in found)]


def _shown(paste: Paste, facts: Facts, prose: Sequence[int]) -> Iterator[str]:
    """Ideas that the lines beside the sentences tell."""
    if prose and any(paste.index(start) not in prose for start, _ in find(ERROR_LINE, paste.searched())):
        yield said.ERROR
    if any(build.number == BETWEEN_BUILD for build in facts.builds.runs[-1:]):
        yield said.RUNS_BETWEEN


def _not_ours(hits: Iterable[Hit], ours: frozenset[int]) -> list[Hit]:
    """Without what begins in a line of ours: a plan tells what could go wrong, and it did not."""
    return [hit for hit in hits if hit.first not in ours]


def _standing(conditional: list[tuple[Sign, list[Hit]]], present: set[str]) -> list[Hit]:
    """Hits of signs that hold unless others do: each is decided when those are, a circle by the catalogue's order."""
    found: list[Hit] = []
    waiting = [(sign, hits) for sign, hits in conditional if hits]
    while waiting:
        undecided = {hits[0].id for _, hits in waiting}
        sign, hits = next((pair for pair in waiting if undecided.isdisjoint(pair[0].unless_id)), waiting[0])
        waiting = [pair for pair in waiting if pair[1] is not hits]
        if present.isdisjoint(sign.unless_id):
            found += hits
            present.add(hits[0].id)
    return found


def _named_by_us(paste: Paste) -> Iterator[Hit]:
    """Ids that our own output names: a report or an error of fipy-doctor, pasted."""
    if not any(part in paste.text for part in _OURS_PARTS):
        return
    for hit in _OURS.finditer(paste.text):
        entry_id = hit[1] or hit[2] or hit[3] or hit[4]
        if entry_id in sources() and not (hit[1] and _did_not_fail(paste.text, hit.start())):
            at = paste.index(hit.start())
            yield Hit(entry_id, 0.97, at, at)


def _did_not_fail(text: str, at: int) -> bool:
    """Whether the finding in JSON that names an entry at ``at`` says that its check did not fail: a warning may too."""
    said = _STATUS.findall(text, max(0, at - _FINDING_CHARS), at)
    return bool(said) and said[-1] not in FAILED


def _by_facts(paste: Paste, facts: Facts) -> Iterator[Hit]:
    """What no expression tells: the name of another modem, sizes that differ."""
    shorter = short_copy(paste)
    if shorter is not None:
        by_ftp = "ftp" in paste.lowered or "filezilla" in paste.lowered
        yield Hit("ftp-truncated-file" if by_ftp else "firmware-file-truncated", 0.85, shorter, shorter)
    elif cut := cut_upload(paste):
        yield Hit(cut[0], 0.85, cut[1], cut[1])
    for name in facts.by_kind.get("maker", ()):
        at = paste.index(paste.text.find(name))
        yield Hit("modem-of-another-maker", 0.98, at, at)


def _by_number(calls: Iterable[FailedCall], found: Sequence[Hit]) -> Iterator[Hit]:
    """What errors that are only a number mean where they came from, if no sign explains them or a line near by."""
    shown = [(hit.first - _NEAR, hit.last + _NEAR) for hit in found if not hit.side_note]
    for call in calls:
        if call.entry is not None and not any(first <= call.line <= last for first, last in shown):
            yield Hit(*call.entry, call.line, call.line)


def _candidates(paste: Paste) -> Iterator[tuple[str, list[int]]]:
    """Entries of which at least one sign has all its fixed parts in the paste."""
    text = paste.lowered
    words = _words(text) if len(text) > _WORDS_FROM_CHARS else None
    known: dict[str, bool] = {}

    def stands(part: str) -> bool:
        if part not in known:
            known[part] = (words is None or _inner_words(part) <= words) and part in text
        return known[part]

    for source in sources().values():
        numbers = [
            number for number, parts in enumerate(source.has) if all(any(map(stands, p.split("|"))) for p in parts)
        ]
        if numbers:
            yield source.id, numbers


def _words(text: str) -> set[bytes]:
    """Those words of the paste that fixed parts hold; all of them would take more room than the paste."""
    known, found = _known_words(), set[bytes]()
    for place in range(0, len(text), _PIECE_CHARS):
        # A word that is cut at the end of a piece stands whole in the next one or in this.
        piece = text[max(place - _MOST_WORD_CHARS, 0) : place + _PIECE_CHARS]
        found.update(known.intersection(piece.encode("utf-8", "replace").translate(_SPLIT).split()))
    return found


@cache
def _known_words() -> frozenset[bytes]:
    parts = (part for source in sources().values() for parts in source.has for part in parts)
    return frozenset(word for part in parts for one in part.split("|") for word in _inner_words(one))


@cache
def _inner_words(part: str) -> frozenset[bytes]:
    """The words of a fixed part that must stand whole in the paste: not those at its ends, which may be cut."""
    padded = b"x" + part.encode() + b"x"
    return frozenset(padded.translate(_SPLIT).split()[1:-1])


def _places(sign: Sign, paste: Paste, facts: Facts) -> Iterator[tuple[int, int]]:
    """First and last line of each hit of a sign that keeps all the sign's conditions."""
    if sign.generation and facts.generation and facts.generation not in sign.generation:
        return
    if sign.with_ and not holds(sign.with_, paste.searched()):
        return
    if sign.without and holds(sign.without, paste.searched()):
        return
    hits = []
    for start, end in _steps(sign, facts.builds.steps) if sign.image else _spans(sign, paste):
        first, last = paste.index(start), paste.index(max(start, end - 1))
        if _context_holds(sign, paste, first, last):
            hits.append((first, last))
            if len(hits) > max(_MOST_HITS, sign.most):
                break
    if not sign.most or len(hits) <= sign.most:
        yield from hits[:_MOST_HITS]


def _asked_of(sign: Sign, paste: Paste, facts: Facts, reader: Reader) -> Iterator[tuple[int, int]]:
    """The line that tells what runs, if that alone decides what the reader asks."""
    runs = facts.builds.runs[-1:]
    if _OF_A_CHANGE.isdisjoint(reader.asks) or facts.builds.rivals or not all(build.fits(sign.runs) for build in runs):
        return
    for build in runs:
        at = paste.index(build.place)
        yield at, at


def _steps(sign: Sign, steps: Iterable[BuildStep]) -> Iterator[tuple[int, int]]:
    for step in steps:
        fits = re.match(sign.image, str(step.image)) and re.match(sign.runs, str(step.runs))
        # A way that was gone to its end is no danger any more; that it led back to an older build still holds.
        is_over = step.arrived and ">" not in sign.compare
        if fits and not is_over and step.holds(sign.compare):
            yield step.places


def _spans(sign: Sign, paste: Paste) -> Iterator[tuple[int, int]]:
    pattern = sign.match or re.escape(sign.has[0])
    reach = _FAR_REACH_CHARS if r"[\s\S]" in sign.match else _REACH_CHARS
    rarest = min((_places_of(part, paste) for part in sign.has), key=len)
    taken = -1
    for start, end in _windows(rarest, reach, len(paste.text)):
        for first, last in find(pattern, paste.searched(start, end, raw=sign.raw), sign.compare):
            # \Z means the end of the paste, and the end of a window is not that.
            if first > taken and not (last == end < len(paste.text) and r"\Z" in sign.match):
                taken = first
                yield first, last


def _places_of(part: str, paste: Paste) -> list[int]:
    return sorted(place for one in part.split("|") for place in paste.places(one))


def _windows(places: Iterable[int], reach: int, length: int) -> Iterator[tuple[int, int]]:
    current: tuple[int, int] | None = None
    for place in places:
        start, end = max(0, place - reach), min(length, place + reach)
        if current is not None and start <= current[1]:
            current = (current[0], end)
        else:
            if current is not None:
                yield current
            current = (start, end)
    if current is not None:
        yield current


def _context_holds(sign: Sign, paste: Paste, first: int, last: int) -> bool:
    above = (max(0, first - sign.within), first)
    below = (last + 1, last + 1 + sign.within)
    for pattern, (start, end), wanted in (
        (sign.after, above, True),
        (sign.not_after, above, False),
        (sign.before, below, True),
        (sign.not_before, below, False),
    ):
        if pattern and _stands_between(pattern, paste, start, end) is not wanted:
            return False
    return not sign.side or side_of(paste, first) in ("", sign.side)


def _stands_between(pattern: str, paste: Paste, first: int, last: int) -> bool:
    """Whether an expression stands in the lines from ``first`` to before ``last``."""
    start, end = paste.span(first, last)
    if end - start < _LOOKED_AT_ANEW_CHARS:
        return holds(pattern, paste.searched(start, end))
    if pattern not in paste.found:
        paste.found[pattern] = find(pattern, paste.searched())
    at = bisect_left(paste.found[pattern], (start, 0))
    return at < len(paste.found[pattern]) and paste.found[pattern][at][1] <= end
