from __future__ import annotations

import pytest

from doctor.sim.carrier import Carrier
from tests.sim.board.desk import Desk

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
    return Desk(carrier=Carrier(carrier, rts_jumper=fitted, cts_jumper=fitted, **more))


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
    bench = Desk(kind="gpy", carrier=Carrier("expansion3", rts_jumper=True, cts_jumper=True))
    bench.board.set_rts(False)
    code = AT.replace("('P20', 'P18', 'P19', 'P17')", "('P5', 'P98', 'P7', 'P99')")
    assert bench.ask(code + "at()") == "True\r\n"


@pytest.mark.parametrize(("fitted", "seen"), [(True, [True, False]), (False, [False, False])])
def test_cts_follows_p20_through_the_jumper(fitted: bool, seen: list[bool]) -> None:
    assert seen_by_cts(desk("expansion2", fitted)) == seen


def test_pins_come_back_to_the_uart_by_a_reset_and_not_by_a_soft_one() -> None:
    bench = desk("expansion3", False)
    bench.ask(READ)
    bench.send(b"\x04")
    bench.quiet(2000)
    assert bench.board.pins["P20"].mode == "in"
    bench.send(b"import machine; machine.reset()\x04")
    bench.quiet(4000)
    assert bench.board.pins["P20"].mode == "uart"


@pytest.mark.parametrize(
    ("jumpers", "p19", "cts"),
    [("only-rts", ["1 1", "1 1", "0 1", "0 1"], [True, False]), ("only-cts", ["0 1", "1 1"] * 2, [False, False])],
)
@pytest.mark.parametrize("carrier", ["expansion2", "expansion3"])
def test_each_label_leads_to_its_own_net(carrier: str, jumpers: str, p19: list[str], cts: list[bool]) -> None:
    def bench() -> Desk:
        return Desk(carrier=Carrier(carrier, rts_jumper=jumpers == "only-rts", cts_jumper=jumpers == "only-cts"))

    assert phase_a(bench()) == p19
    assert seen_by_cts(bench()) == cts


def seen_by_cts(bench: Desk) -> list[bool]:
    bench.ask(READ)
    got = []
    for value in (0, 1):
        bench.ask(f"q = Pin('P20', mode=Pin.OUT, value={value})")
        got.append(bench.board.cts)
    return got


def test_labels_of_the_old_board_may_be_the_other_way_round() -> None:
    old = Desk(carrier=Carrier("expansion2", rts_jumper=True, labels_swapped=True))
    assert phase_a(old) == ["0 1", "1 1"] * 2
    new = Desk(carrier=Carrier("expansion3", rts_jumper=True, labels_swapped=True))
    assert phase_a(new) == ["1 1", "1 1", "0 1", "0 1"]  # the page of the 3.x says which is which


def test_a_swapped_chip_drives_the_modems_own_line() -> None:
    bench = desk("expansion2", True, chip_swapped=True)
    assert phase_a(bench) == ["1 0", "1 1", "0 0", "0 1"]
    deaf = desk("expansion2", True, chip_swapped=True)
    assert deaf.ask(AT + "at()") == "False\r\n"
    weak = desk("expansion2", True, chip_swapped=True, usb_wins=False)
    assert weak.ask(AT + "at()") == "True\r\n"


def test_the_module_may_be_the_stronger() -> None:
    bench = desk("expansion2", True, usb_wins=False)
    bench.board.set_rts(False)
    assert bench.ask(AT + "at()") == "True\r\n"


@pytest.mark.parametrize("says", [True, False])
def test_a_chip_that_reports_no_cts_says_always_the_same(says: bool) -> None:
    assert seen_by_cts(desk("expansion3", True, pic_reports_cts=False, unreported_cts=says)) == [says] * 2


def test_an_input_may_still_carry_its_uarts_signal() -> None:
    bench = Desk(carrier=Carrier("expansion3"))
    bench.board.pins.input_detaches = False
    bench.board.pins.attach_modem()
    bench.ask("from machine import Pin\np = Pin('P20', mode=Pin.IN)")
    assert bench.board.pins.driven("P20") is True
    bench.ask("p = Pin('P20', mode=Pin.OPEN_DRAIN, value=1)\np = Pin('P20', mode=Pin.IN)")
    assert bench.board.pins.driven("P20") is None


@pytest.mark.parametrize(("what", "first"), [(b"\0", "ERROR"), (b"", "OK")])
def test_a_break_may_cost_the_next_command(what: bytes, first: str) -> None:
    bench = Desk()
    bench.board.pins.break_bytes = what
    assert bench.ask(AT + "at()") == "True\r\n"
    bench.ask("from machine import Pin\nfor v in (1, 0, 1):\n Pin('P20', mode=Pin.OUT, value=v)")
    bench.ask(AT + "u.read()")
    assert first in bench.ask("u.write('AT\\r\\n')\ntime.sleep_ms(100)\nprint(u.read())")


def test_unknown_pins_and_carriers_are_refused() -> None:
    assert "ValueError" in Desk().ask("from machine import Pin; Pin('P77')")
    with pytest.raises(ValueError, match="expansion2, expansion3"):
        Carrier("expansion9")
