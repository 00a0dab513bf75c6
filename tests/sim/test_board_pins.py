from __future__ import annotations

import pytest

from doctor.sim.carrier import Carrier
from tests.sim.board_desk import Desk

READ = """
from machine import Pin
for n in ('P19', 'P20'):
 p = Pin(n, mode=Pin.OPEN_DRAIN, value=1)
p19 = Pin('P19', mode=Pin.IN, pull=Pin.PULL_UP)
p20 = Pin('P20', mode=Pin.IN, pull=Pin.PULL_UP)
"""
AT = """
from machine import UART
import time
u = UART(1, baudrate=921600, pins=('P20', 'P18', 'P19', 'P17'))
def at():
 u.read()
 for i in range(3):
  u.write('AT\\r\\n')
  time.sleep_ms(100)
 print('OK' in str(u.read()))
"""


def desk(carrier: str, fitted: bool, **more: bool) -> Desk:
    return Desk(carrier=Carrier(carrier, jumpers_fitted=fitted, **more))


def phase_a(bench: Desk) -> list[str]:
    """P19 with pull up and down, for RTS asserted and not."""
    bench.ask(READ)
    out = []
    for pull in ("UP", "DOWN"):
        for asserted in (True, False):
            bench.board.set_rts(asserted)
            out.append(bench.ask(f"print(Pin('P19', mode=Pin.IN, pull=Pin.PULL_{pull})(), p20(), end='')"))
    return out


@pytest.mark.parametrize("carrier", ["expansion2", "expansion3"])
def test_fitted_jumper_makes_p19_follow_rts(carrier: str) -> None:
    assert phase_a(desk(carrier, True)) == ["0 1", "1 1", "0 1", "1 1"]


@pytest.mark.parametrize("carrier", ["expansion2", "expansion3"])
def test_without_jumper_p19_follows_its_pull(carrier: str) -> None:
    assert phase_a(desk(carrier, False)) == ["1 1", "1 1", "0 1", "0 1"]


def test_carriers_without_jumpers_and_idle_pics_follow_the_pull() -> None:
    assert phase_a(desk("pysense", True)) == ["1 1", "1 1", "0 1", "0 1"]
    assert phase_a(desk("expansion3", True, pic_drives_rts=False)) == ["1 1", "1 1", "0 1", "0 1"]


def test_a_held_net_ignores_the_pull() -> None:
    assert phase_a(desk("expansion2", False, g6_held=True)) == ["1 1"] * 4


def test_fitted_jumper_silences_the_modem_unless_rts_is_asserted() -> None:
    bench = desk("expansion3", True)
    bench.board.set_rts(True)
    assert bench.ask(AT + "at()") == "True\r\n"
    bench.board.set_rts(False)
    assert bench.ask("at()") == "False\r\n"
    bench.board.carrier.jumpers_fitted = False
    bench.board.set_rts(False)
    assert bench.ask("time.sleep(1)\nat()") == "True\r\n"


def test_gpy_does_not_care_about_the_jumpers() -> None:
    bench = Desk(kind="gpy", carrier=Carrier("expansion3", jumpers_fitted=True))
    bench.board.set_rts(False)
    code = AT.replace("('P20', 'P18', 'P19', 'P17')", "('P5', 'P98', 'P7', 'P99')")
    assert bench.ask(code + "at()") == "True\r\n"


@pytest.mark.parametrize(("fitted", "seen"), [(True, [True, False]), (False, [False, False])])
def test_cts_follows_p20_through_the_jumper(fitted: bool, seen: list[bool]) -> None:
    bench = desk("expansion2", fitted)
    bench.ask(READ)
    got = []
    for value in (0, 1):
        bench.ask(f"q = Pin('P20', mode=Pin.OUT, value={value})")
        got.append(bench.board.cts)
    assert got == seen


def test_pins_come_back_to_the_uart_by_a_reset_and_not_by_a_soft_one() -> None:
    bench = desk("expansion3", False)
    bench.ask(READ)
    bench.send(b"\x04")
    bench.quiet(2000)
    assert bench.board.pins["P20"].mode == "in"
    bench.send(b"import machine; machine.reset()\x04")
    bench.quiet(4000)
    assert bench.board.pins["P20"].mode == "uart"


def test_unknown_pins_and_carriers_are_refused() -> None:
    assert "ValueError" in Desk().ask("from machine import Pin; Pin('P77')")
    with pytest.raises(ValueError, match="expansion2, expansion3"):
        Carrier("expansion9")
