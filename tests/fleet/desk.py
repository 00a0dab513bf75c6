"""A desk at which boards are plugged in and out while a real run of the program watches it.

What the system lists of serial ports is injected where pySerial is asked for it, in the parent, which opens no port.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.fleet.served_boards import Run
from tests.plugged import EXPANSION, Listed, listed

_PROGRAM = (sys.executable, "-c", "from tests.fleet.desk import main; main()")


class Desk:
    """What is plugged in, and the runs that look at it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._list = folder / "plugged"
        self._runs: list[Run] = []
        self.plug()

    def plug(self, *ports: Listed) -> None:
        """From now on these are plugged in, and nothing else."""
        draft = self._list.with_suffix(".new")
        draft.write_text(json.dumps(ports))
        draft.replace(self._list)

    def run(self, name: str, *words: str) -> Run:
        """A run of the program."""
        program = (*_PROGRAM, str(self._list))
        state = str(self.folder / "state")
        run = Run(self.folder / f"{name}.txt", *words, program=program, FIPY_DOCTOR_STATE_DIR=state)
        self._runs.append(run)
        return run

    def clear(self) -> None:
        """End what still runs, after a test that failed."""
        for run in self._runs:
            if run.process.poll() is None:
                run.process.kill()
                run.process.wait()


def expansion(device: str, serial: str | None) -> Listed:
    """An expansion board with this serial number at this port."""
    return (device, *EXPANSION[1:3], serial, EXPANSION[4])


def main() -> None:
    """The program, for which the system lists what a file says."""
    from serial.tools import list_ports

    path = Path(sys.argv.pop(1))
    list_ports.comports = lambda *_, **__: [listed(*port) for port in json.loads(path.read_text())]
    sys.argv[0] = "fipy-doctor"
    from doctor.__main__ import main as program

    program()
