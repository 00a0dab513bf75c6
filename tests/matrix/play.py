"""One cell: the real job, and then what the program prints as the next step, until the modem is flashed."""

from __future__ import annotations

import io
import os
import shutil
import signal
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType

from doctor.bench import Bench
from doctor.cli.commands.flash import show
from doctor.cli.main import run
from doctor.cli.screen import make_screen
from doctor.errors import LinkError
from doctor.events import Event, Listener, Progress, StepStarted
from doctor.jobs.flash import FlashResult, flash
from doctor.sim.bench import SimBench
from doctor.sim.modem.faults import Fault
from doctor.sim.modem.modem import Modem
from doctor.sim.world import close_all_worlds
from tests.matrix.cells import Cell, flow_of
from tests.matrix.flows import IMAGE, FlowCase, Yes, prepare
from tests.matrix.follow import NextStep, next_step
from tests.obedient import obedient_hands

ROUNDS = 6  #: next steps that a user may have to follow
WAIT_S = 1800  #: "leave power on for 30 minutes"
SETTLE_MS = 60_000  #: a modem that was restarting is in its mode by then
REAL_LIMIT_S = 40  #: of a cell: virtual time costs far less
RESETS = 2  #: of STP before the first AT at a speed
MIRROR_BAUD = 921600
KNOWN_BAUDS = (115200, MIRROR_BAUD)
CHECKS_S = 2400  #: longest virtual time of the checks before a plan, and of finding out where a modem is after it

PROVED, RESCUED, DEAD, BAD = "proved", "rescued", "dead", "bad"


@dataclass
class Played:
    """How a cell went: one of the words above, why it is bad, what was said, the longest virtual time of a run."""

    cell: Cell
    verdict: str
    reason: str = ""
    rounds: int = 0
    story: list[str] = field(default_factory=list)
    longest_s: float = 0.0
    cpu_s: float = 0.0


class Bad(Exception):
    """The cell is bad."""


def play(cell: Cell, folder: Path, files: Path) -> Played:
    """Play ``cell``. Never raises."""
    started = time.process_time()
    done = Played(cell, BAD)
    place = folder / f"cell-{os.getpid()}"
    shutil.rmtree(place, ignore_errors=True)
    os.environ["FIPY_DOCTOR_STATE_DIR"] = str(place / "state")
    try:
        with _limited():
            _Player(cell, place, files, done).go()
    except Bad as bad:
        done.verdict, done.reason = BAD, str(bad)
    except Exception:
        done.verdict, done.reason = BAD, "traceback: " + traceback.format_exc(limit=-3).strip().splitlines()[-1]
        done.story.append(traceback.format_exc())
    finally:
        close_all_worlds()
    done.cpu_s = time.process_time() - started
    return done


@contextmanager
def _limited() -> Iterator[None]:
    def too_long(_number: int, _frame: FrameType | None) -> None:
        raise Bad("hangs in real time")

    before = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(REAL_LIMIT_S)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


class _Player:
    def __init__(self, cell: Cell, place: Path, files: Path, done: Played) -> None:
        self.cell = cell
        self.flow: FlowCase = flow_of(cell)
        self.files = files
        self.done = done
        self.bench_dir = place / "bench"
        self.port = f"sim://{self.flow.kind}?state={self.bench_dir}"
        self.was = ""

    def go(self) -> None:
        """The job, then the next steps."""
        self._set_up()
        printed, code = self._job()
        command: tuple[str, ...] = self._first_command()
        if code == 0:
            self._must_be_flashed("the first run says so")
            self.done.verdict = PROVED
            return
        step = next_step(printed, command, self.files, self.was)
        for self.done.rounds in range(1, ROUNDS + 1):
            if not step:
                raise Bad("no next step is named")
            self._by_hand(step)
            command = step.command or command
            printed, code = self._type(command)
            if command[0] == "flash" and code == 0 and "only the boot ROM is sent" in printed:
                # What was asked for first comes now, as a full image: a user who has that one at hand takes it.
                step = NextStep((), (), ("flash", str(self.files / IMAGE), "--port", self.port, *self._via()))
                continue
            if self._over(command, printed, code):
                return
            step = next_step(printed, command, self.files, self.was)
        raise Bad(f"not flashed after {ROUNDS} next steps")

    # -- the bench

    def _set_up(self) -> None:
        sim = prepare(self.flow, self.bench_dir)
        modem = sim.modem
        self.was = str(modem.build)
        for name, value in self.cell.switches:
            setattr(modem.switches, name, value)
        if self.cell.fault:
            modem.faults.add(Fault(**dict(self.cell.fault)))
        if self.cell.baud:
            modem.come_up(modem.system, self.cell.baud)
        sim.release()

    def _modem(self) -> Modem:
        sim = SimBench.from_url(self.port)
        sim.release()
        return sim.modem

    def _must_be_flashed(self, why: str) -> None:
        modem = self._modem()
        first = {41065} if self.flow.name.startswith("pair") and self.done.rounds else set()  # the pair comes after it
        wanted = {self.flow.target, *first}
        runs = modem.boots_to() if modem.is_deaf else modem.mode  # it may hang right after the proof
        if runs != "application" or modem.build not in wanted or not modem.flash.whole:
            raise Bad(f"false success ({why}): {modem.mode}, build {modem.build}")
        worst = [text for text in modem.misuse if "session open" in text]  # before OPEN nothing can be disturbed
        if worst and not self._resets_lost():
            raise Bad(f"misuse: {worst[0]}")

    def _resets_lost(self) -> bool:
        """Whether RESET is lost more often than it is sent before AT: then a session looks like none."""
        fault = dict(self.cell.fault)
        return fault.get("where") == "reset" and fault.get("kind") == "lose" and (fault.get("times") or 9) > RESETS

    # -- the first run

    def _first_command(self) -> tuple[str, ...]:
        options, request = self.flow.options(self.port, self.files), self.flow.request()
        words = ["flash", *(str(path) for path in options.firmware), "--port", self.port]
        if options.updater_elf:
            words += ["--updater-elf", str(options.updater_elf)]
        if options.bootrom:
            words += ["--bootrom", str(options.bootrom)]
        if request.via != "auto":
            words += ["--via", request.via]
        if request.method != "auto":
            words += ["--method", request.method]
        return (*words, *(["--compress"] if request.compress else []))

    def _job(self) -> tuple[str, int]:
        """The real job; returns what the command line prints for it, and its exit code."""
        options = self.flow.options(self.port, self.files)
        out = io.StringIO()
        with Bench(options) as bench:
            sim: SimBench = bench.link.serial.bench
            begun_ms = sim.world.now_ms
            result = flash(bench, self.flow.request(), consent=Yes(), listen=self._hearer(sim))
            took_s = (sim.world.now_ms - begun_ms) / 1000
            with redirect_stdout(out), redirect_stderr(out):
                show("flash", result, make_screen(as_json=False, quiet=True, verbose=False), bench, dry_run=False)
            self._tell("the job", out.getvalue(), int(result.exit_code))
            self._in_time(result, took_s)
            if result.error is not None and result.error.id == "internal":
                raise Bad(f"traceback: {result.error.what}")
            if result.exit_code != 0:
                self._true_mode(result, sim, _named(result, bench))
        return out.getvalue(), int(result.exit_code)

    def _hearer(self, sim: SimBench) -> Listener:
        waiting = [self.cell.unplug] if self.cell.unplug else []

        def hear(event: Event) -> None:
            if self.cell.other_base and isinstance(event, StepStarted):
                software = sim.modem.flash.software
                sim.modem.flash.software = replace(software, build=self.cell.other_base)
            if not waiting:
                return
            at = waiting[0]
            step = isinstance(event, StepStarted) and event.step == at
            share = at[:1] == "0" and isinstance(event, Progress) and event.done_bytes >= float(at) * event.total_bytes
            if step or share:
                waiting.clear()
                sim.hands.unplug()

        return hear

    def _in_time(self, result: FlashResult, took_s: float) -> None:
        self.done.longest_s = max(self.done.longest_s, took_s)
        steps = result.plan.core.steps if result.plan is not None else []
        limit_s = CHECKS_S + sum(step.limit_ms for step in steps) / 1000
        if took_s > limit_s:
            raise Bad(f"took {took_s:.0f} virtual seconds, the deadlines allow {limit_s:.0f}")

    def _true_mode(self, result: FlashResult, sim: SimBench, named: str) -> None:
        """The mode that is named must be the modem's, as far as anybody can tell over its UART."""
        true = _modes(sim.modem)
        if sim.port.present:
            sim.world.sleep_ms(SETTLE_MS)
            true |= _modes(sim.modem)
        else:
            true |= {"unknown", "stp-open"}  # the port went away: nobody can look
        if sim.modem.baud not in ((MIRROR_BAUD,) if self.flow.has_board else KNOWN_BAUDS):
            true.add("silent")  # at a speed that no modem has by itself; and a mirror has one speed only
        if self.cell.column == "answer damaged":
            true.add("unknown")  # if not one answer arrives as it left
        if named not in true:
            raise Bad(f"names mode {named or 'nothing'}, true is {'/'.join(sorted(true))}")

    # -- the next steps

    def _by_hand(self, step: NextStep) -> None:
        for words in step.typed_hands:
            self._type(words)
        work_by_hand(self.port, step.hands, self.done.story)

    def _type(self, words: tuple[str, ...]) -> tuple[str, int]:
        printed, code = type_in(words)
        self._tell("$ fipy-doctor " + " ".join(words), printed, code)
        if "fipy-doctor itself failed" in printed:
            raise Bad("traceback in " + words[0])
        return printed, code

    def _via(self) -> tuple[str, ...]:
        return ("--via", "modem") if self.flow.request().via == "modem" else ()

    def _over(self, command: tuple[str, ...], printed: str, code: int) -> bool:
        """Whether the story has come to its end."""
        if command[0] == "flash" and code == 0:
            self._must_be_flashed("a later flash says so")
            self.done.verdict = RESCUED
            return True
        if command[0] == "status" and "Nothing is left to do" in printed:
            self._must_be_flashed("status says so")
            self.done.verdict = RESCUED
            return True
        if self._modem().is_dead and "dead" in printed:
            if not self.cell.may_die:
                raise Bad("the modem died where the reference does not say so")
            self.done.verdict = DEAD
            return True
        return False

    def _tell(self, what: str, printed: str, code: int) -> None:
        self.done.story += [f"== {what}  -> {code}", printed]


def work_by_hand(port: str, hands: Sequence[str], story: list[str]) -> None:
    """What the user does with a kept bench, in the words of ``NextStep.hands``."""
    if not hands:
        return
    sim = SimBench.from_url(port)
    for hand in hands:
        story.append(f"-- hands: {hand}")
        if hand == "wait":
            sim.world.sleep_ms(WAIT_S * 1000)
        elif hand != "press-reset" or sim.board is not None:
            getattr(sim.hands, hand.replace("-", "_"))()
    sim.release()


def type_in(words: tuple[str, ...]) -> tuple[str, int]:
    """Type a command; the plan of a flash or a cure is confirmed, and hands do what it asks for while it runs."""
    if words and words[0] in ("flash", "fix"):
        words = (*words, "--yes")
    out = io.StringIO()
    with redirect_stdout(out), redirect_stderr(out), obedient_hands():
        code = run(words)
    return out.getvalue(), code


def _named(result: FlashResult, bench: Bench) -> str:
    """The mode that the program names."""
    if result.mode or isinstance(result.error, LinkError):
        return result.mode or "unknown"
    finding = result.report.finding("modem-answers")
    if finding is not None and finding.evidence.get("mode"):
        return str(finding.evidence["mode"])
    facts = bench.modem_facts_or_none
    return "" if facts is None else facts.mode


def _modes(modem: Modem) -> set[str]:
    """What a modem may truly be called now: nobody can tell a deaf one from one that waits for a block."""
    modes = {modem.mode}
    if modem.is_deaf:
        modes.add("silent")
    return modes
