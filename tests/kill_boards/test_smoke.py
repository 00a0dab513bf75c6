"""Ten cells of ``make kill-boards``, so that it does not rot between two runs; and that it sees what it looks for."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kill_boards import follow
from tests.kill_boards.cases import CASES, set_up
from tests.kill_boards.place import LOST, SimPlace, Wrong

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="programs are forked and killed")
LAST = ("fix", "--reset-flash", "--port", "sim://gpy?x=1")


@pytest.mark.long
def test_ten_cells() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.kill_boards", "--smoke", "--story"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "10 cells: " in done.stdout


@pytest.fixture
def place(tmp_path: Path) -> SimPlace:
    set_up(CASES["restore"], "fat", tmp_path / "template")
    return SimPlace(CASES["restore"], "fat", tmp_path / "place", tmp_path / "template")


def forget(place: SimPlace, name: str) -> None:
    """Take a file off the board, as nobody should."""
    path = place.bench / "bench.json"
    kept = json.loads(path.read_text("utf-8"))
    del kept["board"]["flash"]["files"][name]
    path.write_text(json.dumps(kept), "utf-8")


def test_a_lost_file_is_seen_and_one_that_has_a_copy_is_not_lost(place: SimPlace) -> None:
    place.nothing_lost()
    forget(place, "main.py")
    with pytest.raises(Wrong) as caught:
        place.nothing_lost()
    assert caught.value.args == (LOST, "nowhere any more: main.py")
    (place.pc / "copy").write_bytes(CASES["restore"].originals["main.py"])
    place.nothing_lost()


def test_work_that_is_not_done_is_seen(place: SimPlace) -> None:
    assert "missing: lib/new.py" in place.missing()
    forget(place, "main.py.off")
    assert "main.py.off" in place.missing()


@pytest.mark.parametrize(
    ("printed", "command"),
    [
        ("x: y\n  next:  fipy-doctor restore --port P '/a b' brings them back\n", ("restore", "--port", "P", "/a b")),
        ("x: y\n  next:  run the same command again: it goes on\n", LAST),
        (
            "  next:  run fipy-doctor check --port P again; if it\n    happens again, use another cable\n",
            ("check", "--port", "P"),
        ),
        (
            "  next:  close other programs, then run fipy-doctor fix --reset-flash --put-back '*', please\n",
            ("fix", "--reset-flash", "--put-back", "*", *LAST[2:]),
        ),
        ("Do this now:\n  1. sit\nThen run:\n  fipy-doctor check\n", ("check", *LAST[2:])),
        ("all is well\n", ()),
    ],
)
def test_the_next_command_is_read_as_printed(printed: str, command: tuple[str, ...]) -> None:
    assert follow.next_command(printed, LAST) == command
