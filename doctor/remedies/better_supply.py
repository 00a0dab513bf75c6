"""Cure ``better-supply``."""

from doctor.remedies.cure import ManualCure


class BetterSupply(ManualCure):
    """Give the board a steadier supply."""

    id = "better-supply"
    how = (
        "use another USB cable, short and thick, in a port of the PC itself and not in a hub",
        "let the board feed nothing else: no displays, no sensors, no battery that is being charged",
    )
