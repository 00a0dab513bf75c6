"""What is left on a card, and that nobody keeps one open."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from doctor.errors import CardError
from doctor.fat.format import plan_format
from doctor.fat.source import FileSource, KnownSectors
from doctor.fat.writer import lay_out, new_file
from tests.card.media import old_bytes


@pytest.mark.parametrize("size", [0, 1, 511, 512, 513, 5000])
def test_free_room_is_what_no_file_and_no_folder_takes(size: int) -> None:
    plan = plan_format(40 << 20)
    shape = plan.geometry
    files = [new_file("a.bin", b"x" * size), new_file("folder/b.bin", b"y")]
    taken = -(-size // shape.cluster_bytes) + 1 + 1 + 1  # its own, the root, the folder, the other file
    assert lay_out(plan, files).free_bytes == (shape.clusters - taken) * shape.cluster_bytes


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.skipif(sys.platform != "linux", reason="locks of Linux, and /proc")
def test_an_image_that_another_program_writes_is_not_kept_open(tmp_path: Path) -> None:
    import fcntl

    path = tmp_path / "card.img"
    path.write_bytes(old_bytes(4096))
    with path.open("r+b") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        before = open_files()
        with pytest.raises(CardError, match="in use") as refused:
            FileSource(path)
        assert open_files() == before, refused
    with FileSource(path) as source:
        assert (source.name, source.size_bytes, source.sector_bytes) == (str(path), 4096, 512)
        assert source.read_at(4095, 1) == old_bytes(4096)[4095:]
        for offset, length in [(-1, 1), (4096, 1), (0, 4097)]:
            with pytest.raises(CardError):
                source.read_at(offset, length)


def test_known_sectors_are_read_at_any_offset() -> None:
    known = KnownSectors("card", {3: old_bytes(512), 4: b"short"})
    assert known.read_at(3 * 512 + 100, 20) == old_bytes(512)[100:120]
    assert known.read_at(3 * 512 + 510, 8) == old_bytes(512)[510:] + b"short\0"
    assert known.read_at(9 * 512 + 1, 513) == bytes(513)
