"""A desk at which boards are plugged in and out while a real run of the program watches it.

What the system lists of serial ports is injected where pySerial is asked for it: in the parent only, which opens no port.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from tests.fleet.served_boards import Run
from tests.plugged import Listed, listed

_PROGRAM = "from tests.fleet.desk import main; main()"


class Desk:
    """What is plugged in, and the runs that look at it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._list = folder / "plugged"
        self.plug()

    def plug(self, *ports: Listed) -> None:
        """From now on these are plugged in, and nothing else."""
        draft = self._list.with_suffix(".new")
        draft.write_text(json.dumps(ports))
        draft.replace(self._list)

    def words(self, *words: str) -> tuple[str, ...]:
        """The command line of a run."""
        return (sys.executable, "-c", _PROGRAM, str(self._list), *words)

    def run(self, name: str, *words: str, **how: Any) -> Run:
        """A run of the program."""
        return Run(self.folder / f"{name}.txt", program=self.words(*words), **self.settings, **how)

    @property
    def settings(self) -> dict[str, str]:
        """What its environment has besides."""
        return {"FIPY_DOCTOR_STATE_DIR": str(self.folder / "state")}


def main() -> None:
    """The program, for which the system lists what a file says."""
    from serial.tools import list_ports

    path = Path(sys.argv.pop(1))
    list_ports.comports = lambda *_: [listed(*port) for port in json.loads(path.read_text())]  # type: ignore[assignment]
    sys.argv[0] = "fipy-doctor"
    os.environ["FIPY_DOCTOR_CONFIG"] = "none"
    from doctor.__main__ import main as program

    program()
