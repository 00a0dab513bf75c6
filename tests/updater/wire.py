"""A wire with a clock moved by hand, and two small devices at its far end. Written without doctor.sim, on purpose."""

from __future__ import annotations

import binascii
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol


class HandClock:
    """Time that only moves when somebody waits."""

    def __init__(self) -> None:
        self.now_ms = 0

    def ticks_ms(self) -> int:
        return self.now_ms

    def sleep_ms(self, ms: int) -> None:
        self.now_ms += ms


class Device(Protocol):
    def heard(self, data: bytes, wire: Wire) -> None: ...


#: Far more than anything that ends writes here: half an hour of polling writes 3,100 times.
MOST_WRITES = 20_000


class Wire:
    """The core's port; what the device says arrives after the delay that it names."""

    def __init__(self, device: Device, clock: HandClock | None = None) -> None:
        self.clock = clock or HandClock()
        self.device = device
        self.baud = 0
        self.written: list[bytes] = []
        self._coming: list[tuple[int, bytes]] = []

    def say(self, data: bytes, after_ms: int = 1) -> None:
        self._coming.append((self.clock.now_ms + after_ms, data))
        self._coming.sort(key=lambda item: item[0])

    def read(self, max_bytes: int, wait_ms: int) -> bytes:
        until = self.clock.now_ms + wait_ms
        if not self._coming or self._coming[0][0] > until:
            self.clock.now_ms = until
            return b""
        due, data = self._coming.pop(0)
        self.clock.now_ms = max(self.clock.now_ms, due)
        if len(data) > max_bytes:
            self._coming.insert(0, (due, data[max_bytes:]))
        return data[:max_bytes]

    def write(self, data: bytes) -> None:
        self.written.append(data)
        assert len(self.written) < MOST_WRITES, "it goes on forever"
        self.device.heard(data, self)

    def set_baud(self, baud: int) -> None:
        self.baud = baud

    def drain(self) -> bytes:
        here = b"".join(data for due, data in self._coming if due <= self.clock.now_ms)
        self._coming = [(due, data) for due, data in self._coming if due > self.clock.now_ms]
        return here


class Deaf:
    """A device that says nothing."""

    def heard(self, data: bytes, wire: Wire) -> None:
        pass


class AtScript:
    """Answers AT lines from a table: a list is used up one by one, its last item stays; b"" is silence."""

    def __init__(self, answers: dict[str, bytes | list[bytes]], *, baud: int = 921600) -> None:
        self.answers = answers
        self.baud = baud
        self.lines: list[str] = []

    def heard(self, data: bytes, wire: Wire) -> None:
        if wire.baud not in (0, self.baud):
            return
        line = data.decode("latin-1").strip("\r\n")
        self.lines.append(line)
        answer = self.answers.get(line, b"\r\nERROR\r\n" if line and line.isprintable() else b"")
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if answer:
            wire.say(answer)


OK = b"\r\nOK\r\n"

Mangle = Callable[[bytes], "list[bytes]"]


@dataclass
class StpSlave:
    """An STP slave after modem-protocol.md 4: answers what is right, repeats its answer for a repeated request.

    mangle  by number of the request (0, 1, …): what becomes of the answer
    refuse  by number of the request: nack op bits (0x40, or 0x7F for "unknown") instead of carrying it out
    ignore  numbers of requests that get lost on the way
    """

    version: int = 1
    max_transfer: int = 8192
    block_limit: int = 1 << 16
    crcs: bool = False
    mangle: dict[int, Mangle] = field(default_factory=dict)
    refuse: dict[int, int] = field(default_factory=dict)
    ignore: set[int] = field(default_factory=set)
    residue: dict[int, int] = field(default_factory=dict)
    image: bytes = b""
    blocks: list[int] = field(default_factory=list)
    requests: list[tuple[int, int, int]] = field(default_factory=list)
    data_types: list[int] = field(default_factory=list)
    ended: bool = False
    _announced: int = 0
    _last: tuple[tuple[int, int, bytes], bytes] | None = None

    def heard(self, data: bytes, wire: Wire) -> None:
        sign, op, sid, length, tid, header_crc, payload_crc = struct.unpack(">4sBBHIHH", data[:16])
        payload = data[16:]
        assert sign == b"fast"
        assert len(payload) == length
        assert binascii.crc_hqx(data[:12] + b"\0\0" + data[14:16], 0) == header_crc
        assert binascii.crc_hqx(payload, 0) == payload_crc
        number = len(self.requests)
        self.requests.append((op, sid, tid))
        if number in self.ignore:
            return
        if number in self.refuse:
            bits = self.refuse[number]
            answer = self._frame(0x7F if bits == 0x7F else op | bits, sid, tid, b"")
        else:
            answer = self._carry_out(number, op, sid, tid, payload)
        mangle = self.mangle.get(number)
        for piece in mangle(answer) if mangle is not None else [answer]:
            wire.say(piece)

    def _carry_out(self, number: int, op: int, sid: int, tid: int, payload: bytes) -> bytes:
        if self._last is not None and self._last[0] == (op, tid, payload) and op:
            return self._last[1]
        body = b""
        if op == 0:
            self.ended = len(self.requests) > 1
        elif op == 1:
            body = struct.pack(">BBH", 1, self.version, self.max_transfer)
        elif op == 2:
            self._announced = struct.unpack(">H", payload)[0]
            if self._announced > self.block_limit:
                return self._frame(0x42, sid, tid, b"")
        elif op == 3:
            assert len(payload) == self._announced
            left = self.residue.get(number, 0)
            self.image += payload[: len(payload) - left]
            self.blocks.append(len(payload))
            body = struct.pack(">H", left)
        else:
            self.data_types.append(struct.unpack(">I", payload)[0])
        answer = self._frame(op | 0x80, sid, tid, body)
        self._last = ((op, tid, payload), answer)
        return answer

    def _frame(self, op: int, sid: int, tid: int, body: bytes) -> bytes:
        payload_crc = binascii.crc_hqx(body, 0) if self.crcs else 0
        bare = struct.pack(">4sBBHIHH", b"tsaf", op, sid, len(body), tid, 0, payload_crc)
        header_crc = binascii.crc_hqx(bare, 0) if self.crcs else 0
        return bare[:12] + struct.pack(">H", header_crc) + bare[14:] + body
