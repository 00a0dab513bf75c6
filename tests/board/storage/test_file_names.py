from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from doctor.bench import Bench, BenchOptions
from doctor.board.storage import files, flash_copy, upload
from doctor.board.storage.file_names import why_not
from doctor.board.storage.kept_files import read_folder
from doctor.check import Status
from doctor.errors import BoardError
from doctor.jobs import backup
from doctor.jobs.check import CheckRequest, check
from doctor.text.escape import shown

OLD, MIDDLE, NEW = "1.17.3.b1", "1.20.0.rc13", "1.20.2.r4"
LATIN_1 = os.fsdecode(b"caf\xe9.py")


@pytest.fixture
def old_bench() -> Iterator[Bench]:
    with Bench(BenchOptions(port=f"sim://fipy?release={OLD}")) as made:
        yield made


@pytest.fixture
def littered() -> Iterator[Bench]:
    """A board with a file and a folder whose names are no text, as FTP can leave them."""
    with Bench(BenchOptions(port=f"sim://fipy?release={NEW}")) as made:
        made.board.repl.run("open('/flash/caf\\udce9.py', 'wb').close()\nimport os\nos.mkdir('/flash/\\udcff')\n")
        files.write(made.board, "/flash/main.py", b"pass\n")
        yield made


@pytest.mark.parametrize(
    "name", ["a:b", "a*?", 'say"', "two\nlines", "dot.", "space ", "back\\slash", "\x7f", "\u00e9" * 65]
)
def test_fat_cannot_hold_what_littlefs_can(name: str) -> None:
    assert why_not(name, fat=True)
    assert not why_not(name, fat=False)


@pytest.mark.parametrize("name", ["main.py", "a b\u00fc.txt", ".hidden", "CON", "\u00e9" * 64])
def test_fat_holds(name: str) -> None:
    assert not why_not(name, fat=True)


def test_bytes_that_are_no_text_are_shown_as_bytes() -> None:
    assert shown(LATIN_1) == r"caf\xe9.py"


@pytest.mark.parametrize(("release", "name"), [(NEW, LATIN_1), (OLD, LATIN_1), (OLD, "a:b.txt"), (OLD, "dot.")])
def test_such_a_name_is_refused_before_anything_is_written(release: str, name: str, tmp_path: Path) -> None:
    for one in ("a.py", name):
        (tmp_path / one).write_bytes(b"pass\n")
    with Bench(BenchOptions(port=f"sim://fipy?release={release}")) as bench:
        with pytest.raises(BoardError, match="nothing was written") as caught:
            backup.restore(bench, tmp_path, tmp_path / "copies", lambda *_: True)
        assert not files.exists(bench.board, "/flash/a.py")
    assert shown(name) in caught.value.what
    assert (caught.value.id, caught.value.exit_code) == ("name-not-for-board", 1)


@pytest.mark.parametrize("name", ["main.py.fd-new", "x.fd-old", "fd-new.tmp"])
def test_a_name_of_an_unfinished_file_is_refused(name: str, tmp_path: Path) -> None:
    """The next restore would take it for one, remove it, or give it another name."""
    (tmp_path / name).write_bytes(b"mine\n")
    with Bench(BenchOptions(port=f"sim://fipy?release={NEW}")) as bench, pytest.raises(BoardError, match="unfinished"):
        upload.refuse_bad_names(bench.board, read_folder(tmp_path))


def test_names_that_differ_in_case_only_are_one_on_fat(old_bench: Bench, tmp_path: Path) -> None:
    for name in ("a.py", "A.py"):
        (tmp_path / name).write_bytes(b"pass\n")
    with pytest.raises(BoardError, match="are one name"):
        upload.refuse_bad_names(old_bench.board, read_folder(tmp_path))


def test_on_fat_another_case_replaces_with_a_copy(old_bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "BOOT.PY").write_bytes(b"pass\n")
    changes = upload.compare(old_bench.board, read_folder(tmp_path), clean=True)
    assert [one.path for one in changes.replaced] == ["/flash/BOOT.PY"]
    assert "/flash/boot.py" not in [one.path for one in changes.removed]


@pytest.mark.parametrize(
    ("release", "system", "replaced"), [(NEW, "fat", True), (MIDDLE, "littlefs", False), (NEW, "littlefs", False)]
)
def test_the_board_tells_its_file_system_and_not_its_release(
    release: str, system: str, replaced: bool, tmp_path: Path
) -> None:
    """Either can be chosen (board-and-repl.md 4): FAT would lose main.py without a copy."""
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "MAIN.PY").write_bytes(b"new = 1\n")
    with Bench(BenchOptions(port=f"sim://fipy?release={release}&files={system}")) as bench:
        files.write(bench.board, "/flash/main.py", b"old = 1\n")
        assert backup.restore(bench, tmp_path / "new", tmp_path / "copies", lambda *_: True) is not None
        assert files.read(bench.board, "/flash/MAIN.PY") == b"new = 1\n"
        still = files.read(bench.board, "/flash/main.py")
    copies = [path.read_bytes() for path in tmp_path.rglob("copies/**/*") if path.is_file()]
    assert b"old = 1\n" in [still, *copies]
    assert bool(copies) == replaced


def test_names_in_two_cases_are_refused_where_a_new_release_has_fat(tmp_path: Path) -> None:
    for name in ("a.py", "A.py"):
        (tmp_path / name).write_bytes(b"pass\n")
    url = f"sim://fipy?release={NEW}&files=fat"
    with Bench(BenchOptions(port=url)) as bench, pytest.raises(BoardError, match="are one name"):
        upload.refuse_bad_names(bench.board, read_folder(tmp_path))


def test_the_simulated_fat_refuses_them_itself(old_bench: Bench) -> None:
    with pytest.raises(BoardError, match="EINVAL"):
        old_bench.board.repl.run("open('/flash/a:b.txt', 'wb')")


def test_backup_names_what_it_cannot_keep_and_keeps_the_rest(littered: Bench, tmp_path: Path) -> None:
    made = flash_copy.backup(littered.board, tmp_path / "b")
    assert {shown(path) for path, _ in made.unreadable} == {r"/flash/caf\xe9.py", r"/flash/\xff"}
    assert "/flash/main.py" in [one.path for one in made.kept.files]


def test_a_clean_upload_leaves_it_and_says_so(littered: Bench, tmp_path: Path) -> None:
    (tmp_path / "main.py").write_bytes(b"pass\n")
    done = backup.restore(littered, tmp_path, tmp_path.parent / "copies", lambda *_: True, clean=True)
    assert done is not None
    assert any(r"leave /flash/caf\xe9.py" in line for line in done[1].lines())


def test_checks_go_on(littered: Bench) -> None:
    report = check(littered, CheckRequest(select=("board-scripts-match", "boot-starts-no-updater")))
    status = {found.check: found.status for found in report.findings}
    assert status["boot-starts-no-updater"] is Status.PASS
    assert status["board-scripts-match"] is Status.WARN
