"""For all tests of cards."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def image_files_need_not_outlast_a_power_cut() -> Iterator[None]:
    """Old bytes fill whole images; waiting for the PC's disk to take them is most of the time. Devices are flushed."""
    fsync = os.fsync

    def flush(handle: int) -> None:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            fsync(handle)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", flush)
        yield
