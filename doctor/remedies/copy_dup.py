"""Cure ``copy-dup``."""

from doctor.power_off import UNPLUG
from doctor.remedies.cure import ManualCure


class CopyDup(ManualCure):
    """Copy the firmware image to the card's root."""

    id = "copy-dup"
    practice = ("--copy-to-card", "FILE.dup")
    how = (
        f"{UNPLUG}, and take the card out",
        "in a card reader, copy the .dup to the top level of the card, into no folder",
        "eject the card before pulling it out, put it back into the board, and plug in again",
    )
