"""Cure ``go-without-card``."""

from doctor.remedies.cure import ManualCure


class GoWithoutCard(ManualCure):
    """Flash over USB: that needs no card."""

    id = "go-without-card"
    then = "flash"
    adds = ("--via", "usb")
    how = ("leave the card as it is: this computer sends the file",)
