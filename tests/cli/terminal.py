"""The command line as a test types it: the real ``run()``, what it printed, and the commands that it told to type."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from typing import Any

import pytest

from doctor.cli.main import run

PROGRAM = "fipy-doctor"


@dataclass(frozen=True)
class Said:
    """One run: exit code, standard output, standard error."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """Standard output, which must be one JSON document and nothing else."""
        loaded: dict[str, Any] = json.loads(self.out)
        return loaded

    @property
    def next(self) -> list[str]:
        """Words of the one next command that the output ends with, without the program's name."""
        found = re.findall(rf"^(?:Next:|Then run:)\n  {PROGRAM} (.*)$", self.out, re.MULTILINE)
        return shlex.split(found[-1]) if found else []

    @property
    def hands(self) -> list[list[str]]:
        """Words of the commands that do the user's handiwork on a simulated bench."""
        return [
            shlex.split(text) for text in re.findall(rf"your hands are:\s+{PROGRAM} (.*)\)$", self.out, re.MULTILINE)
        ]


class Terminal:
    """Types commands; nobody sits at the keyboard, so whatever asks a question is refused."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def type(self, *words: str) -> Said:
        """Run one command."""
        self._capsys.readouterr()
        code = run(words)
        text = self._capsys.readouterr()
        return Said(code, text.out, text.err)
