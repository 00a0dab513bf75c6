"""Cure ``leave-via-away``."""

from doctor.remedies.cure import ManualCure


class LeaveViaAway(ManualCure):
    """Reach the modem through the board."""

    id = "leave-via-away"
    how = ("leave --via modem away: the modem is reached through the board at this port",)
