"""Cure ``use-makers-tool``."""

from doctor.remedies.cure import ManualCure


class UseMakersTool(ManualCure):
    """Use the maker's own tool once."""

    id = "use-makers-tool"
    then = "open"
    how = ("bring the modem to 8.0.4.0 or later with its maker's own tool; this program cannot do that step",)
