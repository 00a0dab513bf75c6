"""Carrying out a plan over the ways that it needs, one flow from the first step to the proof."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace

from doctor import engine
from doctor.bench import Bench
from doctor.board.line import mirror
from doctor.errors import BoardError, DeadlineOverrun, DoctorError, Stopped
from doctor.events import Listener, from_core
from doctor.jobs.flashing.attentive import AttentiveClock, AttentivePort, UntilCtrlC
from doctor.jobs.flashing.guard import Recorder
from doctor.jobs.flashing.interrupts import Interrupts, LeftAsItIs
from doctor.jobs.flashing.plan import FlashPlan, FlashRequest, begun
from doctor.jobs.flashing.result import FlashResult, HashedSource, Proof, lost_midway, no_way, result_of
from doctor.jobs.flashing.ways import Leg, Way, legs, open_way
from doctor.jobs.onward import Attempt
from doctor.modem.facts import from_version_lines
from doctor.updater import states
from doctor.updater.contract import Source
from doctor.updater.flow import Flow
from doctor.updater.plan import BOOTROM, FIRMWARE, SECOND
from doctor.updater.session import STOPPED, Outcome


class _Run:
    """One flow over one or two ways."""

    def __init__(
        self, bench: Bench, sources: dict[str, bytes], block: int, interrupts: Interrupts, listen: Listener
    ) -> None:
        self.flow: Flow | None = None
        self.advice = ""
        self.mirrored = False
        self._bench = bench
        self._block = block
        self._interrupts = interrupts
        self._listen = listen
        self._clock = AttentiveClock(bench.clock, interrupts)
        self.sources = {role: HashedSource(data) for role, data in sources.items()}

    @property
    def last_image(self) -> HashedSource:
        """The firmware that is to run at the end; of a zlib stream that went over whole, its content.

        If a boot ROM goes alone, it is that.
        """
        packed = self.sources.get("packed")
        if packed is not None and packed.at_end:
            self.sources[FIRMWARE].read(self.sources[FIRMWARE].size_bytes)
        return self.sources.get(SECOND) or self.sources.get(FIRMWARE) or self.sources[BOOTROM]

    def leg(self, leg: Leg, recorder: Recorder) -> None:
        """Carry out one leg. Raises DoctorError if its way cannot be opened or breaks."""
        with ExitStack() as stack:
            way = self._open(leg.kind, stack)
            if way.mirrors:
                self.mirrored = True
                recorder.mirrors(way.max_block)
            self.advice = way.advice or self.advice
            if self.flow is None:
                self.flow = Flow(way.port, self._clock, self._bench.profile, self._emit, way.max_block, self._block)
            outcome = self._clock.outcome = self.flow.outcome
            port = AttentivePort(way.port, self._clock)
            self.flow.move(port, way.max_block)
            files: dict[str, tuple[Source, int]] = {
                role: (source, source.size_bytes) for role, source in self.sources.items()
            }
            first, size = files.pop(FIRMWARE, (HashedSource(b""), 0))
            try:
                self.flow.run(leg.plan, first, size, self._interrupts.should_stop, files)
            except LeftAsItIs:
                _left(outcome)

    def _open(self, kind: str, stack: ExitStack) -> Way:
        """The way, open until ``stack`` ends. Raises Stopped if the user wants to stop before it is open."""
        link = self._bench.link
        link.deadline = UntilCtrlC(self._bench.clock, self._interrupts)
        try:
            return stack.enter_context(open_way(self._bench, kind))
        except DeadlineOverrun:
            if kind == "mirror" and link.baud == mirror.BAUD:
                self.advice = mirror.LEAVE_ADVICE
            raise Stopped(STOPPED) from None
        finally:
            link.deadline = None

    def _emit(self, name: str, data: dict[str, object]) -> None:
        event = from_core(name, data)
        self._interrupts.heard(event)
        self._listen(event)


def _left(outcome: Outcome) -> None:
    """The user did not wait until it was known where the modem is."""
    id, text = outcome.error or ("user-interrupt", STOPPED if not outcome.sent_any else "stopped in the transfer")
    outcome.error = (id, f"{text}; where the modem is now was not awaited")
    if outcome.sent_any:
        outcome.mode = states.STP_OPEN
    elif outcome.changed:
        outcome.mode = states.UNKNOWN


def carry_out(
    bench: Bench,
    report: engine.Report,
    plan: FlashPlan,
    request: FlashRequest,
    sources: dict[str, bytes],
    interrupts: Interrupts,
    recorder: Recorder,
    listen: Listener,
) -> FlashResult:
    """Carry out ``plan``; the result says how it ended, even if the way to the modem breaks."""
    command = begun(request.command(bench.options))
    attempt = Attempt(
        replace(command, via="card") if plan.via == "card" else command,
        plan.image.base is not None,
        plan.before.build,
        failed_before=recorder.failed_before,
        failures=recorder.failures_before,
    )
    if plan.via == "card":
        from doctor.jobs.flashing.card import start  # what serves one way only is loaded for that way

        return start.carry_out(bench, report, plan, attempt, interrupts, listen)
    run = _Run(bench, sources, plan.line.block_bytes, interrupts, listen)
    try:
        for leg in legs(plan.via, plan.before, plan.core, bench.profile):
            run.leg(leg, recorder)
            if run.flow is not None and run.flow.outcome.error is not None:
                break
    except Exception as err:
        attempt = replace(attempt, mirrored=run.mirrored)
        if run.flow is None or not (run.flow.outcome.sent_any or run.flow.outcome.changed):
            if isinstance(err, BoardError) and err.id == "mirror-no-answer":
                return no_way(err, report, plan, attempt)
            if isinstance(err, DoctorError):
                return FlashResult(report, plan, error=err, advice=run.advice)
            raise
        fault = DoctorError("internal", f"fipy-doctor itself failed: {err!r}", cause="a bug in fipy-doctor")
        known = err if isinstance(err, DoctorError) else fault
        return lost_midway(known, report, plan, run.flow.outcome, attempt=attempt, advice=run.advice)
    assert run.flow is not None
    outcome, source = run.flow.outcome, run.last_image
    # What a board's mirror passes on is the last file; a boot ROM may have followed the firmware.
    last = plan.core.bootrom_alone or not (outcome.done and outcome.done[-1].startswith("bootrom-"))
    proof = Proof(
        source.size_bytes,
        source.sha256,
        bench.link.received_sha256 if last else None,
        plan.image.promised_build,
        from_version_lines(outcome.version_lines, outcome.mode),
    )
    return result_of(report, plan, outcome, proof, attempt=replace(attempt, mirrored=run.mirrored), advice=run.advice)
