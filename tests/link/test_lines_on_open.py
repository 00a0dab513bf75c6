"""What opening a port, examining what is there, and closing it do to DTR, RTS, break and speed: read off the wire."""

from __future__ import annotations

import json
import os
import pty
import socket
import subprocess
import sys
import threading
import tty
from contextlib import suppress
from typing import Any

import pytest
import serial
from serial.rfc2217 import PortManager

from doctor.board import first_contact
from doctor.board.first_contact import Seen
from doctor.cli.main import run
from tests.link import devices
from tests.link.wire import Wire

PICO = b"\r\nMicroPython v1.19.1 on 2022-06-18; Raspberry Pi Pico with RP2040\r\n>>> "
ANSWERS = {b"\r": b"\r\n>>> ", b"\x02": PICO}


class Lines(serial.SerialBase):
    """The serial port of a server of RFC 2217: it notes what the client asks of its lines, and every byte for it."""

    cts = dsr = ri = cd = False

    def __init__(self) -> None:
        self.asked: list[tuple[str, object]] = []
        super().__init__()
        self.asked.clear()

    def _update_dtr_state(self) -> None:
        self.asked.append(("dtr", self.dtr))

    def _update_rts_state(self) -> None:
        self.asked.append(("rts", self.rts))

    def _update_break_state(self) -> None:
        self.asked.append(("break", self.break_condition))

    def _reconfigure_port(self) -> None:
        self.asked.append(("speed", self.baudrate))

    def read(self, size: int = 1, /) -> bytes:
        """Nothing comes from here: ``serve`` answers."""
        return b""

    def write(self, data: Any, /) -> int:
        """Nothing goes anywhere: ``serve`` hears it."""
        return len(data)

    def reset_input_buffer(self) -> None:
        """Nothing waits."""

    reset_output_buffer = reset_input_buffer

    def serve(self, listener: socket.socket) -> None:
        """One client, until it hangs up."""
        self.is_open = True
        client, _ = listener.accept()
        sending = threading.Lock()

        class Connection:
            def write(self, data: bytes) -> None:
                with sending, suppress(OSError):
                    client.sendall(data)

        manager = PortManager(self, Connection())  # type: ignore[arg-type]
        with client, suppress(OSError):
            while data := client.recv(4096):
                for byte in manager.filter(data):
                    self.asked.append(("byte", byte))
                    Connection().write(b"".join(manager.escape(ANSWERS.get(byte, b""))))


def test_dtr_and_rts_are_asserted_once_before_the_first_byte_and_never_pulsed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = Lines()
    with socket.create_server(("localhost", 0)) as listener:
        server = threading.Thread(target=lines.serve, args=(listener,), daemon=True)
        server.start()
        assert run(["check", "--port", f"rfc2217://localhost:{listener.getsockname()[1]}"]) == 1
        server.join(5)
    assert "Raspberry Pi Pico" in capsys.readouterr().out
    asked = lines.asked
    by_line = {name: [value for what, value in asked if what == name] for name in ("dtr", "rts", "break", "speed")}
    assert set(by_line["dtr"]) == set(by_line["rts"]) == {True}
    assert not any(by_line["break"]) and set(by_line["speed"]) <= {115200}
    first = asked.index(("byte", b"\r"))
    assert {"dtr", "rts"}.isdisjoint(what for what, _ in asked[first:])
    assert [value for what, value in asked if what == "byte"] == [b"\r", b"\x02"]


#: Runs the command line under an eye that sees each system call on a terminal's lines.
WATCHED = """
import json, sys, termios
LINES = {getattr(termios, name): name for name in
         ("TIOCMBIS", "TIOCMBIC", "TIOCMSET", "TIOCSBRK", "TIOCCBRK", "TCSBRK", "TCSBRKP") if hasattr(termios, name)}
seen = []
def eye(event, args):
    if event == "fcntl.ioctl" and args[1] in LINES:
        bits = int.from_bytes(args[2][:4], sys.byteorder) if isinstance(args[2], bytes) else 0
        seen.append([LINES[args[1]], bits & termios.TIOCM_DTR != 0, bits & termios.TIOCM_RTS != 0])
sys.addaudithook(eye)
from doctor.cli.main import run
code = run(["check", "--port", sys.argv[1]])
print("@@" + json.dumps([code, seen]))
"""


@pytest.mark.long
def test_on_a_terminal_nothing_is_cleared_and_no_break_is_sent() -> None:
    board, pc = pty.openpty()
    tty.setraw(pc)

    def answer() -> None:
        with suppress(OSError):
            while data := os.read(board, 64):
                os.write(board, b"".join(ANSWERS.get(data[at : at + 1], b"") for at in range(len(data))))

    threading.Thread(target=answer, daemon=True).start()
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, os.ttyname(pc)], capture_output=True, text=True, timeout=60, check=True
    )
    os.close(pc)
    os.close(board)
    code, seen = json.loads(done.stdout.rpartition("@@")[2])
    assert code == 1 and "Raspberry Pi Pico" in done.stdout
    assert seen and all(call == "TIOCMBIS" and (dtr or rts) for call, dtr, rts in seen), seen


class Speeds(Wire):
    """Notes each speed that it is set to."""

    def __init__(self, wire: Wire) -> None:
        self.__dict__.update(wire.__dict__)
        self.speeds: list[int] = []

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "baudrate":
            self.speeds.append(value)
        super().__setattr__(name, value)


@pytest.mark.parametrize(
    "wire", [devices.silent(), devices.program(b"\xf8\xfe\x80\x81\xff" * 20)], ids=["silence", "noise"]
)
def test_two_speeds_are_tried_and_the_first_comes_back(wire: Wire) -> None:
    spied = Speeds(wire)
    found = first_contact.contact(spied.link())
    assert found.seen in (Seen.SILENCE, Seen.NOISE)
    assert set(spied.speeds) == {921600, 115200} and spied.speeds[-1] == 115200
    assert not {3, 4, 6} & set(spied.written), "no Ctrl-C, Ctrl-D or Ctrl-F"


@pytest.mark.parametrize(
    "text", [b"Ready\r\n", b"$GPGGA,123519,4807.038,N*47\r\n", b"\r\n/ # ", b"temperature 21\r\n", b"ok\r\n"]
)
def test_what_speaks_is_heard_at_one_speed(text: bytes) -> None:
    spied = Speeds(devices.program(text))
    first_contact.contact(spied.link())
    assert spied.speeds == [] and set(spied.written) <= {0x0D, 0x02}
