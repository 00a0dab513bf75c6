"""Cure ``leave-mirror``."""

from doctor.remedies.cure import ManualCure


class LeaveMirror(ManualCure):
    """Leave mirror mode."""

    id = "leave-mirror"
    practice = ("--hands", "press-reset")
    how = ("press the reset button of the board; do not unplug it: the modem may still be writing",)
