"""The version block of the modem: its software and its three boot loaders (modem-protocol.md 7.1, 8.3 and 8.4)."""

from .profile import MONARCH2_FAMILY

try:
    from typing import Dict, List, Sequence, Tuple  # noqa: F401
except ImportError:  # MicroPython
    pass

#: Copies of the boot loader in a modem.
COPIES = 3
#: How the names in the lines of the two commands begin and end: AT!="showver" and AT!="get_sw_version".
_SOFTWARE = (("Software", ":"), ("[FFF", "]"))
_LOADER = (("Bootloader", ":"), ("[BOOTROM", "]"))
#: Digits of a build number.
_SHORTEST, _LONGEST = 4, 6
#: What the first number of a release says of an SQN3330; a Monarch 2 is for both radios.
_RADIO_OF_MAJOR = {"5": "CATM1", "6": "NB1"}


class Loaders(object):
    """The boot loaders.

    copies  builds of copies 0, 1 and 2, 0 for one that is empty (NA); () if the block could not be read
    star    number of the copy that runs
    """

    def __init__(self, copies=(), star=0):
        # type: (Sequence[int], int) -> None
        self.copies = tuple(copies)
        self.star = star

    @property
    def runs(self):
        # type: () -> int
        """Build of the copy that runs; 0 if the block could not be read."""
        return self.copies[self.star] if self.copies else 0

    @property
    def copy0(self):
        # type: () -> int
        """Build of copy 0, which only the store method renews; 0 if it is empty or was not read."""
        return self.copies[0] if self.copies else 0

    @property
    def text(self):
        # type: () -> str
        """Such as ``33080,38638,38638*``; "" if the block could not be read."""
        words = []
        for number, build in enumerate(self.copies):
            words.append((str(build) if build else "NA") + ("*" if number == self.star else ""))
        return ",".join(words)

    def __eq__(self, other):
        # type: (object) -> bool
        return isinstance(other, Loaders) and self.text == other.text

    def __hash__(self):
        # type: () -> int
        return hash(self.text)


UNREAD = Loaders()


def loaders_of(lines):
    # type: (Sequence[str]) -> Loaders
    """The boot loaders that ``lines`` tell; UNREAD where a copy is missing, or not exactly one holds and runs."""
    found = {}  # type: Dict[int, Tuple[str, str]]
    for line in lines:
        name, value = _split(line, _LOADER)
        digit, star = name[:1], name[1:].strip()
        if digit not in ("0", "1", "2") or star not in ("", "*"):
            continue
        if found.setdefault(int(digit), (star, value)) != (star, value):
            return UNREAD
    copies = []  # type: List[int]
    stars = []  # type: List[int]
    for number in range(COPIES):
        star, value = found.get(number, ("", ""))
        build = 0 if value.upper() == "NA" else _numbered(value)[1]
        if not build and (star or value.upper() != "NA"):
            return UNREAD
        copies.append(build)
        stars += [number] * bool(star)
    return Loaders(copies, stars[0]) if len(stars) == 1 else UNREAD


def software_of(lines):
    # type: (Sequence[str]) -> Tuple[str, int]
    """Version and build of the software that ``lines`` tell; ("", 0) if they do not."""
    for line in lines:
        name, value = _split(line, _SOFTWARE)
        version, build = _numbered(value)
        if build and not name:
            return version, build
    return "", 0


def version_of(lines, family):
    # type: (Sequence[str], str) -> Tuple[str, int, str]
    """Release, build and radio of the software, ("", 0, "") if they are not told.

    The block is what the board's firmware trusts; a release such as LR5.1.1.0-41065, as ATI1 gives it, comes second.
    """
    told = [each for each in [_release(line) for line in lines] if each[1]]
    number, build = software_of(lines)
    if told:
        number, build = told[0][0], build or told[0][1]
        release = "LR%s-%d" % told[0]
    else:
        release = "LR%s-%d" % (number, build) if build else ""
    radio = "" if family == MONARCH2_FAMILY else _RADIO_OF_MAJOR.get(number.split(".")[0], "")
    return release, build, radio


def _release(line):
    # type: (str) -> Tuple[str, int]
    """Version and build behind the LR of a release; ("", 0) for any other line."""
    at = line.find("LR")
    text = ""
    if at == 0 or (at > 0 and not (line[at - 1].isalpha() or line[at - 1].isdigit())):
        for char in line[at + 2 :]:
            if not (char.isdigit() or char in ".-"):
                break
            text += char
    return _numbered(text)


def agreed(readings):
    # type: (Sequence[List[str]]) -> List[str]
    """The lines of the last reading of the block if all say the same; else none: what differs was not read."""
    told = [(software_of(lines), loaders_of(lines)) for lines in readings]
    return readings[-1] if told and all([one == told[0] for one in told]) else []


def _split(line, names):
    # type: (str, Tuple[Tuple[str, str], ...]) -> Tuple[str, str]
    """What stands behind one of the beginnings in the name of a line, and its value; ("-", "") for any other line."""
    line = line.strip()
    for begin, end in names:
        if line.startswith(begin) and end in line:
            at = line.find(end)
            return line[len(begin) : at].strip(), line[at + 1 :].strip()
    return "-", ""


def _numbered(value):
    # type: (str) -> Tuple[str, int]
    """``5.1.1.0 [41065] by ...`` or ``BUILD5.1.1.0-33988 by ...``: version and build, ("", 0) for anything else."""
    if value.startswith("BUILD"):
        value = value[5:]
    words = value.split()
    version = words[0] if words else ""
    build = words[1][1:-1] if len(words) > 1 and words[1][:1] + words[1][-1:] == "[]" else ""
    if version.count("-") == 1:
        version, build = version.split("-")
    numbers = version.split(".")
    whole = len(numbers) > 1 and all([_is_number(text) for text in numbers + [build]])
    return (version, int(build)) if whole and _SHORTEST <= len(build) <= _LONGEST else ("", 0)


def _is_number(text):
    # type: (str) -> bool
    return bool(text) and not text.strip("0123456789")
