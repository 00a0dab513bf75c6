"""Cure ``free-p2``."""

from doctor.power_off import UNPLUG
from doctor.remedies.cure import ManualCure


class FreeP2(ManualCure):
    """Let the board start its own firmware."""

    id = "free-p2"
    how = (
        "remove the wire or jumper between P2 (G23) and GND, and anything else on P2",
        f"{UNPLUG}, wait 10 s, and plug in again",
    )
