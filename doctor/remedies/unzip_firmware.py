"""Cure ``unzip-firmware``."""

from doctor.remedies.cure import ManualCure


class UnzipFirmware(ManualCure):
    """Unpack the firmware package."""

    id = "unzip-firmware"
    how = (
        "unpack the archive; the firmware image is the file inside that ends in .dup",
        "run fipy-doctor check --firmware FILE.dup with that file",
    )
