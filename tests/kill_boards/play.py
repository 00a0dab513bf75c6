"""One cell: a cure that is cut once, then what the program prints, until every file of the user is where it belongs."""

from __future__ import annotations

import gc
import io
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from doctor.cli.main import run
from doctor.sim.bench import SimBench
from doctor.sim.world import close_all_worlds
from tests.kill_boards import follow
from tests.kill_boards.cases import CASES, Board, Case, look, set_up, url_of
from tests.kill_boards.cuts import WHOLE, Cut, Heard

ROUNDS = 6  #: commands that a user may have to type after the cut
REAL_LIMIT_S = 60  #: of a command: virtual time costs far less
SETTLE_MS = 20_000
LOOKS = ("check", "status")
KILLED = -signal.SIGKILL
AT_ONCE, FINISHED, LOST, BAD = "at once", "finished", "LOST", "bad"


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


class Wrong(Exception):
    """The cell ends here: (verdict, reason)."""


def healthy(case: Case, kind: str, folder: Path) -> Heard:
    """What a run that nothing cuts comes by. Raises Wrong where that run does not do its work."""
    place = _Place(case, kind, folder / f"healthy-{case.name}-{kind}", _template(case, kind, folder))
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
    place = _Place(case, kind, folder / f"warm-{os.getpid()}", made)
    os.environ.update(FIPY_DOCTOR_STATE_DIR=str(place.home / "state"), XDG_DATA_HOME=str(place.home / "data"))
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        run(case.typed(place.pc, place.port(), 1))
    close_all_worlds()
    shutil.rmtree(place.folder)
    gc.collect()
    gc.freeze()
    return made


def cells(name: str, kind: str, folder: Path, seed: int, thorough: bool) -> list[Cell]:
    """Every cell of a case; of what is read and sent every other on FAT, and the others on LittleFS."""
    whole = [Cell(name, kind, WHOLE)]
    try:
        heard = healthy(CASES[name], kind, folder)
    except Wrong:
        return whole
    cuts = heard.cuts(random.Random(f"{seed}/{name}/{kind}"))
    thinned = [cut for cut in cuts if thorough or cut.is_change or cut.number % 2 == (kind == "fat")]
    return whole + [Cell(name, kind, cut) for cut in thinned if cut.is_change or not CASES[name].changes_only]


def play(cell: Cell, folder: Path) -> Played:
    """Play ``cell`` in a folder of its own. Never raises."""
    started = time.monotonic()
    played = Played(cell)
    case = CASES[cell.case]
    place = folder / f"cell-{os.getpid()}"
    shutil.rmtree(place, ignore_errors=True)
    try:
        _play(_Place(case, cell.kind, place, _template(case, cell.kind, folder), cell.cut.files), cell, played)
    except Wrong as wrong:
        played.verdict, played.reason = wrong.args
    except Exception as error:
        played.reason = f"the harness broke: {error!r}"
    shutil.rmtree(place, ignore_errors=True)
    played.took_s = time.monotonic() - started
    return played


def _play(place: _Place, cell: Cell, played: Played) -> None:
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
        if "fipy-doctor itself broke" in done.printed or "Traceback (most recent" in done.printed:
            raise Wrong(BAD, "a traceback")
        if not said and command[0] == "fix" and done.code != KILLED and _only_checks_fail(done.printed):
            played.verdict = FINISHED
            return
        place.by_hand(follow.hands(done.printed, command))
        following = follow.next_command(done.printed, command)
        # A check that finds no fault leads nowhere but to itself: the user goes back to what broke off.
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


@dataclass(frozen=True)
class _Done:
    code: int
    printed: str


class _Place:
    """The kept bench and the PC of one cell."""

    def __init__(self, case: Case, kind: str, folder: Path, template: Path, files: str = "") -> None:
        self.case = case
        self.folder = folder
        self.pc = folder / "pc"
        self.bench = folder / "bench"
        self.home = folder / "home"
        self.pc.mkdir(parents=True)
        for path, data in case.inputs.items():
            (self.pc / path).parent.mkdir(parents=True, exist_ok=True)
            (self.pc / path).write_bytes(data)
        shutil.copytree(template, self.bench)
        self._url = url_of(case, kind) + (f"&files={files}" if files else "")
        self._were = look(self.bench)

    def is_cure(self, command: tuple[str, ...]) -> bool:
        """Whether it is the command that the user typed first, perhaps naming a new folder."""
        return any(command == self.case.typed(self.pc, self.port(), times) for times in range(1, ROUNDS + 2))

    def port(self) -> str:
        """The URL that the user types."""
        return f"{self._url}&state={self.bench}"

    def type(
        self, words: tuple[str, ...], before: Callable[[], None] = lambda: None, tells: Heard | None = None
    ) -> _Done:
        """Run the program in a process of its own; ``tells`` comes back filled."""
        import pickle

        out, back = self.folder / "out.txt", self.folder / "heard"
        pid = os.fork()
        if pid == 0:
            code = 70
            try:
                code = _child(words, before, out, self.home)
                if tells is not None:
                    back.write_bytes(pickle.dumps(tells))
            finally:
                os._exit(code)
        _, status = os.waitpid(pid, 0)
        if tells is not None:
            vars(tells).update(vars(pickle.loads(back.read_bytes())))
        code = os.waitstatus_to_exitcode(status)
        if code == -signal.SIGALRM:
            raise Wrong(BAD, f"hangs: {words[0]}")
        return _Done(code, out.read_text("utf-8", "replace"))

    def by_hand(self, hands: tuple[str, ...]) -> None:
        """What the user's hands do."""
        if not hands:
            return
        sim = SimBench.from_url(self.port())
        for hand in hands:
            if hand == "wait":
                sim.world.sleep_ms(SETTLE_MS)
            else:
                getattr(sim.hands, hand.replace("-", "_"))()
        sim.release()
        close_all_worlds()

    def nothing_lost(self) -> None:
        """Every byte of the user's is on the board, or in a file on the PC."""
        now = look(self.bench)
        there = {*now.flash.values(), *now.card.values(), *self._on_pc()}
        lost = [path for path, data in {**self._were.card, **self._were.flash}.items() if data not in there]
        if lost:
            raise Wrong(LOST, "nowhere any more: " + ", ".join(lost))

    def missing(self) -> str:
        """What is not yet as it should be; '' where all is done."""
        return self.case.done(self.case, self._board(), self._on_pc())

    def _board(self) -> Board:
        return look(self.bench)

    def _on_pc(self) -> set[bytes]:
        kept = (path for top in (self.pc, self.home) for path in top.rglob("*") if path.is_file())
        return {path.read_bytes() for path in kept}


def _child(words: tuple[str, ...], before: Callable[[], None], out: Path, home: Path) -> int:
    os.environ.update(FIPY_DOCTOR_STATE_DIR=str(home / "state"), HOME=str(home), XDG_DATA_HOME=str(home / "data"))
    signal.alarm(REAL_LIMIT_S)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sink = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for descriptor in (1, 2):
        os.dup2(sink, descriptor)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    before()
    code = run(words)
    sys.stdout.flush()
    sys.stderr.flush()
    return code
