"""Reading what the program prints as the next step, as literally as a user would."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from tests.matrix import flows

PROGRAM = "fipy-doctor"
#: What the user is told to do, in the words of remedies and errors.
_BY_HAND = (
    (r"take all power off|take USB and battery off|unplug USB and any battery", "power-cycle"),
    (r"press the (?:board's )?reset button", "press-reset"),
    (r"leave (?:the board powered|power on)|wait (?:up to )?30 minutes", "wait"),
    (r"plug the board in", "plug-in"),
    (r"pull the two jumpers", "pull-jumpers"),
)


@dataclass(frozen=True)
class NextStep:
    """What was printed: things for the user to do, commands that do them on a simulated bench, one command."""

    hands: tuple[str, ...]
    typed_hands: tuple[tuple[str, ...], ...]
    command: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.hands or self.typed_hands or self.command)


def next_step(printed: str, last: tuple[str, ...], files: Path, was: str) -> NextStep:
    """The next step in ``printed``; ``last`` is the command that printed it, ``was`` the build that the modem ran."""
    printed = _joined(printed)
    typed = [tuple(shlex.split(text)) for text in re.findall(rf"your hands are: {PROGRAM} (.*)\)$", printed, re.M)]
    lead = re.findall(rf"^(?:Next:|Then run:)\n  {PROGRAM} (.*)$", printed, re.M)
    said = re.findall(r"^  next:  (.*)$", printed, re.M)
    todo = re.findall(r"^  \d+\. (.*)$", printed[printed.rfind("Do this now:") :], re.M) if lead else []
    text = " ; ".join(todo) if lead else (said[-1] if said else "")
    hands = tuple(hand for hand in _found(text) if not typed or hand == "wait")  # for which there is no command
    command = tuple(shlex.split(lead[-1])) if lead else _in_sentence(text, last)
    return NextStep(hands, tuple(_filled(words, files, was) for words in typed), _filled(command, files, was))


def _joined(printed: str) -> str:
    """What is printed below "next:" and in brackets, in one line each; a command that stands alone ends a sentence."""
    lines: list[str] = []
    inside = False
    for line in printed.splitlines():
        goes_on = inside and line.startswith("    ")
        if goes_on and line.startswith(f"    {PROGRAM} "):
            lines[-1] += f" {line.strip()};"
        elif goes_on:
            lines[-1] += f" {line.strip()}"
        else:
            inside = line.startswith(("  next:  ", "  (on the simulated bench"))
            lines.append(line)
    return "\n".join(lines)


def _found(text: str) -> list[str]:
    found = []
    for pattern, hand in _BY_HAND:
        match = re.search(pattern, text)
        if match is not None and "do not unplug" not in text[max(0, match.start() - 5) : match.start()]:
            found.append((match.start(), hand))
    return [hand for _, hand in sorted(found)]


def _in_sentence(text: str, last: tuple[str, ...]) -> tuple[str, ...]:
    text = re.sub(rf"\({PROGRAM} status [^)]*\)", "", text)  # told in passing; the command to run comes last
    command = re.search(rf"{PROGRAM} ((?:check|status|flash|fix)\b[^;]*)", text)
    if command is not None:
        words = re.split(r",| without | and wait| then ", command.group(1))[0]
        return tuple(shlex.split(words)) if " --" in words or "flash" in words else _same_bench(words.split()[0], last)
    if "same command" in text:
        return last
    more = re.search(r"(?:add|use) (--[a-z-]+ [\w.-]+)", text)
    if more is not None:
        return (*last, *more.group(1).split())
    image = re.search(r"(?:flash|use) (?:a |the )?(?:full )?(?:Cat-M1 )?(?:image)?", text)
    if image is not None and "image" in text:
        return ("flash", "FULL-IMAGE.dup", *_bench_words(last))
    return ()


def _same_bench(name: str, last: tuple[str, ...]) -> tuple[str, ...]:
    """``fipy-doctor check`` in a sentence: the user adds the port, and what the last command named."""
    return (name, *_bench_words(last))


def _bench_words(last: tuple[str, ...]) -> tuple[str, ...]:
    words: list[str] = []
    for flag in ("--port", "--via"):
        if flag in last:
            words += [flag, last[last.index(flag) + 1]]
    return tuple(words)


def _filled(words: tuple[str, ...], files: Path, was: str) -> tuple[str, ...]:
    """Placeholders become the files that the user finds."""
    places = {
        "FULL-IMAGE.dup": str(files / flows.IMAGE),
        "FILE.dup": str(files / flows.IMAGE),
        "CATM1-41065.dup": str(files / flows.IMAGE),
        "CATM1-39529.dup": str(files / "PRACTICE-CATM1-39529.dup"),
        "upgdiff_33080-to-41065.dup": str(files / flows.FIRST_DIFF),
        "updater.elf": str(files / flows.ELF),
        "sqnsbrz.py": str(files / flows.BOOTROM),
        "BUILD": was,
    }
    if words[:1] in (("flash",), ("plan",)) and not any(word.endswith(".dup") for word in words):
        words = (words[0], "FILE.dup", *words[1:])  # the program looks for it, and asks at the terminal
    return tuple(places.get(word, word) for word in words)
