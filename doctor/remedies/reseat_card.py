"""Cure ``reseat-card``."""

from doctor.power_off import UNPLUG
from doctor.remedies.cure import ManualCure


class ReseatCard(ManualCure):
    """Take the card out of the board and put it in again."""

    id = "reseat-card"
    practice = ("--hands", "reseat-card")
    how = (
        UNPLUG,
        "take the card out, wipe its contacts dry, push it in until it clicks",
        "plug in again; if it fails again, try another card of 32 GB or less",
    )
