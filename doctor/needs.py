"""What a check may need of the bench, and why it goes without."""

from __future__ import annotations

from enum import Enum


class Needs(str, Enum):
    """A part of the bench that a check cannot do without."""

    PORT = "port"
    BOARD = "board"
    MODEM = "modem"
    CARD = "card"
    """A card as the PC sees it (``--sd``)."""
    FIRMWARE = "firmware"
    UPDATER_ELF = "updater-elf"
    SCRIPTS = "scripts"


class SkipReason(str, Enum):
    """Why a check did not run."""

    NOT_APPLICABLE = "not-applicable"
    NOT_GIVEN = "not-given"
    BLOCKED = "blocked"
