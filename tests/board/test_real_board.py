"""The product's own commands against a real MicroPython with a real LittleFS and FAT; another one reads the tree."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from doctor.bench import Bench, BenchOptions
from doctor.board import snippets
from doctor.board.storage import files
from doctor.board.storage.room import name_key
from tests.board.micropython import needs_micropython
from tests.board.one_byte import FROM_BOARD, OneByte
from tests.board.real_board import RealBoard

pytestmark = [
    pytest.mark.micropython,
    needs_micropython,
    pytest.mark.skipif(sys.platform == "win32", reason="no pseudo terminals"),
]

FILES = {
    "boot.py": b"# boot\n",
    "main.py": b"print('mine')\n" * 400,
    "main.py.off": b"",
    "lib/deep/all bytes.bin": bytes(range(256)) * 20,
    "n" * 120 + ".txt": b"x",  # FatFs as Pycom builds it takes 128
    "gr\u00fc\u00dfe 'n.txt": b"\x04>OK@@FD null\r\n\x04",
}
FOLDERS = {"lib": None, "lib/deep": None, "hollow": None}


@pytest.fixture(params=["littlefs", "fat"])
def board(request: pytest.FixtureRequest, tmp_path: Path) -> RealBoard:
    made = RealBoard(tmp_path / "flash.img", request.param)
    made.fill(FILES, ("hollow",))
    return made


def doctor(*words: str, port: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "doctor", *words, "--port", port],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def kept(folder: Path) -> set[bytes]:
    return {path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_stage_itself_is_what_it_says(board: RealBoard) -> None:
    assert board.tree() == {**FILES, **FOLDERS}
    assert board.image.stat().st_size == 504 * 1024


@pytest.mark.sampled(2, "long")
@pytest.mark.long
def test_backup_and_restore_by_the_real_commands(board: RealBoard, tmp_path: Path) -> None:
    with board.switched_on() as port:
        done = doctor("backup", str(tmp_path / "b"), port=port)
        assert done.returncode == 0, done.stdout + done.stderr
    assert set(FILES.values()) <= kept(tmp_path / "b")
    board.fill({"main.py": b"another\n"})
    with board.switched_on() as port:
        words = ("restore", str(tmp_path / "b"), "--clean", "--backup", str(tmp_path / "c"), "--yes")
        done = doctor(*words, port=port)
        assert done.returncode == 0, done.stdout + done.stderr
    assert board.tree() == {**FILES, **FOLDERS}
    assert b"another\n" in kept(tmp_path / "c")


@pytest.mark.long
def test_reset_flash_by_the_real_command(board: RealBoard, tmp_path: Path) -> None:
    with board.switched_on() as port:
        done = doctor("fix", "--reset-flash", "--put-back", "*", "--backup", str(tmp_path / "b"), "--yes", port=port)
    assert "6 of 6 files put back" in done.stdout, done.stdout + done.stderr
    assert {name: data for name, data in board.tree().items() if data is not None} == FILES
    assert set(FILES.values()) <= kept(tmp_path / "b")


@pytest.mark.long
def test_a_flipped_bit_of_a_file_is_never_kept_as_the_file(board: RealBoard, tmp_path: Path) -> None:
    bad = OneByte("flip", FROM_BOARD, at=9000)  # of some 17,000, most of them the files'
    with board.switched_on(bad.pass_on) as port:
        done = doctor("backup", str(tmp_path / "b"), port=port)
    assert bad.hit is not None
    assert done.returncode != 0 or set(FILES.values()) <= kept(tmp_path / "b"), done.stdout + done.stderr
    assert board.tree() == {**FILES, **FOLDERS}


def test_a_file_that_a_killed_program_left_open_spoils_no_other(board: RealBoard) -> None:
    draft, came = "/flash/big.bin.fd-new", {f"f{number}.bin": bytes([65 + number]) * 3300 for number in range(3)}
    board.fill({"main.py": b"print(1)\n" * 200})
    with board.switched_on() as port:
        with Bench(BenchOptions(port=port)) as bench:
            bench.board.repl.call(snippets.open_for_writing(draft))
            for at in range(0, 3500, 500):
                bench.board.repl.call(snippets.write_at(at, b"S" * 500))
        with Bench(BenchOptions(port=port)) as bench:
            files.remove(bench.board, draft)
            for name, data in came.items():
                files.write(bench.board, f"/flash/{name}", data)
            bench.board.repl.run("import gc\ngc.collect()\n")
    assert came.items() <= board.tree().items()


def test_the_file_system_takes_for_one_name_what_we_take_for_one(board: RealBoard) -> None:
    with board.switched_on() as port, Bench(BenchOptions(port=port)) as bench:
        key = name_key(bench.board)
        for one, two in (
            ("a", "A"),
            ("À", "Ç"),
            ("Ä", "Î"),
            ("é", "É"),
            ("straße", "STRASSE"),
            ("中", "席"),
            ("ж", "Ж"),
        ):
            files.write(bench.board, f"/flash/{one}", b"")
            assert files.exists(bench.board, f"/flash/{two}") == (key(one) == key(two)), (one, two)
            files.remove(bench.board, f"/flash/{one}")
