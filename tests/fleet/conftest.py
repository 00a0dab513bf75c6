"""Two boards that tests of whole runs share in shape: each is served by a program of its own, and its bench is kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fleet.served_boards import Served, served


@pytest.fixture
def boards(tmp_path: Path) -> Iterator[list[Served]]:
    made = served(tmp_path, *(f"sim://fipy?id={n}&speed=10&state={tmp_path / f'bench{n}'}" for n in (1, 2)))
    try:
        yield made
    finally:
        for board in made:
            board.stop()
