"""Cards with bytes changed at random: never a crash, never a hang, never "good" if mtools reads other bytes."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

pytest.importorskip("hypothesis", reason="hypothesis is not installed")

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from doctor.card.image import ImageCard
from doctor.card.target import sha256_of
from doctor.errors import CardError
from tests.card.images import DUP, DUP_NAME, MIB, SMALL, START, Inside, card, tool

#: A few in every ``make test``; ``make fuzz-cards`` says how many.
EXAMPLES = int(os.environ.get("FIPY_DOCTOR_FUZZ", "0")) or 60
LONGEST_S = 5.0  #: one probe of an 8 or 34 MiB image takes some milliseconds; a machine may be busy

FILES = {DUP_NAME: DUP, "sd/inner.bin": b"i" * 9000, "a long name of a file.txt": b"t" * 700, "EMPTY": b""}


class Base:
    """A healthy card, and the places that mean something on it."""

    def __init__(self, folder: Path, size: int) -> None:
        self.path = card(folder / f"{size}.img", FILES, size)
        self.work = folder / f"{size}.work"
        self.work.write_bytes(self.path.read_bytes())
        inside = Inside(self.path)
        geometry = inside.geometry
        data = START + geometry.data_sector * 512
        dup = inside.entries[DUP_NAME].first_cluster
        self.regions = [
            (0, 512),
            (START, 90),
            (START + 512, 512),
            (START + 6 * 512, 90),
            (inside.fat(0), 600 * geometry.width // 8),
            (inside.fat(0, 1), 600 * geometry.width // 8),
            (START + geometry.root_sector * 512, 512),
            (inside.slot(DUP_NAME) - 64, 96),
            (data, 4096),
            (inside.fat(dup), 64),
            # Free places: nobody may take what stands there for anything.
            (512, 16 * 512),
            (START + 9 * 512, 512),
            (inside.fat(geometry.clusters + 2), 64),
            (inside.cluster(dup) + len(DUP), geometry.cluster_bytes - len(DUP) % geometry.cluster_bytes),
            (size - 64 * 1024, 64 * 1024),
        ]


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> list[Base]:
    folder = tmp_path_factory.mktemp("fuzz")
    return [Base(folder, SMALL), Base(folder, 40 * MIB)]


changes = st.lists(
    st.tuples(st.integers(0, 14), st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=4)),
    min_size=1,
    max_size=4,
)


@pytest.mark.needs_tool("mcopy")
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="FIPY_DOCTOR_FUZZ" not in os.environ,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(which=st.integers(0, 1), made=changes)
@pytest.mark.long
def test_damaged_card_is_never_called_good_where_mtools_reads_other_bytes(
    bases: list[Base], which: int, made: list[tuple[int, float, bytes]]
) -> None:
    base = bases[which]
    undo: list[tuple[int, bytes]] = []
    with base.work.open("r+b") as file:
        for region, place, data in made:
            start, length = base.regions[region]
            at = start + int(place * length)
            file.seek(at)
            undo.append((at, file.read(len(data))))
            file.seek(at)
            file.write(data)
    try:
        judge_and_compare(base.work)
    finally:
        with base.work.open("r+b") as file:
            for at, data in reversed(undo):
                file.seek(at)
                file.write(data)


_MOST_READ = 30


def judge_and_compare(image: Path) -> None:
    start = time.monotonic()
    medium = ImageCard(image)
    volume = medium.volume()
    ours: dict[str, tuple[int, str]] = {}
    readable = volume.kind.is_fat and (volume.pc_reads or volume.board_reads)
    files = [file for file in medium.files() if not file.is_dir] if readable else []
    # A folder full of garbage lists thousands of files, and each is looked for from the root.
    for file in sorted(files, key=lambda file: file.name != DUP_NAME)[:_MOST_READ]:
        try:
            ours[file.path] = (file.size_bytes, sha256_of(medium.read(file.path)))
        except CardError:
            assert any(problem.stops_changes for problem in volume.problems), f"{file.path} is read from no good card"
    assert time.monotonic() - start < LONGEST_S
    good = volume.pc_reads and volume.board_reads and not volume.problems
    if good and f"/sd/{DUP_NAME}" in ours and volume.layout is not None:
        # The board's volume is where mtools looks too.
        begin = volume.layout.partitions[0].start_sector * 512
        out = image.with_suffix(".out")
        out.unlink(missing_ok=True)
        tool("mcopy", "-n", "-i", f"{image}@@{begin}", f"::{DUP_NAME}", out)
        data = out.read_bytes()
        assert ours[f"/sd/{DUP_NAME}"] == (len(data), sha256_of(iter([data])))
