"""Carrying out a plan over the ways that it needs, one flow from the first step to the proof."""

from __future__ import annotations

from dataclasses import replace

from doctor import engine
from doctor.bench import Bench
from doctor.clock import Clock
from doctor.errors import BoardError, DoctorError
from doctor.events import Listener, from_core
from doctor.jobs.flashing.guard import Recorder
from doctor.jobs.flashing.interrupts import Interrupts
from doctor.jobs.flashing.plan import FlashPlan, FlashRequest, begun
from doctor.jobs.flashing.result import FlashResult, HashedSource, Proof, lost_midway, no_way, result_of
from doctor.jobs.flashing.ways import Leg, legs, open_way
from doctor.jobs.onward import Attempt
from doctor.modem.facts import from_version_lines
from doctor.updater.contract import Source
from doctor.updater.flow import Flow
from doctor.updater.plan import BOOTROM, FIRMWARE, SECOND


class _Attentive:
    """The clock of a flash: the core asks it at least once a second, and each time signals are looked at."""

    def __init__(self, clock: Clock, interrupts: Interrupts) -> None:
        self._clock = clock
        self._interrupts = interrupts

    def ticks_ms(self) -> int:
        """As the clock within."""
        self._interrupts.look()
        return self._clock.ticks_ms()

    def sleep_ms(self, ms: int) -> None:
        """As the clock within."""
        self._clock.sleep_ms(ms)


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
        with open_way(self._bench, leg.kind) as way:
            if way.mirrors:
                self.mirrored = True
                recorder.mirrors(way.max_block)
            self.advice = way.advice or self.advice
            if self.flow is None:
                clock, profile = _Attentive(self._bench.clock, self._interrupts), self._bench.profile
                self.flow = Flow(way.port, clock, profile, self._emit, way.max_block, self._block)
            else:
                self.flow.move(way.port, way.max_block)
            files: dict[str, tuple[Source, int]] = {
                role: (source, source.size_bytes) for role, source in self.sources.items()
            }
            first, size = files.pop(FIRMWARE, (HashedSource(b""), 0))
            self.flow.run(leg.plan, first, size, self._interrupts.should_stop, files)

    def _emit(self, name: str, data: dict[str, object]) -> None:
        event = from_core(name, data)
        self._interrupts.heard(event)
        self._listen(event)


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
