"""Where a cell is played: a board, the user's PC, and what can be told about both from outside."""

from __future__ import annotations

import os
import pickle
import shutil
import signal
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from doctor.cli.main import run
from doctor.sim.bench import SimBench
from doctor.sim.world import close_all_worlds
from tests.kill_boards.cases import LOG, Board, Case, look, url_of
from tests.kill_boards.cuts import Heard

AT_ONCE, FINISHED, LOST, BAD = "at once", "finished", "LOST", "bad"  #: how a cell can go
ROUNDS = 6  #: commands that a user may have to type after the cut
REAL_LIMIT_S = 60  #: of a command on a simulated board: virtual time costs far less
SETTLE_MS = 20_000
KILLED, HUNG = -9, -14  #: exit codes of a process that SIGKILL, or SIGALRM, has ended


class Wrong(Exception):
    """The cell ends here: (verdict, reason)."""


@dataclass(frozen=True)
class Done:
    """How a command ended, and what it printed."""

    code: int
    printed: str


class Place(ABC):
    """The board and the PC of one cell. ``pc`` is what the user names, ``home`` what the program chooses itself."""

    def __init__(self, case: Case, folder: Path) -> None:
        self.case = case
        self.folder = folder
        self.pc = folder / "pc"
        self.home = folder / "home"
        self.pc.mkdir(parents=True)
        for path, data in case.inputs.items():
            (self.pc / path).parent.mkdir(parents=True, exist_ok=True)
            (self.pc / path).write_bytes(data)

    @abstractmethod
    def port(self) -> str:
        """What the user types for the port."""

    @abstractmethod
    def board(self) -> Board:
        """What lies on the board now, found without the program."""

    @abstractmethod
    def type(self, words: tuple[str, ...], before: Callable[[], None] = lambda: None) -> Done:
        """Run the program in a process of its own, and ``before`` in it first."""

    @abstractmethod
    def by_hand(self, hands: tuple[str, ...]) -> None:
        """What the user's hands do to the board, in the words of tests/matrix/follow.py."""

    @property
    def originals(self) -> dict[str, bytes]:
        """What must not be lost: all files of the user's, on flash and card, as they were."""
        return {**self.case.card, **self.case.originals}

    def environment(self) -> dict[str, str]:
        """Makes the program keep everything in ``home``."""
        home = self.home
        return {"FIPY_DOCTOR_STATE_DIR": str(home / "state"), "HOME": str(home), "XDG_DATA_HOME": str(home / "data")}

    def is_cure(self, command: tuple[str, ...]) -> bool:
        """Whether it is the command that the user typed first, perhaps naming a new folder."""
        return any(command == self.case.typed(self.pc, self.port(), times) for times in range(1, ROUNDS + 2))

    def nothing_lost(self) -> None:
        """Raise Wrong unless every file of the user's has its bytes on the board, or in a file on the PC."""
        now = self.board()
        there = {*now.flash.values(), *now.card.values(), *self._on_pc()}
        lost = [path for path, data in self.originals.items() if not _has(there, data, grows=path == LOG)]
        if lost:
            raise Wrong(LOST, "nowhere any more: " + ", ".join(lost))

    def missing(self) -> str:
        """What is not yet as it should be; '' if all is done."""
        return self.case.done(self.case, self.board(), self._on_pc())

    def _on_pc(self) -> set[bytes]:
        kept = (path for top in (self.pc, self.home) for path in top.rglob("*") if path.is_file())
        return {path.read_bytes() for path in kept}


def _has(found: set[bytes], data: bytes, *, grows: bool) -> bool:
    return data in found or (grows and any(one.startswith(data) for one in found))


class SimPlace(Place):
    """A simulated board, kept between commands; it begins as ``template``, a kept bench, has it.

    files  what ``files=`` of its URL says besides
    """

    def __init__(self, case: Case, kind: str, folder: Path, template: Path, files: str = "") -> None:
        super().__init__(case, folder)
        self.bench = folder / "bench"
        shutil.copytree(template, self.bench)
        self._url = url_of(case, kind) + (f"&files={files}" if files else "")

    def port(self) -> str:
        """The URL."""
        return f"{self._url}&state={self.bench}"

    def board(self) -> Board:
        """What the kept bench has."""
        return look(self.bench)

    def type(
        self, words: tuple[str, ...], before: Callable[[], None] = lambda: None, tells: Heard | None = None
    ) -> Done:
        """Run the program in a process that is forked from this one; ``tells`` comes back filled."""
        out, back = self.folder / "out.txt", self.folder / "heard"
        pid = os.fork()
        if pid == 0:
            code = 70
            try:
                code = self._in_child(words, before, out)
                if tells is not None:
                    back.write_bytes(pickle.dumps(tells))
            finally:
                os._exit(code)
        _, status = os.waitpid(pid, 0)
        if tells is not None:
            vars(tells).update(vars(pickle.loads(back.read_bytes())))
        code = os.waitstatus_to_exitcode(status)
        if code == HUNG:
            raise Wrong(BAD, f"hangs: {words[0]}")
        return Done(code, out.read_text("utf-8", "replace"))

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

    def _in_child(self, words: tuple[str, ...], before: Callable[[], None], out: Path) -> int:
        os.environ.update(self.environment())
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
