"""Flashing from the card in the board: the board does it by itself, this program starts it, listens and judges.

The board goes on when this program ends; whoever calls again joins it and hears where it stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from doctor import engine
from doctor.bench import Bench
from doctor.board import files, onboard, sdcard
from doctor.check import Status
from doctor.errors import BoardError, BoardReset, DoctorError, FlashUnproved, LinkError, Stopped
from doctor.events import Event, Listener, Note, Phase, Progress, StepStarted, from_core
from doctor.jobs.card_image import need_on_card
from doctor.jobs.flash_plan import FlashPlan, FlashRequest
from doctor.jobs.flash_result import FlashResult, Proof
from doctor.jobs.interrupts import Interrupts
from doctor.modem.images import image_facts
from doctor.sniff import Seen
from doctor.updater import side_file

JUMPERS = "jumpers-removed"
ADVICE = "press the reset button of the board once: its own LTE functions come back with that"
STAY = "leave the board powered: it may go on by itself; run the same command again to see where it stands"

_CORE_EVENTS = ("step", "waiting", "progress", "note")
_STEP_WORDS = {"transfer": "send the image", "deploy": "wait until the modem has written everything"}


def refuse(bench: Bench, report: engine.Report) -> DoctorError | None:
    """Why the card's way is closed although every check lets flashing pass, or None.

    As soon as this program ends, RTS drops: jumpers that are only not proved to be there will not do (FiPy).
    """
    finding = report.finding(JUMPERS)
    if finding is None or finding.status is not Status.WARN or JUMPERS in bench.options.accept:
        return None
    return DoctorError(
        "expansion-rts-cts-jumpers",
        "whether the RTS and CTS jumpers are removed is not proved, and the board must go on when this program ends",
        on=bench.link.name,
        cause="with the jumpers fitted, the modem stops as soon as no program holds the port's RTS line",
        next=f"take both jumpers off (or look that they are off) and add --accept {JUMPERS}",
    )


def carry_out(
    bench: Bench,
    report: engine.Report,
    plan: FlashPlan,
    request: FlashRequest,
    interrupts: Interrupts,
    listen: Listener,
) -> FlashResult:
    """Put the core on the board, have it flash from its card, and judge what it says. Raises DoctorError beforehand."""
    on_pc = plan.image.path.exists()
    path = need_on_card(bench, plan.image) if on_pc else str(plan.image.path)
    say = _sayer(listen)
    onboard.install(bench.board, say)
    if on_pc:
        _put_side_file(bench, plan, path, say)
    facts = image_facts(plan.image)
    order = onboard.Order(
        path=path,
        method=request.method,
        accept=tuple(sorted({*bench.options.accept, JUMPERS})),  # proved or accepted: ``refuse`` has seen to it
        was=bench.options.was or 0,
        sha256=plan.image.sha256,
        image=(facts.name, facts.kind, facts.radio, facts.build, facts.base, facts.family),
    )
    first = onboard.start(bench.board, order)
    bench.forget_board()
    return _Follower(bench, report, plan, interrupts, listen).follow(first)


def at_work(bench: Bench) -> bool:
    """Whether our own updater is at work on the board at this port, started by an earlier run or by hand."""
    if bench.options.port is None or bench.options.via_modem:
        return False
    contact = bench.contact
    return contact.seen is Seen.UPDATER and onboard.last_heard(contact.text) is not None


def join(bench: Bench, interrupts: Interrupts, listen: Listener) -> FlashResult:
    """Listen to the updater that is at work until it ends; sends the board nothing. Never raises DoctorError."""
    told = onboard.last_heard(bench.contact.text)
    where = onboard.in_words(told) if told is not None else "at work"
    _sayer(listen)(f"the board is flashing by itself already ({where}); listening")
    report = engine.Report(())
    first = bench.contact.text.encode()
    bench.forget_board()
    try:
        return _Follower(bench, report, None, interrupts, listen).follow(first)
    except DoctorError as err:
        return FlashResult(report, error=err)


def _sayer(listen: Listener) -> Any:
    def say(text: str) -> None:
        listen(StepStarted("card", text, Phase.PREPARE))

    return say


def _put_side_file(bench: Bench, plan: FlashPlan, path: str, say: Any) -> None:
    """Write X.dup.crc beside the image where it is not there; a card that takes no file is no reason to stop."""
    content = side_file.build(plan.image.path.read_bytes(), image_facts(plan.image), plan.image.sha256)
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
        self, bench: Bench, report: engine.Report, plan: FlashPlan | None, interrupts: Interrupts, listen: Listener
    ) -> None:
        self._bench = bench
        self._report = report
        self._plan = plan
        self._interrupts = interrupts
        self._listen = listen
        self._heard = _Heard()
        self._told_step = ""

    def follow(self, first: bytes) -> FlashResult:
        """Until the board says how it ended. Raises DoctorError where it cannot be heard and nothing was sent."""
        link = self._bench.link
        try:
            for name, data in onboard.events(link, first, idle=self._ask_to_stop):
                if name == "end":
                    self._bench.forget_board()
                    return self._judged(data)
                self._pass_on(name, data)
            raise AssertionError("events end with an end")
        except (BoardError, LinkError) as err:
            if self._heard.phase == "prepare" and isinstance(err, BoardReset):
                raise
            return FlashResult(self._report, self._plan, error=self._unheard(err), advice="")

    def _ask_to_stop(self) -> None:
        if self._interrupts.should_stop():
            onboard.ask_to_stop(self._bench.link)

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
        elif name == "heartbeat":
            self._beat(data)
        else:
            self._tell(Note(str(data.get("text", ""))))

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
        proof = self._proof(end)
        error = self._error(end)
        if error is None and (proof is None or not proof.holds):
            what = "the board says that all went well, and the modem does not run what the file promised"
            error = FlashUnproved("upgrade-failed-result", what, on=f"modem in {end.get('mode')}", next=STAY)
        advice = "" if end.get("restored") or not end.get("sent_any") else ADVICE
        return FlashResult(self._report, self._plan, proof, error, advice)

    def _proof(self, end: Mapping[str, Any]) -> Proof | None:
        from doctor.modem.facts import from_version_lines

        if not end.get("proved"):
            return None
        image = end.get("image") or ["", "", "", 0, 0, ""]
        promised = self._plan.image.promised_build if self._plan is not None else int(image[3]) or None
        return Proof(
            int(end.get("sent") or 0),
            str(end.get("sha256") or ""),
            self._bench.link.received_sha256,
            promised,
            from_version_lines([str(line) for line in end.get("lines") or ()], str(end.get("mode") or "unknown")),
        )

    def _error(self, end: Mapping[str, Any]) -> DoctorError | None:
        if not end.get("error"):
            return None
        error_id, what, why, next_step = (str(part) for part in end["error"])
        if not end.get("sent_any"):
            if error_id == "user-interrupt":
                return Stopped(what)
            return DoctorError(
                error_id, what, on=str(end.get("path")), cause=why, next=next_step or "run fipy-doctor check"
            )
        return FlashUnproved(
            error_id,
            what,
            on=f"modem in {end.get('mode')}",
            cause=why,
            next="leave the board powered; run fipy-doctor check, then the same command again",
        )

    def _unheard(self, err: DoctorError) -> FlashUnproved:
        heard = self._heard
        far = f" ({heard.done:,} of {heard.total:,} bytes)" if heard.total and heard.phase == "transfer" else ""
        if isinstance(err, BoardReset):
            return FlashUnproved(
                "boot-loop",
                f"the board was restarted in the middle of its work, in step {heard.phase}{far}",
                on=err.on,
                cause="the reset button, a power dip, or a watchdog",
                next="leave the modem powered; run fipy-doctor check, then the same command again: it starts at byte 0",
            )
        return FlashUnproved(
            err.id, f"{err.what}; last heard: {heard.phase}{far}", on=err.on, cause=err.cause, next=STAY
        )


def _phase(heard: _Heard) -> Phase:
    try:
        return Phase(heard.phase)
    except ValueError:
        return Phase.PREPARE
