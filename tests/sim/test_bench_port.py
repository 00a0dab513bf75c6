from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial

from doctor.sim.bench import SimBench
from doctor.sim.urlhandler.protocol_sim import Serial

BAUD = 921600


@pytest.fixture(autouse=True)
def handler() -> None:
    if "doctor.sim.urlhandler" not in serial.protocol_handler_packages:
        serial.protocol_handler_packages.append("doctor.sim.urlhandler")


@pytest.fixture
def modem() -> Iterator[Serial]:
    port = Serial("sim://sqn3330", baudrate=BAUD, timeout=0.5)
    yield port
    port.close()


def ask(port: Serial, line: bytes) -> bytes:
    port.write(b"AT\r")
    port.read(40)
    port.write(line)
    return port.read(400)


def test_any_pyserial_user_reaches_it() -> None:
    with serial.serial_for_url("sim://sqn3330", baudrate=BAUD, timeout=0.5, exclusive=True) as port:
        assert isinstance(port, Serial)
        assert b"LR5.1.1.0-38638" in ask(port, b"ATI1\r")


def test_waiting_costs_virtual_time_only(modem: Serial) -> None:
    modem.timeout = 3600
    before = modem.clock.ticks_ms()
    assert modem.read(1) == b""
    assert modem.clock.ticks_ms() - before == 3_600_000


def test_reading_returns_when_the_bytes_are_there(modem: Serial) -> None:
    modem.timeout = 60
    modem.write(b"AT\r")
    assert len(modem.read(3)) == 3
    assert modem.clock.ticks_ms() < 1000


def test_polling_in_waiting_lets_time_pass(modem: Serial) -> None:
    modem.write(b"AT\r")
    polls = 0
    while not modem.in_waiting:
        polls += 1
        assert polls < 20


def test_baud_paces_what_is_written(modem: Serial) -> None:
    modem.baudrate = 9600
    modem.write(b"x" * 960)
    modem.flush()
    assert modem.clock.ticks_ms() == pytest.approx(1000, abs=5)


def test_write_timeout_is_kept(modem: Serial) -> None:
    modem.baudrate, modem.write_timeout = 9600, 1
    with pytest.raises(serial.SerialTimeoutException):
        modem.write(b"x" * 20_000)


def test_wrong_speed_is_not_understood(modem: Serial) -> None:
    modem.baudrate = 115200
    assert b"OK" not in ask(modem, b"AT\r")
    modem.baudrate = BAUD
    assert b"OK" in ask(modem, b"AT\r")


def test_rts_high_keeps_the_modem_quiet(modem: Serial) -> None:
    modem.rts = False
    assert ask(modem, b"AT\r") == b""
    modem.rts = True
    assert b"OK" in modem.read(400)


def test_cts_is_the_modems(modem: Serial) -> None:
    assert modem.cts
    modem.bench.modem.hang()
    assert not modem.cts


def test_unplugging_kills_the_open_port_for_good(modem: Serial) -> None:
    modem.hands.power_cycle(12)
    for use in (lambda: modem.read(1), lambda: modem.write(b"x"), lambda: modem.in_waiting, lambda: modem.cts):
        with pytest.raises(serial.SerialException):
            use()


def test_unplugged_bench_comes_back_under_its_url() -> None:
    first = Serial("sim://sqn3330?build=33080", baudrate=BAUD, timeout=0.5)
    first.hands.unplug()
    first.close()
    second = Serial(baudrate=BAUD, timeout=0.5)
    second.port = "sim://sqn3330?build=33080"
    with pytest.raises(serial.SerialException, match="no power"):
        second.open()
    first.hands.plug_in()
    second.open()
    assert second.bench is first.bench
    second.close()


def test_without_state_each_opening_is_a_new_bench() -> None:
    with Serial("sim://sqn3330", baudrate=BAUD) as one, Serial("sim://sqn3330", baudrate=BAUD) as two:
        assert one.bench is not two.bench


def test_kept_bench_is_exclusive(tmp_path: Path) -> None:
    url = f"sim://sqn3330?state={tmp_path}"
    with Serial(url), pytest.raises(serial.SerialException, match="in use"):
        Serial(url)
    Serial(url).close()


def test_kept_bench_goes_on_where_it_was(tmp_path: Path) -> None:
    url = f"sim://sqn3330?state={tmp_path}"
    with Serial(f"{url}&build=33080", baudrate=BAUD, timeout=0.5) as port:
        assert b"OK" in ask(port, b"AT+SMSWBOOT=3,1\r")
        port.timeout = 10
        port.read(2000)
        assert port.bench.modem.mode == "recovery"
    with Serial(url, baudrate=BAUD, timeout=0.5) as port:
        assert b"\r\n4\r\n" in ask(port, b"AT+SMOD?\r")
        assert port.bench.modem.build == 33080


def test_change_of_mode_is_saved_without_closing(tmp_path: Path) -> None:
    with Serial(f"sim://sqn3330?state={tmp_path}", baudrate=BAUD, timeout=0.5) as port:
        ask(port, b"AT+SMSWBOOT=3,1\r")
        port.timeout = 10
        port.read(2000)
        saved = json.loads((tmp_path / "bench.json").read_text())
        assert saved["modem"]["system"] == "recovery"


def test_kept_bench_refuses_another_beginning(tmp_path: Path) -> None:
    Serial(f"sim://sqn3330?build=33080&state={tmp_path}").close()
    with pytest.raises(ValueError, match="build=33080, not 38638"):
        Serial(f"sim://sqn3330?build=38638&state={tmp_path}")


def test_damaged_state_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "bench.json").write_text("{")
    with pytest.raises(ValueError, match="start from the beginning"):
        Serial(f"sim://sqn3330?state={tmp_path}")


def test_short_gap_does_not_restart_the_modem() -> None:
    bench = SimBench.from_url("sim://sqn3330")
    bench.modem.hang()
    bench.hands.power_cycle(1)
    assert bench.modem.mode == "silent"
    bench.hands.power_cycle(12)
    bench.world.sleep_ms(10_000)
    assert bench.modem.mode == "application"
    bench.release()


def test_battery_keeps_the_modem_powered() -> None:
    bench = SimBench.from_url("sim://sqn3330?battery=fitted")
    bench.modem.hang()
    bench.hands.power_cycle(30, battery_too=False)
    bench.world.sleep_ms(10_000)
    assert bench.modem.mode == "silent"
    bench.hands.power_cycle(30)
    bench.world.sleep_ms(10_000)
    assert bench.modem.mode == "application"
    bench.release()


@pytest.mark.parametrize("latency_ms", [1, 16])
def test_the_latency_timer_of_the_usb_chip_holds_back_less_than_a_whole_packet(latency_ms: int) -> None:
    with Serial(f"sim://sqn3330?latency={latency_ms}", baudrate=BAUD, timeout=0.5) as port:
        came_ms = []
        for _ in range(20):
            port.write(b"AT\r")
            asked = port.clock.now_ms
            assert port.read(1) == b"A"
            came_ms.append(port.clock.now_ms - asked)
            port.clock.sleep_ms(7.3)
            port.reset_input_buffer()
        assert latency_ms * 0.6 < max(came_ms) <= latency_ms + 1
        assert min(came_ms) < max(came_ms) * 0.7, "the timer runs all the time"
        port.bench.port.arrive(b"A" * 200, BAUD)
        assert port.bench.port.waiting == 3 * 62, "whole packets go at once"
        assert port.read(200) == b"A" * 200, "and the rest follows"
