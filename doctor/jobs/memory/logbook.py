"""The log of a run in a file, which goes on when the terminal is gone."""

from __future__ import annotations

import io
import platform
import re
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import MISSING, fields
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import IO, TYPE_CHECKING, Any

from doctor import __version__, events
from doctor.clock import Clock, Now, local_now
from doctor.computer import is_windows
from doctor.documents.json_file import forget_unlocked, lock, make_folder, open_ours
from doctor.documents.output_file import replaced
from doctor.errors import COMMAND_IDS, DoctorError, Exit, Stopped, reason
from doctor.events import Event, Listener
from doctor.jobs.memory.state_dir import state_dir, state_place
from doctor.text import marks
from doctor.text.escape import shown
from doctor.text.marks import NO_BENCH

if TYPE_CHECKING:
    from doctor.bench import Bench
    from doctor.check import Finding
    from doctor.text.command import Command

KEPT = 30  #: newest logs of each job that are kept
YOUNG = timedelta(days=1)  #: no log younger than this is thrown away: a run of many boards names those of all of them
PROGRESS_SHARE = 0.02  #: of a file, between two lines
OUR_NAME = re.compile(r"[a-z]+-\d{8}-\d{6}-\d{6}\.log")
_WHEN = "%Y%m%d-%H%M%S-%f"
FIRST_WORDS = "log of this"
KNOWN_AS = "known as"  #: so `explain` finds what it is
_FIRST_BYTES = 80  #: more than the time, and FIRST_WORDS behind it
_LONGEST = 2_000  #: characters of one thing that a check saw


class Logbook:
    """Listens to a run and writes a line an event, at once. A full disk ends the log, never the run.

    clock   what tells how long after its beginning something was
    folder  where logs are kept; None: in the state directory
    job     what runs; the file is named after it
    copy    another file that gets the same lines; closed at the end
    bench   what commands in the lines name
    keep    False: only ``copy`` is written

    path    the file; None if none can be written
    lost    why a log ends before its end; "" if it does not
    """

    def __init__(
        self,
        clock: Clock,
        folder: Path | None = None,
        now: Now = local_now,
        *,
        job: str = "flash",
        copy: IO[bytes] | None = None,
        bench: Command = NO_BENCH,
        keep: bool = True,
    ) -> None:
        self._clock = clock
        self._now = now
        self._bench = bench
        self._begun_ms = clock.ticks_ms()
        self._share = -1.0
        self._lock = Lock()  # checks that need no port run side by side
        self._streams: list[IO[str]] = []
        self.path: Path | None = None
        self.lost = ""
        if keep:
            with suppress(OSError):
                self._keep(folder or state_dir() / "logs", job)
        if copy is not None:
            self._streams.append(_text(copy))

    def _keep(self, place: Path, job: str) -> None:
        """Begin a file in ``place``, where the oldest go. Raises OSError."""
        make_folder(place)
        now = self._now()
        ours = (path for path in place.glob(f"{job}-*.log") if OUR_NAME.fullmatch(path.name))
        young = f"{job}-{now - YOUNG:{_WHEN}}.log"  # also what no run has locked yet
        for old in sorted(ours)[: -KEPT + 1]:
            if old.name < young:
                forget_unlocked(old)
        path, stream = _new_file(place, job, now)
        self._streams.append(_text(stream))
        self.path = path
        if not is_windows():  # which removes nothing that is open, and lets nobody read what is locked
            lock(stream)

    def hear(self, event: Event) -> None:
        """Write one event down."""
        text = self._of(event)
        if text:
            self.line(text)

    def line(self, text: str) -> None:
        """Write one line, or several."""
        if "`" in text:
            text = marks.plain(text, self._bench)
        with self._lock:
            seconds = (self._clock.ticks_ms() - self._begun_ms) / 1000
            when = f"{self._now():%H:%M:%S} {seconds:10.3f} "
            whole = "".join(f"{when}{line}\n" for line in text.split("\n"))
            for stream in list(self._streams):
                try:
                    stream.write(whole)
                except (OSError, ValueError) as err:
                    self.lost = reason(err)
                    self._end(stream)

    def ended(self, code: Exit, error: DoctorError | None = None) -> None:
        """The last words: why, and the exit code."""
        if error is not None:
            known = "" if error.id in COMMAND_IDS else error.id
            self.line(
                f"error {error.id}: {error.what}"
                + _besides(("on", error.on), ("cause", error.cause), ("next", error.next), (KNOWN_AS, known))
            )
        self.line(f"exit code {int(code)}")

    def close(self) -> None:
        """End the log."""
        with self._lock:
            for stream in list(self._streams):
                self._end(stream)

    def _end(self, stream: IO[str]) -> None:
        self._streams.remove(stream)
        with suppress(OSError):
            stream.close()

    def _of(self, event: Event) -> str:
        match event:
            case events.StepStarted():
                self._share = -1.0
                return f"step {event.step}: {event.text}"
            case events.Waiting():
                unplug = "may unplug" if event.may_unplug else "DO NOT UNPLUG"
                return f"waiting for {event.what}, up to {event.limit_s:.0f} s, {unplug}"
            case events.Counted():
                return f"{event.what}: {event.done} of {event.total} {event.of}"
            case events.Progress():
                share = event.done_bytes / max(1, event.total_bytes)
                if share < self._share + PROGRESS_SHARE and event.done_bytes != event.total_bytes:
                    return ""
                self._share = share
                return f"{share:.0%} {event.done_bytes} of {event.total_bytes} bytes"
            case events.CheckStarted():
                return f"check {event.check}"
            case events.CheckEnded():
                return _found(event.finding)
            case events.Working():
                return event.what
            case events.SecondReading():
                return str(event)
            case events.Note() | events.Notice():
                return event.text


@contextmanager
def logged(bench: Bench, job: str, request: object = None, listen: Listener = events.ignore) -> Iterator[Running]:
    """The log of one run of ``job`` at ``bench``, which knows its path from then on; none is kept of a replay.

    request  what the job is asked to do; a dataclass

    An error that ends the block is the last of it, and says where it lies.
    """
    copy, bench.log_copy = bench.log_copy, None
    keep = bench.recording is None
    log = Logbook(_ClockOf(bench), job=job, copy=copy, bench=bench.options.command(""), keep=keep)
    running = Running(log, listen)
    bench.hears = log.hear
    with closing(log):
        if log.path is not None or not keep:
            bench.log = str(log.path or "")
            running.hear(events.Note(f"{FIRST_WORDS} {job}: {log.path or bench.options.port}"))
        else:
            place = state_place() / "logs"
            running.hear(events.Notice(f"no {FIRST_WORDS} {job} can be written in {place}; continuing without one"))
        log.line(
            f"fipy-doctor {__version__}, {platform.system()} {platform.release()}, Python {platform.python_version()}, "
            f"{local_now():%Y-%m-%d}"
        )
        for what, given in (("bench", bench.options), ("asked", request)):
            if said := "" if given is None else _said(given):
                log.line(f"{what}: {said}")
        try:
            yield running
        except DoctorError as err:
            log.ended(err.exit_code, err)
            err.log = bench.log
            raise
        except KeyboardInterrupt:
            log.ended(Exit.STOPPED, Stopped())
            raise
        except BaseException as err:
            log.line(f"ended by {type(err).__name__}: {err}")
            raise
        finally:
            bench.hears = events.ignore
            if log.lost:
                listen(events.Notice(f"a {FIRST_WORDS} {job} ends too early: {log.lost}"))


class Running:
    """A run that is logged: what a job tells through it stands in the log, and goes on to who listens."""

    def __init__(self, log: Logbook, listen: Listener) -> None:
        self._log = log
        self._listen = listen

    def hear(self, event: Event) -> None:
        """The listener of the job."""
        self._log.hear(event)
        self._listen(event)

    def line(self, text: str) -> None:
        """For the log alone."""
        self._log.line(text)

    def saying(self, say: Callable[[str], None]) -> Callable[[str], None]:
        """``say``, and the log gets the same line."""

        def told(text: str) -> None:
            self.line(text)
            say(text)

        return told

    def ended(self, code: Exit, error: DoctorError | None = None) -> None:
        """How it ended."""
        self._log.ended(code, error)


def copy_at(path: Path) -> IO[bytes]:
    """The file that ``--log-file`` names. Raises UsageError if it cannot be written, or is anything but a log."""
    return replaced(path, "log", lambda head: FIRST_WORDS.encode() in head, _FIRST_BYTES)


class _ClockOf:
    """The clock of a bench: another one counts once its port is open, and from then on this one goes on with it."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._clock = bench.clock
        self._ahead_ms = 0
        self._last_ms = self._clock.ticks_ms()

    def ticks_ms(self) -> int:
        """Milliseconds that never run backwards."""
        clock = self._bench.clock
        now_ms = clock.ticks_ms()
        if clock is not self._clock:
            self._clock, self._ahead_ms = clock, self._last_ms - now_ms
        self._last_ms = now_ms + self._ahead_ms
        return self._last_ms

    def sleep_ms(self, ms: int) -> None:
        """Nobody waits for a log."""
        self._clock.sleep_ms(ms)


def _new_file(place: Path, job: str, now: datetime) -> tuple[Path, IO[bytes]]:
    """A file that no other run has, named after the moment: many boards begin in the same one. Raises OSError."""
    while True:
        path = place / f"{job}-{now:{_WHEN}}.log"
        try:
            return path, open_ours(path, "xb")
        except FileExistsError:
            now += timedelta(microseconds=1)


def _text(stream: IO[bytes]) -> IO[str]:
    return io.TextIOWrapper(stream, "utf-8", errors="backslashreplace", line_buffering=True)


def _found(found: Finding) -> str:
    """What a check found, and all that it saw."""
    reason = f" ({found.skip_reason.value})" if found.skip_reason else ""
    first = (("cause", found.cause), (KNOWN_AS, found.catalogue), ("follows from", found.caused_by))
    besides = _besides(*first, *((name, shown(str(seen), _LONGEST)) for name, seen in found.evidence.items()))
    return f"{found.check}: {found.status.value}{reason}: {found.summary}{besides}"


def _besides(*told: tuple[str, str | None]) -> str:
    """A line for each that there is."""
    return "".join(f"\n  {name}: {said}" for name, said in told if said)


def _said(given: Any) -> str:
    """The members of a dataclass that are not as they are by default, but for what is never shown."""
    told = []
    for member in fields(given):
        plain = member.default if member.default_factory is MISSING else member.default_factory()
        value = getattr(given, member.name)
        if member.repr and value != plain:
            told.append(f"{member.name}={value!r}")
    return shown(", ".join(told), _LONGEST)
