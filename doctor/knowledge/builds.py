"""Which build the modem runs and which one the file holds, wherever a paste says so."""

from __future__ import annotations

import itertools
import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

from doctor.knowledge.paste import Paste

CAT_M1, NB_IOT = "LR5", "LR6"
_MOST = 40  #: builds of one paste whose part is known
_MOST_LOOKED_AT = 400
_BEFORE_CHARS = 48  #: how far back the words that tell the part of a build are looked for

#: Public builds of the SQN3330 and those that came with boards (modem-protocol.md 7).
_RADIO = {
    **dict.fromkeys((33080, 33988, 36417, 38638, 39529, 41065, 43818, 46470, 48829, 50523), CAT_M1),
    **dict.fromkeys((35351, 36571, 37365, 37781, 38729, 40343, 41019, 46262, 48939), NB_IOT),
}
_BY_NAME = {"LR5": CAT_M1, "LR6": NB_IOT, "CATM1": CAT_M1, "NB1": NB_IOT}
_TOLD = re.compile(r"LR[56](?=\.\d\.\d\.\d-\Z)|(?:CATM1|NB1)(?=[-_]\Z)", re.I)
_NUMBER = re.compile(r"(?<![\d.])(\d{5})(?!\d)(-[12])?(?![\d.]*\d)")
_FILE = re.compile(r"[\w./-]{0,60}\.dup\b", re.I)
_LOADER = re.compile(r"Bootloader\d\*? {0,9}:[^\n]*\Z", re.I)
_BASE = re.compile(r"upgdiff_\Z", re.I)
_TARGET = re.compile(r"upgdiff_\d{5}[-_]to[-_]\Z", re.I)
_IMAGE_PART, _PRINTED, _SAID = "image", "printed", "said"  #: parts: an image; runs, as a tool prints it; runs, in words
_MODEM = re.compile(r"\bLR[56]\.\d\.\d\.\d-\Z|\bSoftware {0,9}: {0,3}[\d.]{5,9} \[\Z", re.I)
_RUNS = re.compile(
    r"\b(?:current(?:ly)?|installed|have|has|had|got|on|runs?"
    r"|running|ran|from|is|was|shows?|says?|modem|GPy|FiPy|build|version|habe|hat|hast|läuft|zeigt|mit|von"
    r"|aktuell|tengo|tiene|desde|con|actual|ai|depuis|heb|heeft|van|met|draait|huidige)"
    r"\W{1,3}(?:(?:the|build|version|firmware|software|still|only|Cat-?M1?|NB-?IoT|NB1|CATM1|a|der|die|la|el|le|de)"
    r"\W{1,3}){0,3}\Z",
    re.I,
)
_IMAGE = re.compile(
    r"\b(?:to|into|flash(?:ing|en|e|er|ear)?|install(?:ing|ieren|er)?|update|upgrade|planned|target|want"
    r"|new|load|send|take|use|try|nach|auf|a|al|vers|naar|file|image|datei|archivo|fichier|bestand)"
    r"\W{1,3}(?:(?:the|build|version|Cat-?M1?|NB-?IoT|NB1|CATM1|5\.2|firmware)\W{1,3}){0,3}\Z"
    r"|[-=]>\W{0,3}\Z|(?:CATM1|NB1)[-_](?:5\.2-)?\Z",
    re.I,
)
_PARTS = ((_PRINTED, _MODEM), (_SAID, _RUNS), (_IMAGE_PART, _IMAGE))


@dataclass(frozen=True)
class Build:
    """A build that runs, or an image.

    kind     the radio that it is for, ``LR5`` Cat-M1 or ``LR6`` NB-IoT; ``diff`` is a differential image, and its
             number is that of the build that it patches
    place    where the number stands in the text
    in_call  named where the updater is called, so that what stands behind is what came of it
    """

    number: int
    kind: str
    place: int
    in_call: bool = False

    def __str__(self) -> str:
        return f"{self.kind}-{self.number}"


@dataclass(frozen=True)
class Step:
    """An image, and the build that ran when it was sent, or is meant to be."""

    runs: Build
    image: Build

    def holds(self, compare: str) -> bool:
        """Whether ``runs > image`` or ``runs != image`` was true before the image was sent; true where empty."""
        if not compare:
            return True
        if self.image.in_call and self.runs.place > self.image.place:
            return False
        _, sign, _ = compare.split()
        return self.runs.number > self.image.number if sign == ">" else self.runs.number != self.image.number

    @property
    def places(self) -> tuple[int, int]:
        """Where both stand in the text, the first one first."""
        first, last = sorted((self.runs.place, self.image.place))
        return first, last


def steps_of(paste: Paste) -> tuple[Step, ...]:
    """Every image of the paste with the build that ran before it; where none is told before it, the one behind."""
    parts: dict[str, list[Build]] = {_IMAGE_PART: [], _PRINTED: [], _SAID: []}
    for build, part in itertools.islice(_told(paste.text), _MOST):
        parts[part].append(build)
    running, images = parts[_PRINTED] or parts[_SAID], parts[_IMAGE_PART]
    steps = []
    for image in images if running else ():
        before = bisect_left([build.place for build in running], image.place)
        steps.append(Step(running[max(before - 1, 0)], image))
    return tuple(steps)


def _told(text: str) -> Iterator[tuple[Build, str]]:
    """Builds whose part is known, and that part."""
    for found in itertools.islice(_NUMBER.finditer(text), _MOST_LOOKED_AT):
        before = text[max(0, found.start() - _BEFORE_CHARS) : found.start()]
        if _LOADER.search(before) or _TARGET.search(before):
            continue
        kind = "diff" if _BASE.search(before) else _radio(int(found[1]), before)
        is_file = kind == "diff" or _FILE.match(text, found.end()) is not None
        part = _IMAGE_PART if is_file else next((part for part, words in _PARTS if words.search(before)), "")
        if kind and part:
            yield Build(int(found[1]), kind, found.start(), "run(" in before), part


def _radio(number: int, before: str) -> str:
    """The radio of a build, known by its number or by what stands in front of it; empty where neither tells."""
    told = _TOLD.search(before)
    return _RADIO.get(number) or (_BY_NAME[told[0].upper()] if told else "")
