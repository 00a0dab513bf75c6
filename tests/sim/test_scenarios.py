from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
import serial

from doctor.sim.practice import practice_image
from doctor.sim.scenarios import SCENARIOS
from doctor.sim.urlhandler.protocol_sim import Serial

LISTS_CARD = """
import os
from machine import SD
os.mount(SD(), '/sd')
print(os.listdir('/sd'), os.getfree('/sd'))
"""
ASKS_MODEM = """
from machine import UART
u = UART(1, %d, pins=('P20', 'P18', 'P19', 'P17'))
import time
def ask(line, wait=300):
    u.read()
    u.write(line + '\\r\\n')
    time.sleep_ms(wait)
    print(line, u.read())
"""
CARD_FILE = "PRACTICE-CATM1-41065.dup"

Run = Callable[[str], str]


class Board:
    """The raw REPL of one scenario."""

    def __init__(self, url: str) -> None:
        self.port = Serial(url, baudrate=115200, timeout=2)
        self.port.write(b"\x03\x01")
        self.port.read(200)

    def run(self, code: str) -> str:
        self.port.timeout = 60
        self.port.write(code.encode() + b"\x04")
        out = b""
        while out.count(b"\x04") < 2:
            got = self.port.read(1)
            assert got, f"the board fell silent after {out!r}"
            out += got
        self.port.read(1)
        text, error, _ = out.split(b"\x04")
        return (text + error).decode().removeprefix("OK")

    def modem(self, *lines: str, baud: int = 921600) -> str:
        return self.run(ASKS_MODEM % baud + "".join(f"ask({line!r})\n" for line in lines))


@pytest.fixture
def scenario(request: pytest.FixtureRequest) -> Iterator[Board]:
    board = Board(f"sim://fipy?scenario={request.param}")
    yield board
    board.port.close()


def on(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("scenario", [name], indirect=True)


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_opens_at_a_prompt(name: str) -> None:
    board = Board(f"sim://fipy?scenario={name}")
    assert "FiPy" in board.run("import sys\nprint(sys.platform)")
    board.port.close()


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_says_what_comes_first(name: str) -> None:
    scenario = SCENARIOS[name]
    assert scenario.text and scenario.name == name
    assert (
        (scenario.check is None) == (name == "healthy" or name.startswith("loaders-")) == (scenario.catalogue is None)
    )
    assert scenario.status in ("pass", "warn", "fail")


@on("healthy")
def test_healthy_answers_everywhere(scenario: Board) -> None:
    assert CARD_FILE in scenario.run(LISTS_CARD)
    said = scenario.modem("AT", "AT", "ATI1", "AT+SMOD?", "AT+SMSWBOOT?")
    assert "LR5.1.1.0-38638" in said
    assert r"\r\n2\r\nOK" in said
    assert "FFF" in said


@on("html-scripts")
def test_importing_a_saved_page_is_a_syntax_error(scenario: Board) -> None:
    assert scenario.run("print(open('/flash/sqnsupgrade.py').read(200).strip()[:15])").startswith("<!DOCTYPE html>")
    assert "SyntaxError" in scenario.run("import sqnsbr")


def test_saved_page_breaks_at_line_7_as_in_the_thread() -> None:
    board = Board("sim://fipy?scenario=html-scripts&release=1.17.3.b1")
    assert re.search(r'File "/?\S*sqnsupgrade.py", line 7\r\nSyntaxError', board.run("import sqnsupgrade"))
    board.port.close()


@on("sd-lists-empty")
def test_card_mounts_and_lists_nothing_but_is_not_empty(scenario: Board) -> None:
    listing, free_kib = re.findall(r"(\[.*\]) (\d+)", scenario.run(LISTS_CARD))[0]
    assert listing == "[]"
    statvfs = scenario.run("s = os.statvfs('/sd')\nprint(s[0] * (s[2] - s[3]))")
    assert int(statvfs) == 3 * 1024 * 1024
    assert int(free_kib) < 36 * 1024


@on("dup-in-folder")
def test_firmware_lies_in_a_folder_named_sd(scenario: Board) -> None:
    assert "['sd']" in scenario.run(LISTS_CARD)
    assert CARD_FILE in scenario.run("print(os.listdir('/sd/sd'))")


@on("jumpers-fitted")
def test_fitted_jumpers_show_only_with_rts_high(scenario: Board) -> None:
    assert "OK" in scenario.modem("AT", "AT")
    scenario.port.rts = False
    assert scenario.run("ask('AT')").strip() == "AT None"
    scenario.port.rts = True
    assert "OK" in scenario.run("ask('AT')")


@on("jumpers-fitted")
def test_pulled_jumpers_cure_it(scenario: Board) -> None:
    scenario.port.rts = False
    scenario.modem("AT", "AT")
    scenario.port.hands.pull_jumpers()
    assert "OK" in scenario.run("ask('AT')")


@on("lte-hangs")
def test_modem_is_silent_until_power_goes(scenario: Board) -> None:
    said = scenario.modem("AT", "AT", "AT+SMOD?")
    assert said.count("None") == 3
    bench = scenario.port.bench
    scenario.port.hands.power_cycle()
    bench.world.sleep_ms(20_000)
    assert bench.modem.mode == "application"


@on("ati-error")
def test_ram_updater_answers_at_but_not_ati(scenario: Board) -> None:
    said = scenario.modem("AT", "AT", "ATI", "AT+SMOD?").splitlines()
    assert "OK" in said[1]
    assert "ERROR" in said[2]
    assert r"\r\n1\r\nOK" in said[3]


@on("ati-error")
def test_ram_updater_is_lost_with_power(scenario: Board) -> None:
    bench = scenario.port.bench
    scenario.port.hands.power_cycle()
    bench.world.sleep_ms(20_000)
    assert bench.modem.mode == "ffh"


@on("smswboot-error")
def test_boot_switch_is_refused_at_first(scenario: Board) -> None:
    said = scenario.modem("AT", "AT", *["AT+SMSWBOOT?"] * 4, *["AT+SMSWBOOT=3,0"] * 3).splitlines()
    assert ["ERROR" in line for line in said[2:]] == [True] * 3 + [False] + [True] * 2 + [False]


@on("stale-replies")
def test_old_replies_come_in_front(scenario: Board) -> None:
    said = scenario.modem(*["AT"] * 5).splitlines()
    assert "+CPSMS" in said[0]
    assert "+CPSMS" not in said[-1]


@on("autorun-updater")
def test_main_py_starts_the_updater_at_every_boot(scenario: Board) -> None:
    scenario.port.write(b"import machine\nmachine.reset()\x04")
    scenario.port.timeout = 10
    assert b"sqnsupgrade.py" in scenario.port.read(4000)


@on("modem-recovery")
def test_recovery_tells_smod_4(scenario: Board) -> None:
    said = scenario.modem("AT", "AT", "ATI", "AT+SMOD?").splitlines()
    assert "ERROR" in said[2]
    assert r"\r\n4\r\nOK" in said[3]


@on("modem-ffh")
def test_boot_rom_answers_at_115200_only(scenario: Board) -> None:
    assert "OK" not in scenario.modem("AT", "AT")
    assert r"b'0\r\nOK\r\n'" in scenario.modem("AT", "AT", "AT+SMOD?", baud=115200)


@on("modem-silent")
def test_dead_modem_stays_dead(scenario: Board) -> None:
    assert scenario.modem("AT").strip() == "AT None"
    scenario.port.hands.power_cycle()
    scenario.port.bench.world.sleep_ms(60_000)
    assert scenario.port.bench.modem.mode == "silent"


@on("stp-fails-midway")
def test_half_a_block_is_awaited(scenario: Board) -> None:
    modem = scenario.port.bench.modem
    assert modem.mode == "stp-open"
    said = scenario.run(
        ASKS_MODEM % 921600
        + "import ubinascii\nu.read()\n"
        + "time.sleep_ms(12000)\n"
        + "u.write(ubinascii.unhexlify('666173740000000000000000' + '8ae30000'))\n"
        + "time.sleep_ms(500)\nprint(u.read())\n"
    )
    assert "tsaf" in said
    scenario.port.bench.world.sleep_ms(2000)
    assert modem.mode == "recovery"


def test_scenarios_can_be_joined() -> None:
    board = Board("sim://fipy?scenario=html-scripts,sd-lists-empty,dup-in-folder,jumpers-fitted")
    bench = board.port.bench
    assert bench.carrier.jumpers_fitted
    assert "[]" in board.run(LISTS_CARD)
    assert "SyntaxError" in board.run("import sqnsbr")
    board.port.close()


def test_formatting_in_the_board_and_copying_anew_cures_the_card(tmp_path_factory: pytest.TempPathFactory) -> None:
    board = Board("sim://fipy?scenario=sd-lists-empty")
    board.run(LISTS_CARD + "os.fsformat('/sd')")
    source = tmp_path_factory.mktemp("pc") / CARD_FILE
    source.write_bytes(practice_image())
    board.port.hands.copy_to_card(source)
    assert CARD_FILE in board.run("os.umount('/sd')\n" + LISTS_CARD)
    board.port.close()


def test_gpy_runs_the_same_scenarios() -> None:
    with Serial("sim://gpy?scenario=modem-recovery", baudrate=115200, timeout=2) as port:
        assert isinstance(port, serial.SerialBase)
        port.write(b"\x03\x02")
        assert b"GPy with ESP32" in port.read(200)
        assert port.bench.modem.mode == "recovery"
