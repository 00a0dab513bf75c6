"""What was begun with a board's files is noted before it begins, found again, and brought to its end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from doctor.bench import Bench, BenchOptions
from doctor.board.storage import begun, flash_copy, own_names
from doctor.board.storage.begun import Book, Goal
from doctor.board.storage.upload import Changes
from doctor.board.unique_id import unique_id
from doctor.check import Status
from doctor.errors import BoardReset, CardError, DoctorError, UsageError
from doctor.jobs import backup
from doctor.jobs.check import CheckRequest, check
from doctor.jobs.last_flash import KeptHistory
from doctor.jobs.memory import state_dir
from doctor.jobs.status import status
from doctor.link.port_url import PortUrl
from doctor.remedies.reset_flash import ResetFlash
from doctor.remedies.upload_scripts import UploadScripts
from doctor.sim.bench import SimBench
from doctor.text.command import Command
from doctor.text.escape import counted
from tests.board.storage.bad_line import RELEASES, board_with, context, kept_in

FILES = {"main.py": b"print('mine')\n", "lib/own.py": b"own = 1\n", "data.bin": bytes(range(256)) * 20}
PAGE = b"<!DOCTYPE html><html><body>a saved page</body></html>"
GOOD = b"x = 1\n" * 100


def lay(url: str, content: dict[str, bytes]) -> None:
    """Files on a board that is kept: nothing of it counts as a change that could be cut."""
    sim = SimBench.from_url(url)
    assert sim.board is not None
    sim.board.flash.lay(content)
    sim.release()


def reset_cut(tmp_path: Path, release: str, dip: int) -> str:
    """A reset-flash in which the power dips; the URL of the board that it leaves."""
    url = f"sim://gpy?release={release}&state={tmp_path / 'bench'}"
    lay(url, FILES)
    options = BenchOptions(port=f"{url}&files=dip@{dip}")
    with Bench(options, history=KeptHistory()) as bench, pytest.raises(BoardReset) as caught:
        ResetFlash().do(bench, None, context(tmp_path / "copies", put_back=["*"]))
    assert "--reset-flash` again" in caught.value.next
    return url


@pytest.mark.sampled(5)
@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("dip", [2, 3, 4, 7])  # the first change is the mark
def test_the_second_run_of_a_reset_ends_the_first(release: str, dip: int, tmp_path: Path) -> None:
    url = reset_cut(tmp_path, release, dip)
    with Bench(BenchOptions(port=url), history=KeptHistory()) as bench:
        plan = ResetFlash().plan(bench, None, context(tmp_path / "copies", put_back=["*"]))
        ResetFlash().do(bench, None, context(tmp_path / "copies", put_back=["*"]))
        held = bench.link.serial.bench.board.flash.files
        assert FILES.items() <= held.items()
        assert not begun.unfinished(bench.board, Book(bench.history.begun_place(bench)))
    if dip > 2:
        assert "nothing is formatted again" in plan
        assert len(list((tmp_path / "copies").glob("board-*"))) == 1


@pytest.mark.long
def test_check_and_status_lead_on_until_all_is_back(tmp_path: Path) -> None:
    url = reset_cut(tmp_path, RELEASES[1], 7)
    with Bench(BenchOptions(port=url)) as bench:
        finding = check(bench, CheckRequest(select=("board-files-complete",))).finding("board-files-complete")
        standing = status(bench)
    assert finding is not None
    assert (finding.status, str(finding.command)) == (Status.FAIL, "`fipy-doctor fix --reset-flash`")
    assert [one.command for one in standing.begun] == [("fix", "--reset-flash")]
    assert standing.exit_code == 1
    (folder,) = (tmp_path / "copies").glob("board-*")
    with Bench(BenchOptions(port=url)) as bench:  # the other way that the error names
        backup.restore(bench, folder, tmp_path / "more", lambda *_: True)
        assert status(bench).begun == ()


def test_a_name_that_is_put_back_later_comes_out_of_the_first_copy(tmp_path: Path) -> None:
    place = tmp_path / "place"
    with board_with(FILES, place=place) as (bench, flash):
        ended = ResetFlash()
        say = context(tmp_path / "copies", put_back=["main.py"])
        keep = bench.board.repl.run

        def cut(code: str, **more: object) -> str:
            if "fsformat" in code:
                keep(code, **more)  # type: ignore[arg-type]
                raise BoardReset("rst:0x1 (POWERON_RESET)")
            return keep(code, **more)  # type: ignore[arg-type]

        bench.board.repl.run = cut  # type: ignore[method-assign]
        with pytest.raises(BoardReset):
            ended.do(bench, None, say)
        bench.board.repl.run = keep  # type: ignore[method-assign]
        with pytest.raises(UsageError, match="nothere"):
            ended.do(bench, None, context(tmp_path / "copies", put_back=["nothere"]))
        ended.do(bench, None, context(tmp_path / "copies", put_back=["lib/own.py"]))
        assert flash.files["main.py"] == FILES["main.py"]
        assert flash.files["lib/own.py"] == FILES["lib/own.py"]
        assert "data.bin" not in flash.files


@pytest.mark.sampled(7)
@pytest.mark.parametrize("dip", range(1, 6))
@pytest.mark.parametrize("release", RELEASES)
def test_a_script_whose_upload_was_cut_is_there_after_the_second_run(release: str, dip: int, tmp_path: Path) -> None:
    (tmp_path / "good").mkdir()
    (tmp_path / "good/stp.py").write_bytes(GOOD)
    url = f"sim://gpy?release={release}&state={tmp_path / 'bench'}"
    lay(url, {"lib/stp.py": PAGE})
    for words in (f"&files=dip@{dip}", ""):
        options = BenchOptions(port=url + words, scripts=tmp_path / "good")
        with Bench(options, history=KeptHistory()) as bench:
            cure = UploadScripts()
            try:
                if cure.plan(bench, None, context(tmp_path / "copies")):
                    cure.do(bench, None, context(tmp_path / "copies"))
            except BoardReset:
                continue
            held = bench.link.serial.bench.board.flash.files
    assert {path: data for path, data in held.items() if "stp" in path} == {"lib/stp.py": GOOD}
    assert PAGE in kept_in(tmp_path / "copies")


def test_what_the_board_has_by_then_is_copied_before_it_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_bytes(FILES["lib/own.py"])
    with board_with({"lib/own.py": b"written since then\n"}, place=tmp_path / "place") as (bench, flash):
        goal = Goal("/flash/lib/own.py", 8, begun_sha(FILES["lib/own.py"]), str(tmp_path / "own.py"))
        record = begun.begin(bench.board, "reset-flash", Command("fix", ("--reset-flash",)), tmp_path, (goal,))
        Book(bench.history.begun_place(bench)).write(record)
        ResetFlash().do(bench, None, context(tmp_path / "copies"))
        assert flash.files["lib/own.py"] == FILES["lib/own.py"]
    assert b"written since then\n" in kept_in(tmp_path / "copies")


def begun_sha(data: bytes) -> str:
    import hashlib

    return hashlib.sha256(data).hexdigest()


def test_nothing_is_formatted_where_it_cannot_be_noted(tmp_path: Path) -> None:
    (tmp_path / "place").write_bytes(b"a file in the way")
    with board_with(FILES, place=tmp_path / "place") as (bench, flash):
        before = flash.files
        with pytest.raises(CardError, match="nothing was changed"):
            ResetFlash().do(bench, None, context(tmp_path / "copies", put_back=["*"]))
        assert flash.files == before


GOAL: dict[str, object] = {"path": "/flash/a", "size_bytes": 1, "sha256": "00", "source": "s"}
RECORD: dict[str, object] = {
    "schema": begun.SCHEMA, "board": "30aea4123456", "what": "restore", "command": ["restore", "x"], "folder": "f",
    "files": [GOAL], "at": "2026-01-01", "cleared": False,
}  # fmt: skip
WRONG: tuple[dict[str, object], ...] = (
    {"files": 3}, {"files": [1]}, {"files": [{"path": "\ud800"}]}, {"command": "restore"}, {"board": "other"},
    {"cleared": 1}, {"folder": None}, {"schema": "fipy-doctor/begun/9"}, {"at": ["x"]},
    {"command": []}, {"command": ["flash", "x"]}, {"command": ["fix", "--yes"]},
    {"command": ["fix", "\x1b[31m"]},
    {"at": "\x1b[31m"}, {"files": [{**GOAL, "path": "/flash"}]},
    {"files": [{**GOAL, "path": "/flash/../sd/a"}]},
    {"files": [{**GOAL, "size_bytes": -1}]}, {"files": [{**GOAL, "path": None}]},
)  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "null", "{", "[" * 100_000, '{"schema": 1e999}', '"\\ud800"', "\udcff",
        *(json.dumps({**RECORD, **change}) for change in WRONG),
        json.dumps(RECORD).replace('"size_bytes": 1', '"size_bytes": 1e999'),
        json.dumps(RECORD).replace('"size_bytes": 1', '"size_bytes": NaN'),
        json.dumps(RECORD) + " " * begun.MAX_BYTES,
    ],
    ids=range(29),
)  # fmt: skip
def test_what_is_no_record_is_none_and_is_named(text: str, tmp_path: Path) -> None:
    path = tmp_path / "30aea4123456-restore.json"
    path.write_bytes(json.dumps(RECORD).encode())
    assert len(Book(tmp_path).of("30aea4123456")) == 1
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert Book(tmp_path).of("30aea4123456") == ()
    assert Book(tmp_path).damaged("30aea4123456", "restore") == (path,)
    assert not Book(tmp_path).damaged("30aea4123456", "reset-flash")


def test_a_damaged_record_is_told_and_nothing_is_formatted_on_top_of_it(tmp_path: Path) -> None:
    url = reset_cut(tmp_path, RELEASES[1], 4)
    place = state_dir.begun_place(PortUrl.read(url))
    assert place is not None
    (note,) = place.iterdir()
    note.write_bytes(note.read_bytes()[:300])
    with Bench(BenchOptions(port=url)) as bench:
        found = check(bench, CheckRequest(select=["board-files-complete"]))
        assert [one.status for one in found.findings if one.check == "board-files-complete"] == [Status.WARN]
        before = bench.link.serial.bench.board.flash.files
        for work in (ResetFlash().plan, ResetFlash().do):
            with pytest.raises(DoctorError, match="cannot be read"):
                work(bench, None, context(tmp_path / "copies", put_back=["*"]))
        assert bench.link.serial.bench.board.flash.files == before
        standing = status(bench)
    assert standing.unread == (note,)
    assert standing.exit_code == 1


def test_a_file_of_the_pc_that_is_gone_is_named_and_does_not_block_for_ever(tmp_path: Path) -> None:
    good = tmp_path / "good"
    good.mkdir()
    (good / "stp.py").write_bytes(GOOD)
    with board_with({"lib/stp.py": PAGE}, place=tmp_path / "place", scripts=good) as (bench, flash):
        goal = Goal("/flash/lib/stp.py", 9, "00", str(tmp_path / "away.py"))
        record = begun.begin(bench.board, "upload-scripts", Command("fix", ("--upload-scripts",)), tmp_path, (goal,))
        Book(bench.history.begun_place(bench)).write(record)
        with pytest.raises(DoctorError, match="not on this computer any more"):
            UploadScripts().do(bench, None, context(tmp_path / "copies"))
        UploadScripts().do(bench, None, context(tmp_path / "copies"))
        assert flash.files["lib/stp.py"] == GOOD


@pytest.mark.parametrize("release", RELEASES)
def test_a_script_that_is_nowhere_any_more_is_told_once(release: str, tmp_path: Path) -> None:
    with board_with(FILES, release, place=tmp_path / "place") as (bench, flash):
        goals = tuple(
            Goal(f"/flash/lib/{name}", len(GOOD), begun_sha(GOOD), str(tmp_path / name)) for name in ("a.py", "b.py")
        )
        (tmp_path / "b.py").write_bytes(GOOD)
        record = begun.begin(bench.board, "upload-scripts", Command("fix", ("--upload-scripts",)), tmp_path, goals)
        Book(bench.history.begun_place(bench)).write(record)
        with pytest.raises(DoctorError, match=r"/flash/lib/a\.py .* not on this computer any more"):
            UploadScripts().do(bench, None, context(tmp_path / "copies"))
        assert flash.files["lib/b.py"] == GOOD
        assert UploadScripts().plan(bench, None, context(tmp_path / "copies")) == ()


def test_a_reset_whose_copies_are_gone_brings_back_the_rest_and_can_be_ended(tmp_path: Path) -> None:
    url = reset_cut(tmp_path, RELEASES[1], 4)
    (away,) = (tmp_path / "copies").glob("board-*/flash/lib/own.py")
    away.unlink()
    with Bench(BenchOptions(port=url), history=KeptHistory()) as bench:
        for _ in range(2):
            with pytest.raises(UsageError, match=r"/flash/lib/own\.py") as caught:
                ResetFlash().do(bench, None, context(tmp_path / "copies"))
        assert "--put-back none" in caught.value.next
        held = bench.link.serial.bench.board.flash.files
        assert {path for path in FILES if held.get(path) != FILES[path]} == {"lib/own.py"}
        none = context(tmp_path / "copies", put_back=["none"])
        assert any("nothing back" in line for line in ResetFlash().plan(bench, None, none))
        assert "lacks 1 of" in ResetFlash().do(bench, None, none)
        assert not begun.unfinished(bench.board, Book(bench.history.begun_place(bench)))


def test_simulated_boards_do_not_share_their_records(tmp_path: Path) -> None:
    assert state_dir.begun_place(PortUrl.read("sim://fipy")) is None
    assert state_dir.begun_place(PortUrl.read("COM3")) == state_dir.begun_place(None) is not None

    def number(url: str) -> str:
        with Bench(BenchOptions(port=url)) as bench:
            return unique_id(bench.board)

    a, b = (f"sim://fipy?state={tmp_path / name}" for name in "ab")
    assert len({number(url) for url in (a, b, a, b, "sim://fipy")}) == 3


def folder_with(place: Path, content: dict[str, bytes]) -> Path:
    """A folder of the user's on the PC."""
    for path, data in content.items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_bytes(data)
    return place


def restore_cut(tmp_path: Path) -> str:
    """A restore in which a file went to make room for its successor when the power dipped; the URL of the board."""
    url = f"sim://gpy?release={RELEASES[1]}&state={tmp_path / 'bench'}"
    lay(f"{url}&files=504k", {"lib/big.bin": b"old" * 110_000, "keep.txt": b"kept\n"})
    source = folder_with(tmp_path / "a", {"lib/big.bin": b"new" * 110_000})
    with Bench(BenchOptions(port=f"{url}&files=504k,dip@3")) as bench:
        with pytest.raises(BoardReset):
            backup.restore(bench, source, tmp_path / "copies", lambda *_: True)
        assert "lib/big.bin" not in bench.link.serial.bench.board.flash.files
    return url


@pytest.mark.long
def test_another_restore_brings_what_the_one_before_it_owes(tmp_path: Path) -> None:
    url = restore_cut(tmp_path)
    other = folder_with(tmp_path / "b", {"b.py": GOOD})
    plans: list[tuple[str, ...]] = []
    told: list[str] = []

    def agreed(_source: object, changes: Changes) -> bool:
        plans.append(changes.lines())
        return True

    with Bench(BenchOptions(port=f"{url}&files=504k")) as bench:
        backup.restore(bench, other, tmp_path / "copies", agreed, told.append)
        held = bench.link.serial.bench.board.flash.files
        assert status(bench).begun == ()
    assert {"b.py": GOOD, "lib/big.bin": b"new" * 110_000, "keep.txt": b"kept\n"}.items() <= held.items()
    assert any("write /flash/lib/big.bin" in line for line in plans[0])
    assert any("copied this time" in line for line in told)


@pytest.mark.long
def test_what_another_restore_takes_over_is_still_owed_when_that_one_breaks_off(tmp_path: Path) -> None:
    url = restore_cut(tmp_path)
    other = folder_with(tmp_path / "b", {"b.py": GOOD})
    with Bench(BenchOptions(port=f"{url}&files=504k,dip@4")) as bench, pytest.raises(BoardReset):
        backup.restore(bench, other, tmp_path / "copies", lambda *_: True)
    with Bench(BenchOptions(port=f"{url}&files=504k")) as bench:
        (left,) = status(bench).begun
        assert {"/flash/lib/big.bin", "/flash/b.py"} == {goal.path for goal in left.files}


@pytest.mark.long
def test_a_clean_restore_leaves_only_its_folder_and_says_so(tmp_path: Path) -> None:
    url = restore_cut(tmp_path)
    other = folder_with(tmp_path / "b", {"b.py": GOOD})
    told: list[str] = []
    with Bench(BenchOptions(port=f"{url}&files=504k")) as bench:
        backup.restore(bench, other, tmp_path / "copies", lambda *_: True, told.append, clean=True)
        assert set(bench.link.serial.bench.board.flash.files) == {"b.py"}
        assert status(bench).begun == ()
    assert any("they are left out" in line and "lib/big.bin" in line for line in told)


@pytest.mark.long
def test_what_is_owed_and_gone_from_the_pc_is_told_once_after_the_rest(tmp_path: Path) -> None:
    url = restore_cut(tmp_path)
    (tmp_path / "a/lib/big.bin").unlink()
    other = folder_with(tmp_path / "b", {"b.py": GOOD})
    with Bench(BenchOptions(port=f"{url}&files=504k")) as bench:
        with pytest.raises(UsageError, match=r"lib/big\.bin .* not on this computer any more"):
            backup.restore(bench, other, tmp_path / "copies", lambda *_: True)
        assert bench.link.serial.bench.board.flash.files["b.py"] == GOOD
        backup.restore(bench, other, tmp_path / "copies", lambda *_: True)


@pytest.mark.long
def test_a_restore_does_not_write_over_a_note_that_cannot_be_read(tmp_path: Path) -> None:
    url = restore_cut(tmp_path)
    place = state_dir.begun_place(PortUrl.read(url))
    assert place is not None
    (note,) = place.iterdir()
    note.write_bytes(b"{")
    other = folder_with(tmp_path / "b", {"b.py": GOOD})
    with Bench(BenchOptions(port=f"{url}&files=504k")) as bench:
        with pytest.raises(DoctorError, match="cannot be read"):
            backup.restore(bench, other, tmp_path / "copies", lambda *_: True)
        assert "b.py" not in bench.link.serial.bench.board.flash.files
    assert note.read_bytes() == b"{"


@pytest.mark.parametrize("release", RELEASES)
def test_a_reset_that_broke_off_before_the_format_begins_anew(
    release: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(_board: object) -> None:
        raise BoardReset("rst:0x1 (POWERON_RESET)")

    used = {**FILES, "lib/half.py.fd-old": b"waits\n"}
    with board_with(used, release, place=tmp_path / "place") as (bench, flash):
        with monkeypatch.context() as patch, pytest.raises(BoardReset):
            patch.setattr(flash_copy, "format_flash", cut)
            ResetFlash().do(bench, None, context(tmp_path / "copies", put_back=["*"]))
        flash.write("main.py", b"edited since\n")
        flash.remove("data.bin")
        say = context(tmp_path / "copies", put_back=["*"])
        assert any("are lost" in line for line in ResetFlash().plan(bench, None, say))
        ResetFlash().do(bench, None, say)
        assert flash.files["main.py"] == b"edited since\n"
        assert flash.files["lib/half.py"] == b"waits\n"
        assert "data.bin" not in flash.files
        assert not [path for path in flash.files if "fd-" in path]
    assert len(list((tmp_path / "copies").glob("board-*"))) == 2


def test_a_file_with_a_long_name_that_waits_is_kept_under_its_own_name(tmp_path: Path) -> None:
    name = "n" * 124 + ".py"
    source = folder_with(tmp_path / "a", {name: b"new\n"})
    url = f"sim://gpy?release={RELEASES[0]}&state={tmp_path / 'bench'}"
    lay(url, {name: b"old\n"})
    with Bench(BenchOptions(port=f"{url}&files=dip@4")) as bench, pytest.raises(BoardReset):
        backup.restore(bench, source, tmp_path / "copies", lambda *_: True)
    with Bench(BenchOptions(port=url)) as bench:
        held = bench.link.serial.bench.board.flash.files
    assert b"old\n" in held.values() and name not in held
    with Bench(BenchOptions(port=url)) as bench:
        found = check(bench, CheckRequest(select=["board-files-complete"])).finding("board-files-complete")
        assert found is not None and found.status is Status.FAIL
        made = backup.backup(bench, tmp_path / "b")
    kept = {one.path: made.kept.content(one) for one in made.kept.files}
    assert kept[f"/flash/{name}"] == b"old\n"
    assert not any("fd-" in path for path in kept)


def test_a_file_that_waits_and_whose_name_nobody_knows_is_kept_and_stays(tmp_path: Path) -> None:
    waits = own_names.second_of("/flash/" + "n" * 124)
    told: list[str] = []
    used = {"main.py": b"x = 1\n", waits.removeprefix("/flash/"): b"old\n"}
    with board_with(used, RELEASES[0]) as (bench, flash):
        made = backup.backup(bench, tmp_path / "b", told.append)
        assert any("own name is not known" in line for line in told)
        backup.restore(bench, folder_with(tmp_path / "a", {"b.py": GOOD}), tmp_path / "c", lambda *_: True)
        assert flash.files[waits.removeprefix("/flash/")] == b"old\n"
    assert {one.path: made.kept.content(one) for one in made.kept.files}[waits] == b"old\n"


def test_the_cure_that_goes_on_says_that_it_does(tmp_path: Path) -> None:
    url = reset_cut(tmp_path, RELEASES[1], 7)
    with Bench(BenchOptions(port=url)) as bench:
        found = check(bench, CheckRequest(select=["board-files-complete"])).finding("board-files-complete")
    assert found is not None
    missing = found.evidence["missing"]
    assert isinstance(missing, list) and missing
    assert ResetFlash().aim(found) == f"Put back the rest: {counted(len(missing), 'file')}"
    assert ResetFlash().aim(None) == ResetFlash().title
