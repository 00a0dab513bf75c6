"""What a person without hardware needs to know: how the user's hands work on a simulated bench."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from doctor.jobs.hands import PLUG_IN, POWER_CYCLE, PRESS_RESET, PULL_JUMPERS
from doctor.link.port_url import PortUrl
from doctor.remedies import Cure
from doctor.text.command import Command
from doctor.updater.shapes import FACTORY_BUILD, FIRST_DIFF, FIRST_FULL, FIRST_TARGET, UPDATER_IMAGE

NEEDS_KEEPING = "this simulated bench forgets everything; state=DIR in its URL keeps it"
MAKE_FIRMWARE = "this makes practice firmware: `fipy-doctor sim --make-firmware .`"


#: Files of the vendor's packages that a next command may name, and how something like them is made.
_STAND_INS = {
    FIRST_DIFF: ("--base", str(FACTORY_BUILD)),
    FIRST_FULL: ("--build", str(FIRST_TARGET)),
    UPDATER_IMAGE: ("--kind", "updater"),
}


def stand_ins(given: Command) -> tuple[str, ...]:
    """What a simulated modem takes in place of the vendor's files that ``given`` names; nothing on a real bench."""
    if not is_simulated(given):
        return ()
    paths = [Path(name) for name in (*given.firmware, given.updater_elf) if name is not None]
    asked = [_STAND_INS[path.name] for path in paths if path.name in _STAND_INS and not path.exists()]
    made = (Command("sim", ("--make-firmware", ".", *words)) for words in asked)
    return tuple(f"this makes such a file: {command}" for command in made)


def is_simulated(given: Command) -> bool:
    """Whether the port is a simulated one, as far as its name tells."""
    return given.port is not None and PortUrl.read(given.port).is_simulated


def card_of(given: Command) -> Path | None:
    """The image file that is the card of a kept bench, as one would hold it after taking it out; None elsewhere."""
    kept_in = PortUrl.read(given.port).kept_in if given.port is not None else None
    return kept_in / "card.img" if kept_in is not None else None


#: How a simulated bench calls what jobs/hands.py asks for.
_HANDS = {
    PLUG_IN: "plug-in",
    PRESS_RESET: "press-reset",
    POWER_CYCLE: "power-cycle",
    PULL_JUMPERS: "pull-jumpers",
}


def notes_for_hands(given: Command, hands: Collection[str]) -> tuple[str, ...]:
    """How the hands named by ``hands`` are moved on a simulated bench."""
    known = [_HANDS[hand] for hand in hands if hand in _HANDS]
    if not known or not is_simulated(given):
        return ()
    if card_of(given) is None:
        return (NEEDS_KEEPING,)
    return (_your_hands([word for hand in known for word in ("--hands", hand)], given),)


def _your_hands(words: Sequence[str], given: Command) -> str:
    return f"on the simulated bench, your hands are: {Command('sim', tuple(words), port=given.port)}"


def notes(given: Command, cure: Cure | None) -> tuple[str, ...]:
    """What to say of the simulated bench below the next step; nothing on a real one.

    cure  what is to be done now; None if flashing comes next
    """
    if not is_simulated(given):
        return ()
    if cure is None:
        return () if given.firmware else (MAKE_FIRMWARE,)
    kept = card_of(given) is not None
    said = []
    if cure.practice and kept:
        said.append(_your_hands(cure.practice, given))
    if not kept:
        said.append(NEEDS_KEEPING)
    if cure.then == "flash" and not given.firmware:
        said.append(MAKE_FIRMWARE)
    return tuple(said)
