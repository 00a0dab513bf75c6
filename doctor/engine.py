"""Orders checks, runs them, and says whether flashing may start.

Checks that share the serial port run one after the other in one lane; all others run side by side. A crash or an
overrun deadline becomes one ``error`` finding, and the rest still run.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from doctor.bench import Bench, Needs, SkipReason
from doctor.check import Check, Finding, Status
from doctor.clock import Deadline, SystemClock
from doctor.documents.values import as_json, of_json
from doctor.errors import COMMAND_IDS, DeadlineOverrun, DoctorError, Exit, PortLost, UsageError
from doctor.events import CheckEnded, CheckStarted, Listener, ignore
from doctor.links import with_link
from doctor.roster import Roster, all_before, everybody, in_order
from doctor.text import marks
from doctor.text.escape import shown
from doctor.text.nearest import did_you_mean

if TYPE_CHECKING:
    from doctor.link.link import Link

GRACE_S = 5.0  #: after a check's own deadline, before its thread is given up; the deadline itself is kept by the link
UNWIND_S = 2.0  #: after that deadline or Ctrl-C, for a check to notice it at its next byte and end by itself
POLL_S = 0.1  #: how often a waiting engine looks for Ctrl-C
PORT_NEEDS = frozenset({Needs.PORT, Needs.BOARD, Needs.MODEM})
#: What a check may need that lies on the PC and is too large for a trace, and the option that gives it.
_ON_PC = {Needs.CARD: "sd", Needs.SCRIPTS: "scripts"}
PORT_OPENS = "port-opens"
REPL_ANSWERS = "repl-answers"  #: without it nothing on the board's card can be looked at

T = TypeVar("T")


@dataclass(frozen=True)
class Report:
    """What one run of checks found.

    findings     the cause first, its consequences behind it, then warnings, passes and skips
    warnings     about the run itself: a check of another package that was left out
    interrupted  the user pressed Ctrl-C; findings hold what was known by then, nothing of what was cut short
    left_out     ids of gating checks that the user left out of this run: what it found does not open the gate
    strict       what is only worth knowing, and a warning about the run, count as failed too
    ignored      ids of the checks that the user left out by name, gating or not
    duration_ms  milliseconds that the run took
    """

    findings: tuple[Finding, ...]
    warnings: tuple[str, ...] = ()
    interrupted: bool = False
    left_out: tuple[str, ...] = ()
    strict: bool = False
    ignored: tuple[str, ...] = ()
    duration_ms: int = field(default=0, compare=False)

    @property
    def failed(self) -> tuple[Finding, ...]:
        """Findings that the exit code counts: fail, error and skip: blocked."""
        return tuple(f for f in self.findings if f.failed)

    @property
    def exit_code(self) -> Exit:
        """130 after Ctrl-C, 1 if a check failed or none ran, else 0."""
        if self.interrupted:
            return Exit.STOPPED
        to_know = self.strict and (self.warnings or any(f.status is Status.WARN for f in self.findings))
        return Exit.FAILED if self.failed or to_know or not self.findings else Exit.OK

    @property
    def closed_port(self) -> Finding | None:
        """The port does not open, and that is all that is wrong; None elsewhere."""
        wrong = [found for found in self.findings if found.status not in (Status.PASS, Status.SKIP)]
        closed = len(wrong) == 1 and wrong[0].check == PORT_OPENS and wrong[0].status is Status.FAIL
        return wrong[0] if closed else None

    def finding(self, check_id: str) -> Finding | None:
        """The finding of one check, if it ran."""
        return next((f for f in self.findings if f.check == check_id), None)


def no_such_check(check_id: str, known: Iterable[str]) -> UsageError:
    """There is no check of that id: those among ``known`` that may be meant."""
    hint = did_you_mean(check_id, known, "`fipy-doctor checks` lists them")
    return UsageError("unknown-check", f"there is no check {check_id!r}", next=hint)


def choose(checks: Sequence[Check], select: Iterable[str] = (), ignored: Iterable[str] = ()) -> list[Check]:
    """The checks to run: the selected ones with all that they stand on, less the ignored ones.

    Raises UsageError for an id that no check has, and if none is left.
    """
    by_id = {check.id: check for check in checks}
    wanted, unwanted = list(select), set(ignored)
    for check_id in (*wanted, *unwanted):
        if check_id not in by_id:
            raise no_such_check(check_id, by_id)
    if wanted:
        closed: set[str] = set()
        while wanted:
            check_id = wanted.pop()
            if check_id not in closed:
                closed.add(check_id)
                wanted += [i for i in by_id[check_id].after if i in by_id]
        checks = [c for c in checks if c.id in closed]
    left = [c for c in checks if c.id not in unwanted]
    if not left:
        raise UsageError("usage", "no check is left to run", next="leave fewer of them out with --ignore")
    return left


class _Overrun(Exception):
    """A check's thread did not come back."""


class _End:
    """The end of one thread, for the one that waits for it.

    Not ``threading.Event``: Ctrl-C within its ``wait`` lets go of a lock that it does not hold, and RuntimeError comes
    in the place of KeyboardInterrupt. Taking a lock is one step: it is taken, or the interrupt is raised.
    """

    def __init__(self) -> None:
        self._is_set = False
        self._wake = threading.Lock()
        self._wake.acquire()

    def set(self) -> None:
        """Say, once, that the thread has ended."""
        self._is_set = True
        self._wake.release()

    def wait(self, limit_s: float) -> bool:
        """Wait for the end, at most ``limit_s`` seconds; whether it has come. An interrupted wait can be repeated."""
        return self._is_set or self._wake.acquire(timeout=limit_s)

    def is_set(self) -> bool:
        """Whether the thread has ended."""
        return self._is_set


def _start(work: Callable[[], None], ended: _End) -> None:
    """Start ``work`` in a thread of its own; ``ended`` is set at its end.

    Not ``Thread.join``: interrupted by Ctrl-C, it takes a running thread for an ended one (CPython 3.10 to 3.12).
    """

    def body() -> None:
        try:
            work()
        finally:
            ended.set()

    threading.Thread(target=body, daemon=True).start()


def _bounded(work: Callable[[], T], limit_s: float, stop: threading.Event, link: Callable[[], Link | None]) -> T:
    """Run ``work`` in a thread of its own; raise what it raises, or _Overrun if it does not end in time.

    link  the port that ``work`` uses, if any: work on it ends by the link's own deadline, and is awaited while it
          puts back what it changed
    """
    result: list[T] = []
    failure: list[BaseException] = []

    def body() -> None:
        try:
            result.append(work())
        except BaseException as err:
            failure.append(err)

    ended = _End()
    _start(body, ended)
    left = Deadline(SystemClock(), limit_s)
    while not (ended.wait(POLL_S) or left.expired or stop.is_set()):
        pass
    _let_settle(ended, link)
    if not ended.is_set():
        raise _Overrun
    if failure:
        raise failure[0]
    return result[0]


def _let_settle(ended: _End, link: Callable[[], Link | None]) -> None:
    """Give work on a port the time to end, and to put back what it changed."""
    left = Deadline(SystemClock(), UNWIND_S)
    while not ended.is_set():
        port = link()
        if port is None or (left.expired and not port.is_settling):
            return
        ended.wait(POLL_S)


class _Run:
    """One run of chosen checks over one bench."""

    def __init__(self, bench: Bench, checks: Sequence[Check], total: Deadline | None, listen: Listener) -> None:
        self.bench = bench
        self.checks = checks
        self.total = total
        self.listen = listen
        self.stop = threading.Event()
        self.findings: dict[str, Finding] = {}
        self.changed = threading.Condition()
        self.port_lost_by: str | None = None

    def go(self) -> None:
        """Run both lanes to their end; on Ctrl-C stop them and raise KeyboardInterrupt again."""
        port_lane = self._port_lane()
        others = [c for c in self.checks if c not in port_lane]
        lanes = [[check] for check in others] + ([port_lane] if port_lane else [])
        ends: list[_End] = []  # of those that were started: an interrupt may come between two
        try:
            for lane in lanes:
                ends.append(_End())
                _start(partial(self._lane, lane), ends[-1])
            for ended in ends:
                while not ended.wait(POLL_S):
                    pass
        except KeyboardInterrupt:
            while True:
                try:
                    self._wind_down(ends)
                    break
                except KeyboardInterrupt:  # pressing again makes nothing faster
                    continue
            raise

    def _uses_port(self, check: Check) -> bool:
        return any(self.bench.behind_port(need) for need in check.needs)

    def _is_guest(self, check: Check) -> bool:
        """Whether what it looks at is behind the port only this time: a firmware image on the board's card."""
        return self._uses_port(check) and not PORT_NEEDS & set(check.needs)

    def _port_lane(self) -> list[Check]:
        """Checks that take turns at the port, none ahead of one that it waits for, directly or over others.

        Guests come as soon as it is known that a REPL answers.
        """
        lane = [check for check in self.checks if self._uses_port(check) and not self._is_guest(check)]
        at = next((n for n, check in enumerate(lane, 1) if check.id == REPL_ANSWERS), 0)
        left = [*lane[:at], *(check for check in self.checks if self._is_guest(check)), *lane[at:]]
        ahead = all_before(self.checks)
        ordered: list[Check] = []
        while left:
            ordered.append(next(one for one in left if not any(other.id in ahead[one.id] for other in left)))
            left.remove(ordered[-1])
        return ordered

    def _wind_down(self, ends: Sequence[_End]) -> None:
        """Have everything end soon; what uses the port ends with its next byte, and puts back what it changed."""
        self.stop.set()
        link = self.bench.link_or_none
        if link is not None:
            link.deadline = Deadline(link.clock, 0)
        for ended in ends:
            _let_settle(ended, lambda: self.bench.link_or_none)
            ended.wait(GRACE_S)

    def _lane(self, lane: Sequence[Check]) -> None:
        for check in lane:
            if self.stop.is_set():
                return
            self._await(check)
            self.listen(CheckStarted(check.id, check.deadline_s))
            self.bench.note("check", check.id)
            clock = self.bench.clock  # the bench may have another one when the check has opened its port
            began_ms = clock.ticks_ms()
            try:
                finding = self._examine(check)
            except BaseException as err:  # SystemExit too: nothing that a check does may end its lane
                finding = self._broken(check, f"broke: {shown(repr(err), 300)}")
            finding = replace(with_link(finding), duration_ms=clock.ticks_ms() - began_ms)
            if self.stop.is_set() and self._uses_port(check):
                return  # it was cut short: what it found tells nothing of the bench
            with self.changed:
                self.findings[check.id] = finding
                self._note(finding)
                self.changed.notify_all()
            self.listen(CheckEnded(check.id, finding))

    def _note(self, finding: Finding) -> None:
        """Put a finding into the trace; its commands name the bench, and are not marked any more.

        What the next command would have is left out: behind a trace there is none.
        """
        bench = self.bench.options.command("")
        texts = {name: marks.plain(getattr(finding, name), bench) for name in ("summary", "cause", "next")}
        self.bench.note("found", finding.check, value=as_json(replace(finding, change=None)) | texts)

    def _recorded(self, check: Check) -> Finding | None:
        """What a replayed trace says that the check found of what lay on the PC then; None if it is to look itself."""
        for need, option in _ON_PC.items():
            said = self.bench.recorded("found", check.id, of=option) if need in check.needs else None
            if said is not None:
                with suppress(ValueError):
                    return of_json(Finding, said.get("value"))
                return check.skipped(SkipReason.NOT_GIVEN, "the trace does not say what was found")
        return None

    def _await(self, check: Check) -> None:
        running = {c.id for c in self.checks}
        before = [i for i in (*check.after, *check.follows) if i in running]
        with self.changed:
            while not all(i in self.findings for i in before) and not self.stop.is_set():
                self.changed.wait(POLL_S)

    def _examine(self, check: Check) -> Finding:
        blocker = self._blocker(check)
        if blocker is not None:
            return check.skipped(
                SkipReason.BLOCKED, f"not examined, because {self._root(blocker)} failed", caused_by=self._root(blocker)
            )
        if self.total is not None and self.total.expired:
            return check.skipped(SkipReason.BLOCKED, "not examined, because the time for the whole run is over")
        limit_s = check.deadline_s if self.total is None else min(check.deadline_s, self.total.left_ms / 1000)
        try:
            return self._own(check, self._look(check, limit_s))
        except (_Overrun, DeadlineOverrun):
            if self._uses_port(check):
                self.port_lost_by = check.id
            if limit_s < check.deadline_s:
                return check.skipped(
                    SkipReason.BLOCKED, "not fully examined, because the time for the whole run is over"
                )
            return self._broken(check, f"did not finish within {limit_s:g} s")
        except DoctorError as err:
            if isinstance(err, PortLost):
                self.port_lost_by = check.id
            known = None if err.id in COMMAND_IDS else err.id
            return check.fail(str(err), catalogue=known, cause=err.cause, next=err.next)

    def _look(self, check: Check, limit_s: float) -> Finding:
        uses_port = self._uses_port(check)

        def work() -> Finding:
            for need in check.needs:
                presence = self.bench.presence(need)
                if presence.reason is not None:
                    return check.skipped(presence.reason, presence.text)
                link = self.bench.link_or_none
                if uses_port and link is not None and link.deadline is None:
                    link.deadline = Deadline(link.clock, limit_s)
            return self._recorded(check) or check.look(self.bench)

        try:
            port = (lambda: self.bench.link_or_none) if uses_port else (lambda: None)
            return _bounded(work, limit_s + GRACE_S, self.stop, port)
        finally:
            link = self.bench.link_or_none
            if uses_port and link is not None and not self.stop.is_set():
                link.deadline = None

    def _own(self, check: Check, found: object) -> Finding:
        """What ``check`` found, if it is a finding and its own: none may speak for another."""
        if not isinstance(found, Finding) or not isinstance(found.status, Status):
            return self._broken(check, "brought no finding")
        if found.check != check.id:
            return self._broken(check, f"brought a finding of {shown(repr(found.check), 60)}")
        flaw = found.flaw
        return self._broken(check, f"brought a finding whose {flaw} cannot be shown") if flaw else found

    def _broken(self, check: Check, what: str) -> Finding:
        package = f"the package {shown(check.package, 60)}"
        fault_of = f"{package}, which brought this check" if check.package else "fipy-doctor"
        step = f"update or remove {package}, or leave the check out: --ignore {check.id}"
        return Finding(
            check.id,
            Status.ERROR,
            f"the check {check.id} itself {what}",
            cause=f"a fault of {fault_of}, or a port that stopped in the middle of an answer",
            next=step if check.package else "",
        )

    def _blocker(self, check: Check) -> str | None:
        if self.port_lost_by is not None and self._uses_port(check):
            return self.port_lost_by
        after = (*check.after, REPL_ANSWERS) if self._is_guest(check) else check.after
        return next((i for i in after if i in self.findings and self.findings[i].failed), None)

    def _root(self, check_id: str) -> str:
        cause = self.findings[check_id].caused_by if check_id in self.findings else None
        return cause or check_id


_RANK = {Status.ERROR: 0, Status.FAIL: 0, Status.WARN: 2, Status.PASS: 3, Status.SKIP: 4}


def sorted_for_reading(findings: Iterable[Finding], order: Sequence[str]) -> tuple[Finding, ...]:
    """Causes first in the order in which checks run, each with its consequences behind it, then the harmless rest."""
    place = {check_id: n for n, check_id in enumerate(order)}

    def key(finding: Finding) -> tuple[int, int, int, int]:
        own = place.get(finding.check, len(place))
        root = place.get(finding.caused_by, own) if finding.caused_by else own
        rank = 0 if finding.failed else _RANK[finding.status]
        return (rank, root, 1 if finding.caused_by else 0, own)

    return tuple(sorted(findings, key=key))


def run(
    bench: Bench,
    *,
    checks: Roster | Sequence[Check] | None = None,
    select: Sequence[str] = (),
    ignored: Sequence[str] = (),
    deadline_s: float | None = None,
    listen: Listener = ignore,
) -> Report:
    """Run checks over ``bench`` and return the report.

    checks      those to choose from; None takes our own and other people's
    select      ids to run (with those they stand on); empty runs all
    ignored     ids to leave out
    deadline_s  seconds for the whole run; what has not begun by then is skipped as blocked

    Raises UsageError for an unknown id or if none is left, DoctorError if checks of ours are missing. Ctrl-C ends
    the run; the report then holds what was known.
    """
    if checks is None:
        checks = everybody()
    roster = checks if isinstance(checks, Roster) else Roster(tuple(in_order(checks)))
    chosen = choose(roster.checks, select, ignored)
    total = Deadline(SystemClock(), deadline_s) if deadline_s is not None else None
    work = _Run(bench, chosen, total, listen)
    interrupted = False
    clock = bench.clock
    began_ms = clock.ticks_ms()
    try:
        work.go()
    except KeyboardInterrupt:
        interrupted = True
        bench.note("stopped", "check")
    if not interrupted:
        for check in chosen:
            work.findings.setdefault(check.id, check.lost())
    shown_ones = [f for f in work.findings.values() if not select or f.check in select or f.failed]
    findings = sorted_for_reading(shown_ones, [c.id for c in roster.checks])
    left_out = tuple(c.id for c in roster.checks if c.gates and c not in chosen)
    return Report(
        findings,
        roster.warnings,
        interrupted,
        left_out,
        ignored=tuple(ignored),
        duration_ms=clock.ticks_ms() - began_ms,
    )


def barriers(
    report: Report, checks: Sequence[Check], overridden: frozenset[str] = frozenset(), via: str = "auto"
) -> tuple[Finding, ...]:
    """The findings that forbid flashing over ``via``: gating checks that failed and are not, or may not be, overridden.

    What only closes another way than the one that was asked for does not count.

    checks  all that are expected to have run: one that brought no finding is one that failed
    """
    standing = []
    for check in checks:
        if not check.gates or (check.overridable and check.id in overridden):
            continue
        if check.way and via not in ("auto", check.way):
            continue
        finding = report.finding(check.id)
        if finding is None:
            finding = check.lost()
        if finding.failed:
            standing.append(finding)
    order = [finding.check for finding in report.findings]
    return tuple(sorted(standing, key=lambda f: order.index(f.check) if f.check in order else len(order)))
