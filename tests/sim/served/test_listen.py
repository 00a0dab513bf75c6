from __future__ import annotations

import contextlib
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import serial

from doctor.errors import LinkError
from doctor.link.link import open_link
from doctor.link.port_url import PortUrl
from doctor.sim.served.listen import Listener, with_speed

pytestmark = pytest.mark.filterwarnings("ignore:set(Daemon|Name):DeprecationWarning")  # pySerial's own RFC 2217 client

MODEM = "sim://sqn3330"
LIMIT_S = 5.0


def ask(port: serial.SerialBase, line: bytes, wanted: bytes) -> bytes:
    port.timeout = 0.05
    port.write(line)
    heard = b""
    end = time.monotonic() + LIMIT_S
    while wanted not in heard and time.monotonic() < end:
        heard += port.read(200)
    return heard


def answers(port: serial.SerialBase) -> bool:
    """The first AT after a pause is often answered ERROR: the second counts."""
    port.timeout = 0.05
    return until(lambda: port.write(b"AT\r") and b"\r\nOK\r\n" in port.read(40))


def until(condition: Callable[[], object]) -> bool:
    end = time.monotonic() + LIMIT_S
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.005)
    return False


def write_and_close(terminal: str, data: bytes) -> None:
    """As a program that is gone before anybody looks."""
    with serial.Serial(terminal, baudrate=921600) as port:
        port.write(data)


@pytest.fixture
def modem() -> Iterator[Listener]:
    with Listener(MODEM) as listener:
        yield listener
    assert listener.error is None


def test_usual_speed_is_added_where_none_is_named() -> None:
    assert with_speed("sim://fipy") == "sim://fipy?speed=20"
    assert with_speed("sim://fipy?scenario=healthy") == "sim://fipy?scenario=healthy&speed=20"
    assert with_speed("sim://fipy?speed=1") == "sim://fipy?speed=1"


def test_rfc2217_round_trip(modem: Listener) -> None:
    with serial.serial_for_url(modem.names[-1], baudrate=921600) as port:
        assert answers(port)
        assert b"LR5.1.1.0-38638" in ask(port, b"ATI1\r", b"OK")


#: Telnet options that are too short, have an impossible value, never began, stand within each other, or have no end.
ODD_OPTIONS = [
    bytes.fromhex(hexed)
    for hexed in (
        "fffa2c0100fff0",
        "fffa2c0307fff0",
        "fffa2c0afff0",
        "fff0",
        "fffafffafff0fff0",
        "fffafff0",
        "fffa" + "41" * 3000,
    )
]


def test_a_server_outlives_odd_options(modem: Listener) -> None:
    with socket.create_connection(("127.0.0.1", int(modem.names[-1].rpartition(":")[2]))) as client:
        client.settimeout(LIMIT_S)
        for option in ODD_OPTIONS:
            client.sendall(option)
        client.sendall(bytes.fromhex("fffa2c01000e1000fff0 fffa2c050bfff0"))  # 921600 baud, RTS on
        heard = b""
        while b"\r\nOK\r\n" not in heard:
            client.sendall(b"AT\r")
            heard += client.recv(4096)


@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_client_outlives_odd_options(modem: Listener, capsys: pytest.CaptureFixture[str]) -> None:
    with open_link(PortUrl.read(modem.names[-1])) as link:
        for option in ODD_OPTIONS[:-1]:
            modem.by_hand(lambda _hands, option=option: modem._network.write(option))  # type: ignore[misc, union-attr]
        link.set_baud(921600)
        end = time.monotonic() + LIMIT_S
        heard = b""
        while b"\r\nOK\r\n" not in heard and time.monotonic() < end:
            link.write(b"AT\r")
            heard += link.read(100, 50)
        assert b"\r\nOK\r\n" in heard
    assert "Traceback" not in capsys.readouterr().err


def test_rfc2217_carries_rts_and_cts(modem: Listener) -> None:
    with serial.serial_for_url(modem.names[-1], baudrate=921600) as port:
        assert until(lambda: modem.serial.bench.port.rts)
        assert until(lambda: port.cts)
        port.rts = False
        assert until(lambda: not modem.serial.bench.port.rts)


def test_wrong_speed_is_not_understood_until_changed(modem: Listener) -> None:
    with serial.serial_for_url(modem.names[-1], baudrate=115200) as port:
        port.timeout = 0.2
        port.write(b"AT\r")
        assert b"OK" not in port.read(50)
        port.baudrate = 921600
        assert answers(port)


def test_next_client_is_served_after_the_first(modem: Listener) -> None:
    for _ in range(2):
        with serial.serial_for_url(modem.names[-1], baudrate=921600) as port:
            assert answers(port)
        assert until(lambda: not modem.serial.bench.port.rts)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo terminals")
class TestPty:
    def test_round_trip_at_the_speed_that_was_set(self, modem: Listener) -> None:
        with serial.Serial(modem.names[0], baudrate=921600) as port:
            assert answers(port)
            port.baudrate = 115200
            port.timeout = 0.2
            port.write(b"ATI1\r")
            assert b"LR5" not in port.read(100)

    def test_open_and_close_move_rts(self, modem: Listener) -> None:
        with serial.Serial(modem.names[0]):
            assert until(lambda: modem.serial.bench.port.rts)
        assert until(lambda: not modem.serial.bench.port.rts)

    def test_what_comes_when_its_program_has_gone_is_no_others(self) -> None:
        """But a modem that its host's RTS holds back keeps its bytes, and says them to the next."""
        with Listener("sim://fipy", tcp_port=None) as listener:
            port, world = listener.serial.bench.port, listener.serial.bench.world
            with serial.Serial(listener.names[0], baudrate=921600) as gone:
                assert until(lambda: port.rts)
                gone.write(b"1\r")  # and it is closed before anybody looks
            assert until(lambda: not port.rts)
            answered_ms = world.now_ms + 500
            assert until(lambda: world.now_ms > answered_ms)
            # pySerial itself forgets what waits when it opens a port.
            terminal = os.open(listener.names[0], os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
            assert until(lambda: port.rts)
            assert os.read(terminal, 100) == b""  # at once, as pySerial has set it
            os.close(terminal)

    def test_what_is_written_just_before_closing_is_carried_out(self, modem: Listener) -> None:
        with serial.Serial(modem.names[0], baudrate=921600) as port:
            assert answers(port)
        assert until(lambda: not modem.serial.bench.port.rts)
        modem.by_hand(lambda hands: write_and_close(modem.names[0], b"AT+SMSWBOOT=3,1\r"))
        assert until(lambda: modem.serial.bench.modem.mode == "recovery")

    def test_no_byte_is_lost_on_a_program_that_reads_late(self) -> None:
        url = "sim://fipy?speed=100"
        with Listener(url, tcp_port=None) as listener, serial.Serial(listener.names[0], 115200) as port:
            board = listener.serial.bench.board
            assert board is not None and b">>> " in ask(port, b"\r", b">>> ")
            printed = bytearray()
            board.on_console = printed.extend
            port.write(b"for i in range(60): print('x'*510)\r\rprint('e' + 'nd')\r")
            assert until(lambda: b"\r\nend\r\n" in printed)
            assert ask(port, b"", b"\r\nend\r\n").count(b"x" * 510 + b"\r\n") == 60

    def test_power_cycle_takes_the_terminal_away_and_brings_another(self) -> None:
        told: list[tuple[str, ...]] = []
        with Listener(MODEM, tcp_port=None, on_names=told.append) as listener:
            port = serial.Serial(listener.names[0])
            assert until(lambda: listener.serial.bench.port.rts)
            listener.by_hand(lambda hands: hands.power_cycle(12))
            assert until(lambda: told)
            with pytest.raises((serial.SerialException, OSError)):
                for _ in range(3):
                    port.timeout = 0.05
                    port.read(1)
                    port.write(b"x")
            port.close()
            with serial.Serial(told[0][0], baudrate=921600) as again:
                assert answers(again)


def test_hands_work_beside_the_users_program() -> None:
    with Listener("sim://fipy?scenario=jumpers-fitted", pty=False) as listener:
        listener.by_hand(lambda hands: hands.pull_jumpers())
        assert not listener.serial.bench.carrier.jumpers_fitted
        with pytest.raises(OSError, match="nothing"):
            listener.by_hand(lambda hands: hands.insert_card(Path("nothing.img")))
    with pytest.raises(RuntimeError, match="not being served"):
        listener.by_hand(lambda hands: hands.press_reset())


def test_stop_ends_everything() -> None:
    listener = Listener(MODEM)
    listener.start()
    name = listener.names[-1]
    listener.stop()
    listener.stop()
    with pytest.raises(serial.SerialException):
        serial.serial_for_url(name)


def test_bench_in_use_is_refused(tmp_path: Path) -> None:
    url = f"sim://sqn3330?state={tmp_path / 'bench'}"
    with Listener(url, pty=False), pytest.raises(serial.SerialException, match="in use"):
        Listener(url, pty=False)


def busy(name: str) -> LinkError:
    with pytest.raises(LinkError) as refused:
        open_link(PortUrl.read(name))
    assert refused.value.id == "port-busy" and refused.value.next
    return refused.value


def whisper(terminal: str, data: bytes) -> None:
    """Write as a program that takes no lock; the system lets only root do that."""
    with contextlib.suppress(OSError):
        intruder = os.open(terminal, os.O_RDWR | os.O_NOCTTY)
        os.write(intruder, data)
        os.close(intruder)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # pySerial leaks a socket that hung up
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo terminals")
def test_a_second_program_is_refused_and_the_first_goes_on(modem: Listener) -> None:
    terminal, network = modem.names
    with serial.serial_for_url(network, baudrate=921600) as first:
        assert answers(first)
        assert "closed it at once" in busy(network).what
        assert "in use" in busy(terminal).what
        whisper(terminal, b"AT+CFUN=0\r")
        assert b"LR5.1.1.0-38638" in ask(first, b"ATI1\r", b"OK")
    assert until(lambda: not modem.serial.bench.port.rts)
    with serial.Serial(terminal, baudrate=921600, exclusive=True) as second:
        assert answers(second)
        busy(network)
        busy(terminal)
        assert answers(second)
