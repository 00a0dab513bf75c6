"""Runs one command for each of many boards, so many at once; no board waits for, or suffers from, another one."""

from __future__ import annotations

import queue
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any, Protocol

from doctor.errors import Exit
from doctor.fleet.boards import Board
from doctor.fleet.child import Child, NotStarted, exit_code
from doctor.fleet.outcome import Outcome
from doctor.fleet.standing import Standing

LOOK_S = 0.2  #: between two looks at signals while no board says anything
STOPPED = "stopped by you while it began"
STOP, STOP_TRANSFER = b"stop", b"stop transfer"  #: what a flash with --stop-on-stdin understands
_ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name))


class Watcher(Protocol):
    """Who shows a fleet, and answers for its user."""

    def began(self, standing: Standing, pid: int) -> None:
        """The process of a board runs."""

    def heard(self, standing: Standing, event: dict[str, Any]) -> None:
        """It told something, which is in ``standing`` already."""

    def ended(self, standing: Standing, outcome: Outcome) -> None:
        """It has ended."""

    def stop_transfers(self, boards: Sequence[Standing]) -> bool:
        """Asked once after Ctrl-C, while these are in the middle of it: whether to stop those that can be stopped."""

    def notice(self, text: str) -> None:
        """Something that the user must see now."""

    def look(self) -> None:
        """Called again and again."""


@dataclass(frozen=True)
class _Work:
    """What the process of a board is started with, and whether it is stopped as a flash is."""

    standing: Standing
    words: Callable[[Board], Sequence[str]]
    flashes: bool


class Crew:
    """One command for many boards.

    words    the command line of a board's process
    jobs     how many at once
    flashes  it is stopped as a flash is: a word on standard input, and none in transfer without a yes
    more     whether boards may still be added (``add``) although none is at work
    """

    def __init__(
        self,
        boards: Sequence[Board],
        words: Callable[[Board], Sequence[str]],
        watcher: Watcher,
        *,
        jobs: int,
        flashes: bool = False,
        more: Callable[[], bool] = lambda: False,
    ) -> None:
        self._watcher = watcher
        self._jobs = jobs
        self._more = more
        self._running: dict[Child, _Work] = {}
        self._said: queue.SimpleQueue[tuple[Child, dict[str, Any] | None]] = queue.SimpleQueue()
        self._came: set[int] = set()
        self._asked = False
        self.standings: Mapping[Board, Standing] = {board: Standing(board) for board in boards}
        self._waiting = [_Work(standing, words, flashes) for standing in self.standings.values()]
        self.outcomes: dict[Board, Outcome] = {}
        self.stopped = False  #: no board is begun any more

    def run(self) -> list[Outcome]:
        """Carry it out; how each board ended, in their order. A board that was never begun is not among them."""
        with self._signals():
            while self._running or (not self.stopped and (self._waiting or self._more())):
                self._look()
                self._watcher.look()
                while self._waiting and not self.stopped and len(self._running) < self._jobs:
                    self._begin(self._waiting.pop(0))
                self._hear()
        return [self.outcomes[board] for board in self.standings if board in self.outcomes]

    def add(
        self, board: Board, words: Callable[[Board], Sequence[str]], *, flashes: bool = False, first: bool = False
    ) -> None:
        """One board more, or the next thing for one that has ended; ``first``: in front of all that wait."""
        self._waiting.insert(0 if first else len(self._waiting), _Work(Standing(board), words, flashes))

    def _begin(self, work: _Work) -> None:
        standing = work.standing
        try:
            words = work.words(standing.board)
            child = Child(standing.board, words, lambda child, said: self._said.put((child, said)))
        except NotStarted as err:
            self._not_begun(work, err)
            return
        self._running[child] = work
        standing.begin()
        self._watcher.began(standing, child.pid)

    def _not_begun(self, work: _Work, err: NotStarted) -> None:
        """Those that work are not disturbed: it waits until one of them has ended; if none works, it has failed."""
        if self._running:
            self._jobs = len(self._running)
            self._waiting.insert(0, work)
            return
        standing = work.standing
        outcome = Outcome(standing.board, Exit.FAILED, {"died": err.what})
        self.outcomes[standing.board] = outcome
        standing.over = True
        self._watcher.ended(standing, outcome)

    def _hear(self) -> None:
        try:
            child, said = self._said.get(timeout=LOOK_S)
        except queue.Empty:
            return
        standing = self._running[child].standing
        if said is None:
            self._end(child, standing)
        elif "event" in said:
            standing.hear(said)
            self._watcher.heard(standing, said)

    def _end(self, child: Child, standing: Standing) -> None:
        del self._running[child]
        code = exit_code(child.code if child.code is not None else 1, sent=standing.sent)
        document = child.document
        if child.is_cut_short:
            code, document = Exit.STOPPED, {"died": STOPPED}
        elif document is None or document.get("exit") != code:
            at = f": {standing.words}" if standing.sent else ""
            document = {"died": f"{killed}{at}" if (killed := child.killed_by) else child.last_words}
        outcome = Outcome(child.board, code, document, standing.sent)
        self.outcomes[child.board] = outcome
        standing.over = True
        self._watcher.ended(standing, outcome)

    # --- signals ---

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """Within the block signals only set a flag: ``_look`` says what they are taken for."""
        before: dict[int, Any] = {}
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, *_ENDING):
                if signal.getsignal(number) is not signal.SIG_IGN:  # nohup
                    before[number] = signal.signal(number, self._on_signal)
        try:
            yield
        finally:
            for number, handler in before.items():
                if handler is not None:
                    signal.signal(number, handler)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        self._came.add(number)

    def _look(self) -> None:
        while self._came:
            number = self._came.pop()
            going = [work.standing for work in self._running.values() if work.standing.in_transfer]
            if number != signal.SIGINT and going:
                name = signal.Signals(number).name
                self._watcher.notice(f"{name}: no board is begun any more; those that are being flashed are finished")
            self._stop_those_that_may()
            if number == signal.SIGINT and going:
                self._ask(going)

    def _stop_those_that_may(self) -> None:
        """No new boards; those to whose modem nothing was sent yet are stopped."""
        first, self.stopped = not self.stopped, True
        if not first:
            self._leave_those_that_stop()
            return
        self._waiting.clear()
        for child, work in self._running.items():
            if work.flashes:
                child.say(STOP)  # in the middle of a transfer it changes nothing
            else:
                child.interrupt()

    def _leave_those_that_stop(self) -> None:
        """Asked again: those that end in order need not wait for a modem that hangs (flashing/interrupts.py)."""
        for child, work in self._running.items():
            if work.flashes and not work.standing.all_sent and (self._asked or not work.standing.in_transfer):
                child.say(STOP)

    def _ask(self, going: Sequence[Standing]) -> None:
        stoppable = [standing for standing in going if not standing.all_sent]
        if not stoppable:
            self._watcher.notice("their modems have everything and are writing it; this cannot be stopped. Wait.")
        elif not self._asked and self._watcher.stop_transfers(going):
            self._asked = True
            for child, work in self._running.items():
                if work.standing in stoppable:
                    child.say(STOP_TRANSFER)
        self._came.discard(signal.SIGINT)  # pressed while the question stood: that is no answer to it
