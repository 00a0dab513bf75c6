"""Cure ``give-updater-elf``."""

from doctor.remedies.cure import ManualCure


class GiveUpdaterElf(ManualCure):
    """Give the updater image that belongs to the firmware."""

    id = "give-updater-elf"
    adds = ("--updater-elf", "updater.elf")
    how = (
        "find updater.elf in the package that your .dup came from",
        "give it with --updater-elf",
    )
