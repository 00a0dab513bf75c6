"""Cure ``reseat-card``."""

from doctor.remedies.cure import ManualCure


class ReseatCard(ManualCure):
    """Take the card out and put it in again, with the power off."""

    id = "reseat-card"
    practice = ("--hands", "reseat-card")
    how = (
        "unplug USB and the battery",
        "take the card out, wipe its contacts dry, push it in until it clicks",
        "plug in again; if it fails again, try another card of 32 GB or less",
    )
