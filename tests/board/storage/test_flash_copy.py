from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from doctor.bench import Bench, BenchOptions
from doctor.board import onboard
from doctor.board.storage import files, flash_copy, own_names, upload
from doctor.board.storage.kept_files import MANIFEST, SCHEMA, local_name, read_backup, read_folder
from doctor.errors import BoardError, CardError, DoctorError, Stopped, UsageError
from doctor.jobs import backup
from doctor.remedies.cure import CureContext
from doctor.remedies.reset_flash import ResetFlash

MAIN = b"print('hello')\n"
BLOB = bytes(range(256)) * 9
ODD = "/flash/a b\u00fc.txt"


@pytest.fixture(params=["1.17.3.b1", "1.20.2.r4"])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    with Bench(BenchOptions(port=f"sim://gpy?release={request.param}")) as made:
        made.board.repl.run("import os\nos.mkdir('/flash/lib/deep')\nos.mkdir('/flash/hollow')\n")
        for path, data in (("/flash/main.py", MAIN), ("/flash/lib/deep/blob.bin", BLOB), (ODD, b"x")):
            files.write(made.board, path, data)
        yield made


def yes(*_anything: object) -> bool:
    return True


def test_backup_holds_every_byte_and_restore_brings_it_back(bench: Bench, tmp_path: Path) -> None:
    made = flash_copy.backup(bench.board, tmp_path / "b")
    assert (tmp_path / "b/flash/lib/deep/blob.bin").read_bytes() == BLOB
    assert read_backup(tmp_path / "b") == made.kept
    flash_copy.format_flash(bench.board)
    assert not files.exists(bench.board, "/flash/lib/deep")
    backup.restore(bench, tmp_path / "b", tmp_path / "copies", yes)
    assert files.read(bench.board, "/flash/lib/deep/blob.bin") == BLOB
    assert files.read(bench.board, ODD) == b"x"
    assert files.stat(bench.board, "/flash/hollow").is_dir
    assert not upload.compare(bench.board, made.kept).any


def test_our_own_updater_is_no_file_of_the_users(tmp_path: Path) -> None:
    with Bench(BenchOptions(port="sim://gpy")) as bench:
        bench.board.repl.run("import os\nos.mkdir('/flash/lib/fipyup')\n")
        files.write(bench.board, "/flash/lib/fipyup/at.py", onboard.core_files()["at.py"])
        files.write(bench.board, "/flash/lib/fipyup/stp.py", MAIN)
        said: list[str] = []
        kept = flash_copy.backup(bench.board, tmp_path / "b", said.append).kept
        changes = upload.compare(bench.board, kept, clean=True)
    assert [file.path for file in kept.files if "fipyup" in file.path] == ["/flash/lib/fipyup/stp.py"]
    assert [line for line in said if "left out: /flash/lib/fipyup" in line]
    assert not changes.any


def test_reset_flash_keeps_a_backup_and_puts_back_what_is_wanted(bench: Bench, tmp_path: Path) -> None:
    context = CureContext(lambda text: None, lambda question: "main.py" in question, tmp_path)
    said = ResetFlash().do(bench, None, context)
    assert "put back" in said
    assert files.read(bench.board, "/flash/main.py") == MAIN
    assert not files.exists(bench.board, "/flash/lib/deep")
    (folder,) = tmp_path.glob("board-*")
    assert f"restore {folder}" in said
    assert (folder / "flash/lib/deep/blob.bin").read_bytes() == BLOB


def test_put_back_answers_for_somebody_who_cannot_be_asked(bench: Bench, tmp_path: Path) -> None:
    context = CureContext(lambda text: None, lambda question: False, tmp_path, put_back=["lib/*"])
    ResetFlash().do(bench, None, context)
    assert files.read(bench.board, "/flash/lib/deep/blob.bin") == BLOB
    assert files.read(bench.board, "/flash/main.py") != MAIN


def test_none_puts_nothing_back_and_asks_nobody(bench: Bench, tmp_path: Path) -> None:
    context = CureContext(lambda text: None, yes, tmp_path, put_back=["none"])
    assert "0 of" in ResetFlash().do(bench, None, context)
    assert not files.exists(bench.board, ODD)


def test_a_name_that_is_not_there_is_refused_before_anything_is_read(bench: Bench, tmp_path: Path) -> None:
    said: list[str] = []
    with pytest.raises(UsageError, match="nothing was formatted"):
        ResetFlash().do(bench, None, CureContext(said.append, yes, tmp_path, put_back=["main.py", "nix.py"]))
    assert not said
    assert not list(tmp_path.iterdir())


def test_nothing_is_formatted_where_the_pc_cannot_write(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(CardError) as caught:
        ResetFlash().do(bench, None, CureContext(print, yes, tmp_path / "file"))
    assert caught.value.id == "backup-not-writable"
    assert files.exists(bench.board, "/flash/main.py")


def test_ctrl_c_after_the_format_says_where_the_files_are(bench: Bench, tmp_path: Path) -> None:
    def say(text: str) -> None:
        if text.startswith("writing"):
            raise KeyboardInterrupt

    with pytest.raises(Stopped) as caught:
        ResetFlash().do(bench, None, CureContext(say, yes, tmp_path))
    (folder,) = tmp_path.glob("board-*")
    assert f"restore {folder}" in caught.value.next
    assert "modem" not in caught.value.what


def test_ctrl_c_at_the_question_formats_nothing(bench: Bench, tmp_path: Path) -> None:
    def ask(_question: str) -> bool:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ResetFlash().do(bench, None, CureContext(lambda text: None, ask, tmp_path))
    assert files.read(bench.board, "/flash/main.py") == MAIN


def test_ctrl_c_in_a_backup_leaves_no_half_folder(bench: Bench, tmp_path: Path) -> None:
    def say(text: str) -> None:
        if "blob" in text:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        flash_copy.backup(bench.board, tmp_path / "b", say)
    assert not (tmp_path / "b").exists()


def test_ctrl_c_in_an_upload_leaves_whole_files_and_no_other(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "main.py").write_bytes(b"#" * 900)
    old = bench.board.repl.call
    calls = 0

    def call(code: str, *, silence_s: float = 10.0, total_s: float = 60.0, tries: int = 1) -> object:
        nonlocal calls
        calls += code.startswith("print('@@FD', _fd_w(")
        if calls == 2:
            raise KeyboardInterrupt
        return old(code, silence_s=silence_s, total_s=total_s, tries=tries)

    source = read_folder(tmp_path)
    bench.board.repl.call = call  # type: ignore[method-assign]
    with pytest.raises(Stopped, match="0 of 1 file "):
        upload.carry_out(bench.board, source.content, upload.compare(bench.board, source), lambda path, data: tmp_path)
    assert files.read(bench.board, "/flash/main.py") == MAIN
    assert not [entry.path for entry in files.listdir(bench.board, "/flash") if own_names.is_ours(entry.path)]


def test_what_the_board_cannot_read_is_named_and_lost_only_with_consent(tmp_path: Path) -> None:
    with Bench(BenchOptions(port="sim://gpy")) as bench:
        files.write(bench.board, "/flash/until-formatted", b"")
        bench.board.repl.run(
            "import os\n_l = os.listdir\ndef _f(p='/'):\n"
            " if p == '/flash/lib' and 'until-formatted' in _l('/flash'):\n  raise OSError(5)\n return _l(p)\n"
            "os.listdir = _f\n"
        )
        context = CureContext(lambda text: None, yes, tmp_path)
        with pytest.raises(BoardError, match="/flash/lib") as caught:
            ResetFlash().do(bench, None, context)
        assert caught.value.id == "backup-not-whole"
        done = ResetFlash().do(bench, None, CureContext(context.say, yes, tmp_path, confirm="/flash"))
    assert "is formatted" in done


def test_any_folder_can_be_uploaded_without_its_litter(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "__pycache__").mkdir()
    for name in ("main.py", "lib/mine.py", ".DS_Store", "__pycache__/main.pyc"):
        (tmp_path / name).write_bytes(b"x = 1\n")
    done = backup.restore(bench, tmp_path, tmp_path.parent / "copies", yes)
    assert done is not None
    assert [one.path for one in done[0].files] == ["/flash/lib/mine.py", "/flash/main.py"]
    assert files.read(bench.board, "/flash/main.py") == b"x = 1\n"
    assert files.read(bench.board, "/flash/lib/deep/blob.bin") == BLOB


def test_clean_upload_keeps_a_copy_of_what_goes(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "new/boot.py").write_bytes(b"y = 2\n")
    backup.restore(bench, tmp_path / "new", tmp_path / "copies", yes, clean=True)
    left = [entry.path for entry in files.walk(bench.board, "/flash", 5) if not entry.is_dir]
    assert left == ["/flash/boot.py"]
    assert (tmp_path / "copies/flash/lib/deep/blob.bin").read_bytes() == BLOB


def test_making_folders_makes_no_other(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    backup.restore(bench, tmp_path, tmp_path.parent / "copies", yes)
    names = {entry.path for entry in files.walk(bench.board, "/flash", 5) if entry.is_dir}
    assert names == {f"/flash/{name}" for name in ("a", "a/b", "cert", "hollow", "lib", "lib/deep", "sys")}


def test_saved_page_in_a_folder_is_refused_before_anything_is_written(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"x = 1\n")
    (tmp_path / "b.py").write_bytes(b"<!DOCTYPE html><html><body></body></html>")
    with pytest.raises(UsageError) as caught:
        backup.restore(bench, tmp_path, tmp_path.parent / "copies", yes)
    assert caught.value.id == "script-is-html-page"
    assert not files.exists(bench.board, "/flash/a.py")


def test_folder_that_does_not_fit_is_refused_before_anything_is_written(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"x")
    (tmp_path / "big.bin").write_bytes(bytes(5 << 20))
    with pytest.raises(BoardError, match="nothing was written") as caught:
        backup.restore(bench, tmp_path, tmp_path.parent / "copies", yes)
    assert caught.value.id == "flash-filesystem-full"


def test_damaged_or_unfinished_backups_are_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no backup"):
        read_backup(tmp_path)
    (tmp_path / "flash").mkdir()
    with pytest.raises(UsageError, match="not finished"):
        read_folder(tmp_path)


@pytest.mark.parametrize(
    "entry",
    [{"path": "/flash/../../x"}, {"path": "/sd/x"}, {"path": "/flash/x", "kept_as": "../x"}],
    ids=["up", "card", "kept-as"],
)
def test_a_manifest_cannot_reach_out_of_its_folder(entry: dict[str, str], tmp_path: Path) -> None:
    listed = {"schema": SCHEMA, "files": [{"size_bytes": 1, "sha256": "0", **entry}]}
    (tmp_path / MANIFEST).write_text(json.dumps(listed))
    with pytest.raises(DoctorError) as caught:
        read_folder(tmp_path)
    assert caught.value.id == "backup-name-unsafe"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/flash/a:b", "flash/a%3Ab"),
        ("/flash/../x", "flash/.%2E/x"),
        ("/flash/con.txt", "flash/%63on.txt"),
        ("/flash/dot.", "flash/dot%2E"),
        ("/flash/README", "flash/README%2"),
    ],
)
def test_every_name_of_a_board_can_be_kept(path: str, name: str) -> None:
    assert local_name(path, {"flash/readme"}) == name


def test_backup_goes_into_an_empty_folder_only(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"")
    with pytest.raises(UsageError):
        flash_copy.backup(bench.board, tmp_path)
    assert (tmp_path / "x").exists()


def test_nothing_is_formatted_where_a_name_to_put_back_is_none(bench: Bench, tmp_path: Path) -> None:
    context = CureContext(lambda text: None, yes, tmp_path, put_back=["main.py", "nothere.py"])
    with pytest.raises(UsageError, match=r"nothere\.py; nothing was formatted") as caught:
        ResetFlash().do(bench, None, context)
    assert "lib/deep/blob.bin" in caught.value.cause
    assert files.read(bench.board, "/flash/main.py") == MAIN
