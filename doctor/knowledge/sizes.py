"""Sizes that a paste tells of one firmware file: a copy that is shorter than its original ended early."""

from __future__ import annotations

import re

from doctor.knowledge.paste import Paste

_MOST_CHARS = 6_000  #: who compares two sizes writes few words
_FEW_CHARS = 600  #: of a question about one size
_FULL_LEAST = 4_000_000  #: bytes: every full Cat-M1 or NB-IoT image that comes as one file is larger
_LEAST, _MOST = 20_000, 60_000_000
_UNEQUAL = 1.1  #: MB of one program are MiB of another
_SIZE = re.compile(
    r"(?<![\w.,/-])(\d{1,3}(?:[., ']\d{3}){1,2}(?![\d.,])|\d{1,8}(?:[.,]\d{1,3})?)"
    r"(?: ?(bytes?|octets?|b|k|kb|kib|ko|kbytes?|m|mb|mib|mo|mbytes?|megs?|megabytes?"
    r"|kilobytes?)(?![\w/])|(?=[\s,.;:?!)]|\Z))",
    re.I,
)
_FACTOR = {"k": 1_000, "m": 1_000_000}
_DUP = re.compile(r"[\w.+-]{1,80}(?: ?\(\d\))?\.dup\b", re.I)
_IMAGE = re.compile(r"\b(?:firmware|image|dup|abbild|imagen|bestand|fichier)\b", re.I)
_FULL = re.compile(r"(?:CATM1|NB1)[-_](?!\d{0,2}\.?\d?-?48829)", re.I)
#: Lines of logs, and sizes of something else.
_NO_PROSE = re.compile(r">>>|Sending \d|\[\d+/\d+\]|writing file|\.elf\b|load:0x", re.I)
_OF_ANOTHER = re.compile(r"\b(?:flash memory|RAM|free|heap|memory|frei|libres?|vrij|baud|seconds?)\b", re.I)
_BOARD = re.compile(
    r"\b(?:sd|card|board|fipy|gpy|device|os\.stat|ftp|filezilla|copied|copy|copi\w+|kopier\w*|karte|tarjeta|placa|carte|kaart"
    r"|bord|gekopieerd)\b|/flash|/sd",
    re.I,
)
_ORIGINAL = re.compile(
    r"\b(?:pc|mac|laptop|notebook|computer|zip|site|page|original|download\w*|should|supposed|expected|explorer|rechner|soll\w*"
    r"|eigentlich|ordenador|portátil|debería|descarg\w+|ordinateur|devrait|télécharg\w+|hoort|zou|says?|said|instead)\b",
    re.I,
)


def short_copy(paste: Paste) -> int | None:
    """Index of the line with the shorter size of a firmware file, if two of its sizes differ; None if none does."""
    names = {name.lower() for name in _DUP.findall(paste.text[:_MOST_CHARS])}
    if len(paste.text) > _MOST_CHARS or len(names) > 1 or not (names or _IMAGE.search(paste.text)):
        return None
    told = [
        (size, index) for index, line in enumerate(paste.lines) if not _NO_PROSE.search(line) for size in _sizes(line)
    ]
    if not told:
        return None
    (least, index), (most, _) = min(told), max(told)
    copied = most > least * _UNEQUAL and _BOARD.search(paste.text) and _ORIGINAL.search(paste.text)
    is_about_it = _BOARD.search(paste.text) or len(paste.text) < _FEW_CHARS
    cut = most < _FULL_LEAST and _FULL.match(next(iter(names), "")) and is_about_it
    return index if (copied and (names or most >= _FULL_LEAST)) or cut else None


def _sizes(line: str) -> list[int]:
    found = []
    for size in _SIZE.finditer(line):
        unit = (size[2] or "").lower()[:1]
        number = size[1] if unit in _FACTOR else re.sub(r"[., '](?=\d{3}(?:\D|\Z))", "", size[1])
        number = number.replace(",", ".")
        value = int(float(number) * _FACTOR.get(unit, 1)) if number.replace(".", "", 1).isdecimal() else 0
        about = line[size.end() : size.end() + 14]
        if _LEAST <= value <= _MOST and (unit or value > 999_999) and not _OF_ANOTHER.search(about):
            found.append(value)
    return found


#: So much of so much, as tools of the computer say it of an upload.
_OF_SO_MUCH = re.compile(
    r"(?<![\w.,/:-])(\d{1,9}(?:[.,]\d{1,3})?) ?(?:bytes?|[km]i?b)? ?(?:/|\b(?:of|von|de|sur|van)\b)"
    r" ?(\d{1,9}(?:[.,]\d{1,3})?) ?(?:bytes?|octets?|[km]i?b)\b",
    re.I,
)
_BROKE_OFF = re.compile(
    r"incomplete|abort|short|broke|fail|error|time[ds]? ?out|timeout|truncate|interrupt|cancel|stopped"
    r"|lost|only|died|disconnect|abgebrochen|abbruch|unvollst|nur\b|fehler|incomplet|interrump|cortad|s[oó]lo\b"
    r"|interrompu|seulement|afgebroken",
    re.I,
)
_OF_THE_MODEM = re.compile(r"Sending \d|residue|\bmodem\b[^\n]{0,30}(?:sent|send)", re.I)
_SCRIPT = re.compile(r"\b[\w-]{1,40}\.(?:py|mpy)\b", re.I)
_FIRMWARE = re.compile(r"\.(?:dup|elf)\b", re.I)
_LINES_AROUND = 3


def cut_upload(paste: Paste) -> tuple[str, int] | None:
    """The entry for a copy that stopped after N of M bytes, and the index of that line; None if none did."""
    if len(paste.text) > _MOST_CHARS:
        return None
    found = [(hit, paste.index(hit.start())) for hit in _OF_SO_MUCH.finditer(paste.text)]
    if not found:
        return None
    hit, index = found[-1]
    done, whole = (float(number.replace(",", ".")) for number in hit.groups())
    around = paste.slice(index - _LINES_AROUND, index + 1 + _LINES_AROUND)
    if done >= whole or not _BROKE_OFF.search(around) or _OF_THE_MODEM.search(around):
        return None
    if _FIRMWARE.search(around):
        return ("ftp-truncated-file" if _BOARD.search(around) else "firmware-file-truncated"), index
    return ("pymakr-upload-failed", index) if _SCRIPT.search(around) else None
