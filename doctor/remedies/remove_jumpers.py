"""Cure ``remove-jumpers``."""

from doctor.remedies.cure import ManualCure


class RemoveJumpers(ManualCure):
    """Pull the RTS and CTS jumpers of the expansion board."""

    id = "remove-jumpers"
    practice = ("--hands", "pull-jumpers")
    how = (
        "unplug USB and the battery",
        "pull the two jumpers marked RTS and CTS off the expansion board; leave TX and RX where they are",
        "plug in again",
    )
