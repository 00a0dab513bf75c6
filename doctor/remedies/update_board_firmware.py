"""Cure ``update-board-firmware``."""

from doctor.remedies.cure import ManualCure


class UpdateBoardFirmware(ManualCure):
    """Update the firmware of the board itself."""

    id = "update-board-firmware"
    optional = True
    how = ("update the board's MicroPython with the vendor's updater to a release of 1.18.1 or later that has LTE",)
