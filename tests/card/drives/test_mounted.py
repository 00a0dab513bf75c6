from __future__ import annotations

import os
from pathlib import Path

import pytest

from doctor.card.drives.mounted import MountedOn, mounted_on
from tests.another_system import Windows, on


@pytest.mark.skipif(os.name == "nt", reason="the real one answers by itself")
def test_windows_tells_the_file_system_of_a_drive(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    windows = Windows.installed(monkeypatch)
    assert mounted_on(Path("/")) == MountedOn("", True, "/")
    windows.systems = {"/": "FAT32"}  # what stands for E:\ here
    assert mounted_on(Path("/")) == MountedOn("FAT32", True, "/")
    assert mounted_on(tmp_path) == MountedOn("FAT32", False, "/")


def test_a_system_that_tells_nothing_still_knows_where_a_volume_begins(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def not_there(path: Path) -> bool:
        raise NotImplementedError("Path.is_mount() is unsupported on this system")  # Windows before Python 3.12

    on(monkeypatch, "freebsd14")
    monkeypatch.setattr(Path, "is_mount", not_there)
    assert [mounted_on(folder).is_mount for folder in (Path("/"), tmp_path)] == [True, False]
