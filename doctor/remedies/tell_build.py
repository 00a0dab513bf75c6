"""Cure ``tell-build``."""

from doctor.remedies.cure import ManualCure


class TellBuild(ManualCure):
    """Say which build the modem runs."""

    id = "tell-build"
    adds = ("--was", "BUILD")
    how = ("if you know the build, for instance from an earlier log, add --was BUILD",)
