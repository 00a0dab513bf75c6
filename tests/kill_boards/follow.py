"""What the program prints as the next step, typed as literally as a user would."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from tests.matrix.follow import next_step

COMMANDS = ("restore", "backup", "fix", "check", "status")
TAKES_A_VALUE = (
    "--port", "--backup", "--put-back", "--confirm", "--scripts", "--accept", "--sd", "--via", "--select", "--ignore",
)  # fmt: skip
TAKES_A_FOLDER = ("restore", "backup")


def next_command(printed: str, last: tuple[str, ...]) -> tuple[str, ...]:
    """The command that is printed as the next one; the last one if that is to be run again; else none."""
    said = re.findall(r"^  next:  (.*(?:\n    .*)*)", printed, re.M)
    lead = re.findall(r"^(?:Next:|Then run:)\n  (.*)$", printed, re.M)
    for text in ([said[-1]] if said else []) + ([lead[-1]] if lead else []):
        joined = " ".join(text.split())
        found = re.search(rf"fipy-doctor ((?:{'|'.join(COMMANDS)})\b.*)", joined)
        again = re.search(r"(?:same command|the command) again", joined)
        if again and (not found or again.start() < found.start()):
            return last
        if found:
            return _with_port(_words(found.group(1)), last)
    return ()


def hands(printed: str, last: tuple[str, ...]) -> tuple[str, ...]:
    """What the user's hands are to do."""
    return next_step(printed, last, Path(), "").hands


def _words(text: str) -> tuple[str, ...]:
    """The command at the beginning of a sentence: it ends when no option and no folder follows."""
    try:
        given = shlex.split(text)
    except ValueError:
        given = text.split()
    words = [given[0].rstrip(",;:.")]
    folder = given[0] in TAKES_A_FOLDER
    rest = iter(given[1:])
    for word in rest:
        bare = word.rstrip(",;:")
        if bare.startswith("--"):
            words.append(bare)
            if bare in TAKES_A_VALUE:
                words.append(next(rest, "").rstrip(",;:"))
        elif folder:
            words.append(bare)
            folder = False
        else:
            break
        if bare != word:
            break
    return tuple(words)


def _with_port(words: tuple[str, ...], last: tuple[str, ...]) -> tuple[str, ...]:
    return words if "--port" in words else (*words, "--port", last[last.index("--port") + 1])
