from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from doctor import engine, roster
from doctor.bench import Bench, BenchOptions, Needs, SkipReason
from doctor.check import Check, Finding, Status
from doctor.errors import CardError, PortLost, UsageError


class Good(Check):
    """Is good."""

    id = "good"
    deadline_s = 1.0
    gates = True

    def look(self, bench: Bench) -> Finding:
        return self.passed("fine")


class Bad(Good):
    id = "bad"

    def look(self, bench: Bench) -> Finding:
        return self.fail("broken", catalogue="port-busy")


class OnBad(Good):
    id = "on-bad"
    after = ("bad",)


class OnOnBad(Good):
    id = "on-on-bad"
    after = ("on-bad",)


class Crashing(Good):
    id = "crashing"

    def look(self, bench: Bench) -> Finding:
        raise ZeroDivisionError("by a bug")


class Refused(Good):
    id = "refused"

    def look(self, bench: Bench) -> Finding:
        raise CardError("sd-mount-no-fat", "no volume", on="card", cause="blank", next="format it")


class Endless(Good):
    id = "endless"
    deadline_s = 0.01

    def look(self, bench: Bench) -> Finding:
        threading.Event().wait(20)
        return self.passed("too late")


class Unplugged(Good):
    id = "first"
    needs = (Needs.PORT,)

    def look(self, bench: Bench) -> Finding:
        raise PortLost("port-number-changes-on-replug", "the port went away", on="COM3")


class OnPort(Good):
    id = "second"
    needs = (Needs.PORT,)


class NeedsCard(Good):
    id = "needs-card"
    needs = (Needs.CARD,)


def run(*checks: Check, **more: object) -> engine.Report:
    return engine.run(Bench(BenchOptions()), checks=checks, **more)  # type: ignore[arg-type]


def test_cause_comes_first_and_consequences_name_it() -> None:
    report = run(OnOnBad(), OnBad(), Good(), Bad())
    assert [f.check for f in report.findings] == ["bad", "on-bad", "on-on-bad", "good"]
    assert [f.caused_by for f in report.findings] == [None, "bad", "bad", None]
    assert all(f.skip_reason is SkipReason.BLOCKED for f in report.findings[1:3])
    assert report.exit_code == 1


def test_crash_is_one_error_finding_and_the_rest_runs() -> None:
    report = run(Crashing(), Good())
    assert [(f.check, f.status) for f in report.findings] == [("crashing", Status.ERROR), ("good", Status.PASS)]
    assert "by a bug" in report.findings[0].summary


def test_known_error_becomes_a_failure_with_its_id() -> None:
    (finding,) = run(Refused()).findings
    assert (finding.status, finding.catalogue, finding.cause) == (Status.FAIL, "sd-mount-no-fat", "blank")
    assert finding.next == "format it"


def test_overrun_deadline_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "GRACE_S", 0.0)
    report = run(Endless(), Good())
    assert report.finding("endless").status is Status.ERROR  # type: ignore[union-attr]
    assert report.finding("good").status is Status.PASS  # type: ignore[union-attr]


def test_missing_part_is_skipped_as_not_given_and_fails_nothing() -> None:
    report = run(NeedsCard())
    assert report.findings[0].skip_reason is SkipReason.NOT_GIVEN
    assert report.exit_code == 0


def test_nothing_more_is_asked_of_a_port_that_went_away() -> None:
    report = engine.run(Bench(BenchOptions(port="COM3")), checks=[Unplugged(), OnPort(), Good()])
    second = report.finding("second")
    assert second is not None and (second.skip_reason, second.caused_by) == (SkipReason.BLOCKED, "first")
    assert report.finding("good") in report.findings and len(report.failed) == 2


def test_selecting_brings_along_what_it_stands_on() -> None:
    report = run(OnBad(), Bad(), Good(), Crashing(), select=["on-bad"])
    assert [f.check for f in report.findings] == ["bad", "on-bad"]


def test_ignored_check_blocks_nothing() -> None:
    report = run(OnBad(), Bad(), ignored=["bad"])
    assert [(f.check, f.status) for f in report.findings] == [("on-bad", Status.PASS)]


def test_unknown_id_is_a_usage_error_with_the_nearest_name() -> None:
    with pytest.raises(UsageError) as err:
        run(Good(), select=["godo"])
    assert err.value.next == "did you mean good?"


def test_circle_is_refused() -> None:
    class One(Good):
        id = "one"
        after = ("two",)

    class Two(Good):
        id = "two"
        follows = ("one",)

    with pytest.raises(ValueError, match="wait for each other"):
        roster.in_order([One(), Two()])


def test_barriers_hold_what_gates_unless_overridden_and_overridable() -> None:
    class Harmless(Bad):
        id = "harmless"
        gates = False

    class Holy(Bad):
        id = "holy"
        overridable = False

    checks = [Bad(), Harmless(), Holy()]
    report = run(*checks)
    assert [f.check for f in engine.barriers(report, checks)] == ["bad", "holy"]
    assert [f.check for f in engine.barriers(report, checks, frozenset({"bad", "holy"}))] == ["holy"]


def test_total_deadline_leaves_the_rest_unexamined() -> None:
    report = run(Good(), deadline_s=0.0)
    assert report.findings[0].skip_reason is SkipReason.BLOCKED


class Patient(Endless):
    """Would have been given more time than the run has left."""

    id = "patient"
    deadline_s = 1000.0


def test_a_check_that_the_total_deadline_cuts_short_is_no_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "GRACE_S", 0.0)
    report = run(Patient(), deadline_s=0.2)
    assert report.findings[0].skip_reason is SkipReason.BLOCKED
    assert report.exit_code == 1


def test_every_builtin_check_has_a_manual_page() -> None:
    for check in roster.builtin():
        page = check.__doc__ or ""
        for heading in ("Why:", "Looks at:", "Cures:"):
            assert heading in page, f"{check.id} lacks {heading}"
        assert type(check).__module__ == f"doctor._checks.{check.id.replace('-', '_')}"


class CutShort(Good):
    """Ctrl-C comes while it waits for the board, which is silent for 10 minutes of simulated time."""

    id = "cut-short"
    needs = (Needs.PORT,)
    deadline_s = 600.0

    def look(self, bench: Bench) -> Finding:
        os.kill(os.getpid(), signal.SIGINT)
        while True:
            bench.link.read(1, 10)


@pytest.mark.skipif(sys.platform == "win32", reason="os.kill ends a program there")
def test_what_ctrl_c_cuts_short_is_not_called_broken() -> None:
    with Bench(BenchOptions(port="sim://fipy?speed=20")) as bench:
        report = engine.run(bench, checks=[Good(), CutShort()])
    assert report.interrupted
    assert report.finding("cut-short") is None
    assert report.failed == ()
    assert int(report.exit_code) == 130


@pytest.mark.long
@pytest.mark.skipif(sys.platform == "win32", reason="no signals there")
def test_the_suite_ends_when_it_was_started_with_ctrl_c_ignored() -> None:
    inner = "tests/test_engine.py::test_what_ctrl_c_cuts_short_is_not_called_broken"
    started = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", inner],
        cwd=Path(__file__).parents[1],
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
        capture_output=True,
        timeout=60,
    )
    assert started.returncode == 0, started.stdout.decode()


def test_ctrl_c_between_the_lanes_waits_for_none_that_was_not_started(monkeypatch: pytest.MonkeyPatch) -> None:
    ends: list[engine._End] = []

    class Known(engine._End):
        def __init__(self) -> None:
            super().__init__()
            ends.append(self)

    start = engine._start

    def interrupted(work: Callable[[], None], ended: engine._End) -> None:
        start(work, ended)
        if threading.current_thread() is threading.main_thread():
            raise KeyboardInterrupt

    monkeypatch.setattr(engine, "_End", Known)
    monkeypatch.setattr(engine, "_start", interrupted)
    assert run(Good(), Crashing()).interrupted
    assert ends and all(ended.is_set() for ended in ends)


def test_ctrl_c_in_a_wait_of_the_engine_never_becomes_another_error() -> None:
    waits = threading.Event()

    def trace(frame: FrameType, event: str, _arg: object) -> Any:
        """Raise what a signal raises, at the worst moment: threading.Condition has just let go of the engine's lock."""
        code, back = frame.f_code, frame.f_back
        if code.co_name == "wait" and back is not None and back.f_globals["__name__"] == engine.__name__:
            waits.set()
            return trace
        within_wait = code.co_name == "_release_save" and waits.is_set()
        if within_wait and event == "return":
            raise KeyboardInterrupt
        return trace if within_wait else None

    class UntilAwaited(Good):
        id = "until-awaited"

        def look(self, bench: Bench) -> Finding:
            assert waits.wait(10)
            return self.passed("the engine waits")

    before = sys.gettrace()
    sys.settrace(trace)  # of this thread, which is the one that signals come to
    try:
        report = run(UntilAwaited())
    finally:
        sys.settrace(before)
    assert report.interrupted or [f.summary for f in report.findings] == ["the engine waits"]
