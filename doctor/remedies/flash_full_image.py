"""Cure ``flash-full-image``."""

from doctor.remedies.cure import ManualCure


class FlashFullImage(ManualCure):
    """Flash a full image: it brings the modem back."""

    id = "flash-full-image"
    how = (
        "do not cut the power of the board before that",
        "run fipy-doctor flash FILE.dup with a full image, not with an upgdiff",
    )
