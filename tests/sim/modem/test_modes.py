from __future__ import annotations

import json

import pytest

from doctor.sim.modem.modem import MODES, Modem
from doctor.sim.modem.state import dump, load
from doctor.sim.world import World
from tests.sim.modem.host import RESET, RESET_ACK, Host, container, practice, tiny_elf


def host(mode: str = "application", family: str = "SQN3330", **more: object) -> Host:
    return Host(Modem(World(), family, mode=mode, **more)).calm()  # type: ignore[arg-type]


def flash(modem: Host, image: bytes, command: str = 'AT+SMSTPU="ON_THE_FLY"') -> None:
    modem.enter_stp(command)
    modem.close(modem.send_image(image))


def report(modem: Host, wait_ms: float = 60_000) -> bytes:
    """The verdict after the silence."""
    modem.world.sleep_ms(wait_ms)
    modem.calm()
    return modem.at("AT+SMUPGRADE?")


# -- boot -------------------------------------------------------------------------------------------------------


def test_power_on_starts_the_application_and_says_so() -> None:
    modem = host()
    modem.modem.power_off()
    modem.modem.power_on()
    modem.got.clear()
    modem.world.sleep_ms(3000)
    assert modem.at("AT", 100) == b""
    modem.world.sleep_ms(2000)
    assert bytes(modem.got) == b"\r\n+SYSSTART\r\n"


def test_recovery_says_nothing_and_stays_over_power_loss() -> None:
    modem = host()
    assert modem.at("AT+SMSWBOOT=3,1", 10_000) == b"\r\nOK\r\n\x00"
    assert modem.modem.mode == "recovery"
    modem.modem.power_off()
    modem.modem.power_on()
    modem.world.sleep_ms(10_000)
    assert modem.modem.mode == "recovery"
    assert b"+SYS" not in modem.got


def test_boot_rom_says_so_at_115200() -> None:
    modem = host()
    modem.at("AT+SMSWBOOT=0,0")
    modem.baud = 115200
    assert b"+SYSFFH" not in modem.got
    modem.baud = 921600
    modem.ask(b"AT^RESET\r", 500)
    modem.baud = 115200
    modem.world.sleep_ms(2000)
    assert bytes(modem.got).endswith(b"+SYSFFH\r\n")
    assert modem.modem.mode == "ffh"


def test_reset_announces_shutdown_then_boots_what_was_stored() -> None:
    modem = host()
    modem.at("AT+SMSWBOOT=3,0")
    assert modem.modem.mode == "application"
    assert modem.at("AT^RESET", 10_000) == b"\r\nOK\r\n\r\n+SHUTDOWN\r\n\x00"
    assert modem.modem.mode == "recovery"


def test_back_from_recovery() -> None:
    modem = host("recovery")
    assert modem.at("AT+SMSWBOOT=1,1", 10_000).endswith(b"\r\n+SYSSTART\r\n")
    assert modem.modem.mode == "application"


def test_answer_lost_in_the_reboot_is_a_switch() -> None:
    modem = host("recovery")
    modem.modem.switches.smswboot_answers_before_reboot = False
    assert b"OK" not in modem.at("AT+SMSWBOOT=1,1", 10_000)
    assert modem.modem.mode == "application"


def test_hung_modem_comes_back_with_power() -> None:
    modem = host()
    modem.modem.hang()
    assert modem.at("AT", 5000) == b""
    assert not modem.modem.cts
    modem.modem.power_off()
    modem.modem.power_on()
    modem.world.sleep_ms(6000)
    assert modem.modem.mode == "application"


def test_dead_modem_does_not() -> None:
    modem = host()
    modem.modem.die()
    modem.modem.power_off()
    modem.modem.power_on()
    modem.world.sleep_ms(600_000)
    assert modem.modem.mode == "silent"


def test_cts_is_told() -> None:
    modem = host().modem
    told: list[bool] = []
    modem.on_cts = told.append
    modem.power_off()
    modem.power_on()
    assert (told[0], told[-1]) == (False, True)


def test_recovery_at_115200_is_a_switch() -> None:
    modem = host()
    modem.modem.switches.recovery_baud = 115200
    modem.at("AT+SMSWBOOT=3,1", 10_000)
    assert modem.modem.baud == 115200


def test_unknown_mode_and_family_are_refused() -> None:
    with pytest.raises(ValueError, match="stp-open"):
        Modem(World(), mode="asleep")
    with pytest.raises(ValueError, match="MONARCH2"):
        Modem(World(), "MONARCH9")


# -- store ------------------------------------------------------------------------------------------------------


def test_store_method_deploys_and_comes_back_by_itself() -> None:
    modem = host()
    flash(modem, practice(build=41065), "AT+SMSTPU")
    assert b"38638" in modem.calm().at("ATI1")
    assert modem.at("AT+SMUPGRADE", 10_000) == b"\r\nOK\r\n"
    assert modem.modem.mode == "deploying"
    assert modem.at("AT", 5000) == b""
    modem.world.sleep_ms(30_000)
    assert bytes(modem.got).endswith(b"+SYSSTART\r\n")
    assert b"+SMUPGRADE: success" in report(modem, 0)
    assert b"LR5.1.1.0-41065" in modem.at("ATI1")
    assert b"[41065]" in modem.at('AT!="showver"')


@pytest.mark.long
def test_store_has_room_for_four_megabytes() -> None:
    modem = host()
    flash(modem, practice(size=4_200_000), "AT+SMSTPU")
    modem.calm().at("AT+SMUPGRADE")
    assert b"+SMUPGRADE: failure" in report(modem)
    assert modem.modem.build == 38638
    assert modem.modem.mode == "application"


def test_differential_needs_its_base() -> None:
    modem = host()
    flash(modem, practice(base=33080), "AT+SMSTPU")
    modem.calm().at("AT+SMUPGRADE")
    assert b"+SMUPGRADE: failure" in report(modem)
    assert modem.modem.build == 38638


def test_differential_on_its_base() -> None:
    modem = host()
    flash(modem, practice(base=38638), "AT+SMSTPU")
    modem.calm().at("AT+SMUPGRADE")
    assert b"+SMUPGRADE: success" in report(modem)
    assert modem.modem.flash.software.release == "LR5.1.1.0-41065"


def test_read_only_store_hangs_at_the_first_block() -> None:
    modem = host()
    modem.modem.switches.store_hangs = True
    modem.enter_stp("AT+SMSTPU")
    modem.request(2, 2, b"\x00\x10")
    assert modem.request(3, 3, bytes(16)) == b""


def test_updaters_cannot_deploy_a_stored_file() -> None:
    modem = host("recovery")
    flash(modem, practice(), "AT+SMSTPU")
    assert b"ERROR" in modem.calm().at("AT+SMUPGRADE")


# -- on the fly -------------------------------------------------------------------------------------------------


def test_on_the_fly_stays_in_recovery_until_told() -> None:
    modem = host("recovery")
    flash(modem, practice(build=41065))
    assert modem.modem.mode == "deploying"
    assert modem.at("AT", 900) == b""
    modem.world.sleep_ms(200)
    assert b"on-going" in modem.calm().at("AT+SMUPGRADE?")
    assert b"success" in report(modem, 5000)
    assert modem.modem.mode == "recovery"
    modem.at("AT+SMSWBOOT=1,1", 10_000)
    assert b"41065" in modem.calm().at("ATI1")


def test_who_restarts_it_right_behind_the_last_block_gets_the_new_firmware() -> None:
    """As the vendor's tool of 2018 did (modem-protocol.md 5.1, 5.7): ATE0 never sent here, 20 s for an answer."""
    modem = Host(Modem(World(), mode="recovery"))
    modem.at("AT")
    flash(modem, practice(build=41065))
    modem.world.sleep_ms(1_500)
    assert modem.at("AT+SMSWBOOT=1,0", 20_000) == b"\r\nOK\r\n"
    modem.world.sleep_ms(1_500)
    assert modem.at("AT^RESET", 10_000) == b"\r\nOK\r\n\r\n+SHUTDOWN\r\n\0\r\n+SYSSTART\r\n"
    assert b"41065" in modem.calm().at("ATI1")


def test_monarch_2_says_at_once_and_without_a_nul_how_it_ended() -> None:
    modem = host("recovery", "MONARCH2")
    flash(modem, practice(build=41065))
    modem.got.clear()
    modem.world.sleep_ms(6_000)
    assert bytes(modem.got) == b""
    assert modem.at("AT+SMUPGRADE?") == b"\r\n+SMUPGRADE: success\r\nOK\r\n"


def test_radio_mode_changes_with_the_image() -> None:
    modem = host("recovery")
    flash(modem, practice(build=41019, radio="NB1"))
    modem.world.sleep_ms(60_000)
    assert (modem.modem.flash.software.radio, modem.modem.flash.software.release) == ("NB1", "LR6.0.0.0-41019")


def test_wrong_base_returns_to_the_old_application() -> None:
    modem = host("recovery")
    flash(modem, practice(base=33080))
    assert b"failure" in report(modem)
    assert modem.modem.mode == "application"
    assert modem.modem.build == 38638


def test_wrong_base_may_stay() -> None:
    modem = host("recovery")
    modem.modem.switches.wrong_base = "stay"
    flash(modem, practice(base=33080))
    assert b"failure" in report(modem)
    assert modem.modem.mode == "recovery"


def test_damaged_image_leaves_nothing_bootable() -> None:
    modem = host("recovery")
    image = bytearray(practice())
    image[40_000] ^= 1
    flash(modem, bytes(image))
    assert b"+SMUPGRADE: failure" in report(modem)
    modem.at("AT+SMSWBOOT=1,1", 10_000)
    assert modem.modem.mode == "recovery"


def test_cut_image_fails_at_once() -> None:
    modem = host("recovery")
    modem.enter_stp()
    modem.close(modem.send_image(practice(), upto=30_000))
    assert b"+SMUPGRADE: failure" in modem.calm().at("AT+SMUPGRADE?")


def test_failure_word_is_a_switch() -> None:
    modem = host("recovery")
    modem.modem.switches.failure_word = "failed"
    modem.enter_stp()
    modem.close(modem.send_image(practice(), upto=30_000))
    assert b"+SMUPGRADE: failed\r\n" in modem.calm().at("AT+SMUPGRADE?")


def test_another_modems_image_is_refused() -> None:
    modem = host("recovery")
    inner = container(b"UPGR", "fff upgrade package", b"GM02S 8.0.5.13 [59577]" + bytes(5000))
    flash(modem, container(b"PACK", "Packed dup files", inner))
    assert b"+SMUPGRADE: failure" in report(modem)


def test_sibling_takes_its_own() -> None:
    modem = host("recovery", "MONARCH2", build=63493)
    inner = container(b"UPGR", "fff upgrade package", b"GM02S 8.0.5.13 [59577]" + bytes(5000))
    flash(modem, container(b"PACK", "Packed dup files", inner))
    assert b"success" in report(modem)
    assert modem.modem.flash.software.release == "LR8.0.5.13-59577"


def test_application_takes_only_a_boot_rom_on_the_fly() -> None:
    modem = host(build=38638, loaders="33080,38638,38638*")
    flash(modem, container(b"UPGR", "bootrom upgrade package", b"toob PYCOM SQN3330 5.1.1.0 [41065]" + bytes(3000)))
    assert b"success" in report(modem)
    assert modem.modem.flash.bootloaders == [33080, 41065, 38638]
    assert b"Bootloader2* : 5.1.1.0 [38638]" in modem.at('AT!="showver"')
    flash(modem, practice(build=39529))
    assert b"failure" in report(modem)
    assert modem.modem.build == 38638


# -- power cuts -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("switch", "mode"), [("recovery", "recovery"), ("ffh", "ffh")])
def test_power_cut_while_flashing(switch: str, mode: str) -> None:
    modem = host("recovery")
    modem.modem.switches.unbootable = switch
    modem.modem.flash.selector = 1
    modem.enter_stp()
    modem.send_image(practice(), upto=30_000)
    modem.modem.power_off()
    modem.modem.power_on()
    modem.world.sleep_ms(10_000)
    assert modem.modem.mode == mode


def test_power_cut_before_anything_was_erased_is_harmless() -> None:
    modem = host("recovery")
    modem.modem.flash.selector = 1
    modem.enter_stp()
    modem.send_image(practice(size=1_000_000), upto=50_000)
    modem.modem.power_off()
    modem.modem.power_on()
    modem.world.sleep_ms(10_000)
    assert modem.modem.mode == "application"


@pytest.mark.parametrize(
    ("switch", "mode"), [("brick", "silent"), ("recovery", "recovery"), ("harmless", "application")]
)
def test_power_cut_in_the_silence_after_100_percent(switch: str, mode: str) -> None:
    modem = host()
    modem.modem.switches.cut_while_deploying = switch
    flash(modem, practice(), "AT+SMSTPU")
    modem.calm().at("AT+SMUPGRADE", 5000)
    modem.modem.power_off()
    modem.modem.power_on()
    modem.world.sleep_ms(60_000)
    assert modem.modem.mode == mode


# -- boot ROM ---------------------------------------------------------------------------------------------------


def load_elf(modem: Host, elf: bytes) -> None:
    modem.ask(b"AT\n")
    modem.ask(b"AT+IPR=921600\n")
    modem.baud = 921600
    assert modem.ask(b"AT+STP\n") == b"OK\r\n"
    assert modem.ask(RESET) == RESET_ACK
    modem.ask(bytes.fromhex("66617374 01 01 0000 00000001 fb8e 0000"))
    modem.close(modem.send_image(elf))
    modem.world.sleep_ms(10_000)


def test_elf_starts_from_ram_and_brings_the_modem_back() -> None:
    modem = Host(Modem(World(), mode="ffh"))
    load_elf(modem, tiny_elf())
    assert modem.modem.mode == "ram-updater"
    assert modem.calm().at("AT+SMOD?") == b"\r\n1\r\nOK\r\n"
    flash(modem, practice(build=41065))
    assert b"success" in report(modem)
    modem.at("AT+SMSWBOOT=1,1", 10_000)
    assert b"41065" in modem.calm().at("ATI1")


def test_what_is_no_elf_does_not_start() -> None:
    modem = Host(Modem(World(), mode="ffh"))
    load_elf(modem, practice())
    assert modem.modem.mode == "ffh"


def test_ram_updater_is_gone_without_power() -> None:
    modem = host("ram-updater")
    modem.modem.power_off()
    modem.modem.power_on()
    modem.world.sleep_ms(5000)
    assert modem.modem.mode == "ffh"


# -- kept between runs ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_survives_being_saved(mode: str) -> None:
    old = Modem(World(), build=41019, mode=mode)
    new = Modem(World())
    load(new, json.loads(json.dumps(dump(old))))
    assert (new.mode, new.build, new.baud, new.powered) == (old.mode, 41019, old.baud, True)


def test_a_restored_broken_session_answers_reset() -> None:
    new = Modem(World())
    load(new, dump(Modem(World(), mode="stp-open")))
    found = Host(new)
    assert found.ask(RESET) == RESET_ACK
    assert new.mode == "recovery"


def test_a_restored_deployment_comes_to_its_end() -> None:
    modem = host()
    flash(modem, practice(), "AT+SMSTPU")
    modem.calm().at("AT+SMUPGRADE", 5000)
    new = Modem(World())
    load(new, json.loads(json.dumps(dump(modem.modem))))
    assert new.mode == "deploying"
    new.world.sleep_ms(60_000)
    assert (new.mode, new.build) == ("application", 41065)


def test_faults_switches_and_images_survive_being_saved() -> None:
    modem = host("recovery")
    modem.modem.switches.ack_crcs = True
    modem.modem.faults.parse("stall@50")
    modem.enter_stp()
    modem.close(modem.send_image(practice(), upto=10_000))
    new = Modem(World())
    load(new, json.loads(json.dumps(dump(modem.modem))))
    assert new.switches.ack_crcs
    assert new.faults.list == modem.modem.faults.list
    assert new.received == modem.modem.received


def test_a_modem_without_power_stays_so() -> None:
    old = Modem(World())
    old.power_off()
    new = Modem(World())
    load(new, dump(old))
    assert not new.powered
    new.power_on()
    new.world.sleep_ms(5000)
    assert new.mode == "application"
