"""A state told in words: what was done, how far it came, what is about to be done, in sentences without an error line.

``said.txt`` names ideas, each by the expressions that people use for it in five languages, and where the power is
at stake in Italian and Portuguese, and rules: which ideas together tell of which entry. An idea that is denied, or only
thought of ("if", "never"), is not told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from doctor.knowledge.catalogue import HERE
from doctor.knowledge.words import mood
from doctor.knowledge.words.describe import folded

_LINE = re.compile(r"^.*$", re.MULTILINE)
_SENTENCE_END = re.compile(r"(?<=[.!?])(?<!(?i:SMOD)\?)\s+|\s[-\u2013]\s(?=[A-Z])")
#: Ideas that only lines of programs tell: of an error, and of the build between the two files of 48829 that runs.
ERROR, RUNS_BETWEEN = "error", "runs-between"
_DEEDS = ("power-lost", "stopped", "reset", "slept")  #: what breaks a transfer off
_POWER_LOST = "power-lost"
#: Plugged too, and the board lives without it.
_FEEDS_NOTHING = re.compile(
    r"\b(?:antenn?\w*|aerial|sim(?:-?(?:card|karte|kaart))?|head(?:phones?|set)|phone|handy|smartphone|telefo\w*"
    r"|monitor|display|screen|bildschirm|pantalla|ecran|beeldscherm|keyboard|tastatur|teclado|clavier|toetsenbord|mouse"
    r"|maus|raton|souris|muis|printer|drucker|impresora|imprimante|sensors?|sensor\w*|gps|lamp\w*)\b"
)
_FEEDS = re.compile(
    r"\busb|\b(?:power|battery|lipo|supply|board|fipy|gpy|everything|strom|akku|batterie|netzteil|platine|alles"
    r"|corriente|bateria|luz|placa|todo|courant|prise|carte|tout|stroom|accu|bord)\b"
)
_CLAUSE_END = re.compile(r"[,;:.!?]| (?:and|then|und|dann|y|luego|et|puis|en|toen) ")
#: Said of a time at which nothing was sent; not that nothing ran any more.
_NOTHING_RAN = re.compile(
    r"(?:\b(?:nothing|no (?:\w+ )?(?:update|upgrade|flash\w*|transfer)) (?:was|had been) (?:\w+ )?(?:running|going"
    r"|started|flashing|sen[dt]|under way)|\b(?:was|were)(?:n't| not) (?:\w+ )?(?:flashing|updating|upgrading|sending)"
    r"|\blief(?: \w+){0,2} (?:nichts|kein\w*)|\bnichts lief|\bno (?:estaba|se estaba|habia)(?: \w+){0,2} (?:corriendo"
    r"|actualiz\w+|flash\w+|enviando|en marcha|en curso)|\brien ne (?:tournait|se passait)"
    r"|\b(?:liep|draaide)(?: \w+){0,2} (?:niets|niks|geen)|\bnon c'era (?:nulla|niente) in corso)\b"
    r"(?! (?:\w+ )?(?:any ?more|any longer|after\w*|mehr|mas|ya|plus|meer|piu))"
)
#: A transfer to the board's own memory; a sentence that is about the modem's for certain.
OF_THE_BOARD, OF_THE_MODEM = "board-update", "modem-update"
_RULE = re.compile(r"=> ([a-z0-9-]+) (0\.\d+): ([a-z0-9 -]+)\Z")
_Ideas = dict[tuple[str, bool], re.Pattern[str]]  #: of an idea, and whether it counts also where it is denied
_IDEA = re.compile(r"([a-z0-9-]+)(!?): (.+)\Z")


@dataclass(frozen=True)
class Rule:
    """The entry that ideas tell of, how sure that is; ``ideas`` must all be told, ``not_told`` must not.

    proof  those of the ideas that are no mere context; all if each of them is
    """

    id: str
    sure: float
    ideas: tuple[str, ...]
    not_told: tuple[str, ...]
    proof: tuple[str, ...]


def states(prose: str, indexes: Sequence[int], shown: Iterable[str] = ()) -> Iterator[tuple[str, float, int, int]]:
    """Entries that the sentences tell of: id, how sure, indexes of the first and the last line that tell it.

    prose  the sentences of a paste, a line each; ``indexes`` their places in it
    shown  ideas that lines of programs tell: `ERROR`, `RUNS_BETWEEN`
    """
    told: dict[str, list[int]] = {idea: [] for idea in shown}
    ideas, rules = _known()
    for idea, index in _told(prose, indexes, ideas):
        told.setdefault(idea, []).append(index)
    if OF_THE_MODEM in told:
        told.pop(OF_THE_BOARD, None)
    for rule in rules if told else ():
        if all(idea in told for idea in rule.ideas) and told.keys().isdisjoint(rule.not_told):
            places = [index for idea in rule.proof for index in told[idea]]
            yield rule.id, rule.sure, min(places), max(places)


def told_at(text: str, name: str) -> int | None:
    """Index of the last line that tells this idea, as ``states`` reads it; None if none does."""
    ideas = {key: expression for key, expression in _known()[0].items() if key[0] == name}
    return max((index for _, index in _told(text, range(text.count("\n") + 1), ideas)), default=None)


def _told(prose: str, indexes: Sequence[int], ideas: _Ideas) -> Iterator[tuple[str, int]]:
    """Each idea that is told, and the index of the line."""
    lines = (found[0] for found in _LINE.finditer(prose))  # as a list, short lines take many times the room
    for line, index in zip(lines, indexes, strict=False):
        for sentence in map(folded, _SENTENCE_END.split(line)):
            for (idea, anyway), expression in ideas.items():
                if any(anyway or not _is_thought(idea, sentence, found) for found in expression.finditer(sentence)):
                    yield idea, index


def _is_thought(idea: str, sentence: str, found: re.Match[str]) -> bool:
    """Whether the sentence does not tell this as so; a deed in quotation marks is another's."""
    if idea == _POWER_LOST and _took_no_power(sentence, found):
        return True
    if idea in _DEEDS and mood.is_quoted(sentence, found.start()):
        return True
    return mood.is_thought(sentence, found.start(), found.end())


def _took_no_power(sentence: str, found: re.Match[str]) -> bool:
    """Whether what was unplugged feeds no board, or the power went when nothing was sent."""
    if _NOTHING_RAN.search(sentence):
        return True
    first = max((end.end() for end in _CLAUSE_END.finditer(sentence, 0, found.start())), default=0)
    end = _CLAUSE_END.search(sentence, found.end())
    clause = sentence[first : end.start() if end is not None else len(sentence)]
    return _FEEDS_NOTHING.search(clause) is not None and _FEEDS.search(clause) is None


@cache
def _known() -> tuple[_Ideas, tuple[Rule, ...]]:
    """The ideas with their expressions, and the rules."""
    written: dict[tuple[str, bool], list[str]] = {}
    rules = []
    for line in (HERE / "said.txt").read_text(encoding="utf-8").splitlines():
        if rule := _RULE.match(line):
            words = rule[3].split()
            wanted = tuple(word for word in words if not word.startswith("-"))
            not_told = tuple(word[1:] for word in words if word[0] == "-")
            shown = (ERROR, RUNS_BETWEEN)  # by lines that have no place in the sentences
            proof = tuple(word for word in wanted if (word, True) not in written and word not in shown) or wanted
            rules.append(Rule(rule[1], float(rule[2]), wanted, not_told, proof))
        elif idea := _IDEA.match(line):
            written.setdefault((idea[1], bool(idea[2])), []).append(idea[3])
    return {idea: re.compile("|".join(lines)) for idea, lines in written.items()}, tuple(rules)
