from __future__ import annotations

import hashlib
import json
import posixpath
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

import doctor.updater
from doctor.board import at_work, onboard
from doctor.board.board import Board
from doctor.board.repl import ReplTraceback
from doctor.board.storage import files, own_names
from doctor.errors import BoardError, BoardReset, Stopped
from doctor.link.link import Link, open_link
from doctor.link.port_url import PortUrl
from doctor.sim.board.flashfs import FlashFs
from doctor.text.marks import pieces
from doctor.updater import board_console


@pytest.fixture
def board() -> Iterator[Board]:
    link = open_link(PortUrl.read("sim://gpy"))
    made = Board(link)
    made.repl.enter()
    yield made
    link.close()


@pytest.mark.long
def test_every_file_of_the_core_goes_over_as_it_is(board: Board) -> None:
    wanted = onboard.core_files()
    assert onboard.install(board) == len(wanted)
    for name in ("__init__.py", "stp.py", "plan.py"):
        path = f"{onboard.FOLDER}/{name}"
        assert files.sha256(board, path) == hashlib.sha256(wanted[name]).hexdigest()


@pytest.mark.long
def test_only_what_differs_is_sent_again_and_what_is_not_ours_stays(board: Board) -> None:
    onboard.install(board)
    files.write(board, f"{onboard.FOLDER}/stp.py", b"damaged")
    files.write(board, f"{onboard.FOLDER}/mine.py", b"of the user's")
    board.repl.run(f"open('{onboard.FOLDER}/at.py.fd-new', 'w').close()")
    assert onboard.install(board) == 1
    assert files.exists(board, f"{onboard.FOLDER}/mine.py")
    assert not files.exists(board, f"{onboard.FOLDER}/at.py.fd-new")
    assert onboard.install(board) == 0


@pytest.mark.long
def test_files_of_a_version_that_went_over_with_its_comments_are_replaced(board: Board) -> None:
    files.make_folder(board, onboard.FOLDER)
    for source in (Path(doctor.updater.__file__).with_name(name) for name in ("__init__.py", "crc.py")):
        files.write(board, f"{onboard.FOLDER}/{source.name}", source.read_bytes())
    assert onboard.install(board) == len(onboard.core_files())


OTHER_VERSION = {name: data + b"OTHER = 1\n" for name, data in onboard.core_files().items()}


def lying(flash: FlashFs) -> dict[str, bytes]:
    """What is there of the updater, by name."""
    begin = onboard.FOLDER.removeprefix("/flash/") + "/"
    return {name.removeprefix(begin): data for name, data in flash.files.items() if name.startswith(begin)}


@pytest.mark.long
@pytest.mark.parametrize(
    ("release", "change"),
    [("1.17.3.b1", 7), ("1.17.3.b1", 101), ("1.17.3.b1", 194), ("1.20.2.r4", 2), ("1.20.2.r4", 50), ("1.20.2.r4", 98)],
)  # of 195 and of 99 that a replacement makes
def test_power_that_dips_while_another_version_is_replaced_leaves_no_mixture_that_runs(
    change: int, release: str
) -> None:
    """Names inside are short, and mean something else in each version."""
    with open_link(PortUrl.read(f"sim://gpy?release={release}&files=dip@{change}")) as link:
        flash = link.serial.bench.board.flash
        flash.lay({f"{onboard.FOLDER}/{name}": data for name, data in OTHER_VERSION.items()})
        with suppress(BoardError):
            onboard.install(Board(link))
        link.clock.sleep_ms(20_000)  # it starts
        board = Board(link)
        first = lying(flash).get("__init__.py")
        if first in (OTHER_VERSION["__init__.py"], onboard.core_files()["__init__.py"]):
            same = OTHER_VERSION if b"OTHER" in first else onboard.core_files()
            there = {name: data for name, data in lying(flash).items() if not own_names.is_ours(name)}
            assert there == same
        else:
            with pytest.raises(ReplTraceback, match=r"only half of the updater is here|no attribute 'run'"):
                board.repl.run(f"import {onboard.PACKAGE}\n{onboard.PACKAGE}.run('/sd/x.dup')")
        onboard.install(board)
        assert lying(flash) == onboard.core_files()
        assert onboard.install(board) == 0


@pytest.mark.long
def test_another_version_that_cannot_be_replaced_goes_whole_if_the_board_gets_full(board: Board) -> None:
    flash = board.link.serial.bench.board.flash
    flash.size_bytes = 400 << 10
    mine = {f"{onboard.FOLDER}/mine.py": b"of the user's"}
    flash.lay({f"{onboard.FOLDER}/{name}": data for name, data in OTHER_VERSION.items()} | mine)
    flash.write("data.bin", bytes(flash.free_bytes() - (4 << 10)))
    board.repl.run("import os\nos.getfree = lambda p: 4000\nos.statvfs = lambda p: (4096, 4096, 1000, 1000)\n")
    with pytest.raises(BoardError, match="its flash is full"):
        onboard.install(board)
    assert lying(flash) == {"mine.py": b"of the user's"}


@pytest.mark.parametrize("lied_about", ["always", "once"])
def test_a_file_that_is_listed_and_reads_otherwise_is_not_taken_for_ours(
    lied_about: str, board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name and the size are right, and the bytes that the board reads are not."""
    flash: FlashFs = board.link.serial.bench.board.flash
    flash.lay({f"{onboard.FOLDER}/{name}": data for name, data in onboard.core_files().items()})
    read, lies = flash.read, [True]

    def read_wrong(path: str, offset: int = 0, size: int = -1) -> bytes:
        data = read(path, offset, size)
        if not path.endswith("crc.py") or not lies[0]:
            return data
        return bytes(len(data))

    monkeypatch.setattr(flash, "read", read_wrong)
    if lied_about == "always":
        with pytest.raises(BoardError) as caught:
            onboard.install(board)
        assert "crc.py" in str(caught.value)
        lies[0] = False
        with pytest.raises(ReplTraceback, match="only half of the updater is here"):
            board.repl.run(f"import {onboard.PACKAGE}")
    else:
        write = flash.write

        def mends(path: str, data: bytes) -> None:
            lies[0] = lies[0] and not path.endswith("crc.py.fd-new")
            write(path, data)

        monkeypatch.setattr(flash, "write", mends)
        assert onboard.install(board) == 1
    monkeypatch.undo()
    onboard.install(board)
    assert lying(flash) == onboard.core_files()


def test_an_unfinished_updater_is_no_file_of_the_users(board: Board) -> None:
    def stop() -> None:
        if "at.py" in lying(flash):
            raise Stopped

    flash = board.link.serial.bench.board.flash
    with pytest.raises(Stopped):
        onboard.install(board, between=stop)
    assert onboard.own_files(board) == {f"{onboard.FOLDER}/__init__.py", f"{onboard.FOLDER}/at.py"}


def test_for_a_board_without_the_updater_its_files_are_not_made(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onboard, "core_files", None)  # they take longer than a backup
    assert onboard.own_files(board) == frozenset()


@pytest.mark.parametrize("name", ["__init__.py", "at.py"])
def test_a_package_of_the_users_is_left_alone(name: str, board: Board) -> None:
    files.make_folder(board, onboard.FOLDER)
    files.write(board, f"{onboard.FOLDER}/{name}", b"mine = 1\n")
    with pytest.raises(BoardError, match="has another package") as caught:
        onboard.install(board)
    assert "--via usb" in caught.value.next
    assert files.read(board, f"{onboard.FOLDER}/{name}") == b"mine = 1\n"


@pytest.mark.parametrize("path", [posixpath.dirname(onboard.FOLDER), onboard.FOLDER])
def test_a_file_of_the_users_where_the_folder_belongs_is_left_alone(path: str, board: Board) -> None:
    files.write(board, path, b"mine = 1\n")
    with pytest.raises(BoardError, match=f"has a file {path} where a folder belongs") as caught:
        onboard.install(board)
    assert "--via usb" in caught.value.next and caught.value.next.endswith(f"give {path} another name")
    assert files.read(board, path) == b"mine = 1\n"


@pytest.mark.parametrize("release", ["1.17.3.b1", "1.20.2.r4"])
def test_where_it_does_not_fit_nothing_of_it_is_left(release: str) -> None:
    link = open_link(PortUrl.read(f"sim://gpy?release={release}&files=504k"))
    try:
        flash = link.serial.bench.board.flash
        flash.write("data.bin", bytes(360 << 10))
        before = flash.free_bytes()
        with pytest.raises(BoardError, match="no room") as caught:
            onboard.install(Board(link))
        assert (caught.value.id, "--via usb" in caught.value.next) == (onboard.FULL, True)
        assert flash.free_bytes() == before
    finally:
        link.close()


@pytest.mark.long
def test_a_board_that_says_less_than_the_truth_gets_what_was_begun_back(board: Board) -> None:
    board.repl.run("import os\nos.getfree = lambda p: 4000\nos.statvfs = lambda p: (4096, 4096, 1000, 1000)\n")
    flash = board.link.serial.bench.board.flash
    flash.size_bytes = 400 << 10
    flash.write("data.bin", bytes(200 << 10))
    before = flash.free_bytes()
    with pytest.raises(BoardError, match="its flash is full"):
        onboard.install(board)
    assert flash.free_bytes() == before


@pytest.mark.long
def test_the_frozen_updater_does_not_shadow_it(board: Board) -> None:
    onboard.install(board)
    said = board.repl.run(f"import {onboard.PACKAGE}\nprint({onboard.PACKAGE}.__file__)")
    assert said.startswith(onboard.FOLDER)


@pytest.mark.long
def test_by_hand_shows_the_plan_and_asks(board: Board) -> None:
    onboard.install(board)
    board.repl.leave()
    link: Link = board.link
    link.write(b"import fipyup; fipyup.run('/sd/PRACTICE-CATM1-41065.dup')\r")
    heard = b""
    while b"Type yes: " not in heard:
        data = link.read(4096, 60_000)
        assert data, heard[-400:]
        heard += data
    assert b"send PRACTICE-CATM1-41065.dup" in heard
    link.write(b"no\r")
    while b">>> " not in heard[-8:]:
        heard += link.read(4096, 10_000)
    assert b"nothing was sent to the modem" in heard
    assert link.serial.bench.modem.received == []


def test_a_restart_among_its_lines_is_told(board: Board) -> None:
    with pytest.raises(BoardReset):
        list(at_work.events(board.link, b"ets Jun  8 2016 00:22:57\r\n"))


def test_a_traceback_is_told_as_its_end(board: Board) -> None:
    board.repl.send('print(\'@@FD {"fipyup": "note", "data": {"text": "x"}}\')\nraise ValueError(\'oops\')')
    with pytest.raises(BoardError, match="oops"):
        list(at_work.events(board.link, board.repl.hand_over()))


def test_silence_is_told_after_a_while(board: Board) -> None:
    with pytest.raises(BoardError, match="said nothing"):
        list(at_work.events(board.link))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b'x @@FD {"fipyup": "note", "data": {"text": "a } b"}}\r\n', ("note", {"text": "a } b"})),
        (b'@@FD {"fipyup": "note", "data": {"te', None),
        (b"WiFi connected", None),
        (b"fipyup: at work (", ("said", {"text": "at work ("})),
    ],
)
def test_lines_are_understood_or_left(line: bytes, told: at_work.Told | None) -> None:
    assert at_work.understand(line) == told


@pytest.mark.parametrize("sha256", ["", "0123456789abcdef" * 4])
@pytest.mark.parametrize("total", [0, 100])
@pytest.mark.parametrize(("step", "phase"), [("second-transfer", "transfer"), ("reading it", "prepare")])
def test_what_a_person_reads_is_read_back(step: str, phase: str, total: int, sha256: str) -> None:
    said = {"done": total // 8, "total": total, "step": step, "file": "/sd/X, of %s mine.dup", "sha256": sha256}
    told = at_work.understand((board_console.PLAIN + board_console.in_words("heartbeat", said)).encode())
    known = {"sha256": sha256[:16]} if sha256 else {}
    wanted = {**said, "phase": phase if total else "prepare", "file": "X, of %s mine.dup", **known}
    assert told == ("heartbeat", {name: value for name, value in wanted.items() if value != ""})


def test_a_plain_line_names_the_file_for_whoever_joins() -> None:
    told = at_work.understand(b"fipyup: 12 % 12/100 transfer, X of mine.dup 0123456789abcdef, do not unplug")
    assert told is not None
    assert (told[1]["file"], told[1]["sha256"], told[1]["step"]) == ("X of mine.dup", "0123456789abcdef", "transfer")


def test_words_of_a_board_mark_no_command() -> None:
    hostile = "run `fipy-doctor fix --reformat-sd --yes`"
    error = json.dumps(["x", hostile, hostile, hostile])
    for line in (f'@@FD {{"fipyup": "end", "data": {{"error": {error}}}}}', f"fipyup: refused: {hostile}"):
        told = at_work.understand(line.encode())
        assert told is not None
        assert "reformat-sd" in str(told) and not list(pieces("; ".join(told[1]["error"])))
    step = json.dumps({"step": "transfer", "text": hostile, "phase": "transfer"})
    told = at_work.understand(f'@@FD {{"fipyup": "step", "data": {step}}}'.encode())
    assert told is not None and not list(pieces(told[1]["text"]))
