"""Cure ``flash-full-image``."""

from doctor.remedies.cure import ManualCure


class FlashFullImage(ManualCure):
    """Flash a full image: it brings the modem back."""

    id = "flash-full-image"
    then = "flash"
    how = (
        "do not cut the power of the board before that",
        "take a full image, such as CATM1-41065.dup, not an upgdiff",
    )
