"""Cure ``grant-port-access``."""

from doctor.remedies.cure import ManualCure


class GrantPortAccess(ManualCure):
    """Get access to the port."""

    id = "grant-port-access"
    how = (
        "Linux: sudo usermod -aG dialout $USER (the group is uucp on Arch and its kin), then log out and in again",
        "Windows and macOS: close other programs that use the port",
    )
