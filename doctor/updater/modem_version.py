"""Build, radio and boot loaders of the modem, out of its own lines: what the planner asks, on a board without a PC.

doctor/modem/facts.py does the same for reports, with regular expressions that the board has not.
"""

from .shapes import Running
from .states import Facts, State, family_of  # noqa: F401
from .version_block import loaders_of, software_of

_RADIO_OF_MAJOR = {"5": "CATM1", "6": "NB1"}


def running(state, facts, was=0):
    # type: (State, Facts, int) -> Running
    """What the modem is now; ``was`` is the build that the user named."""
    lines = facts.ati1 + facts.showver + state.ati
    family = family_of(lines) or state.family
    build, major = 0, ""
    for line in lines:
        found = _after(line, "LR")
        if not build and found.count("-") == 1 and found.split("-")[1].isdigit():
            build, major = int(found.split("-")[1]), found.split(".")[0]
    software = software_of(lines)
    if software[1]:
        build = software[1]
        major = major or software[0].split(".")[0]
    radio = _RADIO_OF_MAJOR.get(major, "") if family == "SQN3330" else ""
    return Running(state.mode, build, radio, family, loaders_of(lines), was)


def _after(line, word):
    # type: (str, str) -> str
    """The version behind ``word``: digits, dots and dashes."""
    at = line.find(word)
    text = ""
    for char in line[at + len(word) :] if at >= 0 else "":
        if not (char.isdigit() or char in ".-"):
            break
        text += char
    return text
