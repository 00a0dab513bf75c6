"""Listening to the updater on the board: what it says is passed on, and its end is judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from doctor import engine
from doctor.bench import Bench
from doctor.board import onboard
from doctor.clock import Deadline
from doctor.errors import BoardError, BoardReset, DoctorError, FlashUnproved, LinkError, PortLost, Stopped
from doctor.escape import shown
from doctor.events import Event, Listener, Note, Notice, Phase, Progress, StepStarted, from_core
from doctor.firmware.names import parse_name
from doctor.jobs.flashing.interrupts import Interrupts, Left, Wish
from doctor.jobs.flashing.plan import FlashPlan
from doctor.jobs.flashing.result import FlashResult, Proof, result_of, with_progress
from doctor.jobs.flashing.steps_done import LAST_BLOCK_BYTES
from doctor.jobs.onward import Attempt, Onward, flash_command, onward
from doctor.modem.facts import from_version_lines
from doctor.updater import states
from doctor.updater.flow import Outcome

ADVICE = "press the reset button of the board once: its own LTE functions come back with that"
REPEAT_S = 1.0  #: a wish to stop is said again so often; it lies in the board's buffer until it is read
#: The updater listens at the board's UART, to which nothing comes from telnet (board-and-repl.md 3.1).
DEAF = "over Wi-Fi the board hears no wish to stop: it goes on. It can be left alone; over USB it can be stopped"
#: A bench behind sim:// is a part of this program.
ENDS_WITH_US = (
    "this simulated board lives inside this program and stops with it (a real one goes on, and so does one that"
    " `fipy-doctor sim --listen` serves)"
)
POWERED = "leave the board powered: it may go on by itself"

_CORE_EVENTS = ("step", "waiting", "progress", "note")
_STEP_WORDS = {"transfer": "send the image", "deploy": "wait until the modem has written everything"}


def question(wish: Callable[[], Wish], listen: Listener, *, ends_with_us: bool = False) -> Callable[[], bool]:
    """What Ctrl-C asks while the board flashes by itself: True stops it. Raises Left where it is left alone."""

    def ask() -> bool:
        if ends_with_us:
            listen(Notice(ENDS_WITH_US))
        wanted = wish()
        if wanted is Wish.LEAVE:
            raise Left
        return wanted is Wish.STOP

    return ask


@dataclass
class _Heard:
    """What is known of the board's work, for the moment when the line breaks."""

    phase: str = "prepare"
    done: int = 0
    total: int = 0


class Follower:
    """Listens to the board, passes on what it says, and judges its end.

    plan       what was ordered; None where another run, or a hand, gave the order
    attempt    what the next step depends on
    recognise  told what the board says of its file; raises DoctorError where it is another than the one given
    """

    def __init__(
        self,
        bench: Bench,
        report: engine.Report,
        plan: FlashPlan | None,
        attempt: Callable[[], Attempt],
        interrupts: Interrupts,
        listen: Listener,
        recognise: Callable[[Mapping[str, Any]], None] = lambda _said: None,
    ) -> None:
        self._bench = bench
        self._report = report
        self._plan = plan
        self._attempt = attempt
        self._interrupts = interrupts
        self._listen = listen
        self._recognise = recognise
        self._heard = _Heard()
        self._told_step = ("", "")
        self._stops = False
        self._repeat: Deadline | None = None

    def follow(self, first: bytes) -> FlashResult:
        """Until the board says how it ended. Raises DoctorError where it cannot be heard and nothing was sent."""
        link = self._bench.link
        try:
            for name, data in onboard.events(link, first, idle=self._ask_to_stop):
                if name == "end":
                    self._bench.forget_board()
                    onboard.settle(link)
                    self._recognise(data)
                    return self._judged(data)
                self._pass_on(name, data)
            raise AssertionError("events end with an end")
        except Left:
            return self._left()
        except (BoardError, LinkError) as err:
            if self._heard.phase == "prepare":
                if isinstance(err, BoardReset):
                    raise
                if self._interrupts.pressed_early and err.id == "board-updater-broke-off":
                    raise Stopped from err  # Ctrl-C cut its last words off
            return self._unheard(err)

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
            onboard.ask_to_stop_early(link, again=self._repeat is not None)
        else:
            onboard.ask_to_stop(link)
        self._repeat = Deadline(link.clock, REPEAT_S)

    def _pass_on(self, name: str, data: Mapping[str, Any]) -> None:
        heard = self._heard
        if name in _CORE_EVENTS:
            try:
                event = from_core(name, data)
                if name == "step":
                    heard.phase = str(data["phase"])
                    self._told_step = (heard.phase, str(data["step"]))
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

    def _beat(self, data: Mapping[str, Any]) -> None:
        """The heartbeat: all that somebody who joined late has."""
        heard = self._heard
        heard.done, heard.total = int(data.get("done") or 0), int(data.get("total") or 0)
        heard.phase = str(data.get("phase") or heard.phase)
        step = str(data.get("step") or "")
        reads = heard.phase == "prepare" and heard.done > 0
        if self._told_step[0] != heard.phase or (reads and self._told_step != (heard.phase, step)):
            self._told_step = (heard.phase, step)
            words = onboard.in_words(("heartbeat", {**data, "total": 0} if reads else data))
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

    def _judged(self, end: Mapping[str, Any]) -> FlashResult:
        """The result out of the board's last word."""
        advice = ADVICE if end.get("sent_any") and not end.get("restored") else ""
        outcome = self._outcome(end)
        if end.get("error") and not (end.get("sent_any") or "step" in end):
            return self._refused(end, outcome)
        proof = self._proof(end, outcome)
        return result_of(self._report, self._plan, outcome, proof, attempt=self._attempt(), advice=advice)

    def _outcome(self, end: Mapping[str, Any]) -> Outcome:
        """How the flow on the board ended; what its last word does not say is known as far as it was heard."""
        steps = [step.id for step in self._plan.core.steps] if self._plan is not None else []
        outcome, heard = Outcome.of_words(dict(end)), self._heard
        outcome.step = outcome.step or self._told_step[1]
        if "done" not in end and outcome.step in steps:
            outcome.done = steps[: steps.index(outcome.step)]
        if "maybe_all" not in end:
            outcome.maybe_all = bool(heard.total) and heard.total - heard.done <= LAST_BLOCK_BYTES
        if "sent" not in end:
            outcome.sent_bytes = heard.total
        return outcome

    def _proof(self, end: Mapping[str, Any], outcome: Outcome) -> Proof:
        sha256, card_file = str(end.get("sha256") or ""), self._bench.options.card_file
        if self._plan is not None:
            promised = self._plan.image.promised_build
        elif card_file is None:  # what was recognised is the file that was given
            promised, sha256 = self._bench.firmware[-1].promised_build, self._bench.firmware[-1].sha256
        else:
            said = end.get("image") or (0, 0, 0, 0)
            promised = int(said[3]) or parse_name(card_file).build
        received = self._bench.link.received_sha256 if sha256 else None
        after = from_version_lines(outcome.version_lines, outcome.mode)
        return Proof(outcome.sent_bytes, sha256, received, promised, after)

    def _refused(self, end: Mapping[str, Any], outcome: Outcome) -> FlashResult:
        """The board did not begin; ``cure`` is then all that comes next."""
        error_id, what = outcome.error or ("", "")
        after = outcome.cure or "run `fipy-doctor check`"
        error = DoctorError(error_id, what, on=str(end.get("path") or ""), cause=outcome.cause, next=after)
        if error_id == "user-interrupt":
            error = Stopped(what)
        return FlashResult(self._report, self._plan, None, error, "", outcome.mode)

    def _progress(self) -> Attempt:
        """What the next step depends on, as far as the board was heard."""
        return with_progress(self._attempt(), self._plan, self._outcome({}))

    def _left(self) -> FlashResult:
        """The user has left; the board goes on."""
        link = self._bench.link
        what = f"this program ended, and the board goes on by itself ({self._stands()})"
        after = f"{POWERED}; to join it, run the same command again, or `fipy-doctor status` to see where it stands"
        if link.url.ends_with_us:
            what = f"this program ended ({self._stands()}): {ENDS_WITH_US}"
            after = f"run: {flash_command(self._attempt(), states.UNKNOWN)}"
        error = FlashUnproved("user-interrupt", what, on=link.name, next=after)
        return FlashResult(self._report, self._plan, None, error, "", states.UNKNOWN, None, True)

    def _stands(self) -> str:
        heard = self._heard
        if heard.total and heard.phase == "transfer":
            return f"{heard.phase}, {heard.done:,} of {heard.total:,} bytes"
        return heard.phase

    def _unheard(self, err: DoctorError) -> FlashResult:
        """The line to the board broke, or the board restarted, after it had begun."""
        reset = isinstance(err, BoardReset)
        attempt = self._progress()
        waits = reset and self._heard.phase == "transfer" and not attempt.all_sent
        mode = states.STP_OPEN if waits else states.UNKNOWN
        where = "the modem waits for the rest" if mode == states.STP_OPEN else "the modem's mode is not known"
        what = f"{err.what}; the board was last heard in: {self._stands()}; {where} ({mode})"
        if reset:
            step = onward(mode, attempt)
            after = step.text
        elif isinstance(err, PortLost):
            step = Onward((), flash_command(attempt, mode))
            cable = "plug the board in again and leave it powered, it may have gone on by a battery"
            back = f"{POWERED}; join its Wi-Fi net again" if self._bench.link.network else cable
            after = f"{back}; then {step.text}"
        else:
            step = Onward((), replace(attempt.command, verb="status"))
            after = f"{POWERED}; look whether its light or its carrier's shows power; then {step.text}"
        error = FlashUnproved(err.id, what, on=err.on, cause=err.cause, next=after)
        return FlashResult(self._report, self._plan, None, error, "", mode, step, True)


def _phase(heard: _Heard) -> Phase:
    try:
        return Phase(heard.phase)
    except ValueError:
        return Phase.PREPARE
