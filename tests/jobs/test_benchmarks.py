"""The benchmarks still run, at one tiny size each; nothing here judges time."""

from __future__ import annotations

import shutil

import pytest

pytest.importorskip("resource", reason="the benchmarks run on Linux")
from tests.benchmarks import growth
from tests.benchmarks.__main__ import NAMES, rows
from tests.benchmarks.checked import counted
from tests.benchmarks.ratios import Row, table
from tests.card.images import SBIN

#: Flashes in real time; the board needs a MicroPython, a check counts with strace.
MAY_BE_EMPTY = ("overhead", "board", "checked")


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
def test_every_benchmark_runs(name: str) -> None:
    if name == "card" and not all(shutil.which(tool, path=SBIN) for tool in ("mkfs.fat", "mcopy", "mdir")):
        pytest.skip("mkfs.fat, mcopy and mdir are not all installed")
    found = rows(name, tiny=True)
    assert found or name in MAY_BE_EMPTY
    assert all(row.ours > 0 and row.theirs > 0 for row in found)


@pytest.mark.long
def test_every_curve_has_its_points() -> None:
    drawn = growth.curves(tiny=True)
    assert {one.name for one in drawn} == {name for name, work in growth.WORKS.items() if work[3]}
    assert all(point.seconds > 0 for one in drawn for point in one.points)
    assert len(growth.rows_of(drawn)) == len(drawn)


def test_a_target_that_is_missed_is_said() -> None:
    assert "2.00  1.5  MISSED" in table([Row("a", 2.0, "b", 1.0, "s", 1.5)])
    assert "MISSED" not in table([Row("a", 2.0, "b", 1.0, "s", 2.0), Row("a", 2.0, "b", 1.0, "s")])


def test_reads_are_counted_where_they_fall() -> None:
    trace = (
        '7 openat(AT_FDCWD, "/c.img", O_RDONLY|O_CLOEXEC) = 3</c.img>\n'
        '7 read(3</c.img>, "x"..., 1024) = 1024\n'
        "7 lseek(3</c.img>, 512, SEEK_SET) = 512\n"
        '7 read(3</c.img>, "x"..., 512) = 512\n'
        '7 pread64(4</c.img>, "x"..., 512, 512) = 512\n'
        '7 read(5</other>, "x"..., 512) = 512\n'
    )
    assert counted(trace, "/c.img") == {0: 1, 1: 3}
