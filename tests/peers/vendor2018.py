"""A client with the habits of the vendor's on-board updater, which is in no registry (modem-protocol.md 2.2, 5.1, 5.2).

Written from those facts alone: it sends ATE0 once, in the application, takes only ``OK`` in the first four bytes behind
``AT+SMSTPU``, restarts the modem 1.5 s behind the last block and forgives no echo. Its time is the port's own.
"""

from __future__ import annotations

import struct
from typing import Any

from tests.sim.modem.host import OPEN, RESET, frame

PATIENCE_S = 20.0
ACK_S = 90.0
BLOCK_BYTES = 1536
POLLS = 100
BOOT_S = 300.0


class GaveUp(Exception):
    """What the tool would have printed."""


class Vendor2018:
    """One run against the modem behind a ``sim://`` port, which is at 921600."""

    def __init__(self, port: Any) -> None:
        self._port = port

    def update(self, image: bytes, *, resume: bool = False, asks_how_it_went: bool = False) -> None:
        """Send an image from RECOVERY and start it.

        resume            the modem is in RECOVERY already, and was never told ATE0
        asks_how_it_went  as the releases from 2018-11 on, which ask for the state before they restart it
        """
        if not resume:
            self._at("AT")
            self._at("AT")
            self._at("ATE0")
            self._must("AT+SMSWBOOT=3,0")
            self._restart()
            self._until_awake()
            self._pause(1.0)
        self._port.reset_input_buffer()
        self._enter_transfer_mode()
        self._send(image)
        self._pause(1.5)
        if asks_how_it_went:
            self._until_awake()
            self._must("AT+SMUPGRADE?", "success", POLLS)
            self._write("AT+SMSWBOOT=1,1")
        else:
            self._must("AT+SMSWBOOT=1,0")
            self._pause(1.5)
            self._restart()
        self._hear(b"+SYSSTART", BOOT_S)

    def build(self) -> str:
        """What ATI1 calls the release, wherever it stands: the application echoes again."""
        self._at("AT")
        self._at("AT")
        return next(word for word in self._at("ATI1").split() if word.startswith("LR"))

    # -- AT ---------------------------------------------------------------------------------------------------

    def _write(self, line: str) -> None:
        self._port.write(line.encode() + b"\r\n")

    def _at(self, line: str, patience_s: float = PATIENCE_S) -> str:
        """What came within its patience for the first byte, and what waits behind that."""
        self._write(line)
        self._pause(0.25)
        self._port.timeout = patience_s
        first = self._port.read(1)
        return (first + self._port.read(self._port.in_waiting)).decode("latin-1") if first else ""

    def _must(self, line: str, wanted: str = "OK", tries: int = 1) -> None:
        for _ in range(tries):
            said = self._at(line)
            if wanted in said:
                return
            self._pause(1.0)
        raise GaveUp(f"{line}: {said!r}")

    def _restart(self) -> None:
        self._write("AT^RESET")
        self._hear(b"+SHUTDOWN", BOOT_S)
        self._pause(2.0)

    def _until_awake(self) -> None:
        for _ in range(POLLS):
            self._pause(0.5)
            if self._at("AT", 0.5).endswith("OK\r\n"):
                return
        raise GaveUp("no answer to AT")

    def _hear(self, wanted: bytes, limit_s: float) -> None:
        self._port.timeout = limit_s
        heard = self._port.read_until(wanted)
        if not heard.endswith(wanted):
            raise GaveUp(f"{wanted!r} did not come, but {heard!r}")

    def _pause(self, seconds: float) -> None:
        self._port.clock.sleep_ms(int(seconds * 1000))

    # -- the transfer -----------------------------------------------------------------------------------------

    def _enter_transfer_mode(self) -> None:
        self._write('AT+SMSTPU="ON_THE_FLY"')
        self._port.timeout = PATIENCE_S
        answer = self._port.read(4)
        if b"OK" not in answer:
            raise GaveUp(f"Invalid answer {answer!r}")
        self._pause(0.25)
        self._port.reset_input_buffer()

    def _send(self, image: bytes) -> None:
        self._ask(RESET, 16)
        self._ask(OPEN, 20)
        tid = 2
        for at in range(0, len(image), BLOCK_BYTES):
            block = image[at : at + BLOCK_BYTES]
            self._ask(frame(2, 1, tid, struct.pack(">H", len(block))), 16)
            if self._ask(frame(3, 1, tid + 1, block), 18)[16:] != b"\0\0":
                raise GaveUp("a block was not taken whole")
            tid += 2
        self._port.timeout = 2.0
        self._port.write(frame(0, 1, tid, b""))
        self._port.read(16)

    def _ask(self, request: bytes, size: int) -> bytes:
        self._port.write(request)
        self._port.timeout = ACK_S
        answer = bytes(self._port.read(size))
        if len(answer) < size or answer[:4] != b"tsaf" or answer[4] != request[4] | 0x80:
            raise GaveUp(f"answer to op {request[4]}: {answer!r}")
        return answer
