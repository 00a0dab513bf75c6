"""Cure ``redownload-firmware``."""

from doctor.remedies.cure import ManualCure


class RedownloadFirmware(ManualCure):
    """Get the firmware file again, whole."""

    id = "redownload-firmware"
    how = (
        "copy the firmware file again from where you got it (a zip package, another PC, a backup) and "
        "compare the size and, where you have it, the SHA-256",
        "run fipy-doctor check --firmware FILE before anything else",
    )
