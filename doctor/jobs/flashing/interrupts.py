"""What Ctrl-C, SIGTERM and SIGHUP mean while a modem is being flashed (design: "Not stoppable by accident")."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from enum import Enum
from types import FrameType, TracebackType
from typing import Any

from doctor.events import Event, Listener, Notice, Phase, Progress, StepStarted

_NEVER_STOP = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name))


class Wish(Enum):
    """What is wanted after Ctrl-C, of a board that flashes by itself."""

    GO_ON = "go on watching"
    LEAVE = "leave it to the board, which continues"
    STOP = "stop the transfer"


class LeftAsItIs(Exception):
    """The user has stopped, and does not wait until it is known where the modem is."""


class Left(Exception):
    """The user leaves a board that goes on by itself."""


class Interrupts:
    """While entered, no signal stops the program; Ctrl-C becomes a question, or the answer that it cannot be.

    ask_stop  asked between two blocks after Ctrl-C during the transfer; True stops it
    listen    told what a signal was taken for
    begun     a transfer may be under way already: nothing counts as said before it
    """

    def __init__(self, ask_stop: Callable[[], bool], listen: Listener, *, begun: bool = False) -> None:
        self._ask_stop = ask_stop
        self._listen = listen
        self._phase = Phase.PREPARE
        self._pressed_early = False
        self._pressed = False
        self._sent = begun
        self._stopped = False  # it was decided: what comes now only ends in order
        self._leaves = self._told_to_leave = False
        self._may_leave = False  # as who asks ``ends_wait`` says
        self._over = False  # likewise: nothing is left to stop
        self._came: set[int] = set()
        self._said = ""
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Interrupts:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, *_NEVER_STOP):
                self._before[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def look(self) -> None:
        """Take in the signals that came, and tell what they are taken for; called again and again while flashing.

        No handler does that: one that prints may be called within itself, as often as signals come.
        """
        while self._came:
            number = self._came.pop()
            if number == signal.SIGINT:
                self._ctrl_c()
            else:
                self._tell(f"{signal.Signals(number).name} is ignored: an interrupted flash can brick the modem")

    def heard(self, event: Event) -> None:
        """Listen here too, to know what stopping would mean by now."""
        self.look()
        self._said = ""
        if isinstance(event, StepStarted):
            self._over = False
            # The transfer's own preparations send nothing of the image: Progress tells when that begins.
            self._phase = Phase.PREPARE if event.phase is Phase.TRANSFER else event.phase
        elif isinstance(event, Progress):
            over = event.done_bytes >= event.total_bytes
            self._sent = self._sent or event.done_bytes > 0
            self._phase = Phase.WAIT_MODEM if over else Phase.TRANSFER
            if self._pressed_early and event.done_bytes:  # a board far away has begun before it heard of the wish
                self._pressed_early, self._pressed = False, True
                self._listen(Notice("the wish to stop came too late: the first block was sent before it was heard"))
            if over:
                self._pressed = False

    @property
    def pressed_early(self) -> bool:
        """Whether the user has asked to stop while nothing was sent yet."""
        self.look()
        return self._pressed_early

    def should_stop(self) -> bool:
        """Asked by the flow when stopping is possible: has the user asked, and meant it?"""
        if self.pressed_early:
            self._stopped = True
            return True
        if not self._pressed:
            return False
        self._pressed = False
        try:
            self._stopped = self._ask_stop()
            return self._stopped
        finally:
            self._came.discard(signal.SIGINT)  # pressed while the question stood: that is no answer to it

    def ends_wait(self, *, restarting: bool, may_write: bool, over: bool = False) -> bool:
        """Asked while nothing answers: whether it is to be stopped now, instead of after the wait; once.

        restarting  the modem is on its way from one program to another because of us, and may well answer soon
        may_write   it may have all of a file: nobody leaves it then
        over        nothing is left to stop: it has failed, or all was sent; that ends in order

        Raises LeftAsItIs.
        """
        self._may_leave, self._over = not may_write, over
        self.look()
        if over and (self._pressed or self._pressed_early):
            self._pressed = False
            self._stopped = not may_write
            if may_write:
                self._tell("the modem may have everything and be writing it; this cannot be stopped. Wait.")
        if self._leaves and not may_write:
            raise LeftAsItIs
        if self._stopped or (self._pressed_early and restarting):
            if not self._told_to_leave and not may_write:
                self._told_to_leave = True
                self._tell("the modem is waited for, to end in order; Ctrl-C again leaves it as it is")
            return False
        return (self._pressed_early or self._phase is Phase.TRANSFER) and self.should_stop()

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        self._came.add(number)

    def _ctrl_c(self) -> None:
        """Nobody may have pressed it: a run for many boards passes a SIGTERM on in this way (told_to_stop.py)."""
        ends = self._may_leave and (self._pressed_early or self._stopped)
        if ends and self._phase in (Phase.PREPARE, Phase.TRANSFER):
            self._leaves = True
            self._tell("asked again: not waiting for the modem any longer")
        elif self._over and self._phase in (Phase.PREPARE, Phase.TRANSFER):
            self._pressed = True  # ``ends_wait`` says what that means now
        elif self._phase is Phase.PREPARE and not self._sent:
            self._pressed_early = True
            self._tell("stopping before anything is sent")
        elif self._phase in (Phase.PREPARE, Phase.TRANSFER):  # between two files a stop must be meant, too
            self._pressed = True
            self._tell("asked to stop in the middle of the transfer; it goes on unless that is confirmed")
        else:
            self._tell("the modem has everything and is writing it; this cannot be stopped. Wait.")

    def _tell(self, text: str) -> None:
        """Once, until something else happens: a thousand signals a second are one line."""
        if text != self._said:
            self._said = text
            self._listen(Notice(text))
