"""A modem that is strict about every rule of modem-protocol.md 4, written from that section and from nothing else.

It breaks the test at the first thing that a master must not do: a wrong checksum, session or transaction id, a block
without its announcement or of another size, a request before the last one was answered, AT in an open session.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field

from tests.updater.wire import Wire

REBOOT_MS = 3000
FFH_BAUD = 115200


def crc(data: bytes) -> int:
    """CRC-16/XMODEM, bit by bit (4.1)."""
    value = 0
    for byte in data:
        value ^= byte << 8
        for _ in range(8):
            value = ((value << 1) ^ 0x1021 if value & 0x8000 else value << 1) & 0xFFFF
    return value


@dataclass
class Session:
    """One stay in STP mode."""

    version: int
    max_transfer: int
    kind: str
    opened: bool = False
    tid: int = 0
    announced: int | None = None
    inflater: object = None
    plain: bytes = b""
    types: list[int] = field(default_factory=list)
    blocks: list[int] = field(default_factory=list)
    began: bool = False

    def answer(self, frame: bytes) -> tuple[bytes, bool]:
        """The ack, and whether the stay is over."""
        assert len(frame) >= 16, "a frame has a header of 16 bytes"
        signature, op, sid, size, tid, header_crc, payload_crc = struct.unpack(">4sBBHIHH", frame[:16])
        payload = frame[16:]
        assert signature == b"fast"
        assert len(payload) == size, "exactly one frame at a time, and all of it"
        assert header_crc == crc(frame[:12] + b"\0\0" + frame[14:16])
        assert payload_crc == (crc(payload) if payload else 0)
        body, over = self.carry_out(op, sid, tid, payload)
        return struct.pack(">4sBBHIHH", b"tsaf", op | 0x80, sid, len(body), tid, 0, 0) + body, over

    def carry_out(self, op: int, sid: int, tid: int, payload: bytes) -> tuple[bytes, bool]:
        if op == 0:
            return self.reset(sid, tid, payload)
        assert self.began, "RESET comes first"
        if op == 1:
            assert (sid, tid, payload, self.opened) == (1, 1, b"", False), "OPEN: session 1, transaction 1, once"
            self.opened, self.tid = True, 2
            return struct.pack(">BBH", 1, self.version, self.max_transfer), False
        assert self.opened and sid == 1, "in an open session, with its id"
        assert tid == self.tid, f"transaction {tid} where {self.tid} is due"
        self.tid += 1
        return {2: self.command, 3: self.block, 4: self.data_type}[op](payload), False

    def reset(self, sid: int, tid: int, payload: bytes) -> tuple[bytes, bool]:
        assert not payload
        assert self.announced is None, "no RESET between announcement and block"
        if self.opened:
            assert (sid, tid) in ((1, self.tid), (0, 0)), "closing RESET: the next transaction, or all 0"
            return b"", True
        assert (sid, tid) == (0, 0)
        self.began = True
        return b"", False

    def command(self, payload: bytes) -> bytes:
        assert self.announced is None and len(payload) == 2
        (size,) = struct.unpack(">H", payload)
        assert 0 < size <= min(2016, self.max_transfer - 16)
        self.announced = size
        return b""

    def block(self, payload: bytes) -> bytes:
        assert self.announced == len(payload), "a block is as long as announced"
        self.announced = None
        self.blocks.append(len(payload))
        inflate = getattr(self.inflater, "decompress", None)
        self.plain += payload if inflate is None else inflate(payload)
        return b"\0\0"

    def data_type(self, payload: bytes) -> bytes:
        assert self.version >= 2, "DATA_TYPE belongs to version 2"
        assert not self.blocks and self.announced is None and not self.types, "right behind OPEN, once"
        (kind,) = struct.unpack(">I", payload)
        assert kind in ((2, 3) if self.kind == "elf" else (4, 5))
        self.types.append(kind)
        self.inflater = zlib.decompressobj(12) if kind & 1 else None
        return b""


@dataclass
class StrictModem:
    """AT as the flows need it (2.2, 3), and the strict slave above.

    taken  (kind, bytes) of every file: "elf", "store" or "fly"
    """

    mode: str = "application"
    family: str = "SQN3330"
    build: int = 38638
    bootloader0: int = 38638
    baud: int = 921600
    app_baud: int = 921600
    deploys_to: dict[bytes, int] = field(default_factory=dict)
    taken: list[tuple[str, bytes]] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    session: Session | None = None
    stored: bytes = b""
    report: str = "No report: 0"
    deaf_until: int = 0
    answered_at: int = -1

    def heard(self, data: bytes, wire: Wire) -> None:
        now = wire.clock.now_ms
        if now < self.deaf_until or wire.baud not in (0, self.baud):
            return
        if self.session is not None:
            assert now > self.answered_at, "a request while the last one is not answered"
            answer, over = self.session.answer(data)
            self.answered_at = now + 1 if not over else -1
            wire.say(answer, 2)
            if over:
                self.leave(now)
            return
        if data[:4] == b"fast":
            return  # detection asks so in AT mode; an AT parser hears noise
        for line in data.decode("latin-1").replace("\n", "\r").split("\r"):
            if line.strip() and line.isprintable():
                self.lines.append(line)
                self.command(line, wire)

    def leave(self, now: int) -> None:
        session, self.session = self.session, None
        assert session is not None
        self.taken.append((session.kind, session.plain))
        self.deaf_until = now + REBOOT_MS
        if session.kind == "elf":
            self.mode = "ram-updater"
        elif session.kind == "store":
            self.stored = session.plain
        else:
            self.install(session.plain)

    def install(self, image: bytes) -> None:
        self.report = "success"
        self.build = self.deploys_to.get(image, self.build)

    def command(self, line: str, wire: Wire) -> None:
        mini = self.mode == "ffh"
        lines, status = self.reply(line, wire)
        if mini:
            text = "".join(f"{item}\r\n" for item in (*lines, status))
        else:
            text = "".join(f"\r\n{item}" for item in (*lines, "" if lines else status))
            text = text.rstrip("\r\n") + (f"\r\n{status}\r\n" if lines else "\r\n")
        wire.say(text.encode())

    def reply(self, line: str, wire: Wire) -> tuple[list[str], str]:
        now = wire.clock.now_ms
        smod = {"ffh": "0", "ram-updater": "1", "application": "2", "recovery": "4"}[self.mode]
        if line == "AT":
            return [], "OK"
        if line == "AT+SMOD?":
            return [smod], "OK"
        if self.mode == "ffh":
            return self.reply_ffh(line)
        if line.startswith("AT+SMSWBOOT="):
            self.mode = {"0": "ffh", "1": "application", "3": "recovery"}[line[12]]
            self.baud = FFH_BAUD if self.mode == "ffh" else self.app_baud
            self.deaf_until = now + REBOOT_MS
            return [], "OK"
        if line == 'AT+SMSTPU="ON_THE_FLY"':
            assert self.mode in ("recovery", "ram-updater"), "firmware on the fly goes to an updater"
            return self.open("fly", 8192)
        if line == "AT+SMUPGRADE?":
            return [f"+SMUPGRADE: {self.report}"], "OK"
        if line == "AT+SMSWBOOT?":
            return ["+SMSWBOOT: FFF"], "OK"
        return (
            self.reply_application(line, now)
            if self.mode == "application"
            else ([], "OK" if line in HARMLESS else "ERROR")
        )

    def reply_ffh(self, line: str) -> tuple[list[str], str]:
        if line.startswith("AT+IPR="):
            assert self.family == "SQN3330"
            self.baud = int(line[7:])
            return [], "OK"
        if line == "AT+STP":
            return self.open("elf", 2048)
        return [], "ERROR"

    def reply_application(self, line: str, now: int) -> tuple[list[str], str]:
        if line == "ATI1":
            release = f"LR5.1.1.0-{self.build}" if self.family == "SQN3330" else f"LR8.2.0.3-{self.build}"
            return ["UE5.0.0.0d", release], "OK"
        if line == "AT+SMSTPU":
            assert self.family == "SQN3330"
            return self.open("store", 8192)
        if line == "AT+SMUPGRADE":
            self.install(self.stored)
            self.deaf_until = now + REBOOT_MS
            return [], "OK"
        return [], "OK" if line in HARMLESS else "ERROR"

    def open(self, kind: str, max_transfer: int) -> tuple[list[str], str]:
        self.session = Session(2 if self.family == "MONARCH2" else 1, max_transfer, kind)
        self.sessions.append(self.session)
        self.answered_at = -1
        return [], "OK"


HARMLESS = ("ATE0", "AT+CFUN=4", "AT+CFUN=5", "AT+BIND=AT", "AT+SMLOG?", 'AT+SQNSUPGRADENTF="started"',
            'AT+SQNSUPGRADENTF="success"')  # fmt: skip
