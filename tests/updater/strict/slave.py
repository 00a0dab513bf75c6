"""An STP slave written only from modem-protocol.md 4, for a master that must break none of its rules.

It knows nothing of ports, speeds or AT: bytes go in with a stamp of when the host wrote them, replies come out of
``send``.
What it does beyond the reference is to keep a ledger: whatever a lenient modem would swallow is a violation here.
"""

from __future__ import annotations

import binascii
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final, NamedTuple

from tests.updater.strict.rules import Ledger

HEADER: Final = struct.Struct(">4sBBHIHH")
HEADER_BYTES: Final = 16
REQUEST: Final = b"fast"
REPLY: Final = b"tsaf"
RESET, OPEN, COMMAND, BLOCK, DATA_TYPE = range(5)
OP_NAMES: Final = ("RESET", "OPEN", "BLOCK_CMD", "BLOCK", "DATA_TYPE")
#: payload bytes of a request, by op; a BLOCK is as long as its BLOCK_CMD said (modem-protocol.md 4.2)
REQUEST_PAYLOAD: Final = {RESET: 0, OPEN: 0, COMMAND: 2, DATA_TYPE: 4}
ACK, NACK, NACK_UNKNOWN = 0x80, 0x40, 0x7F
CAP_BYTES: Final = 2016  #: practical cap of a block (modem-protocol.md 4.4)
SHORTEST_BYTES: Final = 32  #: the shortest block in field use that was not the last (modem-protocol.md 4.4)
PAUSE_MS: Final = 50  #: least pause between OK and RESET (modem-protocol.md 4)
TRIES: Final = 5  #: the first and four more (modem-protocol.md 4.5)
PATIENCE_MS: Final = {COMMAND: 90_000, BLOCK: 300_000}  #: before asking again (modem-protocol.md 4.5, design.md 4)
ZLIB_WINDOW_BITS: Final = 12
TYPE_ELF, TYPE_CABA = 2, 4


class Stamp(NamedTuple):
    """When the host wrote a byte: ``order`` counts the host's calls, for what happens at one moment."""

    order: int
    ms: int


class Trick(Enum):
    """What becomes of one reply: the tables of modem-protocol.md 4.5 and 4.8."""

    LOST = auto()
    SHORT = auto()
    TWICE = auto()
    NULS_BEFORE = auto()
    URC_BEFORE = auto()
    STALE_BEFORE = auto()  # acks of the same op with another transaction, or another session (modem-protocol.md 4.2)
    WRONG_LENGTH = auto()  # an ack with a payload that its op does not have (modem-protocol.md 4.2)
    BAD_HEADER_CRC = auto()
    NACKED = auto()
    REFUSED = auto()  # the session is not opened (modem-protocol.md 4.2)
    UNKNOWN = auto()
    NAMELESS = auto()  # "unknown" of session 0 and transaction 0: the request could not be read (modem-protocol.md 4.5)
    HALF_CONSUMED = auto()  # residue
    LYING_RESIDUE = auto()  # damaged residue under a payload CRC of 0, the header CRC being set
    MUTE = auto()  # hangs: this request and every block request after it stay unanswered


BEFORE: Final = {Trick.NULS_BEFORE: b"\0\0\0", Trick.URC_BEFORE: b"\r\n+CEREG: 0\r\n"}
#: the request was taken, the reply did not arrive whole: it may be asked again
SPOILS: Final = {Trick.LOST, Trick.SHORT, Trick.WRONG_LENGTH, Trick.BAD_HEADER_CRC, Trick.LYING_RESIDUE, Trick.MUTE}


@dataclass
class Terms:
    """How this slave behaves: what the reference leaves open, or what a test wants to go wrong."""

    version: int = 1
    max_transfer: int = 8192
    crc_in_acks: bool = False  # zero means "not computed" (modem-protocol.md 4.1), for header and payload separately
    payload_crc_only: bool = False
    #: whether a second RESET ends STP mode if no session was opened: modem-protocol.md 3.3 says that RESET
    #: leads out, modem-protocol.md 4.3 that it leads in
    idle_reset_leaves: bool = True
    ack_ms: int = 2
    block_limit: int = 0  # larger blocks are refused whatever max transfer says (modem-protocol.md 4.8); 0: none
    refuses_with: Trick = Trick.NACKED  # or UNKNOWN, or LOST: silence (9, point 2)
    #: what a request asked again is answered, once taken (9, point 2); None: the same ack again
    repeats_get: Trick | None = None
    #: how long the ack of the n-th BLOCK takes (modem-protocol.md 4.5: minutes at 7 % and at 99 %)
    stalls_ms: dict[int, int] = field(default_factory=dict)
    #: after how long the rest of a frame that another master left half sent is given up; None: never (9, point 7)
    partial_ms: int | None = None
    #: what happens to the reply to the n-th request of an op, counted from 0 over the life of the slave
    tricks: dict[tuple[int, int], Trick] = field(default_factory=dict)


class Stage(Enum):
    """What the slave expects next."""

    FRESH = auto()  # the opening RESET
    RESET_DONE = auto()  # OPEN
    OPENED = auto()  # DATA_TYPE, BLOCK_CMD or RESET
    READY = auto()  # BLOCK_CMD or RESET
    ANNOUNCED = auto()  # BLOCK
    CLOSED = auto()


@dataclass(frozen=True)
class Frame:
    """A request as it came."""

    op: int
    sid: int
    tid: int
    payload: bytes
    raw: bytes

    def __str__(self) -> str:
        return f"{OP_NAMES[self.op]} sid {self.sid} tid {self.tid}, {len(self.payload)} bytes"


def crc16(data: bytes) -> int:
    """CRC-16/XMODEM (modem-protocol.md 4.1)."""
    return binascii.crc_hqx(data, 0)


def reply_frame(op: int, sid: int, tid: int, payload: bytes, with_crc: bool) -> bytes:
    """A reply; without CRCs both fields are 0, which means "not computed" (modem-protocol.md 4.1)."""
    payload_crc = crc16(payload) if with_crc else 0
    bare = HEADER.pack(REPLY, op, sid, len(payload), tid, 0, payload_crc)
    return HEADER.pack(REPLY, op, sid, len(payload), tid, crc16(bare) if with_crc else 0, payload_crc) + payload


def swapped(value: int, size: int) -> int:
    """The same bytes read the other way round."""
    return int.from_bytes(value.to_bytes(size, "big"), "little")


class StrictSlave:
    """One STP session, from the OK that enters it to the RESET that closes it.

    ledger    where violations go
    terms     how to behave
    now_ms    the virtual time
    send      called with (bytes, delay in ms, how many of them a master must read before it goes on)
    """

    def __init__(
        self, ledger: Ledger, terms: Terms, now_ms: Callable[[], int], send: Callable[[bytes, int, int], None]
    ) -> None:
        self.terms = terms
        self.stage = Stage.FRESH
        self.taken = bytearray()  # as it came over the wire
        self.data_type: int | None = None
        self.announced = 0
        self.longest = 0  # block announced
        self._entered_ms: int | None = None
        self._ledger = ledger
        self._now_ms = now_ms
        self._send = send
        self._buffer = bytearray()
        self._lost = False
        self._first: Stamp | None = None  # of the first byte in the buffer
        self._awaiting_read = False
        self._read_order = -1
        self._tid = 0  # of the next request
        self._last: Frame | None = None
        self._last_reply = b""
        self._may_repeat = False
        self._nacked: Trick | None = None
        self._refused_tid = 0  # of the request when it was refused for the first time
        self._answered_ms = 0
        self._silent_since: int | None = None
        self._sent_times = 0
        self._counts = [0] * 5
        self._short_block = False
        self._tail = b""
        self._mute = False
        self._foreign = False  # another master's session: its mess is not ours to judge
        self._fed_ms = 0

    # ---- what the modem calls

    @property
    def open(self) -> bool:
        """True until the closing RESET."""
        return self.stage is not Stage.CLOSED

    def adopt(self, tid: int, announced: int, partial: bytes = b"") -> None:
        """Become a session that another master left: in its middle, perhaps with part of a frame received.

        tid 0: it has not sent OPEN yet.
        """
        self.stage = Stage.ANNOUNCED if announced else Stage.READY if tid else Stage.RESET_DONE
        self.announced, self._tid, self._foreign = announced, tid, True
        self._buffer += partial
        self._first = Stamp(-1, 0)

    def entered_at(self, ok_ms: int) -> None:
        """The OK that entered STP has reached the host."""
        self._entered_ms = ok_ms

    def reply_read(self, order: int) -> None:
        """The host has read the last byte of the reply."""
        self._awaiting_read = False
        self._read_order = order

    def after_closing(self, stamp: Stamp) -> None:
        """The host wrote something after the closing RESET."""
        if self._awaiting_read or stamp.order < self._read_order:
            self._break("one-at-a-time", "AT before the reply to the closing RESET was read")

    def feed(self, data: bytes, stamp: Stamp) -> bytes:
        """Bytes of the host; returns those that came after the closing RESET."""
        now = self._now_ms()
        if self._foreign and self.terms.partial_ms is not None and now - self._fed_ms >= self.terms.partial_ms:
            self._drop()
        self._fed_ms = now
        while data and self.open:
            if not self._buffer:
                self._first = stamp
            need = self._missing()
            self._buffer += data[:need]
            data = data[need:]
            self._consider()
        return data

    def finish(self) -> None:
        """The test is over: nothing may be left open."""
        if self._buffer:
            self._break("whole-frame", f"{len(self._buffer)} bytes of a frame, then nothing")
        if self.open:
            self._break("closing-reset", f"left while {self.stage.name}")

    def image(self) -> bytes:
        """What arrived, inflated if it was said to be deflated; the stream is judged here (modem-protocol.md 4.6)."""
        data = bytes(self.taken)
        zipped = self.data_type is not None and self.data_type % 2 == 1
        if not zipped:
            if looks_deflated(data):
                self._break("type-says-zlib", f"a zlib stream under data type {self.data_type}")
            plain = data
        else:
            plain = self._inflated(data)
        if self.data_type is not None:
            wanted = TYPE_ELF if plain[:4] == b"\x7fELF" else TYPE_CABA
            if self.data_type & ~1 != wanted:
                self._break("type-of-file", f"type {self.data_type} for a file that starts {plain[:4].hex()}")
        return plain

    # ---- frames

    def _break(self, rule_id: str, detail: str) -> None:
        if self._foreign and rule_id != "no-at-in-stp":
            return
        self._ledger.record(rule_id, self._now_ms(), detail)

    def _missing(self) -> int:
        """How many bytes to look at next: the signature, the header, the payload."""
        have = len(self._buffer)
        if have < 4:
            return 4 - have
        if have < HEADER_BYTES:
            return HEADER_BYTES - have
        return HEADER_BYTES + self._payload_bytes() - have

    def _payload_bytes(self) -> int:
        return int.from_bytes(self._buffer[6:8], "big")

    def _drop(self, *, lost: bool = False) -> None:
        """Forget what is in the buffer; ``lost``: skip all until the next signature, one violation is enough."""
        self._buffer.clear()
        self._lost = lost

    def _consider(self) -> None:
        while self._lost and self._buffer and not REQUEST.startswith(self._buffer[:4]):
            del self._buffer[0]
        have = len(self._buffer)
        if have < 4:
            if not REQUEST.startswith(self._buffer):
                self._no_frame()
            return
        if self._buffer[:4] != REQUEST:
            self._no_frame()
        elif have == HEADER_BYTES and not self._header_good():
            self._drop(lost=True)
        elif have >= HEADER_BYTES and have == HEADER_BYTES + self._payload_bytes():
            raw = bytes(self._buffer)
            first = self._first
            self._drop()
            assert first is not None
            self._frame(raw, first)

    def _no_frame(self) -> None:
        seen = bytes(self._buffer)
        words = seen.lstrip(b"\r\n\x00 ")
        if words[:2].upper() in (b"AT", b"A") or words[:1] == b"+" or not seen.strip(b"\r\n"):
            self._break("no-at-in-stp", f"{seen!r} while {self.stage.name}")
        else:
            self._break("signature", f"{seen!r} where a request was due")
        self._drop(lost=True)

    def _header_good(self) -> bool:
        """Judge the header before its payload is waited for."""
        raw = bytes(self._buffer)
        _, op, _, length, _, header_crc, payload_crc = HEADER.unpack(raw)
        if op > DATA_TYPE:
            self._break("op", f"op {op}")
            return False
        right = crc16(raw[:12] + b"\0\0" + raw[14:])
        if header_crc != right:
            if header_crc == swapped(right, 2):
                self._break("big-endian", f"header CRC {header_crc:04x} for {right:04x}")
            elif payload_crc and header_crc == crc16(raw[:12] + b"\0\0\0\0"):
                self._break("header-crc-last", f"header CRC {header_crc:04x} was taken before the payload CRC")
            else:
                self._break("header-crc", f"header CRC {header_crc:04x}, not {right:04x}")
            return False
        return self._length_good(op, length)

    def _length_good(self, op: int, length: int) -> bool:
        wanted = REQUEST_PAYLOAD.get(op, self.announced)
        if length == wanted or (op == BLOCK and self.stage is not Stage.ANNOUNCED):
            return True
        if length == swapped(wanted, 2):
            self._break("big-endian", f"length {length:04x} for {wanted:04x}")
        elif op == BLOCK:
            # A repeat of the block before is judged as a frame; anything else has the wrong length.
            self._break("announced-size", f"{length} bytes where {wanted} were announced")
        else:
            self._break("length", f"{OP_NAMES[op]} with {length} bytes of payload")
        return False

    def _frame(self, raw: bytes, first: Stamp) -> None:
        _, op, sid, _, tid, _, payload_crc = HEADER.unpack(raw[:HEADER_BYTES])
        frame = Frame(op, sid, tid, raw[HEADER_BYTES:], raw)
        if self._awaiting_read or first.order < self._read_order:
            self._break("one-at-a-time", f"{frame} before the last reply was read")
        right = crc16(frame.payload)
        if payload_crc != right:
            if not frame.payload:
                self._break("empty-payload-crc", f"{payload_crc:04x} over no payload")
            elif payload_crc == swapped(right, 2):
                self._break("big-endian", f"payload CRC {payload_crc:04x} for {right:04x}")
            else:
                self._break("payload-crc", f"payload CRC {payload_crc:04x}, not {right:04x}")
            return
        self._count_tries(frame)
        if self._is_repeat(frame):
            self._again(frame)
        elif self._in_turn(frame, first):
            self._ids(frame)
            self._serve(frame)

    # ---- repeats (modem-protocol.md 4.5)

    def _is_repeat(self, frame: Frame) -> bool:
        last = self._last
        if last is None or self._nacked is not None:  # what was refused was not taken: it is asked again
            return False
        return last.op == frame.op and last.tid == frame.tid and frame.op != RESET

    def _again(self, frame: Frame) -> None:
        assert self._last is not None
        if frame.raw != self._last.raw:
            self._break("same-bytes-again", f"{frame} differs from the one before")
        if not self._may_repeat:
            self._break("no-needless-repeat", f"{frame} was acknowledged")
        waited = self._now_ms() - self._answered_ms
        if self._silent_since is not None and waited < PATIENCE_MS.get(frame.op, 0):
            self._break("patience", f"{frame} again after {waited} ms")
        self._may_repeat = self._mute or self.terms.repeats_get is not None
        if self.terms.repeats_get in (Trick.NACKED, Trick.UNKNOWN):
            op = NACK_UNKNOWN if self.terms.repeats_get is Trick.UNKNOWN else NACK | frame.op
            self._answer(frame, reply_frame(op, frame.sid, frame.tid, b"", self.terms.crc_in_acks))
        else:
            self._answer(frame, self._last_reply, self.terms.repeats_get)

    def _count_tries(self, frame: Frame) -> None:
        last = self._last
        if last is None or not self._may_repeat or (frame.op, frame.payload) != (last.op, last.payload):
            self._sent_times = 0
        self._sent_times += 1
        if self._sent_times > TRIES:
            self._break("bounded", f"{frame}, sent {self._sent_times} times")

    # ---- order (modem-protocol.md 4.2, 4.3, 4.6)

    def _in_turn(self, frame: Frame, first: Stamp) -> bool:
        """True if the op may be served now, even if something about it was wrong."""
        stage, op = self.stage, frame.op
        if stage is Stage.FRESH:
            if op != RESET:
                self._break("start-with-reset", f"{frame} first")
                return False
            if self._entered_ms is not None and first.ms - self._entered_ms < PAUSE_MS:
                self._break("pause-before-reset", f"{first.ms - self._entered_ms} ms after OK")
            return True
        if op == RESET:
            if stage is Stage.ANNOUNCED and not (self._mute or self._may_repeat):
                self._break("block-after-command", f"RESET where {self.announced} bytes were announced")
            return True
        if stage is Stage.RESET_DONE:
            if op != OPEN:
                self._break("open-first", f"{frame} before OPEN")
            return op == OPEN
        if op == OPEN:
            self._break("open-once", f"{frame} in an open session")
            return False
        if op == DATA_TYPE and not self._type_in_turn(frame):
            return False
        if op == BLOCK and stage is not Stage.ANNOUNCED:
            self._break("command-before-block", f"{frame} while {stage.name}")
            return False
        if stage is Stage.ANNOUNCED and op != BLOCK and self._nacked is None:
            self._break("block-after-command", f"{frame} where {self.announced} bytes were announced")
            return False
        return True

    def _type_in_turn(self, frame: Frame) -> bool:
        if self.terms.version < 2:
            self._break("type-needs-version-2", f"{frame} in a session of version {self.terms.version}")
            return False
        if self.stage is not Stage.OPENED:
            self._break("type-right-after-open", f"{frame} while {self.stage.name}")
            return False
        return True

    def _ids(self, frame: Frame) -> None:
        sid, tid = frame.sid, frame.tid
        if frame.op == RESET:
            self._reset_ids(frame)
        elif frame.op == OPEN:
            if (sid, tid) != (1, 1):
                self._break("big-endian" if tid == 1 << 24 else "open-ids", str(frame))
        else:
            if sid != 1:
                self._break("session-id", str(frame))
            self._same_after_nack(frame)
            if tid not in self._next_tids(frame.op):
                unknown = self._nacked in (Trick.UNKNOWN, Trick.NAMELESS)
                wrong = "unknown-same-tid" if unknown else "transaction-id"
                self._break(
                    "big-endian" if tid == swapped(self._tid, 4) else wrong, f"{frame}, {self._tid} being the next"
                )
        self._tid = tid

    def _next_tids(self, op: int) -> set[int]:
        """A refused BLOCK_CMD or BLOCK is not acknowledged: the same, or PSU's new one (modem-protocol.md 4.3, 4.5)."""
        if self._nacked is Trick.NACKED and op in (COMMAND, BLOCK):
            return {self._refused_tid, self._tid + 1}
        return {self._tid}

    def _same_after_nack(self, frame: Frame) -> None:
        last = self._last
        if self._nacked is None or last is None or (frame.op, frame.payload) == (last.op, last.payload):
            return
        if frame.op not in (COMMAND, DATA_TYPE):  # a refused size may be followed by another (modem-protocol.md 4.8)
            self._break("same-bytes-again", f"{frame} after a nack of {last}")

    def _reset_ids(self, frame: Frame) -> None:
        ids = (frame.sid, frame.tid)
        if self.stage is Stage.FRESH or (self.stage is Stage.RESET_DONE and self._last is not None and not self._tid):
            if ids != (0, 0):
                self._break("reset-ids", str(frame))
            return
        known = {(0, 0), (1, self._tid)}
        if (
            self._may_repeat or self._nacked is Trick.REFUSED
        ):  # the master cannot know whether its last request was taken
            known |= {(1, self._tid - 1), (1, self._tid + 1)}
        if ids not in known:
            rule = "big-endian" if frame.tid == swapped(self._tid, 4) else "closing-ids"
            self._break(rule, f"{frame}, {self._tid} being the next")

    # ---- serving

    def _serve(self, frame: Frame) -> None:
        trick = self.terms.tricks.get((frame.op, self._counts[frame.op]))
        if self._too_large(frame):
            trick = self.terms.refuses_with
            if trick is Trick.LOST:  # not taken, so not the request that a repeat is measured against
                self._answer(frame, b"", trick)
                return
        self._counts[frame.op] += 1
        if trick in (Trick.NACKED, Trick.UNKNOWN, Trick.NAMELESS):
            if self._nacked is None:
                self._refused_tid = frame.tid
            self._last, self._nacked, self._may_repeat = frame, trick, True
            op = NACK | frame.op if trick is Trick.NACKED else NACK_UNKNOWN
            ids = (0, 0) if trick is Trick.NAMELESS else (frame.sid, frame.tid)
            self._answer(frame, reply_frame(op, *ids, b"", self.terms.crc_in_acks))
            return
        self._nacked = None
        self._last = frame
        if trick is Trick.MUTE:
            self._mute = True
        payload = self._act(frame, trick)
        if trick is Trick.REFUSED:
            self._nacked = trick  # it was not opened: it may be asked for again, as transaction 1 again
        self._tid = frame.tid + (trick is not Trick.REFUSED)
        self._may_repeat = trick in SPOILS or self._mute
        self._last_reply = reply_frame(ACK | frame.op, frame.sid, frame.tid, payload, self.terms.crc_in_acks)
        if self.terms.payload_crc_only:
            self._last_reply = self._last_reply[:14] + crc16(payload).to_bytes(2, "big") + payload
        self._answer(frame, self._last_reply, trick)

    def _too_large(self, frame: Frame) -> bool:
        limit = self.terms.block_limit
        return frame.op == COMMAND and 0 < limit < int.from_bytes(frame.payload, "big")

    def _answer(self, frame: Frame, reply: bytes, trick: Trick | None = None) -> None:
        """Send a reply, or what the trick makes of it; ``first`` says how much of it a master has to read."""
        delay = self.terms.ack_ms
        if frame.op == BLOCK:
            delay = self.terms.stalls_ms.get(self._counts[BLOCK] - 1, delay)
        self._answered_ms = self._now_ms()
        self._silent_since = None
        if trick is Trick.LOST or (self._mute and frame.op != RESET):
            self._silent_since = self._answered_ms
            self._awaiting_read = False
            return
        self._awaiting_read = trick not in SPOILS
        if trick is Trick.SHORT:
            reply = reply[:-5]
        elif trick is Trick.BAD_HEADER_CRC:
            reply = reply[:12] + b"\x5a\xa5" + reply[14:]
        elif trick is Trick.LYING_RESIDUE:
            good = reply_frame(ACK | frame.op, frame.sid, frame.tid, b"\0\0", True)
            reply = good[:-1] + b"\1"
        elif trick is Trick.WRONG_LENGTH:
            reply = reply_frame(ACK | frame.op, frame.sid, frame.tid, b"\0\0\1", self.terms.crc_in_acks)
        before = BEFORE.get(trick, b"") if trick else b""
        if trick is Trick.STALE_BEFORE:
            wrong = bytes(len(reply) - HEADER_BYTES - 1) + b"\7" if len(reply) > HEADER_BYTES else b""
            for sid, tid in ((frame.sid, frame.tid ^ 2), (frame.sid ^ 1, frame.tid)):
                before += reply_frame(ACK | frame.op, sid, tid, wrong, self.terms.crc_in_acks)
        after = reply if trick is Trick.TWICE else b""
        counted = len(before + reply) if trick not in SPOILS else 0
        self._send(before + reply + after, delay, counted)

    def _act(self, frame: Frame, trick: Trick | None) -> bytes:
        """Change state; the payload of the ack."""
        if frame.op == RESET:
            again = self.stage is Stage.RESET_DONE and (self._may_repeat or not self.terms.idle_reset_leaves)
            self.stage = Stage.RESET_DONE if self.stage is Stage.FRESH or again else Stage.CLOSED
        elif frame.op == OPEN and trick is Trick.REFUSED:
            return struct.pack(">BBH", 0, self.terms.version, self.terms.max_transfer)
        elif frame.op == OPEN:
            self.stage = Stage.OPENED
            return struct.pack(">BBH", 1, self.terms.version, self.terms.max_transfer)
        elif frame.op == DATA_TYPE:
            self.stage = Stage.READY
            self._take_type(struct.unpack(">I", frame.payload)[0])
        elif frame.op == COMMAND:
            self.stage = Stage.ANNOUNCED
            self._take_size(struct.unpack(">H", frame.payload)[0])
        else:
            self.stage = Stage.READY
            return struct.pack(">H", self._take_block(frame.payload, trick))
        return b""

    def _take_type(self, value: int) -> None:
        if value in (TYPE_ELF, TYPE_ELF + 1, TYPE_CABA, TYPE_CABA + 1):
            self.data_type = value
        elif swapped(value, 4) in range(2, 6):
            self._break("big-endian", f"data type {value:08x}")
        else:
            self._break("type-known", f"data type {value}")

    def _take_size(self, size: int) -> None:
        if self._short_block:
            self._break("short-only-last", "another block follows one of less than 32 bytes")
        most = self.terms.max_transfer - HEADER_BYTES
        if size > min(most, CAP_BYTES):
            if swapped(size, 2) <= min(most, CAP_BYTES):
                self._break("big-endian", f"block size {size:04x}")
            else:
                self._break("max-transfer" if size > most else "cap", f"a block of {size} bytes")
        if size == 0:
            self._break("some-bytes", "a block of 0 bytes")
        self.announced = size
        self.longest = max(self.longest, size)

    def _take_block(self, data: bytes, trick: Trick | None) -> int:
        tail = self._tail
        if not (data.startswith(tail) or tail.startswith(data)):
            self._break("tail-after-residue", f"{len(tail)} bytes had not been consumed")
        residue = len(data) // 2 if trick is Trick.HALF_CONSUMED else len(data) if self._mute else 0
        self._short_block = len(data) < SHORTEST_BYTES and not tail and not residue
        self._tail = data[len(data) - residue :] or tail[len(data) :]
        self.taken += data[: len(data) - residue]
        self.announced = 0
        return residue

    def _inflated(self, data: bytes) -> bytes:
        if not looks_deflated(data):
            self._break("type-says-zlib", f"no zlib stream under data type {self.data_type}")
            return data
        if data[0] >> 4 > ZLIB_WINDOW_BITS - 8:
            self._break("zlib-window", f"2^{(data[0] >> 4) + 8} bytes")
        stream = zlib.decompressobj()
        plain = stream.decompress(data)
        if not stream.eof or stream.unused_data:
            self._break("one-zlib-stream", f"ended: {stream.eof}, {len(stream.unused_data)} bytes after it")
        return plain


def looks_deflated(data: bytes) -> bool:
    """RFC 1950: method 8, and a check that makes the first two bytes a multiple of 31."""
    return len(data) > 2 and data[0] & 0x0F == 8 and data[0] >> 4 <= 7 and int.from_bytes(data[:2], "big") % 31 == 0
