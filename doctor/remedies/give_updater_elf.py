"""Cure ``give-updater-elf``."""

from doctor.remedies.cure import ManualCure


class GiveUpdaterElf(ManualCure):
    """Give the updater image that belongs to the firmware."""

    id = "give-updater-elf"
    how = (
        "find updater.elf in the package that your .dup came from",
        "run the same command again with --updater-elf updater.elf",
    )
