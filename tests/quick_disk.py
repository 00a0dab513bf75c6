"""Where long runs keep their many small files."""

from __future__ import annotations

import os


def quick_disk() -> str | None:
    """Memory that looks like a disk, if the system has it: journals are flushed to the disk at every step."""
    shared = "/dev/shm"
    return shared if os.access(shared, os.W_OK) else None
