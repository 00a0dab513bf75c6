"""What surrounds every flash: this program alone on the port, a computer that stays awake, a journal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from doctor import events
from doctor.bench import Bench
from doctor.clock import Clock
from doctor.computer import is_windows
from doctor.errors import DoctorError, reason
from doctor.events import Event, Listener
from doctor.jobs.flashing.awake import awake
from doctor.jobs.flashing.plan import FlashFile, given_files, placed
from doctor.jobs.flashing.steps_done import LAST_BLOCK_BYTES, how_far
from doctor.jobs.memory import journal as journals
from doctor.jobs.memory.journal import FlashEntry, Journal, SentFile
from doctor.jobs.memory.lock import lock_path, port_lock
from doctor.jobs.memory.state_dir import state_place, unwritable
from doctor.text.command import ON_CARD
from doctor.updater.plan import FIRMWARE

if TYPE_CHECKING:
    from doctor.jobs.flashing.plan import FlashPlan, FlashRequest
    from doctor.jobs.flashing.result import FlashResult

WRITE_SHARE = 0.02  #: of a file, between two entries while it goes over
_GOES_ON = "the flash continues; do not interrupt it: nobody would know how far it came"
_WINDOW = "do not close this window: Windows ends with it what runs in it, and that would interrupt the flash"
LEAST_PERCENT = 20  #: below this a laptop must be plugged in first


@dataclass(frozen=True)
class Battery:
    """The state of this computer's battery."""

    percent: float
    plugged: bool


def battery() -> Battery | None:
    """This computer's battery; None if it has none, or does not say."""
    import psutil

    try:
        found = psutil.sensors_battery()
    except (AttributeError, NotImplementedError, OSError, RuntimeError, psutil.Error):
        return None
    if found is None or found.percent is None:
        return None
    return Battery(float(found.percent), found.power_plugged is not False)


def refuse_low(now: Battery | None) -> None:
    """Raises DoctorError if this computer runs on a battery that may not last."""
    if now is None or now.plugged or now.percent >= LEAST_PERCENT:
        return
    raise DoctorError(
        "laptop-battery-low",
        f"this computer runs on its battery, at {now.percent:.0f} %; nothing was sent to the modem",
        cause="a flash takes up to half an hour, and a computer that falls asleep during it can brick the modem",
        next="plug in the charger, then run the same command again",
    )


def refuse_weak_supply(bench: Bench) -> None:
    """Raises DoctorError if this computer's battery may not last."""
    if not bench.link.url.in_process:
        refuse_low(battery())


class Recorder:
    """Hears a flash and keeps the journal. A disk that fails costs the journal, never a flash that has begun.

    clock  what tells how long the flash takes; None if it began before somebody listened
    must   nothing was sent yet, so that a journal that cannot be begun is a reason not to: raises DoctorError
    """

    def __init__(
        self, journal: Journal, entry: FlashEntry, say: Listener, clock: Clock | None = None, *, must: bool = False
    ) -> None:
        self._clock = clock
        self._begun_ms = self._file_ms = 0 if clock is None else clock.ticks_ms()
        self._bytes_per_s: int | None = None
        self._journal = journal
        self._say = say
        self._share = 0.0
        self._told_broken = must
        aside = journal.set_aside(entry.ids)
        if aside is not None:
            say(events.Notice(f"the earlier journal of this modem cannot be read; it is kept as {aside}"))
        last = journal.find(entry.ids)
        #: Error id with which the last flash of this modem ended.
        self.failed_before = str(last.error.get("id", "")) if last is not None else ""
        #: How many in a row ended so.
        self.failures_before = last.failures if last is not None else 0
        self.entry = entry if entry.loaders or last is None else replace(entry, loaders=last.loaders)
        kept = self._keep(self.entry)
        if must and kept is not None:
            raise unwritable(kept, state_place() / "journal") from kept
        self._told_broken = kept is not None

    def hear(self, event: Event) -> None:
        """Write down that a step begins, before it does, and how far the file is."""
        if isinstance(event, events.StepStarted):
            done = (*self.entry.done, self.entry.step) if self.entry.step else self.entry.done
            self._share = 0.0
            self._keep(replace(self.entry, step=event.step, step_text=event.text, done=done, sent_bytes=0))
        elif isinstance(event, events.Progress) and event.phase is not events.Phase.PREPARE:  # that is no modem's
            share = event.done_bytes / max(1, event.total_bytes)
            left = event.total_bytes - event.done_bytes
            self._measure(event)
            self.entry = replace(self.entry, sent_bytes=event.done_bytes, total_bytes=event.total_bytes)
            if share >= self._share + WRITE_SHARE or left <= LAST_BLOCK_BYTES:
                self._share = share
                self._keep(self.entry)

    def _measure(self, event: events.Progress) -> None:
        if self._clock is None:
            return
        now_ms = self._clock.ticks_ms()
        if not event.done_bytes:
            self._file_ms = now_ms
        elif event.done_bytes >= event.total_bytes and now_ms > self._file_ms:
            self._bytes_per_s = event.total_bytes * 1000 // (now_ms - self._file_ms)

    def mirrors(self, max_block: int) -> None:
        """The board is in mirror mode from now on."""
        self._keep(replace(self.entry, mirrored=True, max_block=max_block))

    def end(self, result: FlashResult) -> None:
        """Write down how it ended, and say so."""
        error = result.error
        state = journals.PROVED
        if error is not None:
            state = journals.UNPROVED if result.begun else journals.UNTOUCHED
        said = {} if error is None else {"id": error.id, "what": error.what, "next": error.next}
        failures = 0 if error is None else 1 + self.failures_before * (error.id == self.failed_before)
        done = (*self.entry.done, self.entry.step) if error is None and self.entry.step else self.entry.done
        ended = replace(self.entry, state=state, mode=result.mode, error=said, done=done, failures=failures)
        read = result.proof.after.loaders.text if result.proof is not None else ""
        self._keep(replace(ended, advice=result.advice, loaders=read or ended.loaders))
        if result.proof is not None and error is None:  # `explain` knows it by these words (knowledge/own_output.py)
            self._say(events.Note(f"flashed and proved: {result.proof.after.release or result.proof.after.build}"))

    def told(self, result: FlashResult) -> FlashResult:
        """``result`` with what was heard of it."""
        if not result.begun:
            return result
        took_s = None if self._clock is None else (self._clock.ticks_ms() - self._begun_ms) / 1000
        return replace(result, far=how_far(self.entry), bytes_per_s=self._bytes_per_s, took_s=took_s)

    def _keep(self, entry: FlashEntry) -> OSError | None:
        """Write it, and next time again if that fails: a full disk may have room by then. It is told once."""
        self.entry = entry
        try:
            self.entry = self._journal.write(entry)
        except OSError as err:
            if not self._told_broken:
                self._told_broken = True
                text = f"the journal of this flash cannot be written any more ({reason(err)}): {_GOES_ON}"
                self._say(events.Notice(text))
            return err
        return None


@contextmanager
def guarded(
    bench: Bench,
    plan: FlashPlan,
    request: FlashRequest,
    listen: Listener,
    jumpers: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[tuple[Listener, Recorder]]:
    """Everything that must hold while a modem is flashed; gives the listener to use, and the journal's.

    Raises LinkError flash-under-way if another run of this program is at work on the port.
    """
    with ExitStack() as stack:
        port = bench.link.url
        if port.lasts:
            stack.enter_context(port_lock(port.key))

        def tell(event: Event) -> None:
            listen(plan.timed(event))

        if is_windows() and plan.via != "card":  # nothing can keep it from that, unlike SIGHUP (SetConsoleCtrlHandler)
            tell(events.Notice(_WINDOW))
        if not port.in_process:
            warning = stack.enter_context(awake())
            if warning:
                tell(events.Notice(warning))
        lock = str(lock_path(port.key).absolute()) if port.lasts else ""
        entry = replace(_entry(bench, plan, request), jumpers=dict(jumpers), lock=lock)
        recorder = Recorder(Journal(), entry, tell, bench.clock, must=True)

        def hear(event: Event) -> None:
            recorder.hear(event)
            tell(event)

        yield hear, recorder


def _kept_as(bench: Bench, file: FlashFile) -> str:
    """The name by which a later command gives the file."""
    on_card = bench.options.card_file if file.role == FIRMWARE else None
    return str(placed(file.path)) if on_card is None else f"{ON_CARD}{on_card}"


def _entry(bench: Bench, plan: FlashPlan, request: FlashRequest) -> FlashEntry:
    options, before = bench.options, plan.before
    command = request.command(options)
    return FlashEntry(
        ids=journals.ids_of(bench),
        files=tuple(SentFile(f.role, _kept_as(bench, f), f.sha256, f.size_bytes) for f in given_files(bench)),
        options={
            **(replace(command, via="card") if plan.via == "card" else command).kept(),
            "differential": plan.image.base is not None,
            "promised_build": plan.image.promised_build,
        },
        before={"mode": before.mode, "build": before.build, "radio": before.radio, "release": before.release},
        steps=tuple(step.id for step in plan.core.steps),
        loaders=before.loaders.text,
        log=bench.log,
    )
