"""Which system this computer runs: whoever does one thing on Windows and another elsewhere asks here.

A test says another system by setting ``SYSTEM``; ``sys.platform`` and ``os.name`` stay, since the library goes by them.
"""

from __future__ import annotations

import sys

SYSTEM: str = sys.platform


def is_windows() -> bool:
    """Whether it is Windows."""
    return SYSTEM == "win32"


def is_mac() -> bool:
    """Whether it is macOS."""
    return SYSTEM == "darwin"


def is_linux() -> bool:
    """Whether it is Linux."""
    return SYSTEM.startswith("linux")
