"""Cure ``update-board-firmware``."""

from doctor.remedies.cure import ManualCure


class UpdateBoardFirmware(ManualCure):
    """Update the firmware of the board itself."""

    id = "update-board-firmware"
    how = (
        "update the board's MicroPython with the vendor's updater to a release of 1.18.1 or later that has LTE",
        "run fipy-doctor check again",
    )
