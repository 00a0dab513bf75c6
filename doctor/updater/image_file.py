"""What a firmware file is, found out on the board: by its name, its first bytes and its length.

The PC knows far more (doctor/firmware reads every container) and passes that on in the side file; this is for somebody
with a terminal only. Names follow modem-protocol.md 6.4, containers 6.1.
"""

import struct

from .profile import MONARCH2_FAMILY, SQN3330_FAMILY
from .shapes import DIFF, FULL, PRACTICE, PRACTICE_FAMILY, ImageFacts, Refusal, radio_of
from .side_file import FORMAT

try:
    from typing import List, Optional, Tuple  # noqa: F401
except ImportError:  # MicroPython
    pass

#: So much of the beginning of a file is looked at; a practice image says what it is within.
HEAD_BYTES = 1536
_BUILD_DIGITS = 5
_CONTAINERS = (b"PACK", b"UPGR", b"SFFF", b"SUFF", b"DIFF", b"RASR", b"PRAC")
_PRACTICE_MAGIC = b"PRAC"
#: Partition id of a practice image, little-endian in front of its lines.
_PRACTICE_ID = b"CARP"
_SIGNED_FROM_VERSION = 2
#: What a side file says of itself, wherever its name went.
SIDE_FORMAT = FORMAT.encode()


class Name(object):
    """What a file name claims: radio, build, base, part of a pair (0: none), practice, differential, family."""

    def __init__(self, radio, build, base, part, practice, differential, family):
        # type: (str, int, int, int, bool, bool, str) -> None
        self.radio = radio
        self.build = build
        self.base = base
        self.part = part
        self.practice = practice
        self.differential = differential
        self.family = family


def read_name(path):
    # type: (str) -> Name
    """What the last member of ``path`` claims."""
    text = _upper(path.replace("\\", "/").split("/")[-1])
    runs = _numbers(text)
    base, build, part = 0, 0, 0
    for index in range(len(runs) - 1):
        between = text[runs[index][1] : runs[index + 1][0]]
        if not base and between.strip("-_ ") == "TO":
            base = int(text[runs[index][0] : runs[index][1]])
            build = int(text[runs[index + 1][0] : runs[index + 1][1]])
    if not base:
        plain = [run for run in runs if text[run[0] - 1 : run[0]] != "."]
        build = int(text[plain[-1][0] : plain[-1][1]]) if plain else 0
        for _, end in runs:
            tail = text[end : end + 3]
            if not part and tail[:1] in ("-", "_") and tail[1:2] in ("1", "2") and not _digit(tail[2:3]):
                part = int(tail[1])
    radio = _radio(text)
    if not radio and not _says(text):
        radio = radio_of(build)
    return Name(
        radio, build, base, part, text.startswith("PRACTICE-"), bool(base) or "UPGDIFF" in text, _family(text, build)
    )


def look(path, size, families=()):
    # type: (str, int, List[str] | Tuple[str, ...]) -> Tuple[ImageFacts, Optional[Refusal]]
    """What the file is for the planner, and why it is no whole firmware image, if so. Raises OSError.

    families  modem families that are named inside it
    """
    stream = open(path, "rb")
    try:
        head = stream.read(HEAD_BYTES)
    finally:
        stream.close()
    return judge(path, size, head, families)


def judge(path, size, head, families=()):
    # type: (str, int, bytes, List[str] | Tuple[str, ...]) -> Tuple[ImageFacts, Optional[Refusal]]
    """As ``look``, for a file whose beginning was read already."""
    name = read_name(path)
    text = path.split("/")[-1]
    family = families[0] if len(families) == 1 else name.family
    if head[:4] == b"\x7fELF":
        return ImageFacts(text, size, "updater-elf", "", 0, 0, family), None
    refusal = _no_firmware(text, head) or _wrong_length(text, head, size)
    if head[:4] == _PRACTICE_MAGIC:
        return _practice(text, size, head), refusal
    kind = _kind(name, head)
    family = PRACTICE_FAMILY if kind == PRACTICE else family
    return ImageFacts(text, size, kind, name.radio, name.build, name.base, family), refusal


def _kind(name, head):
    # type: (Name, bytes) -> str
    if name.practice:
        return PRACTICE
    if head[:4] == b"DIFF" or name.differential:
        return DIFF
    if head[:4] == b"UPGR" and b"toob" in head[:256]:
        return "bootrom"
    if name.part:
        return "pair-%d" % name.part
    return FULL if name.build else "unknown"


def _practice(text, size, head):
    # type: (str, int, bytes) -> ImageFacts
    """A practice image says in lines of text what it is."""
    said = {}
    for line in head[max(0, head.find(_PRACTICE_ID)) :].split(b"\n")[1:]:
        if not _plain(line) or b"=" not in line:
            break  # filler follows the last line without a mark between them
        key, value = line.decode().split("=", 1)
        said[key] = value.strip()
    build = said.get("build", "0")
    base = said.get("base", "0")
    part = said.get("part", "0")
    return ImageFacts(
        text,
        size,
        PRACTICE,
        said.get("radio", ""),
        int(build) if build.isdigit() else 0,
        int(base) if base.isdigit() else 0,
        PRACTICE_FAMILY,
        int(part) if part in ("1", "2") else 0,
    )


def _plain(line):
    # type: (bytes) -> bool
    return 0 < len(line) < 80 and all([32 <= byte < 127 for byte in line])


# What Python says of letters and digits beyond ASCII, MicroPython does not.
def _upper(text):
    # type: (str) -> str
    return "".join([chr(ord(one) - 32) if "a" <= one <= "z" else one for one in text])


def _letter(one):
    # type: (str) -> bool
    return "A" <= one <= "Z"


def _digit(one):
    # type: (str) -> bool
    return "0" <= one <= "9"


def _numbers(text):
    # type: (str) -> List[Tuple[int, int]]
    """Where runs of exactly five digits stand, as (begin, end)."""
    runs = []
    begin = -1
    for at in range(len(text) + 1):
        digit = _digit(text[at : at + 1])
        if digit and begin < 0:
            begin = at
        elif not digit and begin >= 0:
            if at - begin == _BUILD_DIGITS:
                runs.append((begin, at))
            begin = -1
    return runs


def _release(text, digit):
    # type: (str, str) -> bool
    """Whether a release such as LR5. stands in ``text``, not behind another letter."""
    at = text.find("LR" + digit + ".")
    return at >= 0 and not _letter(text[max(0, at - 1) : at])


def _says(text):
    # type: (str) -> List[str]
    """The radios that a name mentions."""
    said = []
    for word in ("CATM", "CAT-M", "CAT_M", "CAT"):
        at = text.find(word)
        after = text[at + len(word) :]
        after = after[1:] if word != "CAT" and after[:1] == "1" else after
        if at >= 0 and not _letter(after[:1]):
            said.append("CATM1")
            break
    if "CATM1" not in said and _release(text, "5"):
        said.append("CATM1")
    if any([word in text for word in ("NB1", "NB-1", "NB_1", "NBIOT", "NB-IOT", "NB_IOT")]) or _release(text, "6"):
        said.append("NB1")
    return said


def _radio(text):
    # type: (str) -> str
    said = _says(text)
    return said[0] if len(said) == 1 else ""


def _family(text, build):
    # type: (str, int) -> str
    at = text.find("SQN34")
    if "GM02" in text or (at >= 0 and _digit(text[at + 5 : at + 6])) or "SQN34X" in text or _release(text, "8"):
        return MONARCH2_FAMILY
    known = any([word in text for word in ("FIPY", "GPY", "SQN3330", "CATM1", "NB1")])
    if known or _release(text, "5") or _release(text, "6") or radio_of(build):
        return SQN3330_FAMILY
    return "unknown"


_REFUSED_HEADS = (
    (b"PK", "firmware-still-zipped", "is a zip archive"),
    (b"\x1f\x8b", "firmware-still-zipped", "is a packed archive"),
    (b"Rar!", "firmware-still-zipped", "is a packed archive"),
    (b"7z\xbc\xaf", "firmware-still-zipped", "is a packed archive"),
    (b"\x00\x05\x16", "appledouble-companion", "is what macOS writes beside a file"),
)


def _no_firmware(text, head):
    # type: (str, bytes) -> Optional[Refusal]
    """A file whose first bytes show that it is not one."""
    if head[:1] == b"{" and SIDE_FORMAT in head[:64]:
        what = text + " holds the checksums of an image, not the image"
        return Refusal("wrong-firmware-variant-chosen", what, "", "name the .dup file beside it")
    for magic, id, what in _REFUSED_HEADS:
        if head[: len(magic)] == magic:
            return Refusal(id, text + " " + what, "the modem takes unpacked firmware only", "copy the .dup file itself")
    sample = head[:256]
    if sample and all([32 <= byte < 127 or byte in (9, 10, 13) for byte in sample]):
        return Refusal(
            "error-page-saved-as-dup",
            text + " is text, such as a web page that was saved under this name",
            "the modem takes firmware only",
            "download the file again",
        )
    return None


def _wrong_length(text, head, size):
    # type: (str, bytes, int) -> Optional[Refusal]
    """A container whose length is not that of the file; several in a row are not followed here."""
    if head[:4] not in _CONTAINERS or len(head) < 20:
        return None
    version, _, data = struct.unpack("<HHI", head[4:12])
    whole = 20 + data
    if version >= _SIGNED_FROM_VERSION:
        whole = 16 + data + struct.unpack("<H", head[14:16])[0]
    if version > _SIGNED_FROM_VERSION:
        whole += 2 + struct.unpack("<H", head[16:18])[0]
    if size >= whole and (head[:4] != b"PACK" or size == whole):
        return None
    return Refusal(
        "firmware-file-truncated",
        "%s has %d bytes and says of itself that it has %d" % (text, size, whole),
        "a part of it is missing, or something follows it",
        "copy the file again, and eject the card before you take it out",
    )
