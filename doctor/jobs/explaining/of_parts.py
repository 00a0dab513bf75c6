"""Answers on a part of the bench: is it the reason, is it needed?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from doctor.knowledge.builds import RADIOS
from doctor.knowledge.explanation import Explanation
from doctor.knowledge.words.things import (
    ANTENNA,
    BOARD,
    CABLE,
    CARD,
    DRIVER,
    MODEM,
    SCRIPTS,
    SIM,
    UPDATER_ELF,
    is_about,
)

_WITH_ELF = re.compile(r"--updater-elf|with (?:the )?`?updater\.elf")
_WITHOUT_ELF = re.compile(r"without (?:the )?`?updater\.elf")
#: What holds whatever the text tells: what a flash needs besides the modem and its image.
_NEVER = {
    CARD: "A card? Not for a flash: `fipy-doctor flash FILE.dup --via usb` sends it over the cable.",
    SIM: "A SIM card? No, neither a flash nor an AT command needs one; only a network does.",
    ANTENNA: "An antenna? Not for a flash; but let no program attach without one.",
    SCRIPTS: "The vendor's scripts? No, fipy-doctor brings its own updater.",
}
#: Another one is to be used.
_REPLACES = re.compile(r"\b(?:another|a new|other|different|better|shorter|stronger|replace)\b((?: [\w-]+){1,4})", re.I)
#: What may be good although the finding is about it.
_MAY_BE_GOOD = (CARD, SIM, CABLE, BOARD, MODEM)
_DRIVER = (
    "A driver? If `fipy-doctor ports` lists the board's port, no: "
    "Windows 10 and later, Linux and macOS bring their own."
)


def whether_to_buy(explanation: Explanation, steps: Sequence[str]) -> Iterator[str]:
    """For each part of which the reader asks whether he has to buy a new one."""
    for part in explanation.reader.buys if explanation.causes and not explanation.unsure else ():
        number = next((n for n, step in enumerate(steps, 1) if _is_replaced(part, step)), 0)
        if number:
            yield f"A new {part}? Not yet: only as step {number} below says."
        else:
            yield f"A new {part}? No, nothing in this text calls for one: {explanation.causes[0].entry.title}."


def _is_replaced(part: str, step: str) -> bool:
    return any(is_about(part, found[1]) for found in _REPLACES.finditer(step))


def whether_needed(explanation: Explanation, steps: Sequence[str]) -> Iterator[str]:
    """For each part of which the reader asks whether he needs it."""
    for part in explanation.reader.needs:
        if part in explanation.reader.buys and explanation.causes:
            continue
        if part == UPDATER_ELF and not explanation.facts.names_monarch2:
            yield _whether_updater_elf(explanation, steps)
        elif part == DRIVER:
            yield _DRIVER
        elif part in _NEVER:
            yield _NEVER[part]


def _whether_updater_elf(explanation: Explanation, steps: Sequence[str]) -> str:
    """The rule of modem-protocol.md 7.2 in one line: by the steps, by the build that runs, else as a condition."""
    takes, leaves = (any(map(words.search, steps)) for words in (_WITH_ELF, _WITHOUT_ELF))
    if takes != leaves:
        return f"updater.elf? {'Yes, as' if takes else 'No:'} the steps below {'say' if takes else 'go without it'}."
    from doctor.updater.shapes import FACTORY_BUILD  # the rules come with the updater; most pastes do not need them

    runs = explanation.facts.builds.runs[-1:]
    if not steps and runs and runs[0].kind in RADIOS and not explanation.facts.builds.rivals:
        if runs[0].number == FACTORY_BUILD:
            return (
                "updater.elf? With a full image yes, since the modem runs 33080; never with upgdiff_33080-to-41065.dup."
            )
        return f"updater.elf? No: the modem runs {runs[0].number}, and only 33080 or its boot ROM (SMOD 0) needs it."
    return (
        "updater.elf? Only for a full image, and only if the modem runs 33080 or waits in its boot ROM (SMOD 0): "
        "`fipy-doctor plan FILE.dup` says which."
    )


def whether_the_reason(explanation: Explanation) -> Iterator[str]:
    """For each part that the reader suspects: whether the first finding is about it."""
    if explanation.unsure or not explanation.causes:
        return
    first = explanation.causes[0].entry
    for part in explanation.reader.suspects:
        replaced = any(_is_replaced(part, text) for text in (*first.cure, *first.causes))
        if is_about(part, first.title) and part in _MAY_BE_GOOD and not replaced:
            yield f"Is it the {part}? Nothing in this text says that the {part} itself is broken: {first.title}."
        elif is_about(part, first.title):
            yield f"Is it the {part}? It looks so: {first.title}."
        elif reasons := [reason for reason in first.causes if is_about(part, reason)]:
            yield f"Is it the {part}? It may be: {reasons[0]}"
        else:
            yield f"Is it the {part}? Nothing in this text speaks for that: {first.title}."
