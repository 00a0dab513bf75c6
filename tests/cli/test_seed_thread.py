"""The person of the seed thread: five faults in one bench, and a robot that types only what the screen says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from doctor.sim.practice.image import make_practice_image

from .terminal import PROGRAM
from .test_process import DOCTOR, environment, needs_pty, on_terminal

FAULTS = "html-scripts,autorun-updater,jumpers-fitted,sd-lists-empty,smswboot-error"
BENCH = f"sim://fipy?scenario={FAULTS}&release=1.17.3.b1&build=38638&state=bench"
MOST_COMMANDS = 8
YES = b"y\n" * 2  #: no command asks more than whether the file, and whether the plan, is meant
MOVES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
NEXT = re.compile(rf"^(?:Next|Then run):\n +{PROGRAM} ([^\n]+)", re.MULTILINE)
HANDS = re.compile(rf"your hands are:\s+{PROGRAM} ([^\n]+)\)$", re.MULTILINE)


@needs_pty
@pytest.mark.long
def test_five_faults_are_cured_and_the_modem_proved_in_eight_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    env = environment(FIPY_DOCTOR_STATE_DIR=str(tmp_path / "journal"), FIPY_DOCTOR_BACKUP="backup")
    make_practice_image(tmp_path, build=41065, size_bytes=1_000_000)
    queue = [["check", "--port", BENCH]]
    typed: list[str] = []
    screen = ""
    while queue and len(typed) < MOST_COMMANDS:
        words = queue.pop(0)
        typed.append(shlex.join(words))
        screen = MOVES.sub("", on_terminal((*DOCTOR, *words), env, typed=YES)).replace("\r", "")
        if "Flashed and proved" in screen:
            break
        queue += [shlex.split(command) for command in (*HANDS.findall(screen), *NEXT.findall(screen)[-1:])]
    assert "Flashed and proved" in screen, "\n".join((*typed, screen))
