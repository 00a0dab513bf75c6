"""Phase B, and what the check leaves behind however it ends."""

from __future__ import annotations

import _thread
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from checks.jumpers_removed import JumpersRemoved
from doctor import engine
from doctor.bench import Bench, Needs
from doctor.board.line import jumpers
from doctor.check import Check, Finding, Status
from doctor.clock import Deadline
from doctor.errors import DeadlineOverrun, DoctorError
from doctor.sim.bench import SimBench
from doctor.sim.board.board import BoardSim
from doctor.sim.board.pins import PinState
from tests.checks.simulated import Spoil, bench_at, board_of

LONG = pytest.mark.table
MODEM_PINS = ("P20", "P18", "P19", "P17")


def thorough(url: str, spoil: Spoil | None = None, **options: object) -> Finding:
    with bench_at(url, spoil, thorough=True, **options) as bench:
        return JumpersRemoved().look(bench)


def sim_of(bench: Bench) -> SimBench:
    found: SimBench = bench.link.serial.bench
    return found


def given_back(board: BoardSim) -> bool:
    return all(board.pins[name].mode == "uart" for name in MODEM_PINS)


@pytest.mark.sampled(4, "long")
@pytest.mark.parametrize(
    ("carrier", "jumpers", "status", "says"),
    [
        ("expansion2", "removed", Status.PASS, "jumpers are removed"),
        ("expansion2", "only-rts", Status.FAIL, "CTS line follows pin P20"),
        ("expansion2", "only-cts", Status.FAIL, "only while the PC asserts RTS"),
        ("expansion2", "fitted", Status.FAIL, "only while the PC asserts RTS"),
        ("expansion3", "removed", Status.PASS, "could not be checked"),
        ("expansion3", "only-rts", Status.FAIL, "CTS line follows pin P20"),
        ("expansion3", "only-cts", Status.FAIL, "only while the PC asserts RTS"),
        ("expansion3", "fitted", Status.FAIL, "only while the PC asserts RTS"),
        ("pysense", "fitted", Status.SKIP, "no RTS and CTS jumpers"),
        pytest.param("pytrack", "fitted", Status.SKIP, "no RTS and CTS jumpers", marks=LONG),
        pytest.param("pyscan", "fitted", Status.SKIP, "no RTS and CTS jumpers", marks=LONG),
        pytest.param("pygate", "fitted", Status.SKIP, "no RTS and CTS jumpers", marks=LONG),
    ],
)
def test_every_carrier_with_both_one_and_no_jumper(carrier: str, jumpers: str, status: Status, says: str) -> None:
    found = thorough(f"sim://fipy?carrier={carrier}&jumpers={jumpers}")
    assert (found.status, says in found.summary) == (status, True), found.summary


ERAS = ("1.11.0.b1", "1.17.3.b1", "1.18.1", "1.18.2.r4", "1.20.1", "1.20.2.r1", "1.20.2.r2", "1.20.2.r6")
QUICK = ("1.11.0.b1", "1.20.2.r6")


@pytest.mark.parametrize("release", [pytest.param(r, marks=() if r in QUICK else LONG) for r in ERAS])
def test_every_era_pulses_and_gives_the_pins_back(release: str) -> None:
    with bench_at(f"sim://fipy?carrier=expansion2&jumpers=only-rts&release={release}", thorough=True) as bench:
        found = JumpersRemoved().look(bench)
        assert found.status is Status.FAIL
        assert found.evidence["pulses"] == ["p20=1 cts=0", "p20=0 cts=1"] * 4
        assert given_back(board_of(sim_of(bench)))
        bench.forget_modem()
        assert bench.modem_facts.mode == "application"


@pytest.mark.parametrize("wrong", ["pull_rts_jumper", "pull_cts_jumper"])
@pytest.mark.parametrize("carrier", ["expansion3", pytest.param("expansion2", marks=LONG)])
def test_one_that_was_pulled_is_not_enough(carrier: str, wrong: str) -> None:
    found = thorough(f"sim://fipy?carrier={carrier}&jumpers=fitted", lambda sim: getattr(sim.hands, wrong)())
    assert found.status is Status.FAIL
    assert "are not both off" in found.summary


def test_no_line_of_the_modem_is_pulled_unasked() -> None:
    with bench_at("sim://fipy?carrier=expansion2&jumpers=only-rts") as bench:
        found = JumpersRemoved().look(bench)
    assert found.status is Status.PASS
    assert "do not disturb" in found.summary
    assert "pulses" not in found.evidence


def reports_nothing(says: bool) -> Spoil:
    def spoil(sim: SimBench) -> None:
        sim.carrier.pic_reports_cts, sim.carrier.unreported_cts = False, says

    return spoil


@pytest.mark.parametrize("says", [False, True])
def test_a_chip_that_does_not_report_cts_leaves_the_harmless_jumper_open(says: bool) -> None:
    found = thorough("sim://fipy?jumpers=only-rts", reports_nothing(says))
    assert found.status is Status.PASS
    assert "could not be checked" in found.summary


def test_one_that_does_decides_where_rts_does_not() -> None:
    def held(sim: SimBench) -> None:
        sim.carrier.g6_held = False

    assert thorough("sim://fipy?jumpers=only-rts", held).status is Status.FAIL
    assert thorough("sim://fipy", held).status is Status.WARN


def test_a_stronger_module_is_found_out_by_its_pins() -> None:
    def weak(sim: SimBench) -> None:
        sim.carrier.usb_wins = False

    found = thorough("sim://fipy?carrier=expansion2&jumpers=only-cts", weak)
    assert found.status is Status.FAIL
    assert "P19 (G6) follows" in found.summary


def test_a_line_that_the_chip_drives_is_never_pulled_against_it() -> None:
    def swapped(sim: SimBench) -> None:
        sim.carrier.chip_swapped, sim.carrier.usb_wins = True, False

    found = thorough("sim://fipy?carrier=expansion2&jumpers=fitted", swapped)
    assert found.status is Status.FAIL
    assert "P20 (G7) follows" in found.summary
    assert "pulses" not in found.evidence


@pytest.mark.parametrize("what", [pytest.param(b"\0", marks=LONG), pytest.param(b"", marks=LONG), b"\0\xff\0"])
def test_modem_answers_again_whatever_a_break_does_to_it(what: bytes) -> None:
    with bench_at("sim://fipy?carrier=expansion2", thorough=True) as bench:
        board_of(sim_of(bench)).pins.break_bytes = what
        assert JumpersRemoved().look(bench).status is Status.PASS
        bench.forget_modem()
        assert bench.modem_facts.mode == "application"


def test_an_input_that_keeps_its_signal_changes_nothing() -> None:
    def keeps(sim: SimBench) -> None:
        board_of(sim).pins.input_detaches = False

    assert thorough("sim://fipy?carrier=expansion2", keeps).status is Status.PASS
    assert thorough("sim://fipy?carrier=expansion2&jumpers=only-rts", keeps).status is Status.FAIL


@pytest.mark.sampled(3, "long")
@pytest.mark.parametrize("mode", ["ffh", "ram-updater", "deploying", "recovery", "stp-open", "data", "silent"])
def test_no_pin_is_touched_in_any_other_mode(mode: str) -> None:
    def put_into(sim: SimBench) -> None:
        if sim.modem.mode != mode:
            sim.modem.come_up(mode)
        board_of(sim).pins.configure = lambda *_: pytest.fail("a pin was touched")  # type: ignore[method-assign]

    found = thorough("sim://fipy", put_into)
    assert found.status is Status.WARN
    assert not {"readings", "pulses", "ati"} & set(found.evidence)


@pytest.mark.parametrize("rts", [True, False])
def test_rts_is_left_as_found(rts: bool) -> None:
    with bench_at("sim://fipy?carrier=expansion2", thorough=True) as bench:
        assert bench.modem_facts.mode == "application"
        bench.link.rts = rts
        JumpersRemoved().look(bench)
        assert bench.link.rts is rts
        assert sim_of(bench).port.rts is rts


# --- cut short ---

MOMENTS_MS = (700, 2500, 4271, 4500, 5000, 5470, 5600, 5700, 5990, 6140, 6230, 6400, 7200, 8000)
"""From the beginning of the check: in phase C (until 4270), A, B (from 5460), and while the board restarts (6225)."""
MOMENTS = [pytest.param(ms, marks=() if ms in (2500, 4500, 5600, 6400) else LONG) for ms in MOMENTS_MS]


class Cut:
    """Lets something happen at a moment; knows whether a pin was touched by then, and whether it happened."""

    def __init__(self, bench: Bench, at_ms: int, what: Callable[[], None]) -> None:
        assert bench.modem_facts.mode == "application"
        self.sim: SimBench = bench.link.serial.bench
        self.board = board_of(self.sim)
        self.what = what
        self.happened = self.touched = False
        self._configure = self.board.pins.configure
        self.board.pins.configure = self._watched  # type: ignore[method-assign]
        self.sim.world.at(at_ms, self._happen)

    def _watched(self, name: str, state: PinState) -> None:
        self.touched = self.touched or not self.happened
        self._configure(name, state)

    def _happen(self) -> None:
        self.happened = True
        self.what()


@pytest.mark.parametrize("at_ms", MOMENTS)
def test_a_deadline_at_any_moment_leaves_the_modem_its_pins(at_ms: int) -> None:
    with bench_at("sim://fipy?carrier=expansion2", thorough=True) as bench:
        link = bench.link
        cut = Cut(bench, at_ms, lambda: setattr(link, "deadline", Deadline(link.clock, 0)))
        with suppress(DeadlineOverrun):
            JumpersRemoved().look(bench)
        link.deadline = None
        assert cut.happened
        assert given_back(cut.board)
        assert link.rts is True
        assert bench.board.repl.call("print('@@FD 7')") == 7


@pytest.mark.parametrize("at_ms", MOMENTS)
def test_a_link_that_breaks_leaves_no_line_low_and_the_user_knows_what_to_do(at_ms: int) -> None:
    with bench_at("sim://fipy?battery=fitted&carrier=expansion2", thorough=True) as bench:
        cut = Cut(bench, at_ms, lambda: cut.sim.port.vanish())
        with pytest.raises(DoctorError) as raised:
            JumpersRemoved().look(bench)
        assert ("reset button once" in raised.value.next) is cut.touched
        cut.sim.world.sleep_ms(1000)
        assert cut.board.pins.level("P20") is True


def test_a_fault_of_ours_leaves_the_modem_its_pins(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(board: object, link: object) -> None:
        raise RuntimeError("ours")

    monkeypatch.setattr(jumpers, "phase_b", broken)
    with bench_at("sim://fipy?carrier=expansion2", thorough=True) as bench:
        with pytest.raises(RuntimeError, match="ours"):
            JumpersRemoved().look(bench)
        assert given_back(board_of(bench.link.serial.bench))


@pytest.mark.parametrize("at_ms", [pytest.param(5000, marks=LONG), 5600])
def test_ctrl_c_leaves_the_modem_its_pins(at_ms: int) -> None:
    with bench_at("sim://fipy?carrier=expansion2", thorough=True) as bench:
        cut = Cut(bench, at_ms, _thread.interrupt_main)
        report = engine.run(bench, checks=[JumpersRemoved()])
        assert report.interrupted
        assert given_back(cut.board)
        assert bench.link.rts is True


class Settles(Check):
    """something is put back after Ctrl-C."""

    id = "settles"
    needs = (Needs.PORT,)
    deadline_s = 9
    done = False

    def look(self, bench: Bench) -> Finding:
        link = bench.link
        time.sleep(0.02)  # nobody presses it in the millisecond of the start
        _thread.interrupt_main()
        while link.deadline is None or link.deadline.limit_s:
            time.sleep(0.001)
        with link.settling(9):
            time.sleep(0.05)
            _thread.interrupt_main()  # somebody presses it again
            time.sleep(0.25)
            link.drain()
            self.done = True
        return self.passed("settled")


def test_the_engine_waits_for_what_is_put_back_however_often_ctrl_c_is_pressed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "UNWIND_S", 0.2)  # shorter than it takes
    with bench_at() as bench:
        check = Settles()
        report = engine.run(bench, checks=[check])
        assert report.interrupted
        assert check.done
        with pytest.raises(DeadlineOverrun):
            bench.link.read(1, 10)
