"""The same on a real MicroPython with a real LittleFS or FAT: the program is killed as it sends its n-th command."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from tests.board.one_byte import TO_BOARD
from tests.board.real_board import RealBoard
from tests.kill_boards.cases import CASES, Board, Case
from tests.kill_boards.cuts import CTRL_D, WHOLE, Cut
from tests.kill_boards.place import BAD, Done, Place, Wrong
from tests.kill_boards.play import Cell, Played, play_at

CUT = ("restore", "restore-clean", "reset-flash")
FULL = replace(
    CASES["reset-flash"],
    name="reset-flash-504k",
    flash={"lib/big.bin": random.Random(1).randbytes(330_000), "n" * 120 + ".csv": b"4;5;6\n" * 2000},
)
"""Four fifths of 504 kB are in use; only done, never cut."""
REAL_CASES = {**{name: CASES[name] for name in CUT}, FULL.name: FULL}
MOMENTS = 4  #: in which a command is killed
LIMIT_S = 120.0


class RealPlace(Place):
    """An image file with its board, and the PC, of one cell; the program is killed as it ends command ``kill_at``."""

    def __init__(self, case: Case, kind: str, folder: Path, kill_at: int) -> None:
        super().__init__(case, folder)
        self.commands = 0
        """How many commands the board was sent."""
        self._image = RealBoard(folder / "flash.img", kind)
        self._image.fill(case.originals, ("hollow",))
        self._kill_at = kill_at
        self._program: subprocess.Popen[str] | None = None
        self._terminal = ""

    @contextlib.contextmanager
    def switched_on(self) -> Iterator[RealPlace]:
        """The board sits at its prompt."""
        with self._image.switched_on(self._pass_on) as self._terminal:
            yield self

    def port(self) -> str:
        """The terminal."""
        return self._terminal

    def board(self) -> Board:
        """What another MicroPython process finds in the image."""
        return Board({path: data for path, data in self._image.tree().items() if data is not None}, {}, {})

    def type(self, words: tuple[str, ...], before: Callable[[], None] = lambda: None) -> Done:
        """Run the program; ``before`` is for boards that live inside it."""
        self._program = subprocess.Popen(
            [sys.executable, "-m", "doctor", *words],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={**os.environ, **self.environment()},
        )  # fmt: skip
        try:
            printed, _ = self._program.communicate(timeout=LIMIT_S)
        except subprocess.TimeoutExpired:
            self._program.kill()
            raise Wrong(BAD, f"hangs: {words[0]}") from None
        return Done(self._program.returncode, printed)

    def by_hand(self, hands: tuple[str, ...]) -> None:
        """Nobody is there: power and cables stay as they are."""

    def _pass_on(self, way: str, data: bytes) -> bytes:
        if way == TO_BOARD:
            before, self.commands = self.commands, self.commands + data.count(CTRL_D)
            if before < self._kill_at <= self.commands and self._program is not None:
                self._program.send_signal(signal.SIGKILL)
        return data


def real_cells(folder: Path) -> list[Cell]:
    """Killed in MOMENTS moments, evenly over all commands of an undisturbed run."""
    found = [Cell(FULL.name, kind, WHOLE) for kind in FULL.releases]
    for name in CUT:
        for kind in CASES[name].releases:
            with RealPlace(CASES[name], kind, folder / f"real-{name}-{kind}", 0).switched_on() as place:
                place.type(CASES[name].typed(place.pc, place.port(), 1))
            shutil.rmtree(place.folder)
            moments = sorted({place.commands * n // MOMENTS for n in range(1, MOMENTS + 1)})
            found += [Cell(name, kind, Cut("real", at, f"command {at} of {place.commands}", at)) for at in moments]
    return found


def play_real(cell: Cell, folder: Path) -> Played:
    """Play ``cell`` in a folder of its own. Never raises."""
    return play_at(
        cell,
        folder / f"real-cell-{os.getpid()}",
        lambda new: RealPlace(REAL_CASES[cell.case], cell.kind, new, cell.cut.at).switched_on(),
    )
