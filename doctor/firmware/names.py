"""What the name of a firmware file promises: radio, build, full or differential, part of a pair.

Nothing in the modem checks a name, but for a Pycom file the name is often all there is
(modem-protocol.md 6.4 and 7, failure-catalogue.md 2, probe F2).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePath

CATM1 = "CATM1"
NB1 = "NB1"

#: Radio of the builds that are known from public sources (modem-protocol.md 7).
RADIO_OF_BUILD = {
    33080: CATM1,
    33988: CATM1,
    35351: NB1,
    36417: CATM1,
    36571: NB1,
    37365: NB1,
    37781: NB1,
    38638: CATM1,
    38729: NB1,
    39529: CATM1,
    40343: NB1,
    41019: NB1,
    41065: CATM1,
    43818: CATM1,
    46262: NB1,
    46470: CATM1,
    48829: CATM1,
    48939: NB1,
    50523: CATM1,
}

_PRACTICE = re.compile(r"^PRACTICE-", re.IGNORECASE)
_DIFFERENTIAL = re.compile(r"upgdiff", re.IGNORECASE)
_FROM_TO = re.compile(r"(?<!\d)(\d{5})[-_ ]*to[-_ ]*(\d{5})(?!\d)", re.IGNORECASE)
_BUILD = re.compile(r"(?<![\d.])(\d{5})(?!\d)")
#: The pair is CATM1-5.2-48829-1.dup and -2.dup; a browser's second copy, "x (1).dup", is no part.
_PART = re.compile(r"(?<!\d)\d{5}[-_]([12])(?!\d)")
_RELEASE = re.compile(r"LR(\d+(?:\.\d+){3})-(\d{5})(?!\d)", re.IGNORECASE)
_RADIO_WORDS = (
    (CATM1, re.compile(r"CAT[-_]?M1?(?![A-Z])|(?<![A-Z])LR5\.", re.IGNORECASE)),
    (NB1, re.compile(r"NB[-_]?(?:1|IOT)|(?<![A-Z])LR6\.", re.IGNORECASE)),
)
_MONARCH2_WORDS = re.compile(r"GM02|SQN34[0-9X]|(?<![A-Z])LR8\.", re.IGNORECASE)
_SQN3330_WORDS = re.compile(r"FIPY|GPY|SQN3330|CATM1|NB1|(?<![A-Z])LR[56]\.", re.IGNORECASE)


@dataclass(frozen=True)
class FirmwareName:
    """What a file name says; every member is a claim, not a fact.

    radio         "CATM1", "NB1" or None
    build         build that the modem runs afterwards, None where the name has none
    base          build that a differential image starts from, None for others
    part          1 or 2 for the files of a pair, else None
    practice      the name marks a practice image of our simulator
    differential  the name marks a differential image (upgdiff)
    text          the file name itself, unescaped
    family        modem family that the name points to: "SQN3330", "MONARCH2" or "unknown"
    release       such as "LR8.0.5.13-59577", empty where the name has none
    """

    radio: str | None
    build: int | None
    base: int | None
    part: int | None
    practice: bool
    differential: bool
    text: str
    family: str = "unknown"
    release: str = ""


def parse_name(filename: str) -> FirmwareName:
    """What ``filename`` (a path is cut to its last member) says about the image."""
    text = PurePath(filename.replace("\\", "/")).name
    from_to = _FROM_TO.search(text)
    base, build = (int(from_to[1]), int(from_to[2])) if from_to else (None, _last_build(text))
    part = _PART.search(text) if from_to is None else None
    release = _RELEASE.search(text)
    return FirmwareName(
        radio=_radio(text, build),
        build=build,
        base=base,
        part=int(part[1]) if part else None,
        practice=bool(_PRACTICE.search(text)),
        differential=bool(from_to or _DIFFERENTIAL.search(text)),
        text=text,
        family=_family(text, build),
        release=f"LR{release[1]}-{release[2]}" if release else "",
    )


def _last_build(text: str) -> int | None:
    found = _BUILD.findall(text)
    return int(found[-1]) if found else None


def _radio(text: str, build: int | None) -> str | None:
    said = [radio for radio, words in _RADIO_WORDS if words.search(text)]
    if len(said) == 1:
        return said[0]
    return RADIO_OF_BUILD.get(build) if build is not None and not said else None


def _family(text: str, build: int | None) -> str:
    if _MONARCH2_WORDS.search(text):
        return "MONARCH2"
    if _SQN3330_WORDS.search(text) or build in RADIO_OF_BUILD:
        return "SQN3330"
    return "unknown"
