"""What the readable text inside a firmware file says: modem family, version, and the lines of a practice image."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

#: Partition id that only our simulator's practice images carry: the letters CARP read as a little-endian number.
PRACTICE_PARTITION = 0x50524143
#: Longest block of text at the start of a practice image.
PRACTICE_TEXT_BYTES = 1024

_FAMILY_WORDS = (
    ("SQN3330", re.compile(rb"SQN3330")),
    ("MONARCH2", re.compile(rb"GM02S|SQN34[xX0-9]0")),
)
#: Each starts with a literal: seven times faster over 6 MB than one expression for the whole version.
_BUILDS = (re.compile(rb" \[(\d{5})\]"), re.compile(rb"-(\d{5})(?!\d)"))
_NUMBER = re.compile(rb"(?<![\d.])(\d{1,2}\.\d{1,2}\.\d{1,2}\.\d{1,2})\Z")
_NUMBER_BYTES = 12
_PRACTICE_LINE = re.compile(rb"(radio|build|base|version|ue|part|kind)=([ -~]{0,60})\r?")


@dataclass(frozen=True)
class Version:
    """A version that a firmware image carries, such as 8.0.5.13 with build 59577."""

    number: str
    build: int

    @property
    def release(self) -> str:
        """As the modem prints it in ATI1: ``LR8.0.5.13-59577``."""
        return f"LR{self.number}-{self.build}"


@dataclass(frozen=True)
class PracticeText:
    """The lines of a practice image; members are empty or 0 if a line is missing."""

    radio: str = ""
    build: int = 0
    base: int = 0
    version: str = ""
    ue: str = ""
    part: int = 0
    kind: str = ""


def family(data: bytes) -> str:
    """Modem family whose names stand in ``data``: "SQN3330", "MONARCH2", or "unknown" for none or both."""
    found = [name for name, words in _FAMILY_WORDS if words.search(data)]
    return found[0] if len(found) == 1 else "unknown"


def version(data: bytes) -> Version | None:
    """The one version that ``data`` names; None if it names none or several."""
    found: set[tuple[str, int]] = set()
    for builds in _BUILDS:
        for match in builds.finditer(data):
            number = _NUMBER.search(data, max(0, match.start() - _NUMBER_BYTES), match.start())
            if number is not None:
                found.add((number[1].decode("ascii"), int(match[1])))
    if len(found) != 1:
        return None
    return Version(*found.pop())


def practice(data: bytes) -> PracticeText | None:
    """The lines of a practice image's data, None if they are not those of one."""
    if len(data) < 4 or struct.unpack_from("<I", data)[0] != PRACTICE_PARTITION:
        return None
    lines = data[4 : 4 + PRACTICE_TEXT_BYTES].split(b"\n")
    if lines[0].strip() != b"PRACTICE":
        return None
    members: dict[str, str] = {}
    for line in lines[1:]:
        match = _PRACTICE_LINE.fullmatch(line)
        if match is None:
            break  # Filler follows the last line without a mark between them.
        members[match[1].decode("ascii")] = match[2].decode("ascii").strip()
    return PracticeText(
        radio=members.get("radio", ""),
        build=_number(members.get("build", "")),
        base=_number(members.get("base", "")),
        version=members.get("version", ""),
        ue=members.get("ue", ""),
        part=_number(members.get("part", "")) if members.get("part") in ("1", "2") else 0,
        kind=members.get("kind", ""),
    )


def _number(text: str) -> int:
    return int(text) if re.fullmatch(r"[0-9]{1,6}", text.strip()) else 0
