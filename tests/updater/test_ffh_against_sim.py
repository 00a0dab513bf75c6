"""The boot ROM, the factory build, other speeds and the soak test, against the simulated modem."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from typing import Any

import pytest

from doctor.modem.facts import from_core
from doctor.modem.images import running
from doctor.sim.modem.modem import Modem
from doctor.sim.practice.image import practice_bootrom, practice_elf, practice_image
from doctor.sim.world import World, close_all_worlds
from doctor.updater import states
from doctor.updater.contract import Source
from doctor.updater.flow import Flow, Outcome
from doctor.updater.plan import make_plan
from doctor.updater.profile import SQN3330
from doctor.updater.shapes import ImageFacts, Options
from tests.updater.simport import SimPort

FULL = practice_image("CATM1", 41065, 60_000)
DIFF = practice_image("CATM1", 41065, 60_000, 33080)
ELF = practice_elf(60_000)
BOOTROM = practice_bootrom()
IMAGE = ImageFacts("PRACTICE-CATM1-41065.dup", len(FULL), "practice", "CATM1", 41065, 0, "practice")
DIFF_IMAGE = ImageFacts("PRACTICE-upgdiff_33080-to-41065.dup", len(DIFF), "practice", "CATM1", 41065, 33080, "practice")
UPDATER = ImageFacts("PRACTICE-updater.elf", len(ELF), "updater-elf", "", 0, 0, "practice")
PACKAGE = ImageFacts("PRACTICE-bootrom-41065.dup", len(BOOTROM), "bootrom", "", 41065, 0, "practice")


@pytest.fixture(autouse=True)
def worlds_end() -> Iterator[None]:
    yield
    close_all_worlds()


class Run:
    def __init__(self, sim: Modem, *, diff: bool = False, soak: bool = False, **options: Any) -> None:
        self.sim = sim
        self.port = SimPort(sim)
        self.data = DIFF if diff else FULL
        state = states.detect(self.port, self.port.clock, SQN3330)
        facts = from_core(state, states.read_facts(self.port, self.port.clock, SQN3330, state))
        chosen = Options(simulated=True, soak=soak, **options)
        self.plan = make_plan(running(facts), [DIFF_IMAGE if diff else IMAGE], chosen)
        assert self.plan.refusal is None, self.plan.refusal.what
        self.events: list[tuple[str, dict[str, Any]]] = []

    def flash(self, should_stop: Any = None) -> Outcome:
        files: dict[str, tuple[Source, int]] = {
            "updater-elf": (io.BytesIO(ELF), len(ELF)),
            "bootrom": (io.BytesIO(BOOTROM), len(BOOTROM)),
        }
        flow = Flow(self.port, self.port.clock, SQN3330, lambda *event: self.events.append(event))
        return flow.run(self.plan, io.BytesIO(self.data), len(self.data), should_stop, files)

    def waits(self) -> list[str]:
        return [str(data["what"]) for name, data in self.events if name == "waiting"]


def modem(mode: str = "application", **kind: Any) -> Modem:
    return Modem(World(), mode=mode, **kind)


def proved(run: Run, outcome: Outcome) -> None:
    assert outcome.error is None
    assert outcome.proved
    assert (run.sim.mode, run.sim.build) == ("application", 41065)
    assert hashlib.sha256(run.data).hexdigest() in [item.sha256 for item in run.sim.received]
    assert run.sim.misuse == []


def from_ffh(sim: Modem | None = None, **options: Any) -> Run:
    return Run(sim or modem("ffh"), updater_elf=UPDATER, **options)


@pytest.mark.sampled(2, "long")
@pytest.mark.parametrize(
    ("switch", "value"),
    [
        ("smod_of_ram_updater", 1),
        ("smod_of_ram_updater", 4),
        ("sysffh", False),
        ("first_at_error", False),
        ("elf_start_ms", 200_000),
        ("ffh_accepts_cr", True),
        ("reset_ack_crc", True),
        ("ack_crcs", True),
        ("max_transfer", 1024),
        ("deploy_ms", 120_000),
    ],
)
def test_boot_rom(switch: str, value: object) -> None:
    run = from_ffh(soak=True)
    setattr(run.sim.switches, switch, value)
    proved(run, run.flash())
    assert [item.method for item in run.sim.received] == ["ram", "on-the-fly"]


@pytest.mark.sampled(3, "long")
@pytest.mark.parametrize("line", ["AT", "AT+IPR", "AT+STP", "AT+SMOD?"])
@pytest.mark.parametrize("kind", ["error", "silent", "mute", "nul"])
def test_one_fault_in_the_boot_rom_costs_nothing(kind: str, line: str) -> None:
    run = from_ffh()
    run.sim.faults.at(line, kind)
    proved(run, run.flash())


@pytest.mark.parametrize("kind", ["lose", "drop", "short", "corrupt", "nack", "urc"])
def test_one_fault_while_the_updater_is_loaded(kind: str) -> None:
    run = from_ffh()
    run.sim.faults.at("block", kind, count=5)
    proved(run, run.flash())


def test_boot_rom_that_was_left_at_the_fast_speed() -> None:
    sim = modem("ffh")
    sim.change_speed(921600)
    sim.world.run_until(lambda: sim.baud == 921600, 1000)
    run = from_ffh(sim)
    proved(run, run.flash())


def test_updater_that_does_not_start() -> None:
    run = from_ffh()
    run.sim.switches.elf_start_ms = 10**9
    outcome = run.flash()
    assert outcome.error is not None
    assert outcome.error[0] == "unable-to-load-updater"
    assert outcome.sent_any


def test_power_lost_while_the_updater_is_loaded_starts_again() -> None:
    run = from_ffh()
    run.sim.faults.at("block", "cut", percent=10)
    assert run.flash().error is not None
    run.sim.power_on()
    again = from_ffh(run.sim)
    proved(again, again.flash())


def test_stopped_while_the_updater_is_loaded() -> None:
    run = from_ffh()
    outcome = run.flash(lambda: any(n == "progress" and d["done"] > 10_000 for n, d in run.events))
    assert outcome.error is not None
    assert outcome.error[0] == "user-interrupt"
    assert (outcome.mode, run.sim.mode) == ("ffh", "ffh")


def test_full_image_on_the_factory_build() -> None:
    run = Run(modem(build=33080), updater_elf=UPDATER, bootrom=PACKAGE, soak=True)
    proved(run, run.flash())
    sent = [(item.kind, item.method) for item in run.sim.received]
    assert sent == [("bootrom", "on-the-fly"), ("elf", "ram"), ("practice", "on-the-fly"), ("bootrom", "store")]
    assert run.sim.flash.bootloaders == [41065, 41065, 41065]


@pytest.mark.parametrize("mode", ["application", "recovery", "ffh"])
@pytest.mark.parametrize(
    ("loaders", "sent"),
    [
        ("33080,38638,38638*", ["practice", "bootrom"]),
        ("39529,38638,38638*", ["practice"]),
        ("33080,38638,38638", ["practice", "bootrom"]),  # no star: by the image's own loader it has one again
    ],
)
def test_boot_rom_follows_where_copy_0_is_the_factorys_by_then(mode: str, loaders: str, sent: list[str]) -> None:
    run = Run(modem(mode, build=38638, loaders=loaders), updater_elf=UPDATER, bootrom=PACKAGE)
    proved(run, run.flash())
    assert [item.kind for item in run.sim.received if item.kind != "elf"] == sent
    assert run.sim.flash.bootloaders[0] == (41065 if "bootrom" in sent else 39529)


def test_boot_rom_that_cannot_be_judged_is_not_sent() -> None:
    run = Run(modem(), bootrom=PACKAGE)
    run.sim.faults.on_strike = lambda place: setattr(run.sim.flash, "star", None)
    proved(run, run.flash())
    assert [item.kind for item in run.sim.received] == ["practice"]


def test_boot_rom_that_changed_nothing_is_no_proof() -> None:
    run = Run(modem(build=41065, loaders="33080,41065*,38638"), bootrom=PACKAGE)
    assert run.plan.bootrom_alone
    run.sim.faults.on_strike = lambda place: run.sim.flash.bootloaders.__setitem__(0, 33080)
    outcome = run.flash()
    assert outcome.error is not None and outcome.error[0] == "unable-to-upgrade-bootrom"
    assert (run.sim.mode, run.sim.build) == ("application", 41065)


def test_boot_rom_alone() -> None:
    run = Run(modem(build=41065, loaders="33080,41065*,38638"), bootrom=PACKAGE)
    outcome = run.flash()
    assert outcome.error is None and outcome.proved
    assert [(item.kind, item.method) for item in run.sim.received] == [("bootrom", "store")]
    assert run.sim.flash.bootloaders == [41065, 41065, 38638]


def test_boot_rom_by_store_behind_the_differential() -> None:
    run = Run(modem(build=33080), diff=True, bootrom=PACKAGE)
    proved(run, run.flash())
    assert [item.method for item in run.sim.received] == ["store", "store"]
    assert run.sim.flash.bootloaders[0] == 41065


# -- 33080 and its store


def test_store_that_stands_at_zero_is_stopped_after_five_minutes() -> None:
    run = Run(modem(build=33080), diff=True)
    run.sim.switches.store_hangs = True
    begun = run.port.clock.ticks_ms()
    outcome = run.flash()
    assert outcome.error is not None
    assert outcome.error[0] == "stall-at-zero-percent"
    assert 5 * 60_000 < run.port.clock.ticks_ms() - begun < 12 * 60_000
    assert run.waits()[-2] == "the modem to accept the first block"


def test_on_the_fly_is_the_other_way() -> None:
    run = Run(modem(build=33080), diff=True, method="on-the-fly")
    run.sim.switches.store_hangs = True
    proved(run, run.flash())


# -- another speed


def test_recovery_that_comes_up_at_115200_is_followed() -> None:
    run = Run(modem(), method="on-the-fly")
    run.sim.switches.recovery_baud = 115200
    proved(run, run.flash())


def test_recovery_found_at_115200() -> None:
    sim = modem("recovery")
    sim.switches.recovery_baud = 115200
    sim.power_off()
    sim.power_on()
    run = Run(sim)
    assert run.port.baud == 115200
    proved(run, run.flash())


# -- the soak test


DAMAGE = ["error", "silent", "stale", "twice", "short", "garbled"]


@pytest.mark.sampled(5, "long")
@pytest.mark.parametrize("mode", ["application", "ffh"])
@pytest.mark.parametrize("kind", DAMAGE)
def test_damaged_answers_are_counted_and_end_it(kind: str, mode: str) -> None:
    sim = modem(mode)
    sim.switches.first_at_error = False  # after 17 lost answers in a row there would be one
    run = Run(sim, soak=True, updater_elf=UPDATER)
    run.sim.faults.at("AT", kind, count=300, times=17)
    outcome = run.flash()
    assert outcome.error is not None
    assert outcome.error[0] == "link-unsteady"
    assert "17 of 500 answers were damaged (first: " in outcome.error[1]
    assert outcome.cause and outcome.cure
    assert not outcome.sent_any and not outcome.changed
    assert run.sim.mode == mode


def test_counting_damaged_answers_ends_at_twenty() -> None:
    run = Run(modem(), soak=True)
    run.sim.faults.at("AT", "garbled", count=300, times=None)
    outcome = run.flash()
    assert outcome.error is not None and " 20 of " in outcome.error[1]


@pytest.mark.parametrize(("kind", "id"), [("garbled", "link-unsteady"), ("silent", "wakeup-without-answer")])
def test_modem_that_says_something_is_not_called_silent(kind: str, id: str) -> None:
    sim = modem()
    sim.switches.echo = "nowhere"
    run = Run(sim, soak=True)
    run.sim.faults.at("AT", kind, times=None)
    outcome = run.flash()
    assert outcome.error is not None and outcome.error[0] == id
    assert ("20 of 20 answers" in outcome.error[1]) == (kind == "garbled")


@pytest.mark.sampled(5, "long")
@pytest.mark.parametrize("line", ["drop-byte", "corrupt-byte", "double-byte"])
@pytest.mark.parametrize("byte", range(6))
def test_each_byte_of_an_answer_counts(line: str, byte: int) -> None:
    run = Run(modem(), soak=True)
    run.sim.faults.at("tx", line, after="AT", byte=byte, count=300)
    outcome = run.flash()
    assert outcome.error is not None and outcome.error[0] == "link-unsteady"


@pytest.mark.sampled(3, "long")
@pytest.mark.parametrize("kind", ["nul", "nul-behind", "urc", "urc-behind"])
@pytest.mark.parametrize("echo", ["nowhere", "everywhere"])
def test_what_stands_around_every_answer_is_no_damage(kind: str, echo: str) -> None:
    run = Run(modem(), soak=True)
    run.sim.switches.echo = echo
    if echo == "everywhere":
        run.sim.faults.at("ATE0", "error", times=None)
    run.sim.faults.at("AT", kind, times=None)
    proved(run, run.flash())


@pytest.mark.parametrize("kind", ["nul", "nul-behind", "urc", "urc-behind"])
def test_what_stands_around_every_answer_is_noted_by_nobody(kind: str) -> None:
    sim = modem()
    sim.switches.first_at_error = False
    sim.faults.at("AT", kind, times=None)
    port = SimPort(sim)
    state, facts = states.examine(port, port.clock, SQN3330)
    assert (state.mode, state.clean_oks) == (states.APPLICATION, states.CLEAN_OKS)
    assert "stale-replies" not in state.notes and not facts.stale
    assert facts.cgsn == ["354346099225475"]


def test_what_the_modem_says_unasked_is_no_bad_answer() -> None:
    run = Run(modem(), soak=True)
    for number in range(1, 400):
        run.sim.world.at(4000 + number * 17.0, lambda: run.sim.send_urc("+CEREG: 2"))
    proved(run, run.flash())


def test_every_long_wait_has_its_name() -> None:
    run = Run(modem(), method="on-the-fly")
    run.sim.switches.erase_ms = run.sim.switches.last_ms = 100_000
    proved(run, run.flash())
    said = "\n".join(run.waits())
    for words in ("usual near 7 to 10 %", "usual near 99 %", "it says nothing until then", "still at work"):
        assert words in said
