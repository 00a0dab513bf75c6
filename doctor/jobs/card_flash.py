"""Flashing from the card in the board: the board does it by itself, this program starts it, listens and judges.

The board goes on when this program ends; whoever calls again joins it and hears where it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from doctor import engine
from doctor.bench import Bench
from doctor.board import files, onboard, sdcard
from doctor.board.card_image import OnPc, need_on_card
from doctor.check import Status
from doctor.clock import Deadline
from doctor.errors import BoardError, BoardReset, DoctorError, FlashUnproved, LinkError, Stopped, UsageError
from doctor.escape import shown
from doctor.events import Event, Listener, Note, Notice, Phase, Progress, StepStarted, from_core, ignore
from doctor.jobs.card_copy import path_on_card
from doctor.jobs.flash_plan import FlashPlan, FlashRequest
from doctor.jobs.flash_result import FlashResult, Proof
from doctor.jobs.interrupts import Interrupts, Left, Wish
from doctor.jobs.onward import Attempt, Onward, onward
from doctor.modem.facts import from_version_lines
from doctor.modem.images import image_facts, side_content, updater_facts
from doctor.sniff import Seen
from doctor.updater import side_file, states
from doctor.updater.plan import BOOTROM, SECOND, UPDATER, ImageFacts

if TYPE_CHECKING:
    from doctor.firmware.image import FirmwareImage

JUMPERS = "jumpers-removed"
FITTED = "expansion-rts-cts-jumpers"
ADVICE = "press the reset button of the board once: its own LTE functions come back with that"
REPEAT_S = 1.0  #: a wish to stop is said again so often; it lies in the board's buffer until it is read
#: The updater listens at the board's UART, to which nothing comes from telnet (board-and-repl.md 3.1).
DEAF = "over Wi-Fi the board hears no wish to stop: it goes on. It can be left alone; over USB it can be stopped"
STAY = "leave the board powered: it may go on by itself; run the same command again to see where it stands"

_CORE_EVENTS = ("step", "waiting", "progress", "note")
_STEP_WORDS = {"transfer": "send the image", "deploy": "wait until the modem has written everything"}


class JumpersUnsure(DoctorError):
    """The card's way is closed by nothing but jumpers at which somebody has to look; who did may say so."""


def refusal(bench: Bench, report: engine.Report, plan: FlashPlan) -> DoctorError | None:
    """Why the card's way is closed although every check lets flashing pass, or None.

    As soon as this program ends, RTS drops: jumpers that are only not proved to be there will not do (FiPy).
    """
    other = "--via usb" if bench.link.network is None else "--via usb and the board's USB port"
    if any(file.role == BOOTROM for file in plan.files):
        return UsageError(
            "via-card",
            "a boot ROM does not go by the board's card: it is taken out of a script, and verified, on this computer",
            on=bench.link.name,
            next=f"run the same command with {other}",
        )
    finding = report.finding(JUMPERS)
    if finding is not None and finding.failed and finding.catalogue == FITTED:  # overridden
        return DoctorError(
            FITTED,
            "a jumper of RTS and CTS is on, and the board must go on when this program ends",
            on=bench.link.name,
            cause="the modem stops as soon as no program holds the port's RTS line; an override does not change that",
            next=f"pull both jumpers (fipy-doctor open remove-jumpers), or use {other}",
        )
    unsure = finding is not None and (finding.failed or finding.status is Status.WARN)
    if not unsure or JUMPERS in bench.options.accept:
        return None
    return JumpersUnsure(
        FITTED,
        "whether the RTS and CTS jumpers are removed is not proved, and the board must go on when this program ends",
        on=bench.link.name,
        cause="with the jumpers fitted, the modem stops as soon as no program holds the port's RTS line",
        next=f"look that both jumpers are off and add --accept {JUMPERS}, or use {other}",
    )


def carry_out(
    bench: Bench,
    report: engine.Report,
    plan: FlashPlan,
    request: FlashRequest,
    interrupts: Interrupts,
    listen: Listener,
) -> FlashResult:
    """Put the core on the board, have it flash from its card, and judge what it says."""
    try:
        first = _begin(bench, plan, request, interrupts, listen)
        bench.forget_board()
        return _Follower(bench, report, plan, request, interrupts, listen).follow(first)
    except DoctorError as err:
        return FlashResult(report, plan, error=err)


def _begin(bench: Bench, plan: FlashPlan, request: FlashRequest, interrupts: Interrupts, listen: Listener) -> bytes:
    """Prepare board and card and start the updater; returns what it said already. Raises DoctorError."""

    def stop_here_if_asked() -> None:
        if interrupts.pressed_early:
            raise Stopped

    on_pc = bench.options.card_file is None
    first = bench.firmware[0]
    if len(bench.firmware) > 1:
        path = need_on_card(bench.board, first)
    else:
        path = path_on_card(bench, plan, interrupts, listen) if on_pc else first.path.as_posix()
    say = _sayer(listen)
    onboard.install(bench.board, say, stop_here_if_asked)
    stop_here_if_asked()
    if on_pc:
        _put_side_file(bench, first, path, say)
    facts = image_facts(first)
    roles = {file.role for file in plan.files}
    second, elf = bench.firmware[-1] if SECOND in roles else None, bench.updater_elf if UPDATER in roles else None
    order = onboard.Order(
        path=path,
        method=request.method,
        accept=tuple(sorted({*bench.options.accept, JUMPERS})),  # proved or accepted: ``refuse`` has seen to it
        was=bench.options.was or 0,
        sha256=first.sha256,
        image=_told(facts) if on_pc else None,
        second=None if second is None else _other(bench, second, image_facts(second)),
        updater_elf=None if elf is None else _other(bench, elf, updater_facts(elf)),
        first_done=bool(second) and not any(step.id == "between" for step in plan.core.steps),
    )
    if second is not None and order.second is not None:
        _put_side_file(bench, second, order.second.path, say)
    stop_here_if_asked()
    return onboard.start(bench.board, order)


def _told(facts: ImageFacts) -> onboard.ImageTuple:
    return facts.name, facts.kind, facts.radio, facts.build, facts.base, facts.family, facts.part


def _other(bench: Bench, file: OnPc, facts: ImageFacts) -> onboard.Other:
    """A further file, which must lie on the card. Raises BoardError."""
    return onboard.Other(need_on_card(bench.board, file), file.sha256, _told(facts))


def question(wish: Callable[[], Wish]) -> Callable[[], bool]:
    """What Ctrl-C asks while the board flashes by itself: True stops it. Raises Left where it is left alone."""

    def ask() -> bool:
        wanted = wish()
        if wanted is Wish.LEAVE:
            raise Left
        return wanted is Wish.STOP

    return ask


def join(
    bench: Bench, request: FlashRequest, wish: Callable[[], Wish], listen: Listener = ignore
) -> FlashResult | None:
    """Listen to our own updater that is at work on the board already, until it ends; None where none is.

    Started by an earlier run of this program, or by hand. The board is sent nothing (but a wish to stop).
    """
    if bench.options.port is None or request.via not in ("auto", "card"):
        return None
    try:
        told = at_work(bench)
    except DoctorError:  # the checks say what is wrong with the port
        return None
    if told is None:
        return None
    try:
        first = bench.contact.text.encode()
        _sayer(listen)(f"the board is flashing by itself already ({onboard.in_words(told)}); listening to it")
        bench.forget_board()
        with Interrupts(question(wish), listen, begun=True) as interrupts:
            return _Follower(bench, engine.Report(()), None, request, interrupts, listen).follow(first)
    except DoctorError as err:
        return FlashResult(engine.Report(()), error=err)


def at_work(bench: Bench) -> onboard.Told | None:
    """What our own updater on the board said last; None where another's or none is at work. Raises LinkError."""
    if bench.options.via_modem or bench.contact.seen is not Seen.UPDATER:
        return None
    return onboard.last_heard(bench.contact.text)


def _sayer(listen: Listener) -> Any:
    def say(text: str) -> None:
        listen(StepStarted("card", text, Phase.PREPARE))

    return say


def _put_side_file(bench: Bench, image: FirmwareImage, path: str, say: Any) -> None:
    """Write X.dup.crc beside the image where it is not there; a card that takes no file is no reason to stop."""
    content = side_content(image, image.path.read_bytes())
    target = path + side_file.SUFFIX
    try:
        with sdcard.mounted(bench.board):
            there = files.exists(bench.board, target) and files.stat(bench.board, target).size_bytes == len(content)
            if there and files.read(bench.board, target) == content:
                return
            say(f"putting the checksums of its blocks beside it: {target}, {len(content):,} bytes")
            files.write(bench.board, target, content)
    except BoardError as err:
        say(f"no checksums beside the image ({err.what}): the board reads it twice instead")


@dataclass
class _Heard:
    """What is known of the board's work, for the moment when the line breaks."""

    phase: str = "prepare"
    done: int = 0
    total: int = 0
    sha256: str = ""


class _Follower:
    """Listens to the board, passes on what it says, and judges its end."""

    def __init__(
        self,
        bench: Bench,
        report: engine.Report,
        plan: FlashPlan | None,
        request: FlashRequest,
        interrupts: Interrupts,
        listen: Listener,
    ) -> None:
        self._bench = bench
        self._report = report
        self._plan = plan
        self._request = request
        self._interrupts = interrupts
        self._listen = listen
        self._heard = _Heard()
        self._told_step = ""
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
                self._tell(from_core(name, data))
            except (KeyError, ValueError, TypeError):
                return  # a line that another thread of the board has damaged
            if name == "step":
                heard.phase = self._told_step = str(data["phase"])
            elif name == "progress":
                heard.done, heard.total = int(data["done"]), int(data["total"])
                self._stops = self._stops and heard.done < heard.total  # of this file nothing can be stopped any more
        elif name == "heartbeat":
            self._beat(data)
        else:
            text = shown(str(data.get("text", "")), 300)
            self._tell(Notice(text) if name == "warning" else Note(text))

    def _beat(self, data: Mapping[str, Any]) -> None:
        """The heartbeat: all that somebody who joined late has."""
        heard = self._heard
        heard.sha256 = str(data.get("sha256") or heard.sha256)
        heard.done, heard.total = int(data.get("done") or 0), int(data.get("total") or 0)
        heard.phase = str(data.get("phase") or heard.phase)
        if self._told_step != heard.phase:
            self._told_step = heard.phase
            step = str(data.get("step") or "")
            self._tell(StepStarted(step, _STEP_WORDS.get(step, onboard.in_words(("heartbeat", data))), _phase(heard)))
        if heard.phase == "transfer" and heard.total:
            self._tell(Progress(Phase.TRANSFER, heard.done, heard.total, False))

    def _tell(self, event: Event) -> None:
        self._interrupts.heard(event)
        self._listen(event)

    def _judged(self, end: Mapping[str, Any]) -> FlashResult:
        """The result out of the board's last word."""
        advice = ADVICE if end.get("sent_any") and not end.get("restored") else ""
        mode = str(end.get("mode") or states.UNKNOWN)
        begun = bool(end.get("sent_any") or end.get("changed"))
        if end.get("error"):
            return self._failed(end, mode, begun, advice)
        proof = self._proof(end, mode)
        error = None
        if not end.get("proved") or not proof.holds:
            promised, runs = proof.promised_build or "none", proof.after.build or "unknown"
            what = f"the modem runs build {runs}, the file promised {promised}"
            error = FlashUnproved("upgrade-failed-result", what, on=f"modem in {mode}", next=self._onward(mode).text)
        return FlashResult(self._report, self._plan, proof, error, advice, mode, begun=True)

    def _proof(self, end: Mapping[str, Any], mode: str) -> Proof:
        image = end.get("image") or ["", "", "", 0, 0, ""]
        return Proof(
            int(end.get("sent") or 0),
            str(end.get("sha256") or ""),
            self._bench.link.received_sha256,
            self._plan.image.promised_build if self._plan is not None else int(image[3]) or None,
            from_version_lines([str(line) for line in end.get("lines") or ()], mode),
        )

    def _failed(self, end: Mapping[str, Any], mode: str, begun: bool, advice: str) -> FlashResult:
        error_id, what, why, next_step = (str(part) for part in end["error"])
        step = self._onward(mode, error_id) if begun else None
        error: DoctorError
        if step is not None:
            error = FlashUnproved(error_id, what, on=f"modem in {mode}", cause=why, next=step.text)
        elif error_id == "user-interrupt":
            error = Stopped(what)
        else:
            after = next_step or "run fipy-doctor check"
            error = DoctorError(error_id, what, on=str(end.get("path") or ""), cause=why, next=after)
        return FlashResult(self._report, self._plan, None, error, advice, mode, step, begun)

    def _onward(self, mode: str, error_id: str = "") -> Onward:
        differential = self._plan is not None and self._plan.image.base is not None
        build = self._plan.before.build if self._plan is not None else None
        attempt = Attempt(self._bench.options, "card", self._request.method, differential, build)
        return onward(mode, attempt, error_id)

    def _left(self) -> FlashResult:
        """The user has left; the board goes on."""
        what = f"this program ended, and the board goes on by itself ({self._stands()})"
        joins = "to join it, run the same command again, or fipy-doctor status to see where it stands"
        error = FlashUnproved(
            "user-interrupt", what, on=self._bench.link.name, next=f"leave the board powered; {joins}"
        )
        return FlashResult(self._report, self._plan, None, error, "", states.UNKNOWN, None, True)

    def _stands(self) -> str:
        heard = self._heard
        if heard.total and heard.phase == "transfer":
            return f"{heard.phase}, {heard.done:,} of {heard.total:,} bytes"
        return heard.phase

    def _unheard(self, err: DoctorError) -> FlashResult:
        """The line to the board broke, or the board restarted, after it had begun."""
        heard = self._heard
        reset = isinstance(err, BoardReset)
        mode = states.STP_OPEN if reset and heard.phase == "transfer" else states.UNKNOWN
        step = self._onward(mode) if reset else None
        what = f"{err.what}; the board was in: {self._stands()}"
        error = FlashUnproved(err.id, what, on=err.on, cause=err.cause, next=step.text if step else STAY)
        return FlashResult(self._report, self._plan, None, error, "", mode, step, True)


def _phase(heard: _Heard) -> Phase:
    try:
        return Phase(heard.phase)
    except ValueError:
        return Phase.PREPARE
