"""A bench over a simulated board that a test can spoil before the check looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from doctor.bench import Bench, BenchOptions, History
from doctor.sim.bench import SimBench
from doctor.sim.board.board import BoardSim

Spoil = Callable[[SimBench], None]


class NotesIn(History):
    """Knows only where it is noted what was begun with a board's files."""

    def __init__(self, place: Path | None) -> None:
        self._place = place

    def begun_place(self, bench: Bench) -> Path | None:
        return self._place


@contextmanager
def bench_at(url: str = "sim://fipy", spoil: Spoil | None = None, **options: object) -> Iterator[Bench]:
    """The bench behind ``url``, booted; ``spoil`` gets the simulated one before first contact."""
    with Bench(BenchOptions(port=url, **options)) as bench:  # type: ignore[arg-type]
        bench.link.clock.sleep_ms(3000)
        if spoil is not None:
            spoil(bench.link.serial.bench)
        yield bench


def board_of(sim: SimBench) -> BoardSim:
    """The simulated board; a bare modem has none."""
    assert sim.board is not None
    return sim.board


def write_files(folder: Path, files: dict[str, bytes]) -> Path:
    """Files in a folder of the PC."""
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder
