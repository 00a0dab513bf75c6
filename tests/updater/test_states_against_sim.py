"""Detection against the simulated modem in every mode and in the states between."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from doctor.modem.facts import ModemFacts, from_core
from doctor.sim.modem.modem import Modem
from doctor.sim.world import World, close_all_worlds
from doctor.updater import states
from doctor.updater.profile import MONARCH2, SQN3330, Profile
from tests.updater.simport import SimPort


@pytest.fixture(autouse=True)
def worlds_end() -> Iterator[None]:
    yield
    close_all_worlds()


def modem(mode: str = "application", **kind: Any) -> Modem:
    return Modem(World(), mode=mode, **kind)


def look(sim: Modem, profile: Profile = SQN3330) -> ModemFacts:
    port = SimPort(sim, baud=profile.app_baud)
    state = states.detect(port, port.clock, profile)
    return from_core(state, states.read_facts(port, port.clock, profile, state))


@pytest.mark.parametrize(
    ("mode", "baud"),
    [
        ("application", 921600),
        ("recovery", 921600),
        ("ram-updater", 921600),
        ("ffh", 115200),
        ("deploying", 921600),
        ("silent", 0),
        ("stp-open", 921600),
    ],
)
@pytest.mark.parametrize("echo", ["nowhere", "everywhere"])
def test_mode(mode: str, baud: int, echo: str) -> None:
    sim = modem(mode)
    sim.switches.echo = echo
    facts = look(sim)
    assert (facts.mode, facts.baud) == (mode, baud)
    assert sim.misuse == []


@pytest.mark.parametrize("kind", ["error", "silent"])
@pytest.mark.parametrize(
    ("mode", "note"),
    [("ffh", "mode-by-dialect"), ("recovery", "mode-by-selector"), ("ram-updater", "mode-by-selector")],
)
def test_a_modem_that_does_not_say_its_mode_is_known_by_other_signs(mode: str, note: str, kind: str) -> None:
    sim = modem(mode)
    sim.faults.at("AT+SMOD?", kind, times=None)
    facts = look(sim)
    assert facts.mode == mode
    assert note in facts.notes


def test_a_modem_whose_every_answer_is_damaged_is_not_called_silent() -> None:
    sim = modem()
    sim.faults.at("AT", "garbled", times=None)
    assert look(sim).mode == "unknown"
    silent = modem()
    silent.faults.at("AT", "silent", times=None)
    assert look(silent).mode == "silent"


def test_application_says_its_version() -> None:
    facts = look(modem(build=41019))
    assert (facts.build, facts.radio, facts.release, facts.ue) == (41019, "NB1", "LR6.0.0.0-41019", "6.0.0.0")
    assert (facts.family, facts.loaders.text, facts.imei) == ("SQN3330", "33080,41019,41019*", "354346099225475")
    assert (facts.boot_selector, facts.upgrade_report) == ("FFF", "No report: 0")


def test_boot_loaders() -> None:
    assert look(modem(build=33080)).loaders.text == "33080*,NA,NA"
    assert look(modem(build=38638, loaders="33080,38638*,38638")).loaders.text == "33080,38638*,38638"
    unread = look(modem(build=38638, loaders="33080,38638,38638"))
    assert (unread.build, unread.loaders.text) == (38638, "")


SHOWVER = 'AT!="showver"'


@pytest.mark.parametrize(
    ("refusals", "text"), [(1, "33080,38638,38638*"), (2, "33080,38638,38638*"), (3, "33080,38638,38638*")]
)
def test_version_block_is_read_three_times(refusals: int, text: str) -> None:
    """Behind the third refusal the other command is asked, which LR5.4 has."""
    sim = modem()
    asked: list[str] = []
    sim.faults.on_strike = asked.append
    sim.faults.at(SHOWVER, "error", times=refusals)
    assert look(sim).loaders.text == "33080,38638,38638*"
    assert (asked.count(SHOWVER), 'AT!="get_sw_version"' in asked) == (3, refusals == 3)


def test_version_block_that_reads_otherwise_the_second_time_is_unread() -> None:
    sim = modem()
    asked: list[str] = []

    def other(place: str) -> None:
        asked.append(place)
        if asked.count(SHOWVER) == 2:
            sim.flash.bootloaders[0] = 41065

    sim.faults.on_strike = other
    facts = look(sim)
    assert (facts.build, facts.loaders.text) == (38638, "")  # the build is told by ATI1 too


def test_looking_changes_nothing() -> None:
    for mode in ("application", "recovery", "ram-updater", "ffh", "deploying"):
        sim = modem(mode)
        look(sim)
        assert sim.mode == mode


def test_recovery_knows_no_version() -> None:
    facts = look(modem("recovery"))
    assert (facts.build, facts.ati, facts.boot_selector) == (None, (), "RECOVERY")
    assert "ati-error" in facts.notes


def test_abandoned_transfer_is_closed_before_any_at() -> None:
    sim = modem("stp-open")
    port = SimPort(sim)
    assert states.detect(port, port.clock, SQN3330).notes == ["session-closed"]
    assert states.detect(port, port.clock, SQN3330).mode == "recovery"
    assert sim.misuse == []


def test_abandoned_transfer_whose_first_reset_is_lost() -> None:
    sim = modem("stp-open")
    sim.faults.at("reset", "lose")
    assert look(sim).mode == states.STP_OPEN
    assert sim.misuse == []


@pytest.mark.parametrize("at_leaves", [True, False])
@pytest.mark.parametrize("method", ["store", "on-the-fly"])
def test_transfer_mode_without_a_session_is_left(method: str, at_leaves: bool) -> None:
    sim = modem("recovery")
    sim.switches.at_leaves_idle_stp = at_leaves
    sim.open_stp(method)
    assert look(sim).mode == states.STP_OPEN
    assert look(sim).mode == states.RECOVERY
    assert sim.misuse == [] and sim.received == []


def test_abandoned_transfer_that_waits_for_its_block_for_ever() -> None:
    sim = modem("stp-open")
    sim.switches.on_partial = "wait"
    assert look(sim).mode == "stp-open"
    assert look(sim).mode == "recovery"


@pytest.mark.parametrize("partial", ["drop", "nack", "wait"])
def test_closing_a_session_whatever_the_slave_does_with_half_a_block(partial: str) -> None:
    sim = modem("stp-open")
    sim.switches.on_partial = partial
    port = SimPort(sim)
    assert states.close_session(port, port.clock)
    assert sim.mode == "recovery"
    assert sim.misuse == []


def test_data_mode_is_left() -> None:
    facts = look(modem("data"))
    assert facts.mode == "application"
    assert "left-data-mode" in facts.notes


def test_modem_that_still_starts() -> None:
    sim = modem()
    sim.power_off()
    sim.switches.boot_application_ms = 40_000
    sim.power_on()
    facts = look(sim)
    assert facts.mode == "application"
    assert "noise" not in facts.notes


def test_stale_replies_are_noted_and_harmless() -> None:
    sim = modem()
    sim.faults.at("AT", "stale", times=None)
    facts = look(sim)
    assert (facts.mode, facts.build) == ("application", 38638)
    assert "stale-replies" in facts.notes


def test_clean_modem_has_no_remarks() -> None:
    sim = modem()
    sim.switches.first_at_error = False
    facts = look(sim)
    assert facts.notes == ()
    assert facts.raw.count(b"OK") >= 3


def test_first_error_is_normal() -> None:
    facts = look(modem())
    assert facts.mode == "application"
    assert facts.notes in ((), ("first-error",))


def test_refused_boot_switch_question_is_noted() -> None:
    sim = modem()
    sim.faults.at("AT+SMSWBOOT?", "error", times=None)
    facts = look(sim)
    assert facts.boot_selector is None
    assert "smswboot-error" in facts.notes


def test_recovery_at_the_other_speed() -> None:
    sim = modem("recovery")
    sim.switches.recovery_baud = 115200
    sim.power_off()
    sim.power_on()
    facts = look(sim)
    assert (facts.mode, facts.baud) == ("recovery", 115200)
    assert "wrong-speed" in facts.notes


def test_modem_that_may_not_send_is_silent() -> None:
    sim = modem()
    sim.set_flow(False)
    assert look(sim).mode == "silent"


def test_only_nuls() -> None:
    sim = modem("silent")
    for second in range(60):
        sim.world.at(second * 1000, lambda: sim.transmit(b"\0", 921600))
    facts = look(sim)
    assert (facts.mode, facts.notes) == ("silent", ("nul-bytes",))


def test_only_noise() -> None:
    sim = modem("silent")
    for second in range(60):
        sim.world.at(second * 1000, lambda: sim.transmit(b"\xfe\xa3", 921600))
    facts = look(sim)
    assert (facts.mode, facts.notes) == ("silent", ("noise",))


def test_silence_ends_after_a_minute_or_little_more() -> None:
    sim = modem("silent")
    look(sim)
    assert 60_000 <= sim.world.now_ms < 90_000


def test_monarch_2() -> None:
    facts = look(modem(family="MONARCH2"), MONARCH2)
    assert (facts.mode, facts.baud, facts.family, facts.build) == ("application", 115200, "MONARCH2", 59577)
    assert facts.radio is None


def test_monarch_2_is_known_though_taken_for_the_other() -> None:
    facts = look(modem(family="MONARCH2"), SQN3330)
    assert (facts.mode, facts.baud, facts.family) == ("application", 115200, "MONARCH2")
    assert "wrong-speed" not in facts.notes


@pytest.mark.parametrize("kind", ["hang", "hold", "stall"])
def test_modem_that_falls_silent_before_it_says_its_mode(kind: str) -> None:
    sim = modem()
    sim.faults.at("AT+SMOD?", kind)
    assert look(sim).mode == states.SILENT


def test_modem_that_loses_power_for_a_moment_between_two_questions() -> None:
    sim = modem("ram-updater")  # which without power falls back to its boot ROM
    sim.faults.at("AT+SMSWBOOT?", "blip")
    port = SimPort(sim)
    assert from_core(*states.examine(port, port.clock, SQN3330)).mode == states.FFH


def test_mode_that_is_said_late() -> None:
    sim = modem("recovery")
    sim.faults.at("rx", "late-byte", after="AT", byte=17, count=5, ms=30_000)
    assert look(sim).mode == states.RECOVERY


def test_sibling_taken_for_the_other_is_found_at_its_own_speed() -> None:
    assert look(modem("recovery"), MONARCH2).baud == 921600


def test_session_that_refuses_to_be_closed() -> None:
    sim = modem("stp-open")
    sim.faults.at("reset", "nack", times=None)
    facts = look(sim)
    assert (facts.mode, "session-closed" in facts.notes) == (states.STP_OPEN, False)
    assert sim.misuse == []


@pytest.mark.parametrize("fault", ["cut", "hang", "hold"])
def test_modem_that_falls_silent_over_the_first_questions_is_silent(fault: str) -> None:
    sim = modem()
    sim.faults.at("AT", fault, count=4)
    port = SimPort(sim)
    assert states.detect(port, port.clock, SQN3330).mode == states.SILENT
