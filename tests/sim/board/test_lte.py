from __future__ import annotations

import pytest

from tests.sim.board.desk import Desk

LTE = "from network import LTE\n"
PINS = "('P20', 'P18', 'P19', 'P17')"
MIRROR = LTE + "LTE.modem_upgrade_mode()"


def constructor(desk: Desk) -> tuple[str, float]:
    desk.raw()
    began = desk.world.now_ms
    answer = desk.ask(LTE + "try:\n LTE()\nexcept OSError as e: print(e)")
    return answer.strip(), desk.world.now_ms - began


@pytest.mark.parametrize(
    ("release", "mode", "text", "takes_ms"),
    [
        ("1.16.0.b1", "silent", "", 0),
        ("1.18.3", "silent", "Couldn't connect to Modem!", 6350),
        ("1.20.2.r1", "silent", "Couldn't connect to Modem (modem_state=disconnected)", 6350),
        ("1.20.2.r2", "silent", "Couldn't connect to Modem (modem_state=disconnected)", 6350),
        ("1.20.2.r4", "silent", "Couldn't start connection to Modem (modem_state=disconnected)", 9800),
    ],
)
def test_constructor_with_a_dead_modem(release: str, mode: str, text: str, takes_ms: float) -> None:
    said, took = constructor(Desk(release, modem_mode=mode))
    assert said == text
    assert took == pytest.approx(takes_ms, abs=60)


def test_constructor_with_a_healthy_modem() -> None:
    said, took = constructor(Desk())
    assert said == ""
    assert 2000 < took < 5000


def test_recovery_is_named_by_the_newest_releases_at_once_the_second_time() -> None:
    desk = Desk("1.20.2.r4", modem_mode="ffh")
    hint = "to Modem (modem_state=recovery). Perform a modem firmware update."
    assert constructor(desk)[0] == "Couldn't start connection " + hint
    said, took = constructor(desk)
    assert said == "Couldn't connect " + hint
    assert took < 100


@pytest.mark.parametrize("release", ["1.17.3.b1", "1.18.1", "1.18.2.r6", "1.20.0.rc10"])
def test_constructor_hangs_and_only_ctrl_f_helps(release: str) -> None:
    desk = Desk(release, modem_mode="silent")
    desk.raw()
    desk.send(LTE.encode() + b"LTE()\x04")
    desk.quiet(20_000)
    desk.send(b"\x03")
    assert desk.quiet(60_000) == b""
    assert desk.board.mode == "hung"
    desk.send(b"\x06")
    assert desk.quiet(4000).endswith(b">>> ")


@pytest.mark.parametrize(
    ("release", "members"),
    [
        ("1.17.3.b1", [False, False, True]),
        ("1.18.1", [True, False, True]),
        ("1.18.2", [True, True, True]),
        ("1.16.0.b1", [False, False, False]),
    ],
)
def test_members_of_the_class(release: str, members: list[bool]) -> None:
    code = "print([hasattr(LTE, n) for n in ('modem_upgrade_mode', 'reconnect_uart', 'imei')])"
    assert Desk(release).ask(LTE + code) == f"{members}\r\n"


def test_send_at_cmd_returns_the_reply() -> None:
    code = "l = LTE()\nprint(repr(l.send_at_cmd('ATI')), l.imei())"
    text = "'\\r\\nSEQUANS Communications\\r\\nVZM20Q\\r\\nUE5.0.0.0d\\r\\n\\r\\nOK\\r\\n' 354346099225475\r\n"
    assert Desk().ask(LTE + code) == text


@pytest.mark.parametrize(
    ("release", "keyword", "works"),
    [
        ("1.18.2", "delay", True),
        ("1.18.2", "timeout", False),
        ("1.20.1", "delay", False),
        ("1.20.2.r4", "timeout", True),
    ],
)
def test_keywords_of_send_at_cmd(release: str, keyword: str, works: bool) -> None:
    answer = Desk(release).ask(LTE + f"l = LTE()\nprint('OK' in l.send_at_cmd('AT', {keyword}=900))")
    assert answer == "True\r\n" if works else answer.endswith("TypeError: extra keyword arguments given\r\n")


def test_modem_over_a_uart_object_in_every_era() -> None:
    code = f"from machine import UART\nimport time\nu = UART(1, baudrate=921600, pins={PINS}, timeout_chars=10)\n"
    code += "for i in range(3):\n u.write('AT\\r\\n'); time.sleep_ms(200); r = u.read()\nprint(r)"
    for release in ("1.16.0.b1", "1.17.3.b1", "1.18.2", "1.20.2.r4"):
        assert b"OK" in Desk(release).ask(code).encode()


def test_without_the_flow_control_pins_the_modem_may_not_send() -> None:
    code = "from machine import UART\nimport time\nu = UART(1, baudrate=921600, pins=('P20', 'P18'))\n"
    code += "u.write('AT\\r\\n'); time.sleep_ms(500)\nprint(u.read())"
    assert Desk().ask(code) == "None\r\n"


def test_modem_at_115200_is_not_understood_at_921600() -> None:
    code = f"from machine import UART\nimport time\nu = UART(1, baudrate=115200, pins={PINS})\n"
    code += "u.write('AT\\r\\nAT\\r\\n'); time.sleep_ms(500)\nprint(u.read())"
    assert b"OK" in Desk(modem_mode="ffh").ask(code).encode()
    assert "OK" not in Desk(modem_mode="ffh").ask(code.replace("115200", "921600"))


def mirrored(desk: Desk, code: str = MIRROR) -> bytes:
    desk.raw()
    desk.send(code.encode() + b"\x04")
    desk.until(b"OK")
    desk.world.sleep_ms(20_000)
    desk.take()
    desk.baud = 921600
    desk.send(b"AT\r\n")
    desk.quiet(1000)
    desk.send(b"AT\r\n")
    return desk.quiet(1000)


@pytest.mark.parametrize("release", ["1.18.2", "1.20.2.r1", "1.20.2.r4"])
def test_mirror_mode_leads_to_the_modem(release: str) -> None:
    assert b"OK" in mirrored(Desk(release))


def test_control_characters_pass_through_the_mirror() -> None:
    desk = Desk()
    mirrored(desk)
    desk.send(b"\x06\x03AT\r\n")
    assert b"rst:" not in desk.quiet(3000)
    assert desk.board.mode == "mirror"


def test_era_f_mirror_without_an_lte_task_is_dead() -> None:
    assert mirrored(Desk("1.20.2.r4", lte_on_boot=False)) == b""


def test_era_f_mirror_works_once_lte_was_tried() -> None:
    code = LTE + "try: LTE()\nexcept OSError: pass\nLTE.modem_upgrade_mode()"
    assert b"OK" in mirrored(Desk("1.20.2.r4", lte_on_boot=False), code)


def test_era_f_reconnect_without_an_lte_task_is_a_panic() -> None:
    desk = Desk("1.20.2.r6", lte_on_boot=False)
    desk.raw()
    desk.send(b"import sqnsupgrade\nsqnsupgrade.info()\x04")
    assert b"Guru Meditation Error" in desk.quiet(20_000)


def test_b1_refuses_while_lte_is_initialised() -> None:
    desk = Desk("1.18.1")
    assert desk.ask(LTE + "l = LTE()\nLTE.modem_upgrade_mode()").endswith("OSError: Modem not disabled\r\n")
    assert b"OK" in mirrored(desk, "l.deinit()\nLTE.modem_upgrade_mode()")


def test_reset_ends_the_mirror_and_the_modem_stays_as_it_was() -> None:
    desk = Desk(modem_mode="recovery")
    mirrored(desk)
    desk.baud = 115200
    desk.board.press_reset()
    assert desk.quiet(4000).endswith(b">>> ")
    assert desk.modem.mode == "recovery"


def test_watchdog_runs_on_in_the_mirror() -> None:
    desk = Desk("1.20.2.r1")
    desk.ask("from machine import WDT; w = WDT(timeout=60000)")
    assert b"OK" in mirrored(desk)
    desk.baud = 115200
    assert b"rst:0x7" in desk.quiet(60_000)


def test_a_users_own_bridge_works_in_the_oldest_releases() -> None:
    code = f"""
import os, time
from machine import UART
os.dupterm(None)
a = UART(0, 921600)
b = UART(1, 921600, pins={PINS})
while True:
    if a.any():
        b.write(a.read())
    if b.any():
        a.write(b.read())
    time.sleep_ms(2)
"""
    assert b"OK" in mirrored(Desk("1.17.3.b1"), code)


def test_frozen_updater_announces_its_mirror() -> None:
    desk = Desk("1.18.2")
    desk.raw()
    desk.send(b"import sqnsupgrade\nsqnsupgrade.uart()\x04")
    assert b"Going into MIRROR mode... please close this terminal" in desk.quiet()
    assert desk.board.mode == "mirror"


def test_frozen_updater_never_sends_an_image() -> None:
    desk = Desk(
        flash={"x.dup": b"x" * 5000, "main.py": b"import sqnsupgrade\nsqnsupgrade.run('/flash/x.dup')"}, settle=False
    )
    desk.world.sleep_ms(20_000)
    assert b"DO NOT DISCONNECT" in desk.take()
    desk.board.settle(300_000)
    assert desk.modem.received == []
