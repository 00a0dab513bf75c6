"""A small ranked text match, for descriptions that quote no error line.

Words are weighed by how few entries use them (TF-IDF, cosine), after folding case, accents, endings and the synonyms of
synonyms.txt. Why not an edit-distance library: docs/explain-quality.md.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import cache
from importlib import resources

from doctor.knowledge.catalogue import sources
from doctor.knowledge.paste import Paste

LEAST_SCORE = 0.20  #: below, what fits best fits by chance (measured: docs/explain-quality.md)
NEAR_BEST = 0.86  #: entries that score this share of the best are shown too
_MOST = 3
_MOST_QUERY_CHARS = 6_000  #: a description is a page at most
_LEAST_WORDS = 4  #: shared with the entry, or it is no description of it

_WORD = re.compile(r"[a-z0-9][a-z0-9_./+=-]*[a-z0-9]|[a-z0-9]|\[\]")
_FIELD = re.compile(r'^(title|words|shows|means) = "(.*)"$', re.MULTILINE)
_CAUSES = re.compile(r"^causes = \[\n(.*?)^\]", re.MULTILINE | re.DOTALL)
_WEIGHTS = {"title": 2, "words": 3, "shows": 1, "means": 1}
#: Lines that programs print when all is well; they describe nothing.
_NO_PROSE = re.compile(
    r"""^\W*(?:>>>\ |\.\.\.\ |File\ "|Traceback|rst:0x|load:0x|entry\ 0x|\$\ |Welcome\ to\ the\ SQN|(?:FiPy|GPy|G01)\ with\ firmware
    |Attempting\ AT|Performing|Starting\ STP|STP\ started|Session\ opened|Sending\ \d|Waiting\ for\ (?:modem|updater)
    |This\ might\ take|DO\ NOT\ DISCONNECT|Resetting|Your\ modem\ (?:has\ been|is\ in\ application)|Here\ is\ the\ current
    |Type\ "help|Uploading|Reading\ file|Upload\ done|(?:Pycom\ )?MicroPython\ v?\d|Connect(?:ed|ing)\ (?:to|on)|Bootrom\ updated
    |Entering\ recovery|Preparing|Loading|Going\ into\ MIRROR|Running\ on|Writing\ file|\[\d+/\d+\]|Creating\ dir
    |(?:raw\ REPL|soft\ reboot|Python\ \d|Collecting|Successfully|Requirement\ already)|\w*(?:Error|Exception):)""",
    re.VERBOSE | re.IGNORECASE,
)
_STOP = frozenset(
    """a an the this that these those it its is are was were be been am i me my we our you your he she they them and or
    but if then so as at by for from in into of on off to with without not no do does did done have has had can could
    will would should may might must what which who when where why how there here all any some more most other than too
    very just only also still even after before now again same one two get got go goes going says say tells told please
    help thanks hello hi ich du er sie es wir ihr mein meine der die das den dem des ein eine einen einem einer und oder
    aber wenn dann als bei von vom mit ohne nicht kein keine ist sind war hat habe haben kann auf aus im zu zum zur nach
    noch nur auch so wie was wer wo warum schon mal bitte danke hallo el la los las un una unos y o pero si de del en con
    sin no es son esta estan se me mi lo que como cuando donde por para al ya muy mas hola gracias""".split()
)
#: Without one of these a text is not about our boards, however well its words fit.
_DOMAIN = frozenset(
    """fipy gpy g01 pycom modem lte sqnsupgrade sequans monarch dup sqn3330 pymakr updater.elf micropython repl pysense
    pytrack pybytes expansion esp32 sd card expansionboard usb port com firmware flash board mirror at nb-iot nb1 catm1
    cat-m1 upgdiff 48829 41065 33080 elf 3v3 module modul p12 p2 g23 pin""".split()
)
_ENDINGS = ("ings", "ing", "ies", "ed", "es", "en", "er", "s", "e", "t", "n")


@dataclass(frozen=True)
class Likeness:
    """An entry that a description resembles, 0 to 1."""

    id: str
    score: float


def prose(paste: Paste) -> tuple[str, tuple[int, ...]]:
    """The sentences of a paste and the indexes of their lines; empty where it holds none."""
    kept, indexes, size = [], [], 0
    for index, line in enumerate(paste.text.split("\n")):
        words = re.findall(r"[^\W\d_]{2,}", line)
        if len(words) >= 3 and not _NO_PROSE.match(line) and sum(map(len, words)) * 2 > len(line.strip()):
            kept.append(line)
            indexes.append(index)
            size += len(line)
            if size > _MOST_QUERY_CHARS:
                break
    return "\n".join(kept), tuple(indexes)


def resembling(text: str) -> list[Likeness]:
    """The entries that a description resembles, best first; empty where nothing is near enough."""
    query = Counter(words_of(text))
    raw_words = {word.strip(".-") for word in _WORD.findall(_folded(text))}
    if len(query) < _LEAST_WORDS or not (raw_words & _DOMAIN):
        return []
    index = _index()
    vector = {word: (1 + math.log(times)) * index.rarity.get(word, 0.0) for word, times in query.items()}
    length = math.sqrt(sum(value * value for value in vector.values()))
    if not length:
        return []
    scores = []
    for entry_id, document in index.documents.items():
        shared = [word for word in vector if word in document]
        if len(shared) >= min(_LEAST_WORDS, len(query) - 1):
            scores.append(Likeness(entry_id, sum(vector[word] * document[word] for word in shared) / length))
    scores.sort(key=lambda like: -like.score)
    best = scores[0].score if scores else 0.0
    return [like for like in scores[:_MOST] if like.score >= max(LEAST_SCORE, best * NEAR_BEST)]


def words_of(text: str) -> list[str]:
    """The words that count, folded."""
    same = _synonyms()
    found = []
    for word in _WORD.findall(_folded(text)):
        word = word.strip("-")
        if word and word not in _STOP:
            stem = _stem(word)
            found.append(same.get(word) or same.get(stem) or stem)
    return found


def _folded(text: str) -> str:
    text = text.lower().replace("ä", "ae").replace("ö", "oe").replace("ü", "ue").replace("ß", "ss")
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def _stem(word: str) -> str:
    if len(word) > 4 and word.isalpha():
        for ending in _ENDINGS:
            if word.endswith(ending) and len(word) - len(ending) >= 4:
                return word[: -len(ending)]
    return word


@dataclass(frozen=True)
class _Index:
    """Weighed words of every entry, each entry's scaled to length 1; and the weight of every word."""

    documents: dict[str, dict[str, float]]
    rarity: dict[str, float]


@cache
def _index() -> _Index:
    counts = {source.id: _counted(source.text) for source in sources().values()}
    spread = Counter(word for count in counts.values() for word in count)
    rarity = {word: math.log(1 + len(counts) / times) for word, times in spread.items()}
    documents = {}
    for entry_id, count in counts.items():
        vector = {word: (1 + math.log(times)) * rarity[word] for word, times in count.items()}
        length = math.sqrt(sum(value * value for value in vector.values())) or 1.0
        documents[entry_id] = {word: value / length for word, value in vector.items()}
    return _Index(documents, rarity)


def _counted(source: str) -> Counter[str]:
    count: Counter[str] = Counter()
    for name, value in _FIELD.findall(source):
        for word in words_of(value):
            count[word] += _WEIGHTS[name]
    for causes in _CAUSES.findall(source):
        count.update(words_of(causes))
    return count


@cache
def _synonyms() -> dict[str, str]:
    text = resources.files("doctor.knowledge").joinpath("synonyms.txt").read_text(encoding="utf-8")
    same: dict[str, str] = {}
    for line in text.splitlines():
        head, colon, rest = line.partition(":")
        if colon and not line.startswith("#"):
            for word in (head, *rest.split()):
                same.setdefault(word, head)
                same.setdefault(_stem(word), head)
    return same
