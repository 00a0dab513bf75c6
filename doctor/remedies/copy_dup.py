"""Cure ``copy-dup``."""

from doctor.remedies.cure import ManualCure


class CopyDup(ManualCure):
    """Copy the firmware image to the card's root."""

    id = "copy-dup"
    practice = ("--copy-to-card", "FILE.dup")
    how = (
        "in a card reader, copy the .dup to the top level of the card, into no folder",
        "eject the card before pulling it out, then put it back into the board with the power off",
    )
