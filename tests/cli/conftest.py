from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from doctor.sim.practice.image import make_practice_image
from tests.obedient import obedient_hands

from .terminal import Terminal


@pytest.fixture
def terminal(capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(capsys)


@pytest.fixture
def obedient() -> Iterator[None]:
    """A user who reads what is printed, and unplugs the simulated board or plugs it in when told to."""
    with obedient_hands():
        yield


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A small practice image, of another build than the one on the simulated card."""
    return make_practice_image(tmp_path, build=41019, size_bytes=100_000)
