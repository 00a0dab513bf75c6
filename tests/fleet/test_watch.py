"""``flash --watch``: boards are plugged in and out, are mended, move to other ports, and the file is changed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from doctor.sim.practice.image import make_practice_image
from tests.fleet.desk import Desk, expansion
from tests.fleet.served_boards import hands
from tests.plugged import ARDUINO, Listed

BUILD = 41019


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.clear()


@pytest.mark.fleet
def test_each_is_flashed_once_whatever_happens_at_the_desk(desk: Desk) -> None:
    image = make_practice_image(desk.folder, build=BUILD, size_bytes=60_000)

    def at(number: int, serial: str | None, more: str = "") -> Listed:
        return expansion(f"sim://fipy?state={desk.folder / f'bench{number}'}&id={number}{more}", serial)

    first, fitted = at(1, "Pye1"), at(2, None, "&scenario=jumpers-fitted")
    desk.plug(ARDUINO, first)
    run = desk.run(
        "watch", "flash", str(image), "--watch", "--yes", "--boards", "4", "--report", str(desk.folder / "r.json")
    )
    run.until(
        r"^✓ .*bench1&id=1 \(serial Pye1\): flashed and proved.*\n(.*\n)* +1 flashed and proved \(of 4\); plug in"
    )
    desk.plug(ARDUINO, fitted)
    run.until(r"^✗ .*bench2\S+: jumpers-removed: .*\n(.*\n)* +1 flashed and proved, 1 refused")

    # Out, mended, and in again: one at a port of another name, the other in the same.
    desk.plug(ARDUINO)
    hands(first[0], "power-cycle")
    hands(fitted[0], "pull-jumpers")
    moved = at(1, "Pye1", "&speed=1")
    desk.plug(ARDUINO, moved, fitted)
    run.until(r"^✓ .*bench1&id=1&speed=1 \(serial Pye1\): .*(?<!proved)$")
    run.until(r"^✓ .*bench2\S+: flashed and proved.*\n(.*\n)* +2 flashed and proved \(of 4\)")

    make_practice_image(desk.folder / "PRACTICE-other.dup", build=BUILD + 1, size_bytes=60_000).replace(image)
    desk.plug(ARDUINO, moved, fitted, at(3, "Pye3"), at(4, "Pye4"))
    assert run.end() == 1
    said = run.said
    assert said.count("the file is not the one that you agreed to") == 4  # at once, and in the summary
    assert "2 of 4 boards: flashed and proved" in said and len(re.findall("step 1 of", said)) == 2, said
    assert said.count(f"left alone: {ARDUINO[0]}") == 1
    assert said.rpartition("Next:")[2].count("--port") == 2 and "--watch" not in said.rpartition("Next:")[2]
