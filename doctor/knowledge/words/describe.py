"""A small ranked text match, for descriptions that quote no error line.

Words are weighed by how few entries use them (TF-IDF, cosine), after folding case, accents, endings and the synonyms of
synonyms.txt. Why not an edit-distance library: docs/explain-quality.md.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from doctor.knowledge.accents import without_accents
from doctor.knowledge.builds import Build
from doctor.knowledge.catalogue import HERE, sources
from doctor.knowledge.our_lines import is_ours, our_lines
from doctor.knowledge.paste import Paste

LEAST_SCORE = 0.24  #: below, what fits best fits by chance (measured: docs/explain-quality.md)
NEAR_BEST = 0.9  #: entries that score this share of the best are shown too
_MOST = 3
_MOST_QUERY_CHARS = 6_000  #: a description is a page at most
#: Words shared with the entry, and the score that so few need at least: one rare word fits many a text by chance.
_LEAST_BY_SHARED = ((5, 0.0), (4, 0.26), (3, 0.32), (2, 0.45))
_LEAST_QUERY_WORDS = 3
#: Somebody who types two or three words means just these: all must be shared, and one entry must stand out.
_FEW_WORDS = 2
_LEAST_OF_FEW = 0.27
_STANDS_OUT = 1.2
_LEAST_OF_A_QUESTION = 2  #: words of a line
_MOST_LINES_OF_A_POST = 400
_SHORT_LINES = 2  #: a paste of so many lines is a description, however few words a line has

_WORD = re.compile(r"[a-z0-9][a-z0-9_./+=-]*[a-z0-9]|[a-z0-9]|\[\]")
_UNIT = re.compile(r"(?<![a-z0-9.])(\d+)(gb|mb|kb)(?![a-z0-9])")
_PARTS = re.compile(r"[_/.=+-]")  #: what joins the parts of a file name
_FIELD = re.compile(r'^(title|words|shows|means) = "(.*)"$', re.MULTILINE)
_BUILD = re.compile(r"\b\d{5}\b")
_CAUSES = re.compile(r"^causes = \[\n(.*?)^\]", re.MULTILINE | re.DOTALL)
_WEIGHTS = {"title": 2, "words": 3, "shows": 1, "means": 1}
#: Lines that programs print when all is well; they describe nothing.
_PRINTED = (
    r"Welcome to the SQN",
    r"(?:FiPy|GPy|G01) with firmware",
    r"Attempting AT (?:wakeup|auto)",
    r"Performing recovery",
    r"Starting STP",
    r"STP started",
    r"Session opened",
    r"Sending \d",
    r"Waiting for (?:modem|updater)",
    r"This might take",
    r"DO NOT DISCONNECT",
    r"Resetting(?:\.| \(DO)",
    r"Your modem (?:has been|is in application)",
    r"Here is the current",
    r"Bootrom updated",
    r"Entering recovery mode$",
    r"Preparing modem",
    r"Loading (?:updater|/)",
    r"Going into MIRROR mode\.\.\.",
    r"Running on (?:linux|win|darwin|mac)",
    r'Type "help',
    r"(?:Pycom )?MicroPython v?\d",
    r"raw REPL",
    r"soft reboot",
    r"Python \d",
    r"Collecting \w+$",
    r"Successfully (?:installed|built)",
    r"Requirement already",
    r"Uploading project",
    r"Reading file status",
    r"Writing file",
    r"Upload done",
    r"Creating dir",
    r"Connect(?:ed|ing) (?:to|on) [\w./:]+(?:\.\.\.|$)",
    r"\[\d+/\d+\]",
    r"Failed to read project status",
    r"rst:0x",
    r"load:0x",
    r"entry 0x",
    r'File "',
    r"Traceback",
    r">>> ",
    r"\.\.\. ",
    r"\$ ",
    r"[\w.]*(?:Error|Exception):",
)
_NO_PROSE = re.compile(rf"^\W*?(?:{'|'.join(_PRINTED)})", re.IGNORECASE)
_ERROR_QUOTED = re.compile(
    r"\W{0,3}[\w.]{0,60}(?:Error|Exception):? (?P<number>\[Errno \d{1,3}\](?: E[A-Z]{2,12}\b)?|\d{1,3}\b)?"
)
_ONE_WORD = re.compile(r"\W{0,3}[^\W\d_]{2,20} ?\?{1,3}\s*")
_SENTENCE_ENDS = re.compile(r"[.!?] (?=[^\W\d_])| [-\u2013] ")
_ASKS = re.compile(r"[^\W\d]\d?\)? ?\?\s|\?$")  #: a question in a line
_VALUES = ("['", '["', "b'", "{", "(sysname")  #: how printed values begin
#: Without one of these a text is not about our boards, however well its words fit.
_DOMAIN = re.compile(
    r"(?<![a-z])(?:fipy|gpy|g01|pycom|modem\w{0,12}|lte|sqnsupgrade|sequans|monarch|sqn3330|pymakr|ampy|rshell"
    r"|mpremote|thonny|esptool|updater|micropython|repl"
    r"|pysense|pytrack|pybytes|expansion|esp32|sd|cards?|karte|tarjeta|com[ -]?ports?|firmware|flash\w*|mirror"
    r"|nb-?iot|nb1|cat-?m1|upgdiff|48829|41065|41019|33080|3v3|p12|p2|g23|[\w.-]*\.(?:dup|elf)|dup|boards?|modul\w?|usb"
    r"|serial|jumpers?|carte|kaart|puerto|poort|placa|bord|cable|kabel|resetknop|interfaz|machine\.reset|ports?"
    r"|prompt|wsl|uploads?|lr[56])(?![a-z])"
)
_ENDINGS = ("ings", "ing", "ies", "ed", "es", "en", "er", "s", "e", "t", "n")


@dataclass(frozen=True)
class Likeness:
    """An entry that a description resembles, 0 to 1; how many of the description's words are its own."""

    id: str
    score: float
    shared: int
    known: int


def prose(paste: Paste, apart: Iterable[Build] = ()) -> tuple[str, tuple[int, ...]]:
    """The sentences of a paste without the numbers ``apart``, and the indexes of their lines; empty if it has none."""
    left_out: dict[int, list[int]] = {}
    for build in apart:
        left_out.setdefault(paste.index(build.place), []).append(build.number)
    kept, indexes, size, ours = [], [], 0, our_lines(paste)
    first_lines = [paste.line(index) for index in range(min(len(paste.numbers), _SHORT_LINES + 2))]
    least = 3 if sum(1 for line in first_lines if line.strip()) > _SHORT_LINES else 2
    for index in range(len(paste.numbers)):
        line = paste.slice(index, index + 1)[:_MOST_QUERY_CHARS]
        for number in left_out.get(index, ()):
            line = line.replace(str(number), " ")
        words = re.findall(r"[^\W\d_]{2,}", line)
        if (
            len(words) >= (_LEAST_OF_A_QUESTION if (asks := _ASKS.search(line) is not None) else least)
            and not _NO_PROSE.match(line)
            and index not in ours
            and not is_ours(line)
            and not line.lstrip().startswith(_VALUES)
            and (sum(map(len, words)) * 2 > len(line.strip()) or asks)
        ):
            kept.append(line)
            indexes.append(index)
            size += len(line)
            if size > _MOST_QUERY_CHARS:
                break
    return "\n".join(kept), tuple(indexes)


def beside(paste: Paste) -> tuple[str, tuple[int, ...]]:
    """What tells and asks but describes nothing, and the indexes of its lines.

    Sentences behind a quoted error on its line, and questions of one word.
    """
    found: list[tuple[str, int]] = []
    ours = our_lines(paste)
    for index in range(min(len(paste.numbers), _MOST_LINES_OF_A_POST)):
        line = paste.line(index)[:_MOST_QUERY_CHARS]
        if index in ours:
            continue
        if _ONE_WORD.fullmatch(line):
            found.append((line, index))
        elif (quoted := _ERROR_QUOTED.match(line)) is not None:
            end = quoted if quoted["number"] else _SENTENCE_ENDS.search(line)
            if end is not None and line[end.end() :].strip():
                found.append((line, index))
    return "\n".join(line for line, _ in found), tuple(index for _, index in found)


def resembling(text: str) -> list[Likeness]:
    """The entries that a description resembles, best first; empty if nothing is near enough."""
    query = Counter(words_of(text))
    if len(query) < _FEW_WORDS or not is_of_our_field(text):
        return []
    found = likes(query)
    scores = [
        like
        for like in found
        if any(like.shared >= least and like.score >= needed for least, needed in _LEAST_BY_SHARED)
    ]
    if len(query) < _LEAST_QUERY_WORDS or (len(query) == _LEAST_QUERY_WORDS and not scores):
        return _outstanding([like for like in found if like.shared == like.known])
    best = scores[0].score if scores else 0.0
    return [like for like in scores[:_MOST] if like.score >= max(LEAST_SCORE, best * NEAR_BEST)]


def is_of_our_field(text: str) -> bool:
    """Whether a text is about our boards at all."""
    return _DOMAIN.search(folded(text)) is not None


def documents() -> dict[str, dict[str, float]]:
    """The weighed words of every entry."""
    return _index().documents


def likes(query: Counter[str]) -> list[Likeness]:
    """All entries that share a word, best first."""
    index = _index()
    vector = {word: (1 + math.log(times)) * index.rarity.get(word, 0.0) for word, times in query.items()}
    length = math.sqrt(sum(value * value for value in vector.values()))
    found = []
    for entry_id, document in index.documents.items() if length else ():
        shared = [word for word in vector if word in document]
        named = index.builds.get(entry_id)
        if shared and (not named or named & vector.keys()):
            score = sum(vector[word] * document[word] for word in shared) / length
            found.append(Likeness(entry_id, score, len(shared), len(vector)))
    return sorted(found, key=lambda like: -like.score)


def _outstanding(likes: list[Likeness]) -> list[Likeness]:
    """The one entry that a few words name better than any other; none if two are near."""
    second = likes[1].score if len(likes) > 1 else 0.0
    clear = bool(likes) and likes[0].score >= max(_LEAST_OF_FEW, second * _STANDS_OUT)
    return likes[:1] if clear else []


def words_of(text: str) -> list[str]:
    """The words that count, folded."""
    same, stop = _synonyms(), _stopwords()
    found = []
    for word in _WORD.findall(_UNIT.sub(r"\1 \2", folded(text))):
        word = word.strip("-")
        parts = _PARTS.split(word) if len(word) > 4 and _PARTS.search(word) else ()
        whole = () if word.endswith((".dup", ".elf")) else (word,)
        for piece in (*whole, *(part for part in parts if len(part) > 2)):
            if piece and piece not in stop:
                stem = _stem(piece)
                found.append(same.get(piece) or same.get(stem) or stem)
    return found


def folded(text: str) -> str:
    """The text in lower case without accents."""
    return without_accents(text.lower())


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
    builds: dict[str, frozenset[str]]  #: that an entry's title names; a text without them does not mean it


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
    builds = {source.id: frozenset(_BUILD.findall(_title(source.text))) for source in sources().values()}
    return _Index(documents, rarity, builds)


def _title(source: str) -> str:
    return next((value for name, value in _FIELD.findall(source) if name == "title"), "")


def _counted(source: str) -> Counter[str]:
    count: Counter[str] = Counter()
    for name, value in _FIELD.findall(source):
        for word in words_of(value):
            count[word] += _WEIGHTS[name]
    for causes in _CAUSES.findall(source):
        count.update(words_of(causes))
    return count


@cache
def _stopwords() -> frozenset[str]:
    return frozenset((HERE / "stopwords.txt").read_text(encoding="utf-8").split())


@cache
def _synonyms() -> dict[str, str]:
    text = (HERE / "synonyms.txt").read_text(encoding="utf-8")
    same: dict[str, str] = {}
    for line in text.splitlines():
        head, colon, rest = line.partition(":")
        if colon and not line.startswith("#"):
            for word in (head, *rest.split()):
                same.setdefault(word, head)
                same.setdefault(_stem(word), head)
    return same
