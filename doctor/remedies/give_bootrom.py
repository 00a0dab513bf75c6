"""Cure ``give-bootrom``."""

from doctor.remedies.cure import ManualCure


class GiveBootrom(ManualCure):
    """Give the boot ROM that replaces the factory one."""

    id = "give-bootrom"
    adds = ("--bootrom", "board")
    how = (
        "board firmware 1.18.1 and later has it built in: --bootrom board reads it from there",
        "without such a board, give the vendor's own sqnsbrz.py or sqnsbr.py: --bootrom sqnsbrz.py",
        "or leave it all away and flash upgdiff_33080-to-41065.dup, without updater.elf",
    )
