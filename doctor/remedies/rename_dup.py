"""Cure ``rename-dup``."""

from doctor.remedies.cure import ManualCure


class RenameDup(ManualCure):
    """Give the firmware file its real name."""

    id = "rename-dup"
    how = (
        "in a card reader, let the system show file name extensions and rename the file so that it ends "
        "in .dup and in nothing behind that",
        "eject the card before pulling it out",
    )
