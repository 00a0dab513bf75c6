"""Cure ``stop-modemmanager``."""

from doctor.remedies.cure import ManualCure


class StopModemmanager(ManualCure):
    """Stop ModemManager while you work on the board."""

    id = "stop-modemmanager"
    how = (
        "sudo systemctl stop ModemManager",
        "afterwards: sudo systemctl start ModemManager",
    )
