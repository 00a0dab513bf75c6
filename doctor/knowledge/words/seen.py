"""Pastes that were answered before: what a new one resembles, by its words and by theirs.

``seen.txt`` has a line for each: the entry that was right, and the words that count, folded (``describe.words_of``). It
is made of the cases in tests/explain by ``python -m tests.explain.seen``. How much it helps: docs/explain-quality.md.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from functools import cache

from doctor.knowledge.catalogue import HERE, entry
from doctor.knowledge.words import describe

MOST_CHARS = 6_000  #: of a paste: its first lines tell what it is about
_OF_THE_ENTRY = 1.5  #: weight of the likeness to the entry's own words beside that to pastes
_TOGETHER = 3  #: the likenesses to several pastes of one entry are added as this power of them: the best counts most
_LEAST = 0.17  #: of 1; below, what fits best fits by chance
_NEAR_BEST = 0.5
_MOST = 3
_FEW_WORDS, _MANY_WORDS = 2, 150
_LEAST_SHARED = 2
_TELLING_WORDS = 4  #: fewer fit many an entry
#: From this score on, and with the second at no more than this share of it, the first is right in nine of ten.
_CLEAR, _CLEARLY_SECOND = 0.4, 0.75

_Vector = dict[str, float]


@dataclass(frozen=True)
class _Seen:
    """The pastes as weighed words, each scaled to length 1, and the weight of every word."""

    pastes: tuple[tuple[str, _Vector], ...]
    rarity: _Vector


@dataclass(frozen=True)
class Near:
    """An entry that a text might mean, 0 to 1; whether it stands out so far that it need not be asked back about."""

    id: str
    score: float
    clear: bool = False


def nearest(text: str) -> list[Near]:
    """The two or three entries that a text might mean, best first; empty if it resembles none."""
    query = Counter(describe.words_of(text[:MOST_CHARS]))
    if not _FEW_WORDS <= len(query) <= _MANY_WORDS or not describe.is_of_our_field(text[:MOST_CHARS]):
        return []
    likes = {like.id: like for like in describe.likes(query)}
    pastes = _likeness_to_pastes(query)
    scores = {
        one: (_OF_THE_ENTRY * (likes[one].score if one in likes else 0.0) + pastes.get(one, 0.0)) / (1 + _OF_THE_ENTRY)
        for one in {*likes, *pastes}
        if one in pastes or likes[one].shared >= min(_LEAST_SHARED, len(query))
    }
    ranked = sorted(scores, key=lambda one: -scores[one])
    least = max(_LEAST, _NEAR_BEST * scores[ranked[0]]) if ranked else 0.0
    second = scores[ranked[1]] if len(ranked) > 1 else 0.0
    tells = len(query) >= _TELLING_WORDS
    return [
        Near(one, scores[one], tells and one == ranked[0] and scores[one] >= max(_CLEAR, second / _CLEARLY_SECOND))
        for one in ranked[:_MOST]
        if scores[one] >= least and not entry(one).harmless
    ]


def _likeness_to_pastes(query: Counter[str]) -> dict[str, float]:
    """For each entry how near the query is to the pastes that it was right for."""
    seen = _seen()
    vector, sums = _scaled(query, seen.rarity), dict[str, float]()
    for entry_id, paste in seen.pastes:
        shared = sum(value * paste.get(word, 0.0) for word, value in vector.items())
        if shared:
            sums[entry_id] = sums.get(entry_id, 0.0) + shared**_TOGETHER
    return {entry_id: total ** (1 / _TOGETHER) for entry_id, total in sums.items()}


def _scaled(words: Counter[str], rarity: _Vector) -> _Vector:
    rarest = max(rarity.values(), default=1.0)
    vector = {word: (1 + math.log(times)) * rarity.get(word, rarest) for word, times in words.items()}
    length = math.sqrt(sum(value * value for value in vector.values())) or 1.0
    return {word: value / length for word, value in vector.items()}


@cache
def _seen() -> _Seen:
    lines = (line.split("\t") for line in (HERE / "seen.txt").read_text(encoding="utf-8").splitlines()[1:])
    pastes = [(entry_id, Counter(words.split(" "))) for entry_id, words in lines]
    spread = Counter(word for _, words in pastes for word in words)
    spread.update(word for words in describe.documents().values() for word in words)
    size = len(pastes) + len(describe.documents())
    rarity = {word: math.log(1 + size / times) for word, times in spread.items()}
    return _Seen(tuple((entry_id, _scaled(words, rarity)) for entry_id, words in pastes), rarity)
