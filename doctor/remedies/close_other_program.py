"""Cure ``close-other-program``."""

from doctor.remedies.cure import ManualCure


class CloseOtherProgram(ManualCure):
    """Close the program that holds the port."""

    id = "close-other-program"
    how = (
        "close the serial monitor, editor or terminal that is connected to the board (Pymakr, Thonny, PuTTY, screen …)",
    )
