"""A bare host at the modem's wire: sends bytes, hears bytes, knows frames only as the reference prints them."""

from __future__ import annotations

import binascii
import struct
import zlib

from doctor.sim.modem.modem import Modem
from doctor.sim.world import Wire, World, heard

RESET = bytes.fromhex("66617374 00 00 0000 00000000 8ae3 0000")
OPEN = bytes.fromhex("66617374 01 01 0000 00000001 fb8e 0000")
RESET_ACK = bytes.fromhex("74736166 80 00 0000 00000000 0000 0000")


class Host:
    """Drives one modem; ``got`` is what it heard and has not read."""

    def __init__(self, modem: Modem) -> None:
        self.modem = modem
        self.world: World = modem.world
        self.baud = modem.baud
        self.got = bytearray()
        self.wire = Wire(self.world, modem.receive)
        modem.transmit = self._hear

    def _hear(self, data: bytes, baud: int) -> None:
        self.got += heard(data, baud, self.baud)

    def ask(self, data: bytes, wait_ms: float = 200) -> bytes:
        """Send, wait, and return what was heard in that time."""
        self.got.clear()
        self.wire.send(data, self.baud)
        self.world.sleep_ms(wait_ms)
        return bytes(self.got)

    def at(self, line: str, wait_ms: float = 200) -> bytes:
        """One AT line."""
        return self.ask(line.encode() + b"\r\n", wait_ms)

    def calm(self) -> Host:
        """Past the first ERROR, echo off."""
        self.at("AT")
        self.at("ATE0")
        return self

    def enter_stp(self, command: str = 'AT+SMSTPU="ON_THE_FLY"') -> bytes:
        """AT into STP, RESET, OPEN; returns the OPEN ack."""
        assert b"OK" in self.at(command)
        assert self.ask(RESET) == RESET_ACK
        return self.ask(OPEN)

    def request(self, op: int, tid: int, payload: bytes, sid: int = 1) -> bytes:
        """Send one request with right CRCs and return what came within the longest ack delay."""
        self.got.clear()
        self.wire.send(frame(op, sid, tid, payload), self.baud)
        self.world.run_until(lambda: len(self.got) >= (18 if op == 3 else 16), 60_000)
        return bytes(self.got)

    def send_image(self, image: bytes, block: int = 2016, upto: int | None = None) -> int:
        """Send an image (or its first ``upto`` bytes) block by block; returns the next tid."""
        tid = 2
        for at in range(0, len(image) if upto is None else upto, block):
            data = image[at : at + block]
            assert self.request(2, tid, struct.pack(">H", len(data)))[4] == 0x82
            assert self.request(3, tid + 1, data)[4] == 0x83
            tid += 2
        return tid

    def close(self, tid: int) -> bytes:
        """The closing RESET, as P127 sends it."""
        return self.request(0, tid, b"")


def frame(op: int, sid: int, tid: int, payload: bytes) -> bytes:
    """A request."""
    payload_crc = binascii.crc_hqx(payload, 0)
    head = struct.pack(">4sBBHIHH", b"fast", op, sid, len(payload), tid, 0, payload_crc)
    return head[:12] + struct.pack(">H", binascii.crc_hqx(head, 0)) + head[14:] + payload


def practice(build: int = 41065, size: int = 60_000, radio: str = "CATM1", base: int = 0) -> bytes:
    """A practice image, written by hand from the contract of such images."""
    version = {"CATM1": "LR5.1.1.0", "NB1": "LR6.0.0.0"}[radio]
    ue = {"CATM1": "UE5.0.0.0d", "NB1": "UE6.0.0.0"}[radio]
    text = f"PRACTICE\nradio={radio}\nbuild={build}\nversion={version}-{build}\nue={ue}\n"
    if base:
        text += f"base={base}\n"
    data = struct.pack("<I", 0x50524143) + text.encode()
    return container(b"PRAC", "practice firmware, no modem runs this", data.ljust(size, b"\xff"))


def container(magic: bytes, description: str, data: bytes) -> bytes:
    """A CABA version 3 container with a zlib CRC."""
    name = description.encode() + b"\0"
    covered = struct.pack("<4sHHIHHH", magic, 3, 0, len(data), 4, 4, len(name)) + name + data
    return covered + struct.pack("<I", zlib.crc32(covered))


def tiny_elf(size: int = 5000) -> bytes:
    """An ELF header and filling."""
    head = b"\x7fELF\x01\x01\x01".ljust(16, b"\0") + struct.pack(
        "<HHIIIIIHHHHHH", 2, 167, 1, 0, 52, 0, 0, 52, 32, 1, 40, 0, 0
    )
    return head.ljust(size, b"\0")
