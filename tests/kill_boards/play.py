"""One cell: a cure that is cut once, then what the program prints, until every file of the user is where it belongs."""

from __future__ import annotations

import gc
import io
import os
import random
import shutil
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from doctor.cli.main import run
from doctor.sim.world import close_all_worlds
from tests.kill_boards import follow
from tests.kill_boards.cases import CASES, Case, set_up
from tests.kill_boards.cuts import WHOLE, Cut, Heard
from tests.kill_boards.place import AT_ONCE, BAD, FINISHED, KILLED, ROUNDS, Place, SimPlace, Wrong

LOOKS = ("check", "status")


@dataclass(frozen=True)
class Cell:
    """A case on one kind of file system, and the cut."""

    case: str
    kind: str
    cut: Cut

    @property
    def name(self) -> str:
        """For people, and for ``--only``."""
        return f"{self.case}/{self.kind}/{self.cut.way}@{self.cut.at}"


@dataclass
class Played:
    """How a cell went: one of the four words, why, and what was typed and said."""

    cell: Cell
    verdict: str = BAD
    reason: str = ""
    typed: int = 0
    story: list[str] = field(default_factory=list)
    took_s: float = 0.0


def healthy(case: Case, kind: str, folder: Path) -> Heard:
    """What a run that nothing cuts comes by. Raises Wrong if that run does not do its work."""
    place = SimPlace(case, kind, folder / f"healthy-{case.name}-{kind}", _template(case, kind, folder))
    heard = Heard()
    place.type(case.typed(place.pc, place.port(), 1), heard.listen, heard)
    if said := place.missing():
        raise Wrong(BAD, said)
    return heard


@lru_cache(maxsize=1)
def _template(case: Case, kind: str, folder: Path) -> Path:
    """A kept bench of this case, made once in a process that plays many cells of it.

    The command is also run on a copy: what it imports, and the code of the board that it makes the simulator compile,
    is there then in every process that is forked from this one.
    """
    made = folder / f"template-{os.getpid()}"
    shutil.rmtree(made, ignore_errors=True)
    set_up(case, kind, made)
    place = SimPlace(case, kind, folder / f"warm-{os.getpid()}", made)
    os.environ.update(place.environment())
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        run(case.typed(place.pc, place.port(), 1))
    close_all_worlds()
    shutil.rmtree(place.folder)
    gc.collect()
    gc.freeze()
    return made


def cells(name: str, kind: str, folder: Path, seed: int, thorough: bool) -> list[Cell]:
    """Every cell of a case; of what is read and sent every other on FAT, and the others on LittleFS."""
    whole, extent = [Cell(name, kind, WHOLE)], CASES[name].cuts
    if extent == "none":
        return whole
    try:
        heard = healthy(CASES[name], kind, folder)
    except Wrong:
        return whole
    cuts = heard.cuts(random.Random(f"{seed}/{name}/{kind}"))
    thinned = [cut for cut in cuts if thorough or cut.is_change or cut.number % 2 == (kind == "fat")]
    return whole + [Cell(name, kind, cut) for cut in thinned if cut.is_change or extent == "all"]


def play(cell: Cell, folder: Path) -> Played:
    """Play ``cell`` on a simulated board, in a folder of its own. Never raises."""
    case = CASES[cell.case]
    return play_at(
        cell,
        folder / f"cell-{os.getpid()}",
        lambda new: nullcontext(SimPlace(case, cell.kind, new, _template(case, cell.kind, folder), cell.cut.files)),
    )


def play_at(cell: Cell, folder: Path, make: Callable[[Path], AbstractContextManager[Place]]) -> Played:
    """Play ``cell`` at the place that ``make`` makes in a new ``folder``. Never raises."""
    started = time.monotonic()
    played = Played(cell)
    shutil.rmtree(folder, ignore_errors=True)
    try:
        with make(folder) as place:
            _play(place, cell, played)
    except Wrong as wrong:
        played.verdict, played.reason = wrong.args
    except Exception as error:
        played.verdict, played.reason = BAD, f"the harness broke: {error!r}"
    shutil.rmtree(folder, ignore_errors=True)
    played.took_s = time.monotonic() - started
    return played


def _play(place: Place, cell: Cell, played: Played) -> None:
    case = place.case
    command = case.typed(place.pc, place.port(), 1)
    done = place.type(command, cell.cut.arm)
    for played.typed in range(ROUNDS + 1):
        played.story += [f"$ fipy-doctor {' '.join(command)}  -> {done.code}", done.printed]
        place.nothing_lost()
        said = place.missing()
        if done.code == 0 and not said:
            played.verdict = AT_ONCE if not played.typed else FINISHED
            return
        if cell.cut == WHOLE:
            raise Wrong(BAD, f"the uncut run: exit {done.code}, {said}")
        if done.code == 0 and place.is_cure(command):
            raise Wrong(BAD, f"exit 0, and {said}")
        if "fipy-doctor itself failed" in done.printed or "Traceback (most recent" in done.printed:
            raise Wrong(BAD, "a traceback")
        if not said and command[0] == "fix" and done.code != KILLED and _only_checks_fail(done.printed):
            played.verdict = FINISHED
            return
        place.by_hand(follow.hands(done.printed, command))
        following = follow.next_command(done.printed, command)
        # A check that finds no fault leads nowhere but to itself: the user goes back to what was interrupted.
        content = done.code == 0 and command[0] in LOOKS and following[:1] == command[:1]
        again = not following or content or place.is_cure(following)
        command = case.typed(place.pc, place.port(), played.typed + 2) if again else _confirmed(following)
        done = place.type(command)
    raise Wrong(BAD, f"not done after {ROUNDS} more commands: {said or f'exit {done.code}'}")


def _confirmed(command: tuple[str, ...]) -> tuple[str, ...]:
    """The plan that is shown is confirmed."""
    return (*command, "--yes") if command[0] in ("fix", "restore") and "--yes" not in command else command


def _only_checks_fail(printed: str) -> bool:
    """A cure was done, and exit 1 speaks of what is wrong besides it, such as a card that is not there."""
    return bool(printed) and "  next:  " not in printed
