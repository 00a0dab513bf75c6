"""Folders of the PC that hold what nobody makes for a board: devices, pipes, links to them, disk images."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from doctor.bench import Bench, BenchOptions
from doctor.board.scripts_on_board import local_scripts
from doctor.board.storage import begun
from doctor.board.storage.kept_files import Kept, read_backup, read_folder, write_manifest
from doctor.errors import UsageError
from doctor.remedies.cure import CureContext
from doctor.remedies.upload_scripts import UploadScripts

EMPTY = hashlib.sha256(b"").hexdigest()
pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no devices among the files of a folder")


def sparse(path: Path, size_bytes: int) -> None:
    with path.open("wb") as file:
        file.truncate(size_bytes)


def test_a_folder_of_more_than_a_board_holds_is_not_read_to_its_end(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"pass\n")
    sparse(tmp_path / "disk.img", 1 << 40)
    with pytest.raises(UsageError, match=r"with disk\.img, this folder has more than 8 MiB"):
        read_folder(tmp_path)


def test_many_files_count_as_one_large_one(tmp_path: Path) -> None:
    for name in "abc":
        sparse(tmp_path / name, 3 << 20)
    with pytest.raises(UsageError, match="with c, this folder has more than 8 MiB"):
        read_folder(tmp_path)


def test_a_device_in_the_place_of_a_copy_is_not_read(tmp_path: Path) -> None:
    where = tmp_path / "flash" / "empty.py"
    where.parent.mkdir()
    where.write_bytes(b"")
    write_manifest(tmp_path, [Kept("/flash/empty.py", 0, EMPTY)], (), {"/flash/empty.py": where})
    assert read_backup(tmp_path).files
    where.unlink()
    where.symlink_to("/dev/null")
    with pytest.raises(UsageError, match=r"empty\.py is missing or cannot be read"):
        read_backup(tmp_path)


def test_a_device_in_the_place_of_a_file_that_is_owed_is_not_read() -> None:
    assert begun.content(begun.Goal("/flash/empty.py", 0, EMPTY, "/dev/null")) is None


def test_a_device_among_the_scripts_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "good.py").write_bytes(b"pass\n")
    (tmp_path / "null.py").symlink_to("/dev/null")
    assert {name: script.data for name, script in local_scripts(tmp_path).items()} == {"good.py": b"pass\n"}


@pytest.mark.parametrize("size_bytes", [None, 1 << 40])
def test_what_cannot_be_a_script_is_not_uploaded_and_is_named(size_bytes: int | None, tmp_path: Path) -> None:
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    (scripts / "odd.py").mkdir() if size_bytes is None else sparse(scripts / "odd.py", size_bytes)
    options = BenchOptions(port="sim://fipy?scenario=html-scripts", scripts=scripts)
    with Bench(options) as bench, pytest.raises(UsageError, match=r"odd\.py in --scripts cannot be read"):
        UploadScripts().plan(bench, None, CureContext(print, bool, tmp_path))
