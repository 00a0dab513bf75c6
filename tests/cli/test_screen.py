"""What a person reads, whole: the screens of each scenario, kept beside this file and renewed by ``make snapshots``."""

from __future__ import annotations

import itertools
import os
import re
import sys
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from doctor.cli import screen
from doctor.sim.practice.image import make_practice_image
from doctor.sim.scenarios import SCENARIOS
from tests.cli.terminal import Said, Terminal

IMAGE = "PRACTICE-CATM1-41065.dup"
#: What is typed on a bench of its own in each scenario. A row more is a screen of each scenario more. A command
#: that names a folder is given one (``fix --backup kept``); how large our core is (``flash --via card``) changes daily.
COMMANDS = {
    "check": ("check",),
    "fix": ("fix", "--backup", "kept"),
    "plan": ("plan", IMAGE),
    "flash": ("flash", IMAGE, "--via", "usb"),  # nobody says yes
    "status": ("status",),
}
COLUMNS = {80: (), 40: (pytest.mark.table,), 120: (pytest.mark.table,)}
#: What says little more than a screen of another command does.
SELDOM = {"fix": (pytest.mark.table,), "status": (pytest.mark.table,)}
#: What is different in every run, and a word of the same length for it: no line may break elsewhere.
MASKS = ((re.compile(r"\b20\d\d-\d\d-\d\d \d\d:\d\d\b"), "2000-01-01 00:00"),)


class Text(SingleFileSnapshotExtension):
    """One screen, one text file."""

    _write_mode = WriteMode.TEXT
    file_extension = "txt"


@pytest.fixture
def kept(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(Text)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The image that lies on the simulated card."""
    return make_practice_image(tmp_path_factory.mktemp("firmware"))


@pytest.fixture(autouse=True)
def names_without_folders(image: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the tests run stands on no screen."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FIPY_DOCTOR_STATE_DIR", "state")
    os.link(image, IMAGE)


def seen(said: Said, *words: str) -> str:
    """The screen of one command, as it is kept."""
    parts = [f"$ fipy-doctor {' '.join(words)}", said.out.rstrip()]
    parts += ["", "(standard error)", said.err.rstrip()] if said.err.strip() else []
    text = "\n".join([*parts, "", f"(exit code {said.code})", ""])
    for pattern, same in MASKS:
        text = pattern.sub(same, text)
    return "\n".join(line.rstrip() for line in text.split("\n"))


CASES = {"-".join(map(str, case)): case for case in itertools.product(COMMANDS, COLUMNS, SCENARIOS)}


@pytest.mark.sampled(8, "long", 3)
@pytest.mark.parametrize(
    ("command", "columns", "scenario"),
    [pytest.param(*case, id=name, marks=COLUMNS[case[1]] or SELDOM.get(case[0], ())) for name, case in CASES.items()],
)
def test_screen(
    terminal: Terminal,
    kept: SnapshotAssertion,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    columns: int,
    scenario: str,
) -> None:
    monkeypatch.setattr(screen, "NO_TERMINAL_COLUMNS", columns)
    words = (*COMMANDS[command], "--port", f"sim://fipy?scenario={scenario}")
    assert seen(terminal.type(*words), *words) == kept


def test_no_screen_is_kept_that_nobody_compares() -> None:
    kept_files = {path.name for path in (Path(__file__).parent / "__snapshots__" / Path(__file__).stem).iterdir()}
    assert kept_files == {f"test_screen[{name}].txt" for name in CASES}


#: What may be longer than the terminal is wide: a command of ours, and a single word, each behind its margin and lead.
WHOLE = re.compile(r"^ *(?:\d+\. |[a-z]+: +)?(?:\(?fipy-doctor .*|\S+)$")


def test_nothing_is_broken_within_a_word_or_a_command() -> None:
    """What is longer than a terminal is wide, the terminal breaks anywhere."""
    folder = Path(__file__).parent / "__snapshots__" / Path(__file__).stem
    kept = {path: path.read_text("utf-8").split("\n")[1:] for path in folder.glob("*.txt")}
    wide = {path: int(path.name.split("-")[1]) for path in kept}
    too_long = {path.name: line for path, lines in kept.items() for line in lines if len(line) > wide[path]}
    assert {name: line for name, line in too_long.items() if not WHOLE.match(line)} == {}
    assert len(too_long) > 50, "commands of 40 columns"


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo terminals are a Unix thing")
@pytest.mark.parametrize(("told", "columns"), [("", 40), ("0", 40), ("50", 50)])
def test_a_dumb_terminal_is_as_wide_as_it_is(monkeypatch: pytest.MonkeyPatch, told: str, columns: int) -> None:
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 40, 0, 0))
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("COLUMNS", told)
    with os.fdopen(ours), os.fdopen(theirs, "w") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        shown = screen.make_screen(as_json=False, quiet=False, verbose=False)
        assert (shown.out.width, shown.live) == (columns, False)
