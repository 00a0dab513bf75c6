"""``flash --watch`` on pseudo terminals: boards are pulled out, nobody reads, it is stopped, it is killed."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from doctor.sim.practice.image import make_practice_image
from tests.fleet.desk import Desk, expansion
from tests.fleet.loopback import until
from tests.fleet.served_boards import Served, flashes, hands, until_flashed

pytestmark = pytest.mark.fleet

BUILD, BYTES = 41065, 2_000_000


class Bench:
    """Two boards, the desk at which they are plugged in, and a run that watches it."""

    def __init__(self, folder: Path, boards: list[Served], *words: str) -> None:
        self.desk = Desk(folder)
        self.boards = boards
        self.image = make_practice_image(folder, build=BUILD, size_bytes=BYTES)
        self.words = ("flash", str(self.image), "--watch", "--yes", "--accept", "jumpers-removed", *words)

    def plug(self, *boards: Served) -> None:
        self.desk.plug(*(expansion(board.device, f"Py{self.boards.index(board)}") for board in boards))

    def end(self) -> None:
        self.desk.clear()
        for board in self.boards:
            board.stop()


@pytest.fixture
def bench(tmp_path: Path, boards: list[Served]) -> Iterator[Bench]:
    made = Bench(tmp_path, boards, "--boards", "3")
    try:
        yield made
    finally:
        made.end()


def test_ctrl_c_begins_no_board_any_more_and_finishes_those_in_transfer(bench: Bench) -> None:
    one, other = bench.boards
    run = bench.desk.run("watch", *bench.words)
    bench.plug(one)
    run.until(rf"^\s*{one.device} .*: +[1-9]\d%")
    bench.plug(one, other)
    run.until(rf"^\s*{other.device} .*: plugged in")
    run.process.send_signal(signal.SIGINT)
    assert run.end() == 1
    assert f"no terminal to ask; going on with {one.device}" in run.said and "(of 3); no board is begun" in run.said
    assert (
        "1 of 2 boards: flashed and proved" in run.said and f"✗ {other.device} (serial Py1): stopped by you" in run.said
    )
    bench.end()
    assert one.build == BUILD != other.build


def test_one_that_is_pulled_out_in_the_middle_is_not_begun_again_unasked(bench: Bench, tmp_path: Path) -> None:
    one, other = bench.boards
    run = bench.desk.run("watch", *bench.words)
    bench.plug(one)
    run.until(rf"^\s*{one.device} .*: +[1-9]\d%")
    one.stop()
    bench.plug()
    run.until(rf"^✗ {one.device} [^\0]*^  1 not proved \(of 3\); plug in")
    hands(one.url, "power-cycle")  # it has no battery
    one.start(tmp_path / "again.log")
    one.ready(tmp_path / "again.log")
    bench.plug(one, other)
    run.until(rf"^✓ {other.device} .*: flashed and proved")
    run.until(rf"^✗ {one.device} .*: not flashed again")  # its port may be called as it was
    run.process.send_signal(signal.SIGTERM)
    assert run.end() == 3
    assert "1 of 2 boards: flashed and proved" in run.said
    bench.end()
    assert one.build != BUILD == other.build


def test_nobody_reads_and_it_is_killed(bench: Bench) -> None:
    one, other = bench.boards
    run = bench.desk.run("watch", *bench.words, "--json-events")
    bench.plug(one, other)
    until(lambda: run.said.count('"phase": "transfer"') > 5, "both are under way")
    children = run.kill()
    assert children and all(flashes(child) for child in children)
    until_flashed(children)
    bench.end()
    assert BUILD in (one.build, other.build)
