"""Things that can be at the other end of a port, each on a wire of its own."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.link.wire import Wire


def silent() -> Wire:
    """Nothing answers."""
    return Wire()


def modem(baud: int) -> Wire:
    """A modem in its application that understands ``baud`` only."""
    wire = Wire()
    line = bytearray()

    def hear(data: bytes) -> None:
        if wire.baudrate != baud:
            return
        for byte in data:
            line.append(byte)
            if byte != 0x0D:
                continue
            text = bytes(line).strip()
            line.clear()
            if text.endswith(b"AT"):
                wire.say(b"\r\nOK\r\n", 20)
            elif text.endswith(b"AT+SMOD?"):
                wire.say(b"\r\n2\r\n\r\nOK\r\n", 20)
            elif text.endswith(b"ATI"):
                wire.say(b"\r\nSEQUANS Communications\r\nVZM20Q\r\nUE5.0.0.0d\r\n\r\nOK\r\n", 20)
            elif text:
                wire.say(b"\r\nERROR\r\n", 20)

    wire.hears = hear
    return wire


def program(text: bytes, every_ms: int = 700, stops: bool = True) -> Wire:
    """A program that prints ``text`` again and again, until Ctrl-C if it stops for that."""
    wire = Wire()
    for number in range(40):
        wire.say(text, number * every_ms)

    def hear(data: bytes) -> None:
        if b"\x03" in data and stops:
            wire.hush()
            wire.say(b"KeyboardInterrupt: \r\n>>> ")
        elif b"\x03" in wire.written and stops and b"\x02" in data:
            wire.say(b"\r\nMicroPython v1.8.6-849-b0520f1 on 2018-08-14; FiPy with ESP32\r\n>>> ")

    wire.hears = hear
    return wire


def talker(*said: tuple[int, bytes], answers: Callable[[Wire, bytes], None] | None = None) -> Wire:
    """Says each text at its moment (milliseconds)."""
    wire = Wire()
    for at_ms, text in said:
        wire.say(text, at_ms)
    if answers is not None:
        wire.hears = lambda data: answers(wire, data)
    return wire


@contextmanager
def stubborn_server(says: str, setting: bytes = b"\x05") -> Iterator[str]:
    """The URL of an RFC 2217 server that confirms all settings but one.

    says     "nothing", as ser2net in front of a port without RTS, or "no": it puts another value there
    setting  which: how RTS is used (SET-CONTROL), or b"\\x01", the speed
    """
    with socket.create_server(("127.0.0.1", 0)) as door:
        server = threading.Thread(target=_confirm_all_but, args=(door, says, setting))
        server.start()
        yield f"rfc2217://127.0.0.1:{door.getsockname()[1]}?timeout=0.3"
        server.join()


def _confirm_all_but(door: socket.socket, says: str, setting: bytes) -> None:
    client, _ = door.accept()
    with client:
        while raw := client.recv(1000):
            for command, option in re.findall(rb"\xff([\xfb\xfd])(.)", raw, re.DOTALL):
                client.sendall(b"\xff" + (b"\xfb" if command == b"\xfd" else b"\xfd") + option)
            for name, value in re.findall(rb"\xff\xfa\x2c(.)(.*?)\xff\xf0", raw, re.DOTALL):
                confirmed = {"no": b"\x7f", "nothing": b""}[says] if name == setting else value
                if confirmed:
                    client.sendall(b"\xff\xfa\x2c" + bytes((name[0] + 100,)) + confirmed + b"\xff\xf0")
