"""What only a process of its own shows: pipes, terminals, what is loaded, what is written at exit."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
DOCTOR = (sys.executable, "-m", "doctor")
FAILS = ("check", "--port", "sim://fipy?scenario=html-scripts")
LIMIT_S = 30
#: What --version loads that a start of Python does not: the streams that outlive their reader, and nothing slow.
LIGHT = {"doctor", "doctor.cli", "doctor.cli.stdio", "_fipy_doctor", "doctor.__main__", "__future__", "errno"}
#: How an empty program starts, and how --version does: as ``-m``, and as the command, whose script loads ``re``.
STARTS = [
    (("-m", "__future__"), ("-m", "doctor", "--version")),
    (
        ("-c", "import re"),
        ("-c", "import re, sys; sys.argv[1:] = ['--version']; from _fipy_doctor import main; main()"),
    ),
]

needs_pty = pytest.mark.skipif(sys.platform == "win32", reason="pseudo terminals are a Unix thing")


def environment(**more: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("FIPY_DOCTOR_", "NO_COLOR", "FORCE_COLOR"))}
    return {**kept, "PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "80", **more}


def loaded_by(*words: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *words],
        env=environment(PYTHONPATH=os.pathsep.join([str(ROOT), str(ROOT / "doctor" / "start")])),
        capture_output=True, text=True, timeout=LIMIT_S, check=True,
    )  # fmt: skip
    return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}


@pytest.mark.parametrize(("empty", "version"), STARTS)
def test_version_loads_nothing_else(empty: tuple[str, ...], version: tuple[str, ...]) -> None:
    loaded = loaded_by(*version)
    assert "doctor.cli.stdio" in loaded
    assert loaded - loaded_by(*empty) - LIGHT == set()


@pytest.mark.sampled(3, "long")
@pytest.mark.parametrize(("words", "code"), [(FAILS, 1), ((*FAILS, "--json"), 1), (("sim", "--list"), 0)])
def test_closed_pipe_changes_no_exit_code(words: tuple[str, ...], code: int) -> None:
    reader, writer = os.pipe()
    os.close(reader)  # the reader is gone before the first byte: the worst case of "| head -1"
    try:
        done = subprocess.run(
            [*DOCTOR, *words], env=environment(), stdout=writer, stderr=subprocess.PIPE, text=True, timeout=LIMIT_S,
            check=False,
        )  # fmt: skip
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (code, "")


@pytest.mark.long
def test_json_in_a_pipe_is_plain_ascii_and_one_document() -> None:
    done = subprocess.run(
        [*DOCTOR, *FAILS, "--json"], env=environment(PYTHONIOENCODING="ascii"), capture_output=True, timeout=LIMIT_S,
        check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (1, b"")
    assert done.stdout.decode("ascii").startswith('{\n  "schema": "fipy-doctor/check/1"')


@pytest.mark.long
@pytest.mark.parametrize("encoding", ["ascii", "cp437", "cp1252"])
def test_marks_fall_back_where_the_terminal_has_no_unicode(encoding: str) -> None:
    done = subprocess.run(
        [*DOCTOR, *FAILS], env=environment(PYTHONIOENCODING=encoding), capture_output=True, timeout=LIMIT_S, check=False
    )
    assert b"\nx board-scripts-match" in done.stdout.replace(b"\r", b"")
    assert b"?" not in done.stdout.partition(b"--port")[0]


@pytest.mark.long
@needs_pty
@pytest.mark.parametrize(("more", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colours_on_a_terminal_unless_unwanted(more: dict[str, str], coloured: bool) -> None:
    text = on_terminal((*DOCTOR, *FAILS), environment(**more))
    assert "board-scripts-match" in text
    assert bool(re.search("\x1b\\[[0-9;]*3[0-7]", text)) is coloured


@pytest.mark.long
@needs_pty
def test_a_question_on_a_terminal_is_answered_no_by_default() -> None:
    words = ("fix", "--upload-scripts", "--port", "sim://fipy?scenario=html-scripts")
    text = on_terminal((*DOCTOR, *words), environment(), typed=b"\n")
    assert "Do this? [y/N]" in text
    assert "nothing was changed" in text


@pytest.mark.long
@needs_pty
def test_a_long_question_breaks_between_words(tmp_path: Path) -> None:
    words = (*DOCTOR, "flash", "--port", "sim://fipy")
    text = on_terminal(words, environment(COLUMNS="40", FIPY_DOCTOR_STATE_DIR=str(tmp_path)), typed=b"n\n")
    lines = re.sub("\x1b\\[[0-9;?]*[A-Za-z]", "", text).replace("\r\n", "\n").splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("Found PRACTICE"))
    last = next(number for number, line in enumerate(lines) if line.startswith("[y/N]: "))
    question = lines[first:last]
    assert len(question) > 1 and max(map(len, question)) <= 40, lines
    assert " ".join(question).endswith("Is this the firmware to flash?"), question


def on_terminal(words: tuple[str, ...], env: dict[str, str], typed: bytes = b"") -> str:
    """All that ``words`` shows on a terminal of its own."""
    import pty

    ours, theirs = pty.openpty()
    process = subprocess.Popen(words, env=env, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    os.write(ours, typed)
    shown = all_of(ours)
    assert process.wait(LIMIT_S) in (0, 1)
    return shown


def all_of(descriptor: int) -> str:
    """What comes out of a pipe or a terminal until its last writer has gone."""
    heard = b""
    try:
        while piece := os.read(descriptor, 4096):
            heard += piece
    except OSError:  # how a terminal says that its last writer has gone
        pass
    os.close(descriptor)
    return heard.decode()


@pytest.mark.long
@needs_pty
def test_a_terminal_of_no_columns_is_written_on_all_the_same() -> None:
    assert "port-opens" in on_terminal((*DOCTOR, *FAILS), environment(COLUMNS="0"))
