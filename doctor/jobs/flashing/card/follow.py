"""Listening to the updater on the board: what it says is passed on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from doctor.bench import Bench
from doctor.board import at_work
from doctor.clock import Deadline
from doctor.events import Event, Listener, Note, Notice, Phase, Progress, StepStarted, from_core
from doctor.jobs.flashing.interrupts import Interrupts, Left, Wish
from doctor.text.escape import shown

REPEAT_S = 1.0  #: a wish to stop is said again so often; it lies in the board's buffer until it is read
#: The updater listens at the board's UART, to which nothing comes from telnet (board-and-repl.md 3.1).
DEAF = "over Wi-Fi the board cannot be stopped: it continues. You may leave it alone; over USB you can stop it"
#: A bench behind sim:// is a part of this program.
ENDS_WITH_US = (
    "this simulated board lives inside this program and stops with it (a real one goes on, and so does one that"
    " `fipy-doctor sim --listen` serves)"
)

_CORE_EVENTS = ("step", "waiting", "progress", "count", "note")
_STEP_WORDS = {"transfer": "send the image", "deploy": "wait until the modem has written everything"}


def question(wish: Callable[[], Wish], listen: Listener, *, in_process: bool = False) -> Callable[[], bool]:
    """What Ctrl-C asks while the board flashes by itself: True stops it. Raises Left if it is left alone."""

    def ask() -> bool:
        if in_process:
            listen(Notice(ENDS_WITH_US))
        wanted = wish()
        if wanted is Wish.LEAVE:
            raise Left
        return wanted is Wish.STOP

    return ask


@dataclass
class Heard:
    """What is known of the board's work, for the moment when the line breaks.

    told  phase and id of the step that was passed on last
    """

    phase: str = "prepare"
    done: int = 0
    total: int = 0
    told: tuple[str, str] = ("", "")

    def __str__(self) -> str:
        if self.total and self.phase == "transfer":
            return f"{self.phase}, {self.done:,} of {self.total:,} bytes"
        return self.phase


class Follower:
    """Listens to the board, and passes on what it says.

    heard      how far it has come
    recognise  told what the board says of its file; raises DoctorError if it is another than the one given
    """

    def __init__(
        self,
        bench: Bench,
        interrupts: Interrupts,
        listen: Listener,
        recognise: Callable[[at_work.Said], None] = lambda _said: None,
    ) -> None:
        self._bench = bench
        self._interrupts = interrupts
        self._listen = listen
        self._recognise = recognise
        self.heard = Heard()
        self._stops = False
        self._repeat: Deadline | None = None

    def follow(self, first: bytes) -> at_work.Said:
        """Its last word, which says how it ended; ``first`` is what it said before.

        Raises Left if the user left it alone, DoctorError if it cannot be heard any more.
        """
        link = self._bench.link
        for name, data in at_work.events(link, first, idle=self._ask_to_stop):
            if name == "end":
                self._bench.forget_board()
                at_work.settle(link)
                self._recognise(data)
                return data
            self._pass_on(name, data)
        raise AssertionError("events end with an end")

    def _ask_to_stop(self) -> None:
        """Pass a wish to stop on, again and again: the board may have been deaf to it."""
        hands, link = self._interrupts, self._bench.link
        early = hands.pressed_early
        self._stops = self._stops or (not early and hands.should_stop())
        if not (early or self._stops) or (self._repeat is not None and not self._repeat.expired):
            return
        if link.network is not None:
            if self._repeat is None:
                self._tell(Notice(DEAF))
            self._stops = False
        elif early:
            at_work.ask_to_stop_early(link, again=self._repeat is not None)
        else:
            at_work.ask_to_stop(link)
        self._repeat = Deadline(link.clock, REPEAT_S)

    def _pass_on(self, name: str, data: at_work.Said) -> None:
        heard = self.heard
        if name in _CORE_EVENTS:
            try:
                event = from_core(name, data)
                if name == "step":
                    heard.phase = str(data["phase"])
                    heard.told = (heard.phase, str(data["step"]))
                    if heard.phase == "transfer":  # of another file than the one before
                        heard.done = heard.total = 0
                elif name == "progress":
                    heard.done, heard.total = int(data["done"]), int(data["total"])
                    self._stops = self._stops and heard.done < heard.total  # nothing of this file can be stopped now
            except (KeyError, ValueError, TypeError):
                return  # a line that another thread of the board has damaged
            self._tell(event)
        elif name == "heartbeat":
            self._recognise(data)
            self._beat(data)
        else:
            text = shown(str(data.get("text", "")), 300)
            self._tell(Notice(text) if name == "warning" else Note(text))

    def _beat(self, data: at_work.Said) -> None:
        """The heartbeat: all that somebody who joined late has."""
        heard = self.heard
        heard.done, heard.total = int(data.get("done") or 0), int(data.get("total") or 0)
        heard.phase = str(data.get("phase") or heard.phase)
        step = str(data.get("step") or "")
        reads = heard.phase == "prepare" and heard.done > 0
        if heard.told[0] != heard.phase or (reads and heard.told != (heard.phase, step)):
            heard.told = (heard.phase, step)
            words = at_work.in_words(("heartbeat", {**data, "total": 0} if reads else data))
            self._tell(StepStarted(step, _STEP_WORDS.get(step, words), _phase(heard)))
        if heard.phase == "transfer" and heard.total:
            self._tell(Progress(Phase.TRANSFER, heard.done, heard.total, False))
        elif reads and heard.total:  # of the card, not of the modem: no interrupt hears of it
            self._listen(Progress(Phase.PREPARE, heard.done, heard.total, False))

    def _tell(self, event: Event) -> None:
        early = self._interrupts.pressed_early
        self._interrupts.heard(event)
        begins = isinstance(event, StepStarted) and event.phase is Phase.TRANSFER
        begins = begins or (isinstance(event, Progress) and not event.done_bytes)
        if not (early and begins):  # it ends before the first block: to show one would contradict what was just said
            self._listen(event)


def _phase(heard: Heard) -> Phase:
    try:
        return Phase(heard.phase)
    except ValueError:
        return Phase.PREPARE
