"""A restore that was cut, and then another one, or a reset: names, room and records of a board that is not clean."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from hashlib import sha256
from pathlib import Path

import pytest

from doctor.bench import Bench, BenchOptions
from doctor.board.storage import begun, files, own_names
from doctor.board.storage.begun import Book
from doctor.board.storage.file_names import fat_key
from doctor.board.storage.files import BoardFile
from doctor.board.storage.room import is_fat
from doctor.errors import BoardError, UsageError
from doctor.jobs import backup
from doctor.jobs.last_flash import KeptHistory
from doctor.remedies.backup_file import keep_copy
from doctor.remedies.reset_flash import ResetFlash
from doctor.sim.card.names import folded
from tests.board.storage.bad_line import RELEASES, board_with, context, kept_in
from tests.board.storage.test_begun import FILES, reset_cut

ONE, TWO = (("a.py", "A.PY"), ("À", "Ç"), ("Ä", "Î")), (("é", "É"), ("straße", "STRASSE"), ("ñ", "Ñ"))
LONG = "n" * 125


def folder_of(tmp_path: Path, content: dict[str, bytes]) -> Path:
    """A folder of the user's on the PC."""
    for path, data in content.items():
        (tmp_path / "folder" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "folder" / path).write_bytes(data)
    return tmp_path / "folder"


def restore(bench: Bench, tmp_path: Path, content: dict[str, bytes], *, clean: bool = False) -> None:
    """Bring the files to the board; copies go to ``copies``."""
    backup.restore(bench, folder_of(tmp_path, content), tmp_path / "copies", lambda *_: True, clean=clean)


def test_names_that_are_one_on_fat() -> None:
    for key in (fat_key, folded):
        assert [key(one) == key(two) for one, two in ONE] == [True] * len(ONE)
        assert [key(one) == key(two) for one, two in TWO] == [False] * len(TWO)


def test_a_file_that_fat_takes_for_one_of_the_folder_is_copied_before_it_is_replaced(tmp_path: Path) -> None:
    with board_with({"Ç.txt": b"the user's"}, RELEASES[0], place=tmp_path / "place") as (bench, flash):
        restore(bench, tmp_path, {"À.txt": b"another"})
        assert [data for path, data in flash.files.items() if path.endswith(".txt")] == [b"another"]
    assert b"the user's" in kept_in(tmp_path / "copies")


def test_two_files_that_fat_takes_for_one_are_refused(tmp_path: Path) -> None:
    with board_with({}, RELEASES[0]) as (bench, _), pytest.raises(BoardError, match="are one name"):
        restore(bench, tmp_path, {"À.txt": b"one", "Ç.txt": b"two"})


def test_an_old_file_does_not_wait_for_a_name_that_is_taken_in_another_case(tmp_path: Path) -> None:
    with board_with({"Own.py": b"new", "own.py.fd-old": b"old"}, RELEASES[0]) as (bench, flash):
        restore(bench, tmp_path, {"z.txt": b"z"})
        assert flash.files["Own.py"] == b"new"
        assert "own.py.fd-old" not in flash.files
    assert b"old" in kept_in(tmp_path / "copies")


def test_entries_that_cannot_be_examined_do_not_say_what_file_system_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    listdir = files.listdir
    broken = BoardFile("/flash/AA", "AA", False, -1)
    monkeypatch.setattr(files, "listdir", lambda board, path: (broken, *listdir(board, path)))
    for release, fat in zip(RELEASES, (True, False), strict=True):
        with board_with({"b.py": b""}, release) as (bench, _):
            assert is_fat(bench.board) == fat


@pytest.mark.long
@pytest.mark.parametrize("release", RELEASES)
def test_what_a_killed_upload_left_takes_no_room_from_the_next(release: str, tmp_path: Path) -> None:
    content = {"big.bin": bytes(range(256)) * 1200}
    with board_with({"big.bin.fd-new": content["big.bin"][:-1]}, release, words="504k") as (bench, flash):
        restore(bench, tmp_path, content)
        assert flash.files.items() >= content.items()
        assert "big.bin.fd-new" not in flash.files


@pytest.mark.long
@pytest.mark.parametrize("release", RELEASES)
def test_a_reset_ends_on_a_board_that_is_nearly_full_of_a_draft(release: str, tmp_path: Path) -> None:
    data = bytes(range(256)) * 1200
    with board_with({"big.bin.fd-new": data[:-1]}, release, words="504k") as (bench, flash):
        files.write(bench.board, "/flash/big.bin", data)
        assert flash.files["big.bin"] == data


def test_an_old_file_of_a_long_name_goes_once_the_new_one_is_there(tmp_path: Path) -> None:
    second = own_names.second_of(f"/flash/{LONG}").removeprefix("/flash/")
    assert own_names.is_nameless(second)
    with board_with({LONG: b"new", second: b"old"}, RELEASES[0]) as (bench, flash):
        restore(bench, tmp_path, {"z.txt": b"z"})
        assert second not in flash.files
        assert flash.files[LONG] == b"new"
    assert b"old" in kept_in(tmp_path / "copies")


@pytest.mark.parametrize("release", RELEASES)
def test_a_clean_restore_gives_no_old_file_its_name_back(release: str, tmp_path: Path) -> None:
    with board_with({"lib/own.py.fd-old": b"old"}, release) as (bench, flash):
        restore(bench, tmp_path, {"z.txt": b"z"}, clean=True)
        assert flash.files == {"z.txt": b"z"}
    assert b"old" in kept_in(tmp_path / "copies")


@pytest.mark.parametrize("release", RELEASES)
def test_a_reset_that_was_cut_leaves_what_was_restored_since_then(release: str, tmp_path: Path) -> None:
    url = reset_cut(tmp_path, release, 4)
    with Bench(BenchOptions(port=url), history=KeptHistory()) as bench:
        restore(bench, tmp_path, {"main.py": b"print('restored')\n"})
        ResetFlash().do(bench, None, context(tmp_path / "copies"))
        held = bench.link.serial.bench.board.flash.files
        assert held.items() >= {**FILES, "main.py": b"print('restored')\n"}.items()
        assert not Book(bench.history.begun_place(bench)).any


def test_a_word_of_a_thread_is_not_taken_for_an_error_of_the_board(tmp_path: Path) -> None:
    with board_with(FILES, words="tick@5") as (bench, flash):
        restore(bench, tmp_path, {"new.py": b"new = 1\n"})
        assert flash.files["new.py"] == b"new = 1\n"


def test_copies_never_lie_in_the_folder_that_goes_to_the_board(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, {"main.py": b"another\n"})
    for copies in (folder, folder / "copies"):
        with board_with(FILES) as (bench, flash), pytest.raises(UsageError, match="go there, too"):
            backup.restore(bench, folder, copies, lambda *_: True)
        assert flash.files.items() >= FILES.items()


@pytest.mark.parametrize("there", [{}, {"Ç.txt": b"two"}, {"Ç.txt": b"the user's"}])
def test_what_was_begun_brings_no_two_files_that_fat_takes_for_one(there: dict[str, bytes], tmp_path: Path) -> None:
    folder = folder_of(tmp_path, {"À.txt": b"one", "Ç.txt": b"two", "own.py": b"own = 1\n"})
    with board_with(there, RELEASES[0], place=tmp_path / "place") as (bench, flash):
        goals = tuple(
            begun.Goal(f"/flash/{path.name}", path.stat().st_size, sha256(path.read_bytes()).hexdigest(), str(path))
            for path in sorted(folder.iterdir())
        )
        book = Book(bench.history.begun_place(bench))
        record = begun.begin(bench.board, "reset-flash", ResetFlash().command, folder, goals)
        record = replace(record, cleared=True)
        book.write(record)
        with pytest.raises(UsageError, match=r"one name on the board's FAT; everything else is there") as caught:
            begun.finish(bench.board, book, record, partial(keep_copy, tmp_path / "copies"), lambda _text: None)
        held = {path: data for path, data in flash.files.items() if path.endswith(".txt")}
        first, second = ("Ç.txt", "À.txt") if b"two" in there.values() else ("À.txt", "Ç.txt")
        assert (list(held.values()), caught.value.on) == ([(folder / first).read_bytes()], str(folder / second))
        assert flash.files["own.py"] == b"own = 1\n"
        assert not book.any
    assert kept_in(tmp_path / "copies") >= set(there.values()) - {b"two"}
