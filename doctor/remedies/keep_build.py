"""Cure ``keep-build``."""

from doctor.remedies.cure import ManualCure


class KeepBuild(ManualCure):
    """Leave the modem as it is, or give this build up for good."""

    id = "keep-build"
    then = "open"
    how = ("leave the modem as it is: its build has no public package, so there is no way back to it",)
