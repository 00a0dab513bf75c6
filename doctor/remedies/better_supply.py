"""Cure ``better-supply``."""

from doctor.remedies.cure import ManualCure


class BetterSupply(ManualCure):
    """Give the board a supply that does not collapse."""

    id = "better-supply"
    how = (
        "plug the board straight into the computer or into a powered hub, with a short, thick cable",
        "attach a charged battery as well, where the carrier board has a connector",
        "run fipy-doctor check again; do not flash while the board restarts by itself",
    )
