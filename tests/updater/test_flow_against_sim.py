"""The core against the simulated modem, which was written apart from it: the two are free to disagree here."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from doctor.modem.facts import from_core, from_version_lines
from doctor.modem.images import running
from doctor.sim.modem.faults import Fault
from doctor.sim.modem.modem import Modem
from doctor.sim.practice.image import practice_image, practice_name
from doctor.sim.world import World, close_all_worlds
from doctor.updater import states
from doctor.updater.flow import Flow, Outcome
from doctor.updater.plan import make_plan
from doctor.updater.profile import MONARCH2, SQN3330
from doctor.updater.shapes import ImageFacts, Options, Plan
from tests.updater.simport import SimPort

#: Over the store limit, so that it goes ON_THE_FLY; not more, so that the tests stay quick.
FLY_BYTES = 4 * 1024 * 1024 + 4096
SMALL_BYTES = 60_000


@pytest.fixture(autouse=True)
def worlds_end() -> Iterator[None]:
    yield
    close_all_worlds()


def modem(mode: str = "application", **kind: Any) -> Modem:
    return Modem(World(), mode=mode, **kind)


def practice(*, size: int = SMALL_BYTES, build: int = 41065, base: int | None = None) -> tuple[ImageFacts, bytes]:
    data = practice_image("CATM1", build, size, base)
    name = practice_name("CATM1", build, base)
    return ImageFacts(name, size, "practice", "CATM1", build, base or 0, "practice"), data


class Run:
    """One flash from detection to outcome."""

    def __init__(self, sim: Modem, image: ImageFacts, data: bytes, *, method: str = "auto", max_block: int = 0) -> None:
        self.sim = sim
        self.port = SimPort(sim)
        self.image = image
        self.data = data
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.max_block = max_block
        self.facts = from_core(*self._look())
        self.plan: Plan = make_plan(running(self.facts), [image], Options(method, ("same-build",), simulated=True))
        assert self.plan.refusal is None, self.plan.refusal.what

    def _look(self) -> tuple[states.State, states.Facts]:
        state = states.detect(self.port, self.port.clock, SQN3330)
        return state, states.read_facts(self.port, self.port.clock, SQN3330, state)

    def flash(self, should_stop: Any = None) -> Outcome:
        flow = Flow(self.port, self.port.clock, SQN3330, lambda *event: self.events.append(event), self.max_block)
        return flow.run(self.plan, io.BytesIO(self.data), len(self.data), should_stop)

    def notes(self) -> str:
        return "\n".join(str(data["text"]) for name, data in self.events if name == "note")


def proved(run: Run, outcome: Outcome) -> None:
    assert outcome.error is None
    assert outcome.proved
    assert outcome.mode == states.APPLICATION
    assert outcome.sent_bytes == len(run.data)
    assert from_version_lines(outcome.version_lines, outcome.mode).build == run.image.build
    assert run.sim.build == run.image.build
    assert run.sim.mode == "application"
    assert run.sim.received[-1].sha256 == hashlib.sha256(run.data).hexdigest()
    assert run.sim.misuse == []


def flash_and_prove(run: Run) -> Outcome:
    outcome = run.flash()
    proved(run, outcome)
    return outcome


@pytest.mark.parametrize("mode", ["application", "recovery", "ram-updater"])
def test_on_the_fly_from(mode: str) -> None:
    run = Run(modem(mode), *practice(), method="on-the-fly")
    flash_and_prove(run)
    assert run.sim.received[-1].method == "on-the-fly"


@pytest.mark.long
def test_large_image_goes_on_the_fly_by_itself() -> None:
    run = Run(modem(), *practice(size=FLY_BYTES))
    flash_and_prove(run)
    assert run.sim.received[-1].method == "on-the-fly"


def test_store() -> None:
    run = Run(modem(), *practice())
    flash_and_prove(run)
    assert run.sim.received[-1].method == "store"


def test_differential_by_store() -> None:
    flash_and_prove(Run(modem(build=38638), *practice(build=39529, base=38638)))


def test_stored_firmware_that_starts_only_after_a_restart() -> None:
    run = Run(modem(), *practice())
    run.sim.faults.add(Fault("late-start", "deploy"))
    assert "AT^RESET" in run.plan.steps[-1].text and "38638" in run.plan.steps[-1].text
    wrote = written(run)
    flash_and_prove(run)
    assert [data for _, data in wrote].count(b"AT^RESET\r\n") == 1
    asked = [at for at, data in wrote if data == b"ATI1\r\n"]
    restarted = next(at for at, data in wrote if data == b"AT^RESET\r\n")
    assert restarted - asked[0] >= 30_000 and [at < restarted for at in asked] == [True, True, False]


@pytest.mark.parametrize("switch", ["sysstart", "first_at_error"])
def test_restart_is_seen_without_a_word_too(switch: str) -> None:
    run = Run(modem(), *practice())
    setattr(run.sim.switches, switch, False)
    run.sim.faults.add(Fault("late-start", "deploy"))
    flash_and_prove(run)


def test_version_that_stays_the_old_one_is_restarted_once_and_no_success() -> None:
    run = Run(modem(), *practice(build=39529))
    run.image.build = run.plan.steps[-1].old = 39529  # the plan was made for another modem: this build stays
    wrote = written(run)
    outcome = run.flash()
    assert outcome.version_lines[1] == "LR5.1.1.0-39529"
    assert [data for _, data in wrote].count(b"AT^RESET\r\n") == 1


@pytest.mark.parametrize("case", ["on-the-fly", "same build", "failure", "other version"])
def test_nothing_else_restarts_the_modem(case: str) -> None:
    run = Run(modem(), *practice(build=38638 if case == "same build" else 41065), method="store")
    if case == "on-the-fly":
        run = Run(modem(), *practice(), method=case)
    if case == "failure":
        run.sim.faults.add(Fault("fail", "deploy"))
    wrote = written(run)
    outcome = run.flash()
    assert outcome.proved == (case != "failure")
    assert b"AT^RESET\r\n" not in [data for _, data in wrote]


def test_report_of_an_earlier_success_is_not_believed_at_once() -> None:
    run = Run(modem(), *practice())
    flash_and_prove(run)
    assert run.sim.flash.report == "success"
    flash_and_prove(Run(run.sim, *practice(build=39529)))


def test_way_that_bears_512_bytes() -> None:
    run = Run(modem(), *practice(), max_block=512)
    flash_and_prove(run)


@pytest.mark.sampled(3, "long")
@pytest.mark.parametrize(
    ("switch", "value"),
    [
        ("echo", "nowhere"),
        ("echo", "everywhere"),
        ("first_at_error", False),
        ("smswboot_answers_before_reboot", False),
        ("smupgrade_answer", ""),
        ("smupgrade_answer", "ERROR"),
        ("smswboot_prefix", ""),
        ("blank_line_after_ati1", False),
        ("showver_error_after_boot_ms", 4000),
        ("deploy_ms", 120_000),
        ("deploy_ms", 0),
        ("deploy_ms", 30_000),
        ("ongoing_ms", 400_000),
        ("boot_application_ms", 60_000),
        ("boot_recovery_ms", 60_000),
        ("boot_nuls", 5),
        ("reset_ack_crc", True),
        ("ack_crcs", True),
        ("block_limit", 600),
        ("max_transfer", 1024),
        ("erase_ms", 280_000),
        ("last_ms", 280_000),
        ("smod_of_ram_updater", 4),
    ],
)
@pytest.mark.parametrize("method", ["store", "on-the-fly"])
def test_what_nobody_knows_for_certain(switch: str, value: object, method: str) -> None:
    sim = modem()
    setattr(sim.switches, switch, value)
    flash_and_prove(Run(sim, *practice(), method=method))


@pytest.mark.parametrize("mode", ["recovery", "ram-updater"])
def test_either_number_of_the_ram_updater(mode: str) -> None:
    sim = modem(mode)
    sim.switches.smod_of_ram_updater = 4
    flash_and_prove(Run(sim, *practice()))


STP_FAULTS = ["lose", "drop", "short", "corrupt", "duplicate", "nack", "nack-unknown", "nul", "urc"]
STP_FAULTS += ["nack-nameless", "nack-behind"]


@pytest.mark.sampled(5)
@pytest.mark.parametrize("where", ["reset", "open", "block-cmd", "block"])
@pytest.mark.parametrize("kind", STP_FAULTS)
def test_one_fault_of_the_transfer_costs_nothing(kind: str, where: str) -> None:
    run = Run(modem(), *practice(), method="on-the-fly")
    run.sim.faults.at(where, kind, count=1 if where in ("reset", "open") else 5)
    flash_and_prove(run)


@pytest.mark.parametrize("crcs", [False, True])
def test_residue(crcs: bool) -> None:
    run = Run(modem(), *practice(), method="on-the-fly")
    run.sim.switches.ack_crcs = crcs
    run.sim.faults.at("block", "residue", count=3, times=2)
    flash_and_prove(run)
    assert "left 1 of 2016" in run.notes()


def test_damaged_residue_where_acks_have_checksums() -> None:
    run = Run(modem(), *practice(), method="on-the-fly")
    run.sim.switches.ack_crcs = True
    run.sim.faults.at("block", "corrupt-payload", count=3)
    flash_and_prove(run)


@pytest.mark.parametrize("times", [1, 2, 3, 5])
def test_boot_switch_that_is_refused_at_first(times: int) -> None:
    run = Run(modem(), *practice(), method="on-the-fly")
    run.sim.faults.at("AT+SMSWBOOT=", "error", times=times)
    flash_and_prove(run)


def test_boot_switch_that_is_refused_for_ever() -> None:
    run = Run(modem(), *practice(), method="on-the-fly")
    run.sim.faults.at("AT+SMSWBOOT=", "error", times=None)
    outcome = run.flash()
    assert outcome.error is not None
    assert outcome.error[0] == "smswboot-31-error"
    assert not outcome.sent_any
    assert run.sim.mode == "application"


@pytest.mark.sampled(7)
@pytest.mark.parametrize("line", ["AT", "AT+SMOD?", "AT+SMSWBOOT=3,1", "AT+SMSTPU", "AT+SMUPGRADE?", "AT+CFUN", "ATI1"])
@pytest.mark.parametrize("kind", ["stale", "nul", "error", "silent", "mute"])
@pytest.mark.parametrize("method", ["store", "on-the-fly"])
def test_one_fault_of_the_dialogue_costs_nothing(kind: str, line: str, method: str) -> None:
    run = Run(modem(), *practice(), method=method)
    run.sim.faults.at(line, kind)
    flash_and_prove(run)


def test_old_replies_in_front_of_every_answer() -> None:
    sim = modem()
    sim.faults.at("AT", "stale", times=None)
    flash_and_prove(Run(sim, *practice(), method="on-the-fly"))


# -- what fails


def test_wrong_base_is_reported_and_the_modem_lives() -> None:
    image, data = practice(build=41065, base=39529)
    image.base = 38638  # the name lies; the modem finds out
    run = Run(modem(build=38638), image, data)
    outcome = run.flash()
    assert outcome.error is not None
    assert outcome.error[0] == "upgrade-failed-result"
    assert outcome.result_word == "failure"
    assert (outcome.mode, run.sim.mode) == (states.APPLICATION, "application")
    assert not outcome.proved
    assert run.sim.misuse == []


def test_damaged_image_leaves_the_modem_in_its_updater() -> None:
    image, data = practice()
    run = Run(modem(), image, data[:1000] + b"\xff" + data[1001:], method="on-the-fly")
    outcome = run.flash()
    assert outcome.error is not None
    assert outcome.error[0] == "upgrade-failed-result"
    assert (outcome.mode, run.sim.mode) == (states.RECOVERY, "recovery")


def test_store_that_stands_at_zero_percent() -> None:
    run = Run(modem(), *practice())
    run.sim.switches.store_hangs = True
    outcome = run.flash()
    assert outcome.error is not None
    assert outcome.error[0] == "stall-at-zero-percent"
    assert outcome.sent_any
    assert not outcome.proved


@pytest.mark.parametrize("fault", ["hang", "die", "cut"])
def test_modem_that_goes_away_in_the_middle(fault: str) -> None:
    run = Run(modem(), *practice(), method="on-the-fly")
    run.sim.faults.at("block", fault, percent=50)
    outcome = run.flash()
    assert outcome.error is not None
    assert outcome.error[0] == "modem-fell-silent"
    assert outcome.mode == states.SILENT
    assert 0 < outcome.sent_bytes < len(run.data)


@pytest.mark.parametrize(("fault", "switched"), [("reboot", 1), ("blip", 1), ("reboot", 3)])
def test_modem_that_restarts_in_the_middle_is_looked_at_again(fault: str, switched: int) -> None:
    run = Run(modem(), *practice(), method="on-the-fly" if switched == 3 else "store")
    run.sim.faults.at("block", fault, percent=50)
    outcome = run.flash()
    assert outcome.error is not None
    assert outcome.mode == run.sim.mode == (states.RECOVERY if switched == 3 else states.APPLICATION)


def test_closing_reset_that_is_not_heard_at_first() -> None:
    run = Run(modem(), *practice(), method="on-the-fly")
    run.sim.faults.at("block", "hold", percent=100, ms=15_000)
    flash_and_prove(run)


@pytest.mark.parametrize("where", ["reset", "open", "block-cmd", "block"])
@pytest.mark.parametrize("kind", ["nack-unknown", "nack-nameless"])
def test_storm_of_refusals_ends_within_90_s(kind: str, where: str) -> None:
    run = Run(modem("recovery"), *practice())
    run.sim.faults.at(where, kind, count=3 if where.startswith("block") else 1, times=None)
    begun = {}

    def hear(name: str, data: dict[str, Any]) -> None:
        if name == "step":
            begun[data["step"]] = run.port.clock.ticks_ms()

    outcome = Flow(run.port, run.port.clock, SQN3330, hear).run(run.plan, io.BytesIO(run.data), len(run.data))
    assert outcome.error is not None and outcome.error[0].startswith("stp-")
    assert run.port.clock.ticks_ms() - begun["transfer"] < 90_000
    assert not any("session open" in text for text in run.sim.misuse)


def test_requests_that_could_not_be_read_cost_no_time() -> None:
    run = Run(modem("recovery"), *practice())
    for count in range(3, 30, 4):
        run.sim.faults.at("block", "nack-nameless", count=count)
    begun = run.port.clock.ticks_ms()
    flash_and_prove(run)
    assert run.port.clock.ticks_ms() - begun < 120_000


@pytest.mark.parametrize("method", ["store", "on-the-fly"])
def test_session_that_is_refused_once_is_asked_for_once_more(method: str) -> None:
    run = Run(modem(), *practice(), method=method)
    run.sim.faults.at("open", "refuse")
    flash_and_prove(run)


def resets(run: Run) -> list[float]:
    """From now on, when each RESET comes by."""
    seen: list[float] = []
    run.sim.faults.on_strike = lambda place: seen.append(run.sim.world.now_ms) if place == "reset" else None
    return seen


@pytest.mark.parametrize("method", ["store", "on-the-fly"])
def test_closing_reset_that_is_not_heard_for_minutes(method: str) -> None:
    run = Run(modem(), *practice(), method=method)
    run.sim.faults.at("reset", "lose", count=2, times=4)
    seen = resets(run)
    outcome = run.flash()
    assert outcome.proved and outcome.error is None
    assert all(later - earlier >= 60_000 for earlier, later in pairwise(seen[-4:]))


@pytest.mark.parametrize("leaves", [True, False])
@pytest.mark.parametrize("lost", [0, 3])
@pytest.mark.parametrize("method", ["store", "on-the-fly"])
def test_closing_reset_that_is_obeyed_by_half(method: str, lost: int, leaves: bool) -> None:
    run = Run(modem(), *practice(), method=method)
    run.sim.switches.at_leaves_idle_stp = leaves
    run.sim.faults.at("reset", "half-obeyed", count=2)
    run.sim.faults.at("reset", "lose", count=2, times=lost)
    outcome = run.flash()
    assert outcome.proved and outcome.error is None


def written(run: Run) -> list[tuple[float, bytes]]:
    """From now on, what goes to the modem, and when."""
    wrote: list[tuple[float, bytes]] = []
    write = run.port.write

    def tell(data: bytes) -> None:
        wrote.append((run.sim.world.now_ms, data))
        write(data)

    run.port.write = tell  # type: ignore[method-assign]
    return wrote


def test_modem_that_obeyed_its_closing_reset_and_writes_is_asked_ten_times_at_most() -> None:
    run = Run(modem(), *practice(), method="on-the-fly")
    run.sim.faults.at("reset", "drop", count=2, times=None)
    run.sim.switches.deploy_ms = 25 * 60_000
    wrote = written(run)
    flash_and_prove(run)
    knocks = [at for at, data in wrote if data[:5] == b"fast\0"][2:]  # behind the opening and the closing one
    assert len(knocks) == 10
    assert all(later - earlier >= 60_000 for earlier, later in pairwise(knocks))
    first_at = next(at for at, data in wrote if data == b"AT\r\n" and at > knocks[0] - 60_000)
    assert first_at > knocks[0]  # the session might have been open


def test_modem_that_says_anything_is_not_asked_again() -> None:
    run = Run(modem(), *practice(), method="on-the-fly")
    run.sim.faults.at("reset", "drop", count=2, times=None)
    run.sim.switches.deploy_ms = 10 * 60_000
    wrote = written(run)
    for second in range(0, 900, 20):
        run.sim.world.at(second * 1000, lambda: run.sim.send(b"."))
    flash_and_prove(run)
    assert sum(data[:5] == b"fast\0" for _, data in wrote) == 2  # opening and closing


def test_transfer_mode_that_somebody_entered_meanwhile_is_left_before_the_verdict() -> None:
    run = Run(modem(), *practice())
    run.sim.switches.at_leaves_idle_stp = False
    run.sim.open_stp("store")
    outcome = run.flash()
    assert outcome.proved and outcome.error is None


def test_return_at_another_speed() -> None:
    sim = modem("recovery")
    sim.come_up("recovery", 115200)
    flash_and_prove(Run(sim, *practice()))


def test_modem_that_falls_silent_between_two_questions() -> None:
    sim = modem()
    sim.faults.at("ATI1", "hang")
    port = SimPort(sim)
    state = states.detect(port, port.clock, SQN3330)
    assert from_core(state, states.read_facts(port, port.clock, SQN3330, state)).mode == states.SILENT


def test_modem_that_dies_while_it_writes() -> None:
    run = Run(modem(), *practice(), method="on-the-fly")
    run.sim.switches.deploy_ms = 10_000_000
    start = run.port.clock.ticks_ms()
    outcome = run.flash()
    assert outcome.error is not None
    assert outcome.error[0] == "finish-timeout"
    assert "leave power on" in outcome.error[1]
    assert run.port.clock.ticks_ms() - start >= 30 * 60_000


def test_closing_that_is_refused_lets_no_at_into_the_session() -> None:
    run = Run(modem(), *practice(), method="store")
    run.sim.faults.at("reset", "nack", count=2, times=None)
    outcome = run.flash()
    assert outcome.error is not None and outcome.error[0] == "stp-invalid-answer"
    assert (outcome.mode, outcome.sent_any, run.sim.mode) == ("stp-open", True, "stp-open")
    assert run.sim.misuse == []


def test_session_that_is_refused_brings_the_old_firmware_back() -> None:
    run = Run(modem(), *practice(), method="on-the-fly")
    run.sim.faults.at("open", "refuse", times=None)
    outcome = run.flash()
    assert outcome.error is not None
    assert outcome.error[0] == "stp-open-session-failed"
    assert not outcome.sent_any
    assert (outcome.mode, run.sim.mode) == (states.APPLICATION, "application")


def test_broken_transfer_can_be_done_again() -> None:
    run = Run(modem(), *practice(), method="on-the-fly")
    run.sim.faults.at("block", "stall", percent=50, ms=10**9)
    outcome = run.flash()
    assert outcome.error is not None
    run.sim.power_off()
    run.sim.power_on()
    again = Run(run.sim, *practice())
    assert again.plan.mode == states.RECOVERY
    flash_and_prove(again)


# -- what the user stops


def stop_at(run: Run, step: str) -> Any:
    return lambda: ("step", step) in [(name, data.get("step")) for name, data in run.events]


@pytest.mark.parametrize("step", ["prepare", "switch"])
def test_stopped_before_the_transfer(step: str) -> None:
    run = Run(modem(), *practice(), method="on-the-fly")
    outcome = run.flash(stop_at(run, step))
    assert outcome.error is not None
    assert outcome.error[0] == "user-interrupt"
    assert not outcome.sent_any
    assert (outcome.mode, run.sim.mode, run.sim.build) == (states.APPLICATION, "application", 38638)
    assert run.sim.misuse == []


@pytest.mark.parametrize(("method", "mode"), [("on-the-fly", states.RECOVERY), ("store", states.APPLICATION)])
def test_stopped_in_the_middle(method: str, mode: str) -> None:
    run = Run(modem(), *practice(), method=method)
    outcome = run.flash(lambda: any(name == "progress" and data["done"] > 20_000 for name, data in run.events))
    assert outcome.error is not None
    assert outcome.error[0] == "user-interrupt"
    assert outcome.sent_any
    assert 20_000 < outcome.sent_bytes < len(run.data)
    assert (outcome.mode, run.sim.mode) == (mode, mode)
    assert run.sim.misuse == []


@pytest.mark.parametrize("method", ["on-the-fly", "store"])
def test_cannot_be_stopped_after_the_last_block(method: str) -> None:
    run = Run(modem(), *practice(), method=method)
    outcome = run.flash(lambda: any(name == "progress" and data["done"] == data["total"] for name, data in run.events))
    proved(run, outcome)


# -- events


def test_events_tell_the_whole_story() -> None:
    run = Run(modem(), *practice(), method="on-the-fly")
    flash_and_prove(run)
    steps = [data["step"] for name, data in run.events if name == "step"]
    progress = [data["done"] for name, data in run.events if name == "progress"]
    assert steps == ["prepare", "switch", "transfer", "deploy", "return", "prove"]
    assert progress == sorted(progress)
    assert (progress[0], progress[-1]) == (0, len(run.data))
    waits = [data for name, data in run.events if name == "waiting"]
    assert all(data["what"] and data["limit_ms"] > 0 for data in waits)


# -- the sibling modem


@pytest.fixture(scope="module")
def whole(genuine: Path) -> bytes:
    return genuine.read_bytes()


@pytest.mark.sampled(2, "long")
@pytest.mark.parametrize("mode", ["application", "recovery"])
def test_genuine_file_reaches_the_sibling_modem(whole: bytes, mode: str) -> None:
    sim = modem(mode, family="MONARCH2", build=60186)
    port = SimPort(sim)
    state = states.detect(port, sim.world, MONARCH2)
    facts = from_core(state, states.read_facts(port, sim.world, MONARCH2, state))
    image = ImageFacts("GM02RB6Q_LR8.0.5.13-59577.dup", len(whole), "full", "", 59577, 0, "MONARCH2")
    plan = make_plan(running(facts), [image], Options())
    outcome = Flow(port, sim.world, MONARCH2).run(plan, io.BytesIO(whole), len(whole))
    assert outcome.error is None
    assert outcome.proved
    assert from_version_lines(outcome.version_lines, outcome.mode).build == 59577
    assert sim.received[-1].sha256 == hashlib.sha256(whole).hexdigest()
    assert sim.misuse == []


@pytest.mark.parametrize("fault", ["drop", "corrupt", "bad-crc", "short"])
def test_last_answer_lost_for_ever_is_no_reason_to_give_up(fault: str) -> None:
    run = Run(modem(), *practice(), method="on-the-fly")
    run.sim.faults.at("block", fault, percent=97, times=None)
    flash_and_prove(run)
    assert "the modem may have all of it" in run.notes()


def test_last_block_lost_for_ever_is_told_after_the_modem_was_asked() -> None:
    run = Run(modem(), *practice(), method="on-the-fly")
    run.sim.faults.at("block", "lose", percent=96, times=None)
    outcome = run.flash()
    assert outcome.error is not None and "the whole file had been sent" in outcome.error[1]
    assert (outcome.mode, run.sim.mode) == (states.RECOVERY, "recovery")
    assert outcome.step == "deploy"


def test_old_success_is_not_taken_for_the_report_of_an_unsure_transfer() -> None:
    sim = modem("recovery")
    sim.flash.report = "success"
    run = Run(sim, *practice())
    sim.faults.at("block", "lose", percent=96, times=None)
    outcome = run.flash()
    assert outcome.error is not None and outcome.mode == states.RECOVERY
    assert "transfer" in outcome.done and "deploy" not in outcome.done


def test_lying_residues_end_with_a_wait_and_not_in_the_middle_of_writing() -> None:
    run = Run(modem(), *practice(), method="on-the-fly")
    run.sim.faults.at("block", "corrupt-payload", percent=10, times=None)
    outcome = run.flash()
    assert outcome.error is not None
    assert outcome.mode == states.RECOVERY
    assert run.sim.upgrade is None


def test_modem_that_could_not_be_brought_back_counts_as_changed() -> None:
    run = Run(modem(), *practice(), method="on-the-fly")
    run.sim.faults.at("AT+SMSTPU", "silent", times=None)
    run.sim.faults.at("AT+SMSWBOOT=1", "error", times=None)
    outcome = run.flash()
    assert outcome.error is not None and outcome.error[0] == "stp-start-refused"
    assert outcome.changed and outcome.mode == states.RECOVERY


def test_modem_that_was_brought_back_is_told_so() -> None:
    run = Run(modem(), *practice(), method="on-the-fly")
    run.sim.faults.at("AT+SMSTPU", "silent", times=None)
    outcome = run.flash()
    assert outcome.error is not None and outcome.error[1].endswith("its old firmware runs again")
    assert not outcome.changed and outcome.mode == run.sim.mode == states.APPLICATION
