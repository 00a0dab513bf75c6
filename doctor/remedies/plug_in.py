"""Cure ``plug-in``."""

from doctor.remedies.cure import ManualCure


class PlugIn(ManualCure):
    """Plug the board in."""

    id = "plug-in"
    then = "ports"
    how = (
        "plug the board in with a USB cable that carries data (many carry only power)",
        "look which name it has, and use that one",
    )
