"""A board as its user left it: nearly full, with logs that grow, bad places, hard names and files called like ours."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from doctor.board.storage import files, flash_copy, own_names, upload
from doctor.board.storage.kept_files import LONGEST_PATH, MANIFEST, SCHEMA, local_name, read_backup, read_folder
from doctor.errors import BoardError, UsageError
from doctor.jobs import backup
from doctor.remedies.backup_file import LIST, keep_copy
from doctor.remedies.cure import CureContext
from doctor.remedies.disable_autorun import DisableAutorun
from doctor.remedies.reset_flash import ResetFlash
from doctor.remedies.upload_scripts import UploadScripts
from tests.board.storage.bad_line import RELEASES, board_with, context, kept_in

MAIN = b"import sqnsupgrade\nsqnsupgrade.run('/sd/x.dup')\n"
OLD, NEW = RELEASES
K = 1024


@pytest.mark.long
@pytest.mark.sampled(2)
@pytest.mark.parametrize("release", RELEASES)
def test_a_flash_that_is_nearly_full_comes_back_whole(release: str, tmp_path: Path) -> None:
    data = {f"data{number}.bin": bytes([number]) * 9000 for number in range(34)}
    with board_with(data, release, words="504k") as (bench, flash):
        before = flash.files
        assert flash.free_bytes() < 0.2 * flash.size_bytes
        ResetFlash().do(bench, None, context(tmp_path, put_back=["*"]))
        assert flash.files == before


def test_a_log_that_grows_is_kept_and_named(tmp_path: Path) -> None:
    with board_with({"log.txt": b"1;2\n", "main.py": b"x = 1\n"}, words="grows:log.txt") as (bench, _):
        said: list[str] = []
        made = flash_copy.backup(bench.board, tmp_path / "b", said.append)
    assert (made.growing, made.unreadable) == (("/flash/log.txt",), ())
    assert (tmp_path / "b/flash/log.txt").read_bytes().startswith(b"1;2\n")
    assert [line for line in said if "keeps writing to /flash/log.txt" in line]


def test_a_file_that_does_not_stay_the_same_is_left_out_and_named(tmp_path: Path) -> None:
    with board_with({"state.txt": b"0", "main.py": b"x = 1\n"}) as (bench, flash):
        run, turns = bench.board.repl.run, iter(range(99))

        def busy(code: str, **more: object) -> str:
            flash.write("state.txt", b"%d" % (next(turns) % 10))
            return run(code, **more)  # type: ignore[arg-type]

        bench.board.repl.run = busy  # type: ignore[method-assign]
        made = flash_copy.backup(bench.board, tmp_path / "b")
    assert [path for path, _ in made.unreadable] == ["/flash/state.txt"]
    assert "changed while it was read" in made.why_unreadable
    assert "stop the program" in made.advice
    assert "/flash/main.py" in [one.path for one in made.kept.files]


def test_what_comes_while_the_copies_are_made_is_named_and_nothing_is_formatted(tmp_path: Path) -> None:
    with board_with({"main.py": b"x = 1\n"}) as (bench, flash):

        def say(text: str) -> None:
            if "main.py" in text:
                flash.write("late.txt", b"late")

        made = flash_copy.backup(bench.board, tmp_path / "b", say)
        assert [path for path, _ in made.unreadable] == ["/flash/late.txt"]
        flash.remove("late.txt")
        with pytest.raises(BoardError, match=r"late\.txt could be made; nothing was formatted"):
            ResetFlash().do(bench, None, CureContext(say, lambda _: True, tmp_path / "c", put_back=["*"]))
        assert flash.files["main.py"] == b"x = 1\n"


def test_a_bad_place_is_named_and_all_else_is_kept(tmp_path: Path) -> None:
    names = {"a.py": b"a = 1\n", "bad.py": b"b = 1\n", "c.py": b"c = 1\n"}
    with board_with(names, words="eio:bad.py") as (bench, _):
        made = flash_copy.backup(bench.board, tmp_path / "b")
        assert [(path, "EIO" in why) for path, why in made.unreadable] == [("/flash/bad.py", True)]
        assert {b"a = 1\n", b"c = 1\n"} <= kept_in(tmp_path / "b")
        assert UploadScripts().plan(bench, None, context(tmp_path)) == ()
        with pytest.raises(files.BoardFileRefused, match=r"cannot read or write /flash/bad\.py") as caught:
            files.read(bench.board, "/flash/bad.py")
        assert caught.value.cause


@pytest.mark.parametrize("release", RELEASES)
def test_a_name_that_the_user_took_is_the_users(release: str, tmp_path: Path) -> None:
    with board_with({"main.py": MAIN, "main.py.off": b"mine\n", "main.py.off2": b"too\n"}, release) as (bench, flash):
        (line,) = DisableAutorun().plan(bench, None, context(tmp_path))
        assert line.endswith("main.py.off3")
        DisableAutorun().do(bench, None, context(tmp_path))
        assert {flash.files[f"main.py.off{n}"] for n in ("", "2", "3")} == {b"mine\n", b"too\n", MAIN}
        assert "main.py" not in flash.files


def test_disable_autorun_needs_no_room(tmp_path: Path) -> None:
    with board_with({"main.py": MAIN}, words="64k") as (bench, flash):
        flash.write("data.bin", bytes(flash.free_bytes() - 4 * K))
        DisableAutorun().do(bench, None, context(tmp_path))
        assert flash.files["main.py.off"] == MAIN


@pytest.mark.long
@pytest.mark.sampled(2)
@pytest.mark.parametrize("release", RELEASES)
def test_a_saved_page_goes_before_the_script_that_has_no_room_beside_it(release: str, tmp_path: Path) -> None:
    page = b"<!DOCTYPE html><html><body>" + b"p" * (234 * K) + b"</body></html>"
    (tmp_path / "good").mkdir()
    script = b"x = 1\n" * 12_500
    for name in ("sqnsupgrade.py", "sqnsbrz.py"):
        (tmp_path / "good" / name).write_bytes(script)
    pages = {"sqnsupgrade.py": page, "lib/sqnsbrz.py": page[:-9] + b" 2</html>"}
    small = {"main.py": b"pass\n"}
    with board_with(small, release, words="504k", scripts=tmp_path / "good") as (bench, flash):
        for name, data in pages.items():
            flash.write(name, data[: 225 * K])
        plan = UploadScripts().plan(bench, None, context(tmp_path / "copies"))
        UploadScripts().do(bench, None, context(tmp_path / "copies"))
        assert [flash.files[name] for name in pages] == [script, script]
    assert any("removed first" in line for line in plan)
    assert {data[: 225 * K] for data in pages.values()} <= kept_in(tmp_path / "copies")


def test_an_upload_that_cannot_fit_is_refused_with_nothing_changed(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "new/data2.bin").write_bytes(b"#" * 100 * K)
    with board_with({"data.bin": bytes(400 * K)}, words="504k") as (bench, flash):
        before = flash.files
        with pytest.raises(BoardError, match="in blocks of 4,096") as caught:
            backup.restore(bench, tmp_path / "new", tmp_path / "copies", lambda *_: True)
        assert (caught.value.id, flash.files) == ("flash-filesystem-full", before)


def test_littlefs_takes_two_blocks_for_a_folder(tmp_path: Path) -> None:
    for number in range(60):
        (tmp_path / f"new/folder{number}").mkdir(parents=True)
    for release, fits in ((OLD, True), (NEW, False)):
        with board_with({}, release, words="504k") as (bench, _):
            if fits:
                assert upload.compare(bench.board, read_folder(tmp_path / "new")).folders
            else:
                with pytest.raises(BoardError, match="in blocks of"):
                    upload.compare(bench.board, read_folder(tmp_path / "new"))


def test_what_an_older_version_left_unfinished_is_no_file_of_a_backup(tmp_path: Path) -> None:
    listed = [
        {"path": f"/flash/{name}", "size_bytes": 1, "sha256": hashlib.sha256(b"x").hexdigest()}
        for name in ("fd-new.tmp", "main.py")
    ]
    (tmp_path / "flash").mkdir()
    for one in listed:
        (tmp_path / str(one["path"]).lstrip("/")).write_bytes(b"x")
    (tmp_path / MANIFEST).write_text(json.dumps({"schema": SCHEMA, "files": listed}))
    with board_with({"fd-new.tmp": b"left by a run that was killed"}) as (bench, flash):
        backup.restore(bench, tmp_path, tmp_path / "copies", lambda *_: True)
        assert flash.files["main.py"] == b"x"
        assert "fd-new.tmp" not in flash.files
        flash.write("boot.py.fd-new", b"half")
        made = flash_copy.backup(bench.board, tmp_path / "b")
    assert not [one.path for one in made.kept.files if own_names.is_ours(one.path)]
    assert b"left by a run that was killed" in kept_in(tmp_path / "copies")


def test_an_old_file_that_waits_gets_its_name_back(tmp_path: Path) -> None:
    with board_with({"own.py.fd-old": b"own = 1\n", "own.py.fd-new": b"own"}, OLD) as (bench, flash):
        plan = UploadScripts().plan(bench, None, context(tmp_path))
        UploadScripts().do(bench, None, context(tmp_path))
        assert flash.files["own.py"] == b"own = 1\n"
        assert not [path for path in flash.files if own_names.is_ours(path)]
    assert plan[0].startswith("give /flash/own.py its name back")


def test_an_old_file_that_waits_is_in_the_copy_under_its_name(tmp_path: Path) -> None:
    with board_with({"lib/own.py.fd-old": b"own = 1\n", "lib/own.py.fd-new": b"own"}, OLD) as (bench, flash):
        ResetFlash().do(bench, None, context(tmp_path, put_back=["lib/*.py"]))
        assert flash.files["lib/own.py"] == b"own = 1\n"
        assert not [path for path in flash.files if own_names.is_ours(path)]


@pytest.mark.parametrize("release", RELEASES)
def test_a_bare_ending_is_a_name_of_the_users(release: str, tmp_path: Path) -> None:
    with board_with({".fd-old": b"the user's", "lib/.fd-new": b"too"}, release) as (bench, flash):
        ResetFlash().do(bench, None, context(tmp_path, put_back=["*"]))
        assert (flash.files[".fd-old"], flash.files["lib/.fd-new"]) == (b"the user's", b"too")


def test_a_draft_that_is_whole_is_taken_up() -> None:
    data = bytes(range(256)) * 40
    with board_with({"new.bin.fd-new": data}) as (bench, flash):
        sent: list[int] = []
        files.write(bench.board, "/flash/new.bin", data, sent.append)
        assert (flash.files["new.bin"], sent) == (data, [])


def test_a_file_that_cannot_be_removed_stays_what_it_was() -> None:
    with board_with({"main.py": b"old\n"}, OLD, words="read-only:main.py.fd-old") as (bench, flash):
        before = flash.files
        with pytest.raises(BoardError):
            files.write(bench.board, "/flash/main.py", b"new\n")
        assert flash.files == before


HARD = ("q" * 60 + '"' * 100 + ".csv", "n" * 250, "a:b", "con", "dot.", "e\u0301\U0001f600" * 20)


@pytest.mark.long
def test_paths_of_any_length_have_a_copy_and_come_back(tmp_path: Path) -> None:
    deep = "/".join(["d" * 200] * 20)
    names = {name: b"%d" % number for number, name in enumerate(HARD)} | {f"{deep}/deep.txt": b"deep"}
    with board_with(names) as (bench, flash):
        before = flash.files
        made = flash_copy.backup(bench.board, tmp_path / "b")
        (tmp_path / "empty").mkdir()
        (tmp_path / "empty/boot.py").write_bytes(before["boot.py"])
        backup.restore(bench, tmp_path / "empty", tmp_path / "copies", lambda *_: True, clean=True)
        assert set(flash.files) == {"boot.py"}
        backup.restore(bench, tmp_path / "b", tmp_path / "copies", lambda *_: True)
        assert flash.files == before
    for path in (*(tmp_path / "b").rglob("*"), *(tmp_path / "copies").rglob("*")):
        inner = path.relative_to(tmp_path).as_posix()
        assert len(inner) <= LONGEST_PATH + 10
        assert not set(inner) & set('<>:"\\|?*')
        assert max(len(part.encode()) for part in inner.split("/")) <= 255
    listed = [json.loads(line) for line in (tmp_path / "copies" / LIST).read_text().splitlines()]
    assert {one["path"] for one in listed} >= {f"/flash/{name}" for name in names}
    assert all((tmp_path / "copies" / one["kept_as"]).is_file() for one in listed)
    assert made.kept == read_backup(tmp_path / "b")


def test_a_second_copy_takes_the_place_of_none(tmp_path: Path) -> None:
    first, second = (keep_copy(tmp_path, "/flash/main.py", data) for data in (b"1", b"2"))
    assert (first.read_bytes(), second.read_bytes()) == (b"1", b"2")
    assert first == tmp_path / "flash/main.py"


def test_two_long_paths_stay_two() -> None:
    paths = [f"/flash/{'a' * 140}/{letter}/{'x' * 90}" for letter in "ab"]
    assert len({local_name(path, ()) for path in paths}) == 2


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"files": 1e999}', '{"schema": "' + SCHEMA + '", "files": [[]]}', "5"]
)
def test_what_is_no_manifest_is_none(text: str, tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_text(text)
    with pytest.raises(UsageError, match="holds no backup"):
        read_folder(tmp_path)
