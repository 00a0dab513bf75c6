"""What comes over a bad line, or between the words of another thread, is asked again; nothing is lost by it."""

from __future__ import annotations

import base64
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from doctor.bench import Bench
from doctor.board.storage import files, flash_copy
from doctor.errors import BoardError
from doctor.jobs import backup
from doctor.remedies.disable_autorun import DisableAutorun
from doctor.remedies.reset_flash import ResetFlash
from doctor.remedies.upload_scripts import UploadScripts
from tests.board.one_byte import FROM_BOARD, KINDS, TO_BOARD, OneByte
from tests.board.storage.bad_line import RELEASES, board_with, context, kept_in, spoil

MAIN = b"import sqnsupgrade\nsqnsupgrade.run('/sd/x.dup')\n"
PAGE = b"<!DOCTYPE html><html><body>a saved page</body></html>"
FILES = {"main.py": MAIN, "lib/stp.py": PAGE, "a1.txt": b"one", "a3.txt": b"three"}
NEW = b"print('new')\n" * 30


def autorun(bench: Bench, folder: Path) -> None:
    DisableAutorun().do(bench, None, context(folder / "copies"))


def upload_scripts(bench: Bench, folder: Path) -> None:
    UploadScripts().do(bench, None, context(folder / "copies"))


def restore(bench: Bench, folder: Path, *, clean: bool = False) -> None:
    (folder / "new").mkdir()
    (folder / "new/main.py").write_bytes(NEW)
    (folder / "new/a3.txt").write_bytes(FILES["a3.txt"])
    backup.restore(bench, folder / "new", folder / "copies", lambda *_: True, clean=clean)


def restore_clean(bench: Bench, folder: Path) -> None:
    restore(bench, folder, clean=True)


CURES = (autorun, upload_scripts, restore, restore_clean)
#: A byte of the answer that carries the file which the cure replaces, renames or removes.
READ_OF = {"upload_scripts": PAGE}


@pytest.mark.sampled(5)
@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("cure", CURES)
@pytest.mark.parametrize("occurrence", [1, 2, 3])
def test_a_bit_that_flips_in_what_is_read_damages_no_copy(
    cure: Callable[[Bench, Path], None], release: str, occurrence: int, tmp_path: Path
) -> None:
    text = base64.b64encode(READ_OF.get(cure.__name__, MAIN))[:12]
    with board_with(FILES, release) as (bench, flash):
        spoil(bench, OneByte("flip", FROM_BOARD, at=3, after=text, occurrence=occurrence))
        cure(bench, tmp_path)
        left = set(flash.files.values()) | kept_in(tmp_path / "copies")
    assert {path for path, data in FILES.items() if data not in left} == set()


@pytest.mark.sampled(2, "long")
@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize(
    ("cure", "after", "wanted"),
    [
        (autorun, rb"os.rename(\'/flash/", {"main.py.off": MAIN}),
        (restore, rb"a, b, c = \'/flash/main.py.fd-new\', \'/flash/", {"main.py": NEW}),
        (restore_clean, rb"p = \'/flash/a", {"a3.txt": b"three"}),
    ],
)
def test_a_bit_that_flips_in_a_command_acts_on_no_other_file(
    cure: Callable[[Bench, Path], None], after: bytes, wanted: dict[str, bytes], release: str, tmp_path: Path
) -> None:
    with board_with(FILES, release) as (bench, flash):
        fault = OneByte("flip", TO_BOARD, at=0, after=after, bit=1)
        spoil(bench, fault)
        cure(bench, tmp_path)
        found = flash.files
    assert wanted.items() <= found.items()
    assert "a1.txt" not in found or cure is not restore_clean
    assert fault.hit is not None


@pytest.mark.sampled(5, "long")
@pytest.mark.parametrize("words", [f"{kind}@{number}" for kind in ("word", "log") for number in range(4, 40, 5)])
def test_a_word_of_another_thread_in_any_line_hides_no_file(words: str, tmp_path: Path) -> None:
    with board_with(FILES, words=words) as (bench, flash):
        made = flash_copy.backup(bench.board, tmp_path / "b")
        assert {one.path.removeprefix("/flash/"): made.kept.content(one) for one in made.kept.files} == flash.files


def test_a_board_that_prints_all_the_time_is_copied_whole(tmp_path: Path) -> None:
    with board_with({**FILES, "long.bin": bytes(range(256)) * 80}, words="tick@700") as (bench, flash):
        made = flash_copy.backup(bench.board, tmp_path / "b")
        assert {one.path.removeprefix("/flash/"): made.kept.content(one) for one in made.kept.files} == flash.files
        assert not made.unreadable


@pytest.mark.sampled(5, "long")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", [TO_BOARD, FROM_BOARD])
@pytest.mark.parametrize("packs", [True, False])
def test_a_byte_that_goes_wrong_in_an_upload_is_no_full_disk(kind: str, way: str, packs: bool) -> None:
    data = bytes(range(256)) * 5 if packs else random.Random(7).randbytes(1280)
    to_board, from_board = (b"_fd_w(768, '-", b"@@FD 76") if packs else (b"_fd_w(512, '", b"@@FD 51")
    with board_with(FILES) as (bench, flash):
        fault = OneByte(kind, way, at=2, after=to_board if way == TO_BOARD else from_board)
        spoil(bench, fault)
        files.write(bench.board, "/flash/new.bin", data)
        assert flash.files["new.bin"] == data and fault.hit is not None


def test_a_line_that_spoils_every_answer_is_called_one(tmp_path: Path) -> None:
    with board_with(FILES, words="word-every@1") as (bench, flash):
        before = flash.files
        with pytest.raises(BoardError) as caught:
            ResetFlash().do(bench, None, context(tmp_path, put_back=["*"]))
        assert flash.files == before
    assert "line" in caught.value.cause
    assert "LTE()" not in caught.value.cause


@pytest.mark.long
@pytest.mark.sampled(3)
@pytest.mark.parametrize("words", ["log-every@2", "word-every@3", "log-every@7"])
@pytest.mark.parametrize("release", RELEASES)
def test_a_thread_that_prints_in_step_with_the_board_s_answers_keeps_nothing_from_its_end(
    release: str, words: str, tmp_path: Path
) -> None:
    held = {**FILES, "long.bin": bytes(range(256)) * 40, **{f"lib/m{n}.py": b"m = 1\n" for n in range(4)}}
    with board_with(held, release, words=words, place=tmp_path / "place") as (bench, flash):
        ResetFlash().do(bench, None, context(tmp_path / "copies", put_back=["*"]))
        assert held.items() <= flash.files.items()
