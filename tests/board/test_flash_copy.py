from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from doctor.bench import Bench, BenchOptions
from doctor.board import files, flash_copy
from doctor.errors import CardError, UsageError
from doctor.remedies.cure import CureContext
from doctor.remedies.reset_flash import ResetFlash

MAIN = b"print('hello')\n"
BLOB = bytes(range(256)) * 9


@pytest.fixture(params=["1.17.3.b1", "1.20.2.r4"])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    with Bench(BenchOptions(port=f"sim://gpy?release={request.param}")) as made:
        repl = made.board.repl
        repl.run("import os\nos.mkdir('/flash/lib/deep')\n")
        for path, data in (("/flash/main.py", MAIN), ("/flash/lib/deep/blob.bin", BLOB)):
            files.write(made.board, path, data)
        yield made


def test_backup_holds_every_byte_and_restore_brings_it_back(bench: Bench, tmp_path: Path) -> None:
    kept = flash_copy.backup(bench.board, tmp_path / "b")
    assert (tmp_path / "b/flash/lib/deep/blob.bin").read_bytes() == BLOB
    assert flash_copy.read_backup(tmp_path / "b") == kept
    flash_copy.format_flash(bench.board)
    assert not files.exists(bench.board, "/flash/lib/deep")
    assert flash_copy.restore(bench.board, tmp_path / "b", kept) >= 2
    assert files.read(bench.board, "/flash/lib/deep/blob.bin") == BLOB
    assert flash_copy.restore(bench.board, tmp_path / "b", kept) == 0


def test_reset_flash_keeps_a_backup_and_puts_back_what_is_wanted(bench: Bench, tmp_path: Path) -> None:
    context = CureContext(lambda text: None, lambda question: "main.py" in question, tmp_path)
    said = ResetFlash().do(bench, None, context)
    assert "files are back" in said
    assert files.read(bench.board, "/flash/main.py") == MAIN
    assert not files.exists(bench.board, "/flash/lib/deep")
    (folder,) = tmp_path.iterdir()
    assert (folder / "flash/lib/deep/blob.bin").read_bytes() == BLOB


def test_nothing_is_formatted_where_the_pc_cannot_write(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(CardError):
        ResetFlash().do(bench, None, CureContext(print, lambda question: True, tmp_path / "file"))
    assert files.exists(bench.board, "/flash/main.py")


def test_damaged_or_foreign_folders_are_no_backup(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no backup"):
        flash_copy.read_backup(tmp_path)


def test_a_manifest_cannot_reach_out_of_its_folder(tmp_path: Path) -> None:
    text = '{"schema": "%s", "files": [{"path": "/flash/../../x", "size_bytes": 1, "sha256": "0"}]}'
    (tmp_path / flash_copy.MANIFEST).write_text(text % flash_copy.SCHEMA)
    with pytest.raises(CardError, match="name"):
        flash_copy.read_backup(tmp_path)


def test_backup_goes_into_an_empty_folder_only(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"")
    with pytest.raises(UsageError):
        flash_copy.backup(bench.board, tmp_path)
