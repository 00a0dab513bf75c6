"""Growth: time and memory against size, each point in a process of its own.

What is measured stands in ``WORKS``: a size in, the work done once. Memory is the most that the process held (its
resident set), less what the same process holds once everything is imported and the input lies there.
The largest size is held against the line through the smallest: ``ratio`` 1 is linear, less is better.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import os
import random
import re
import resource
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.benchmarks.card import NAME, judge_and_hash
from tests.benchmarks.ratios import Row

MB, GB = 10**6, 10**9
SMALL_IMAGE_BYTES = 60_000
LONG_S = 60.0  #: a point that takes longer is measured once
LINEAR = 1.5  #: times the line through the smallest size: what is steeper than that is not linear
EXAMPLES = Path(__file__).parent.parent.parent / "docs" / "examples"
Work = Callable[[], object]


@dataclass(frozen=True)
class Point:
    """One size: seconds of a processor, the most memory that the work took, in bytes, and seconds by the clock."""

    size: float
    seconds: float
    memory: float
    wall: float


@dataclass(frozen=True)
class Curve:
    """How something grows.

    name    key of WORKS
    title   what it is
    unit    of the sizes
    """

    name: str
    title: str
    unit: str
    points: tuple[Point, ...]

    @property
    def steepness(self) -> float:
        """Seconds at the largest size, over those on the line through the smallest."""
        first, last = self.points[0], self.points[-1]
        return (last.seconds / first.seconds) / (last.size / first.size)


class _Taker:
    """The far end of the core's port contract that takes every frame at once: what is left is our own work."""

    def __init__(self) -> None:
        self._out = b""

    def write(self, data: bytes) -> None:
        op, sid, _, tid = struct.unpack_from(">BBHI", data, 4)
        body = {1: struct.pack(">BBH", 1, 1, 8192), 3: bytes(2)}.get(op, b"")
        self._out += struct.pack(">4sBBHIHH", b"tsaf", op | 0x80, sid, len(body), tid, 0, 0) + body

    def read(self, max_bytes: int, wait_ms: int) -> bytes:
        got, self._out = self._out[:max_bytes], self._out[max_bytes:]
        return got

    def drain(self) -> bytes:
        return b""

    def set_baud(self, baud: int) -> None:
        pass


def _send(size_mb: float, folder: Path) -> Work:
    from doctor.clock import SystemClock
    from doctor.jobs.flashing.result import HashedSource
    from doctor.updater.stp import Master

    size = int(size_mb * MB)
    source = HashedSource(random.Random(1).randbytes(size))
    master = Master(_Taker(), SystemClock())
    master.open()
    return lambda: master.send(source, size)


def _judge(size_mb: float, folder: Path) -> Work:
    from doctor.firmware.image import examine
    from doctor.sim.practice.image import make_practice_image

    path = make_practice_image(folder, size_bytes=int(size_mb * MB))
    return lambda: examine(path)


def _card(size_gb: float, folder: Path) -> Path:
    from doctor.card.reformat.image import make_card
    from doctor.fat.writer import new_file

    path = folder / "card.img"
    make_card(path, int(size_gb * GB), [new_file(NAME, random.Random(1).randbytes(6 * MB))])
    return path


def _check_card(size_gb: float, folder: Path) -> Work:
    path = _card(size_gb, folder)
    return lambda: judge_and_hash(path)


def _reformat(size_gb: float, folder: Path) -> Work:
    from doctor.card.reformat.image import reformat_image

    path = _card(size_gb, folder)
    return lambda: reformat_image(path, backup_dir=folder / "backups")


def log_of(size_bytes: int) -> bytes:
    """A log of this size: the examples of the documentation one behind the other, their numbers all different."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(EXAMPLES.glob("*.log"))]
    made = bytearray()
    for number, text in enumerate(itertools.cycle(texts)):
        made += re.sub(r"\b\d{5,}\b", lambda found, n=number: str(int(found[0]) + n), text).encode()  # type: ignore[misc]
        if len(made) >= size_bytes:
            return bytes(made[:size_bytes])
    raise AssertionError("there are no examples")


def _explain(size_mb: float, folder: Path) -> Work:
    from doctor.jobs.explain import explain_sources

    data = log_of(int(size_mb * MB))
    explain_sources([("warm", b"AT+SMSWBOOT=3,0 failed!")])  # the catalogue is read once
    return lambda: explain_sources([("a.log", data)])


def _boards(count: float, folder: Path) -> Work:
    """Flash so many boards with one command, each simulated in the process that flashes it: no wire takes time."""
    from doctor.cli.main import run
    from doctor.sim.practice.image import make_practice_image

    os.environ["FIPY_DOCTOR_STATE_DIR"] = str(folder / "state")
    image = make_practice_image(folder, size_bytes=SMALL_IMAGE_BYTES)
    ports = [word for number in range(1, int(count) + 1) for word in ("--port", f"sim://fipy?id={number}")]

    def flash() -> None:
        with contextlib.redirect_stdout(io.StringIO()):
            code = run(["flash", str(image), *ports, "--via", "usb", "--yes", "-q"])
        assert code == 0, f"flashing {count:g} boards ended with {code}"

    return flash


#: By name: title, unit of the sizes, sizes, the sizes of a smoke test, and what makes the input and gives the work.
WORKS: dict[str, tuple[str, str, Sequence[float], Sequence[float], Callable[[float, Path], Work]]] = {
    "send": ("send a file (own work, no line)", "MB", (1, 6, 60), (0.01, 0.02), _send),
    "judge": ("judge a firmware file", "MB", (1, 6, 60), (0.1, 0.2), _judge),
    "check-card": ("check a card with one file of 6 MB", "GB", (4, 8, 16, 32, 64), (0.05, 0.1), _check_card),
    "reformat": ("reformat it, with backup and comparison", "GB", (4, 8, 16, 32, 64), (), _reformat),
    "explain": ("explain a log", "MB", (1, 2, 4, 8, 16), (0.01, 0.02), _explain),
    "boards": ("flash many boards, a small file", "boards", (1, 4, 16, 64), (), _boards),
}


def _resident() -> int:
    with open("/proc/self/statm", "rb") as file:  # noqa: PTH123
        return int(file.read().split()[1]) * resource.getpagesize()


def inside(name: str, size: float) -> Point:
    """Measure one point in this process: its memory is fresh."""
    with tempfile.TemporaryDirectory(prefix="fipy-doctor-bench-") as folder:
        work = WORKS[name][4](size, Path(folder))
        before, most, over = _resident(), [0], threading.Event()

        def watch() -> None:
            while not over.wait(0.01):
                most[0] = max(most[0], _resident())

        threading.Thread(target=watch, daemon=True).start()
        start, began = time.process_time() + _of_children(), time.perf_counter()
        work()
        took, wall = time.process_time() + _of_children() - start, time.perf_counter() - began
        over.set()
        return Point(size, took, max(most[0], _resident()) - before, wall)


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def curve(name: str, tiny: bool = False) -> Curve:
    """Measure all points of one curve; of three runs of each, the median by time. Raises CalledProcessError.

    A point of more than LONG_S is measured once.
    """
    title, unit, sizes, small, _ = WORKS[name]
    points = []
    for size in small if tiny else sizes:
        words = [sys.executable, "-m", "tests.benchmarks.growth", name, str(size)]
        runs = []
        for _round in range(1 if tiny else 3):
            done = subprocess.run(words, check=True, stdout=subprocess.PIPE, timeout=1800)
            runs.append(Point(**json.loads(done.stdout)))
            if runs[0].wall > LONG_S:
                break
        points.append(sorted(runs, key=lambda point: point.seconds)[len(runs) // 2])
    return Curve(name, title, unit, tuple(points))


def curves(tiny: bool = False) -> list[Curve]:
    """All curves."""
    return [curve(name, tiny) for name in WORKS if not tiny or WORKS[name][3]]


def rows_of(drawn: Sequence[Curve]) -> list[Row]:
    """Each curve as one comparison: the largest size beside the line through the smallest."""
    found = []
    for one in drawn:
        first, last = one.points[0], one.points[-1]
        straight = first.seconds * last.size / first.size
        what = f"{one.title}: {last.size:g} {one.unit}"
        peer = f"line through {first.size:g} {one.unit}"
        found.append(Row(what, last.seconds, peer, straight, "s", LINEAR, f"{last.memory / MB:.0f} MB of memory"))
    return found


if __name__ == "__main__":
    print(json.dumps(asdict(inside(sys.argv[1], float(sys.argv[2])))))
