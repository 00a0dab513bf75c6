from __future__ import annotations

from collections.abc import Iterator

import pytest

from doctor.sim import bench


@pytest.fixture(autouse=True)
def no_bench_left_unplugged() -> Iterator[None]:
    """A bench that a test unplugged waits under its URL to be plugged in; the next test wants a new one."""
    yield
    bench._unplugged.clear()
