"""Cure ``plug-in``."""

from doctor.remedies.cure import ManualCure


class PlugIn(ManualCure):
    """Plug the board in."""

    id = "plug-in"
    how = (
        "plug the board in with a USB cable that carries data (many carry only power)",
        "run fipy-doctor ports to see its name",
    )
