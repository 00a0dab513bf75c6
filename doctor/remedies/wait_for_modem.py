"""Cure ``wait-for-modem``."""

from doctor.remedies.cure import ManualCure


class WaitForModem(ManualCure):
    """Leave the modem alone until it has finished."""

    id = "wait-for-modem"
    how = (
        "do not unplug and do not reset; deploying an upgrade takes up to 30 minutes",
        "fipy-doctor status tells at any time how far it is; look again when it is done",
    )
