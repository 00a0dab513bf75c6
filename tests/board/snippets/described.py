"""A board in a described state, what is done to it, and what may differ between a stub and the simulator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from doctor.sim.card.image import CardLayout

#: One release of each era of the reference; eras A and C have one before and one after what matters to files.
ERAS = {
    "Z": "1.16.0.b1", "A": "1.17.3.b1", "B1": "1.18.1.r2", "B2": "1.18.2.r4", "C": "1.18.3", "C-vfs": "1.20.1.r2",
    "D": "1.20.2.r1", "E": "1.20.2.r2", "F": "1.20.2.r4",
}  # fmt: skip
#: The release whose os.uname() crashes a FiPy, beside the eras.
RELEASES = {**ERAS, "crashes": "1.12.0.b1"}
#: Without and with the file system layer of 1.20: enough for whatever touches files alone.
OLD_AND_NEW = ("A", "F")
#: The last without it and the first with it as well.
FILE_ERAS = ("A", "C", "C-vfs", "F")
EVERY_ERA = tuple(ERAS)
MIRRORS = tuple(era for era in ERAS if era not in ("Z", "A"))

DUP = bytes(range(251)) * 40  #: 10 040 bytes: more than two of the pieces in which a snippet reads a card
BOOT_FILES = {"boot.py": b"# boot.py\n", "main.py": b"# main.py\n"}


@dataclass(frozen=True)
class State:
    """How a board is found, idle at its prompt.

    flash        files in /flash beside boot.py and main.py, by path without a first slash
    card         files on the card by path; None: no card in the slot
    modem        answers: an application at 921600; silent: nothing at all
    jumpers      the RTS and CTS jumpers of an Expansion Board 3 are fitted
    lte_on_boot  the stored setting; an erased one reads True
    pybytes      the Pybytes variant
    bootrom      what the frozen boot ROM module holds, from 1.18.1 on
    lacks        modules that this build leaves out
    """

    kind: str = "FiPy"
    flash: Mapping[str, bytes] = field(default_factory=dict)
    card: Mapping[str, bytes] | None = field(default_factory=lambda: {"x.dup": DUP, "lib/a.py": b"pass\n"})
    card_layout: CardLayout = CardLayout.PC
    modem: str = "answers"
    jumpers: bool = False
    lte_on_boot: bool = True
    pybytes: bool = False
    bootrom: bytes = bytes(range(256)) * 3
    lacks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rts:
    """The PC sets its RTS; it is asserted if nobody does."""

    asserted: bool


@dataclass(frozen=True)
class Cts:
    """The PC reads its CTS."""


Piece = str | Rts | Cts

AT_PROMPT, RESTARTS, MIRRORS_NATIVELY, BRIDGES, IS_DEAD = "prompt", "reset", "mirror", "bridge", "dead"


@dataclass(frozen=True)
class Row:
    """One trial of one or several snippets: the same pieces on every board, one after another, as their user sends.

    of       the snippets that are tried, as ``module.name`` within doctor/ (test_snippets_three_ways.py finds them)
    pieces   code, and what a hand does at the PC in between
    eras     keys of RELEASES
    on       the state of the board
    rules    names of RULES: what may differ between a stub and the simulator
    gives    what the first pieces must answer, if both boards would repeat a mistake of the snippet: a value,
             a tuple of values, or ... for anything
    ending   what the board does after the last piece; ``then_sends`` is what the PC sends into a mirror then
    """

    of: tuple[str, ...]
    pieces: tuple[Piece, ...]
    eras: tuple[str, ...] = OLD_AND_NEW
    on: State = State()
    rules: tuple[str, ...] = ()
    ending: str = AT_PROMPT
    then_sends: str = ""
    gives: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Answer:
    """What came of one piece: values of the tagged lines, the error's line, and how the board is left.

    came     what the PC heard through a mirror
    cts      what it read of its CTS
    by_hand  the piece was no code
    did      what was done to the hardware; only the stub tells
    """

    values: tuple[Any, ...] = ()
    error: str | None = None
    ending: str = AT_PROMPT
    came: str = ""
    cts: bool | None = None
    by_hand: bool = False
    did: tuple[tuple[Any, ...], ...] = field(default=(), compare=False, repr=False)

    @property
    def is_mute(self) -> bool:
        """True if code left nothing to compare."""
        return not (self.values or self.error or self.by_hand) and self.ending == AT_PROMPT


def _names_sorted(value: Any) -> Any:
    """A listing may come in any order: FAT keeps that of making, LittleFS that of names."""
    if isinstance(value, dict):
        return {key: _names_sorted(item) for key, item in value.items()}
    if isinstance(value, list) and value and all(isinstance(item, list | str) for item in value):
        return sorted((_names_sorted(item) for item in value), key=repr)
    return value


def _room_left(value: Any) -> Any:
    """How much is free depends on the chip, the card and the cluster size; that it is a number of KiB does not."""
    if not isinstance(value, dict):
        return value
    room = ("free", "total", "free_kib")
    return {key: "KiB" if key in room and type(item) is int else item for key, item in value.items()}


def _raw_sectors(value: Any) -> Any:
    """What formatting writes into sectors is the business of the board's FatFs; that some can be read is told."""
    if not isinstance(value, dict) or "sector0" not in value:
        return value
    return {**value, "sector0": bool(value["sector0"]), "boots": len(value["boots"])}


def _mac(value: Any) -> Any:
    """Each board has a number of its own: twelve hexadecimal digits."""
    return "a number" if isinstance(value, str) and len(value) == 12 and int(value, 16) else value


def _only_simulated(value: Any) -> Any:
    """A simulated board knows the answer, a real one must not: 32 hexadecimal digits, or null."""
    return None if isinstance(value, str) and len(value) == 32 and int(value, 16) else value


RULES: dict[str, Callable[[Any], Any]] = {
    "order-of-names": _names_sorted,
    "room-left": _room_left,
    "raw-sectors": _raw_sectors,
    "number-of-its-own": _mac,
    "only-simulated-boards-know": _only_simulated,
}
