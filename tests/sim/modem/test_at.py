from __future__ import annotations

import hashlib

import pytest

from doctor.sim.modem.modem import Modem
from doctor.sim.world import World
from tests.sim.modem.host import Host


def host(family: str = "SQN3330", mode: str = "application", build: int | None = None) -> Host:
    return Host(Modem(World(), family, mode=mode, build=build)).calm()


def test_first_at_after_a_pause_is_an_error() -> None:
    bare = Host(Modem(World()))
    assert bare.at("AT") == b"AT\r\n\r\nERROR\r\n"
    assert bare.at("AT") == b"AT\r\n\r\nOK\r\n"
    bare.world.sleep_ms(20_000)
    assert b"ERROR" in bare.at("AT")
    assert b"OK" in bare.at("AT")


def test_that_habit_is_a_switch() -> None:
    bare = Host(Modem(World()))
    bare.modem.switches.first_at_error = False
    assert b"OK" in bare.at("AT")


def test_the_sqn3330s_application_echoes_until_ate0() -> None:
    bare = Host(Modem(World()))
    assert bare.at("AT+SMOD?") == b"AT+SMOD?\r\n\r\n2\r\nOK\r\n"
    bare.at("ATE0")
    assert bare.at("AT+SMOD?") == b"\r\n2\r\nOK\r\n"


@pytest.mark.parametrize(
    ("family", "mode", "smod"),
    [("SQN3330", "recovery", b"4"), ("SQN3330", "ram-updater", b"1"), ("MONARCH2", "application", b"2"),
     ("MONARCH2", "recovery", b"4")],
)  # fmt: skip
def test_nothing_else_echoes_unless_told_to(family: str, mode: str, smod: bytes) -> None:
    bare = Host(Modem(World(), family, mode=mode))
    answer = b"\r\n" + smod + b"\r\nOK\r\n"
    assert bare.at("AT+SMOD?") == answer
    bare.modem.switches.echo = "everywhere"
    assert bare.at("AT+SMOD?") == b"AT+SMOD?\r\n" + answer


SHAPES = [
    ("AT", b"\r\nOK\r\n"),
    ("AT+SMOD?", b"\r\n2\r\nOK\r\n"),
    ("AT+SMLOG?", b"\r\n+SMLOG: LOG_INHERIT\r\nOK\r\n"),
    ("ATI", b"\r\nSEQUANS Communications\r\nVZM20Q\r\nUE5.0.0.0d\r\n\r\nOK\r\n"),
    ("ATI1", b"\r\nUE5.0.0.0d\r\nLR5.1.1.0-38638\r\n\r\nOK\r\n"),
    ("AT+CGSN", b"\r\n354346099225475\r\n\r\nOK\r\n"),
    ("AT+CFUN?", b"\r\n+CFUN: 1\r\n\r\nOK\r\n"),
    ("AT+CFUN=4", b"\r\nOK\r\n"),
    ("AT+CFUN=5", b"\r\nERROR\r\n"),
    ("AT+BIND=AT", b"\r\nOK\r\n"),
    ("AT+BMOD?", b"\r\nFFF\r\nOK\r\n"),
    ("AT+SMSWBOOT?", b"\r\n+SMSWBOOT: FFF\r\nOK\r\n"),
    ("AT+SMUPGRADE?", b"\r\n+SMUPGRADE: No report: 0\r\nOK\r\n"),
    ("AT+SMUPGRADE", b"\r\nERROR\r\n"),
    ('AT+SQNSUPGRADENTF="started"', b"\r\nOK\r\n"),
    ('AT+FSRDFILE="/fs/crashdump"', b"\r\n\r\nERROR\r\n"),
    ("AT+STP", b"\r\nERROR\r\n"),
    ("AT+SMSWBOOT=7,1", b"\r\nERROR\r\n"),
    ("AT+IPR=921600", b"\r\nERROR\r\n"),
]


@pytest.mark.parametrize(("line", "answer"), SHAPES)
def test_shapes_of_the_application(line: str, answer: bytes) -> None:
    assert host().at(line) == answer


def test_showver_as_printed_in_the_reference() -> None:
    text = host(build=41065).at('AT!="showver"').decode()
    lines = text.split("\r\n")
    assert lines[:4] == ["", "SYSTEM VERSION", "==============", "  FIRMWARE VERSION"]
    assert "    Bootloader2* : 5.1.1.0 [41065]" in lines
    assert any(line.startswith("    Software     : 5.1.1.0 [41065] by robot-soft at ") for line in lines)
    assert lines[-3:] == ["", "OK", ""]


def test_factory_board_has_one_boot_rom_and_refuses_sqnwl() -> None:
    factory = host(build=33080)
    text = factory.at('AT!="showver"').decode()
    assert "    Bootloader0* : 5.1.1.0 [33080]\r\n    Bootloader1  : NA\r\n" in text
    assert b"ERROR" in factory.at('AT+SQNWL="sqndcc",2')


def test_late_builds_have_more_lines() -> None:
    text = host(build=50523).at('AT!="showver"').decode()
    assert "    Ecopaging    : 5.4.1.0 [50523]" in text
    assert "    pxl          : 5.4.1.0-50523" in text


def test_narrow_band_builds_say_so() -> None:
    assert host(build=41019).at("ATI1") == b"\r\nUE6.0.0.0\r\nLR6.0.0.0-41019\r\n\r\nOK\r\n"


def test_the_sibling_modem() -> None:
    sibling = host("MONARCH2")
    assert sibling.baud == 115200
    assert sibling.at("ATI1") == b"\r\nUE8.0.5.13\r\nLR8.0.5.13-59577\r\n\r\nOK\r\n"
    assert sibling.at("AT+CFUN=5") == b"\r\nOK\r\n"


@pytest.mark.parametrize("line", ["ATI", "ATI1", 'AT!="showver"', "AT+CGSN", "AT+CFUN=1", "AT+SMUPGRADE", "AT+STP"])
@pytest.mark.parametrize("mode", ["recovery", "ram-updater"])
def test_updaters_know_no_ordinary_commands(mode: str, line: str) -> None:
    assert host(mode=mode).at(line) == b"\r\nERROR\r\n"


@pytest.mark.parametrize(("mode", "smod", "named"), [("recovery", b"4", b"RECOVERY"), ("ram-updater", b"1", b"FFH")])
def test_updaters_tell_their_mode(mode: str, smod: bytes, named: bytes) -> None:
    updater = host(mode=mode)
    assert updater.at("AT+SMOD?") == b"\r\n" + smod + b"\r\nOK\r\n"
    assert named in updater.at("AT+SMSWBOOT?")
    assert updater.at("AT+CFUN=4") == b"\r\nOK\r\n"


def test_smod_of_the_ram_updater_is_a_switch() -> None:
    updater = host(mode="ram-updater")
    updater.modem.switches.smod_of_ram_updater = 4
    assert updater.at("AT+SMOD?") == b"\r\n4\r\nOK\r\n"


def test_boot_rom_speaks_the_mini_dialect() -> None:
    rom = Host(Modem(World(), mode="ffh"))
    assert rom.baud == 115200
    assert rom.ask(b"AT\n") == b"ERROR\r\n"
    assert rom.ask(b"AT\n") == b"OK\r\n"
    assert rom.ask(b"AT+SMOD?\r\n") == b"0\r\nOK\r\n"
    assert rom.ask(b"ATI\r\n") == b"ERROR\r\n"
    assert rom.ask(b"AT+SMSWBOOT=1,1\r\n") == b"ERROR\r\n"
    assert rom.ask(b"AT\r") == b""


def test_boot_rom_line_end_is_a_switch() -> None:
    rom = Host(Modem(World(), mode="ffh"))
    rom.modem.switches.ffh_accepts_cr = True
    assert rom.ask(b"AT+SMOD?\r") == b"0\r\nOK\r\n"


def test_ipr_answers_at_the_old_speed_then_changes() -> None:
    rom = Host(Modem(World(), mode="ffh"))
    assert rom.ask(b"AT+IPR=921600\n") == b"OK\r\n"
    assert b"OK" not in rom.ask(b"AT+SMOD?\n")
    rom.baud = 921600
    rom.ask(b"AT\n")
    assert rom.ask(b"AT+SMOD?\n") == b"0\r\nOK\r\n"


def test_wrong_speed_spoils_the_next_line_too() -> None:
    app = host()
    app.baud = 115200
    assert b"OK" not in app.at("AT")
    app.baud = 921600
    app.at("AT")
    assert app.at("AT") == b"\r\nOK\r\n"


def test_unneeded_escape_makes_the_next_at_an_error() -> None:
    app = host()
    assert app.ask(b"+++", 1200) == b""
    assert app.at("AT") == b"\r\nERROR\r\n"
    assert app.at("AT") == b"\r\nOK\r\n"


def test_data_mode_is_left_only_with_guard_times() -> None:
    modem = Host(Modem(World(), mode="data"))
    modem.world.sleep_ms(2000)
    assert modem.at("AT") == b""
    assert modem.ask(b"+++", 1500) == b""
    assert modem.modem.mode == "data"
    modem.world.sleep_ms(1200)
    assert modem.ask(b"+++", 1150) == b"\r\nOK\r\n"
    assert modem.modem.mode == "application"


def test_escape_followed_too_soon_is_data() -> None:
    modem = Host(Modem(World(), mode="data"))
    modem.world.sleep_ms(2000)
    modem.ask(b"+++", 500)
    modem.ask(b"x", 1500)
    assert modem.modem.mode == "data"


def test_deasserted_rts_holds_every_byte() -> None:
    app = host()
    app.modem.set_flow(False)
    assert app.at("AT+SMOD?", 5000) == b""
    app.modem.set_flow(True)
    app.world.sleep_ms(10)
    assert bytes(app.got) == b"\r\n2\r\nOK\r\n"


def test_commands_without_waiting_are_answered_in_order() -> None:
    assert host().ask(b"AT+SMOD?\rAT\r") == b"\r\n2\r\nOK\r\n\r\nOK\r\n"


def test_error_fault_strikes_so_often() -> None:
    app = host()
    app.modem.faults.at("AT+SMSWBOOT=3", "error", times=2)
    answers = [app.at("AT+SMSWBOOT=3,0") for _ in range(3)]
    assert answers == [b"\r\nERROR\r\n", b"\r\nERROR\r\n", b"\r\nOK\r\n"]


def test_refused_command_is_not_carried_out() -> None:
    app = host()
    app.modem.faults.at("AT+SMSWBOOT=3", "error")
    app.at("AT+SMSWBOOT=3,0")
    assert b"FFF" in app.at("AT+SMSWBOOT?")


def test_stale_replies_come_in_front() -> None:
    app = host()
    app.modem.faults.at("AT+SMSWBOOT=3", "stale")
    answer = app.at("AT+SMSWBOOT=3,0")
    assert answer.startswith(b"\r\n+CPSMS: 1")
    assert answer.endswith(b"\r\nERROR\r\n\r\nOK\r\n")


def test_mute_fault_loses_the_answer_only() -> None:
    app = host()
    app.modem.faults.at("AT+SMSWBOOT=3", "mute")
    assert app.at("AT+SMSWBOOT=3,0") == b""
    assert b"RECOVERY" in app.at("AT+SMSWBOOT?")


def test_urc_at_any_time() -> None:
    app = host()
    app.got.clear()
    app.modem.send_urc("+CEREG: 2")
    app.world.sleep_ms(5)
    assert bytes(app.got) == b"\r\n+CEREG: 2\r\n"


def test_simulated_modem_proves_itself() -> None:
    proof = hashlib.sha256(b"fipy-doctor simulated bench:" + b"abc").hexdigest()[:32]
    assert proof.encode() in host().at('AT+FDSIM="abc"')
    assert proof.encode() in Host(Modem(World(), mode="ffh")).at('AT+FDSIM="abc"')


def test_deploying_answers_busy() -> None:
    busy = Host(Modem(World(), mode="deploying")).calm()
    assert busy.at("AT+SMOD?") == b"\r\n3\r\nOK\r\n"
    assert busy.at("AT+SMUPGRADE?") == b"\r\n+SMUPGRADE: on-going\r\nOK\r\n"
    assert busy.at("ATI") == b"\r\nERROR\r\n"
