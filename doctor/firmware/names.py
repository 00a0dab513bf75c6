"""What the name of a firmware file promises: radio, build, full or differential, part of a pair.

Nothing in the modem checks a name, but for a Pycom file the name is often all there is
(modem-protocol.md 6.4 and 7, failure-catalogue.md 2, probe F2).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePath

from doctor.updater.image_file import read_name

CATM1 = "CATM1"
NB1 = "NB1"

_RELEASE = re.compile(r"LR(\d+(?:\.\d+){3})-(\d{5})(?!\d)", re.IGNORECASE)


@dataclass(frozen=True)
class FirmwareName:
    """What a file name says; every member is a claim, not a fact.

    radio         "CATM1", "NB1" or None
    build         build that the modem runs afterwards, None if the name has none
    base          build that a differential image starts from, None for others
    part          1 or 2 for the files of a pair, else None
    practice      the name marks a practice image of our simulator
    differential  the name marks a differential image (upgdiff)
    text          the file name itself, unescaped
    family        modem family that the name points to: "SQN3330", "MONARCH2" or "unknown"
    release       such as "LR8.0.5.13-59577", empty if the name has none
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
    """What ``filename`` (a path is cut to its last member) says about the image, as the updater core reads it."""
    text = PurePath(filename.replace("\\", "/")).name
    said = read_name(text)
    release = _RELEASE.search(text)
    return FirmwareName(
        radio=said.radio or None,
        build=said.build or None,
        base=said.base or None,
        part=said.part or None,
        practice=said.practice,
        differential=said.differential,
        text=text,
        family=said.family,
        release=f"LR{release[1]}-{release[2]}" if release else "",
    )
