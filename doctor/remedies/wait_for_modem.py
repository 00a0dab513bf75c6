"""Cure ``wait-for-modem``."""

from doctor.remedies.cure import ManualCure


class WaitForModem(ManualCure):
    """Leave the modem alone until it has finished."""

    id = "wait-for-modem"
    how = (
        "do not unplug and do not reset; deploying an upgrade takes up to 30 minutes",
        "then look again",
    )
