from __future__ import annotations

import json

import pytest

from doctor.sim.board import state as board_state
from doctor.sim.board.eras import sim_era
from doctor.sim.card.image import CardDevice, build_card
from doctor.sim.modem import state as modem_state
from tests.sim.board.desk import Desk


def again(desk: Desk, card: CardDevice | None = None) -> Desk:
    kept = json.loads(json.dumps(board_state.dump(desk.board)))
    modem = json.loads(json.dumps(modem_state.dump(desk.modem)))
    new = Desk(desk.board.era.release, settle=False, card=card)
    modem_state.load(new.modem, modem)
    board_state.load(new.board, kept)
    return new


def test_raw_prompt_comes_back_silently() -> None:
    desk = Desk()
    desk.raw()
    new = again(desk)
    assert new.quiet(5000) == b""
    new.send(b"print(5)\x04")
    assert new.quiet() == b"OK5\r\n\x04\x04>"


def test_flash_and_settings_come_back() -> None:
    desk = Desk()
    desk.ask(
        "f = open('/flash/a.bin', 'wb'); f.write(bytes(range(256))); f.close()\nimport pycom; pycom.nvs_set('k', 1)"
    )
    new = again(desk)
    assert new.ask("import pycom; print(open('/flash/a.bin', 'rb').read()[250:], pycom.nvs_get('k'))") == (
        "b'\\xfa\\xfb\\xfc\\xfd\\xfe\\xff' 1\r\n"
    )


def test_mirror_stays_a_mirror_until_reset() -> None:
    desk = Desk()
    desk.raw()
    desk.send(b"from network import LTE\nLTE.modem_upgrade_mode()\x04")
    desk.quiet()
    new = again(desk)
    new.baud = 921600
    for _ in range(3):
        new.send(b"AT\r\n")
        answer = new.quiet()
    assert b"OK" in answer
    new.baud = 115200
    new.board.press_reset()
    assert new.quiet(4000).endswith(b">>> ")


def test_running_program_starts_again() -> None:
    desk = Desk(flash={"main.py": b"print('hello')\nwhile 1: pass"}, settle=False)
    desk.world.sleep_ms(4000)
    assert b"hello" in again(desk).quiet(4000)


def test_mounted_card_stays_mounted() -> None:
    card = CardDevice(build_card({"a.dup": b"1"}))
    desk = Desk(card=card)
    desk.ask("import os\nfrom machine import SD\nos.mount(SD(), '/sd')")
    assert again(desk, card).ask("import os; print(os.listdir('/sd'))") == "['a.dup']\r\n"


def test_without_power_it_stays_off() -> None:
    desk = Desk()
    desk.board.power_off()
    new = again(desk)
    assert new.quiet(5000) == b""
    new.board.power_on()
    assert new.quiet(5000).endswith(b">>> ")


def test_power_off_in_the_middle_of_a_program_loses_ram_only() -> None:
    desk = Desk()
    desk.raw()
    desk.send(b"x = 1\nwhile 1:\n try:\n  while 1: pass\n except: pass\n\x04")
    desk.quiet()
    desk.board.power_off()
    desk.board.power_on()
    desk.quiet(4000)
    assert "NameError" in desk.ask("x")


@pytest.mark.parametrize(
    ("release", "era"),
    [
        ("1.11.0.b1", "Z"), ("1.16.0.b1", "Z"), ("1.17.0.b1", "A"), ("1.18.0", "A"), ("1.18.1", "B1"),
        ("1.18.1.r2", "B1"), ("1.18.1.r5", "B2"), ("1.18.2.r6", "B2"), ("1.18.2.r7", "C"), ("1.18.3", "C"),
        ("1.20.0.rc0", "B2"), ("1.20.0.rc10", "B2"), ("1.20.0.rc11", "C"), ("1.20.0.rc12.1", "C"), ("1.20.1.r2", "C"),
        ("1.20.2.rc6", "C"), ("1.20.2.rc7", "D"), ("1.20.2.r1", "D"), ("1.20.2.r2", "E"), ("1.20.2.r3", "F"),
        ("1.20.2.r6", "F"), ("1.20.3.b3", "F"),
    ],
)  # fmt: skip
def test_era_of_each_release(release: str, era: str) -> None:
    assert sim_era(release).name == era


def test_unknown_names_are_refused() -> None:
    with pytest.raises(ValueError, match=r"1\.20\.2\.r4"):
        Desk("latest")
    with pytest.raises(ValueError, match="fipy, gpy"):
        Desk(kind="lopy")
