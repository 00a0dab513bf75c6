"""The slave side of STP in the simulated modem, written from modem-protocol.md 4 as bytes on the wire."""

from __future__ import annotations

import binascii
import math
import re
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from doctor.sim.modem.core import ModemCore
from doctor.sim.modem.faults import NAMELESS, Fault, damaged
from doctor.sim.modem.images import HEAD_BYTES, total_bytes

_REQUEST = b"fast"
_REPLY = b"tsaf"
_HEADER = struct.Struct(">4sBBHIHH")

RESET, OPEN, BLOCK_CMD, BLOCK, DATA_TYPE = range(5)
PLACES = {RESET: "reset", OPEN: "open", BLOCK_CMD: "block-cmd", BLOCK: "block", DATA_TYPE: "data-type"}
ACK, NACK, NACK_UNKNOWN = 0x80, 0x40, 0x7F

STORE, ON_THE_FLY, RAM = "store", "on-the-fly", "ram"
"""What the session is for: keep the file, flash while it arrives, load an ELF to RAM."""

MAX_TRANSFER = 8192
MAX_TRANSFER_FFH = 2048
"""Header plus payload of one request (modem-protocol.md 4.4)."""

ERASE_PERCENT = 7.0
LAST_PERCENT = 99.0
"""Where acks take long (modem-protocol.md 4.5); from the first one on the old application is gone."""

_BROKEN_BLOCK_BYTES = 2016  # of the session that a dead master left behind
_JUNK_KEPT_BYTES = 64
_AT_LINE = re.compile(rb"AT[ -~]*\r")
"""A whole line: the two letters alone also stand by chance in a block whose header came in damaged."""

ELF_TYPICAL_BYTES = 306_076
"""An ELF does not say its length at once: its progress is counted against this size (modem-protocol.md 5.3)."""


@dataclass(frozen=True)
class _Request:
    op: int
    sid: int
    tid: int
    payload: bytes


def frame(op: int, sid: int, tid: int, payload: bytes, *, crcs: bool, signature: bytes = _REPLY) -> bytes:
    """A reply, or with ``_REQUEST`` a request; without CRCs both fields are 0, which means "not computed"."""
    head_crc = payload_crc = 0
    if crcs:
        payload_crc = binascii.crc_hqx(payload, 0)
        head_crc = binascii.crc_hqx(_HEADER.pack(signature, op, sid, len(payload), tid, 0, payload_crc), 0)
    return _HEADER.pack(signature, op, sid, len(payload), tid, head_crc, payload_crc) + payload


class StpSlave:
    """One stay in STP mode: from the AT command that entered it to the RESET that leaves it.

    method    STORE, ON_THE_FLY or RAM
    progress  called when a block was taken
    left      called when STP mode is over, with what came behind it for the AT dialogue
    """

    def __init__(
        self,
        modem: ModemCore,
        method: str,
        progress: Callable[[StpSlave], None],
        left: Callable[[StpSlave, bytes], None],
    ) -> None:
        self.modem = modem
        self.method = method
        self._progress = progress
        self._left = left
        self.whole_before = modem.flash.whole
        self.taken = 0
        """Image bytes consumed so far (after inflating)."""
        self.total: int | None = None
        self.data = bytearray()
        self.is_stuck = False
        """It hangs over a request and will never answer again."""
        self.session_open = False
        """True between OPEN and the closing RESET."""
        self._closed = False
        self._expected = 0
        self._last_tid: int | None = None
        self._last_ack = b""
        self._inflater: Any = None
        self._buffer = bytearray()
        self._junk = b""
        self._last_byte_ms = 0.0
        self.is_busy = False
        """True while it works on a request and answers no other."""
        self._delayed: set[float] = set()

    # -- what others may know ---------------------------------------------------------------------------------

    @property
    def percent(self) -> float | None:
        """Share of the image that was consumed; None while its size is unknown."""
        if self.total is None:
            return None
        return min(100.0, 100.0 * self.taken / max(1, self.total))

    def get_stuck(self) -> None:
        """Answer nothing any more, until power is removed."""
        self.is_busy = self.is_stuck = True

    def break_off(self, taken: int, total: int | None) -> None:
        """Become a session whose master has died in the middle of a block after ``taken`` of ``total`` image bytes."""
        self.session_open = True
        self.taken, self.total = taken, total
        self._last_tid = 2 + 2 * (taken // _BROKEN_BLOCK_BYTES)
        self._expected = _BROKEN_BLOCK_BYTES
        payload = bytes(_BROKEN_BLOCK_BYTES)
        request = frame(BLOCK, 1, self._last_tid + 1, payload, crcs=True, signature=_REQUEST)
        self._buffer += request[: _HEADER.size + len(payload) // 2]
        self._last_byte_ms = -math.inf

    def feed(self, data: bytes) -> None:
        """Bytes from the UART."""
        now = self.modem.world.now_ms
        if self._buffer and not self.is_busy and now - self._last_byte_ms > self.modem.switches.partial_ms:
            self._forget_partial()
        self._last_byte_ms = now
        self._buffer += data
        self._work()

    # -- frames -----------------------------------------------------------------------------------------------

    def _forget_partial(self) -> None:
        policy = self.modem.switches.on_partial
        if policy == "wait":
            return
        if policy == "nack" and len(self._buffer) >= _HEADER.size:
            _, op, sid, _, tid, _, _ = _HEADER.unpack_from(self._buffer)
            self.modem.send(frame(op | NACK, sid, tid, b"", crcs=self.modem.switches.ack_crcs))
        self._buffer.clear()

    def _work(self) -> None:
        while not self.is_busy and not self._closed:
            request = self._cut_frame()
            if request is None:
                return
            self._answer(request)

    def _cut_frame(self) -> _Request | None:
        """The next sound request in the buffer; damaged ones are answered or dropped here."""
        while True:
            at = self._buffer.find(_REQUEST)
            if at != 0:
                self._skip_junk(at)
            if at < 0 or self._closed:
                return None
            self._junk = b""
            if len(self._buffer) < _HEADER.size:
                return None
            head = bytes(self._buffer[: _HEADER.size])
            _, op, sid, size, tid, head_crc, payload_crc = _HEADER.unpack(head)
            if binascii.crc_hqx(head[:12] + b"\0\0" + head[14:], 0) != head_crc:
                del self._buffer[: len(_REQUEST)]
                self._refuse(_Request(op, sid, tid, b""), self._on_bad_crc(), header_is_sound=False)
                continue
            if len(self._buffer) < _HEADER.size + size:
                return None
            payload = bytes(self._buffer[_HEADER.size : _HEADER.size + size])
            del self._buffer[: _HEADER.size + size]
            request = _Request(op, sid, tid, payload)
            if (binascii.crc_hqx(payload, 0) if payload else 0) != payload_crc:
                self._refuse(request, self._on_bad_crc())
                continue
            return request

    def _skip_junk(self, at: int) -> None:
        """Drop what is in front of the next signature, but keep what may be the beginning of one."""
        if at < 0:
            tails = (k for k in range(len(_REQUEST) - 1, 0, -1) if self._buffer.endswith(_REQUEST[:k]))
            at = len(self._buffer) - next(tails, 0)
        junk = bytes(self._buffer[:at])
        del self._buffer[:at]
        heard = self._junk + junk
        line = _AT_LINE.search(heard)
        self._junk = (heard if line is None else heard[line.end() :])[-_JUNK_KEPT_BYTES:]
        if line is None:
            return
        self.modem.misuse.append("AT sent into STP mode" + (" with a session open" if self.session_open else ""))
        if not self.session_open and self.modem.switches.at_leaves_idle_stp:
            self._closed = True
            self._left(self, heard[line.start() :])

    # -- requests ---------------------------------------------------------------------------------------------

    def _answer(self, request: _Request) -> None:
        place = PLACES.get(request.op, "")
        fault = self.modem.faults.strike(place, self.percent or 0.0) if place else None
        if fault is not None and self._prevented(request, fault):
            return
        if request.op != RESET and request.tid == self._last_tid and self._last_ack:
            policy = self.modem.switches.on_repeated_tid
            if policy == "answer-again":
                self.modem.send(damaged(self._last_ack, fault))
            if policy != "take-again":
                return
        refusal = self._misfit(request)
        if refusal:
            self._refuse(request, refusal)
            return
        carry_out: dict[int, Callable[[_Request, Fault | None], bytes | None]] = {
            RESET: lambda request, fault: b"",
            OPEN: self._open,
            BLOCK_CMD: self._block_cmd,
            BLOCK: self._block,
            DATA_TYPE: self._data_type,
        }
        payload = carry_out[request.op](request, fault)
        if payload is None:
            self._refuse(request, self._on_unexpected())
            return
        crcs = self.modem.switches.reset_ack_crc if request.op == RESET else self.modem.switches.ack_crcs
        ack = frame(request.op | ACK, request.sid, request.tid, payload, crcs=crcs)
        if request.op != RESET and self.session_open:
            self._last_tid, self._last_ack = request.tid, ack
        self._acknowledge(request, ack, fault)

    def _prevented(self, request: _Request, fault: Fault) -> bool:
        """Carry out a fault that keeps the request from being carried out."""
        if fault.kind == "lose":
            return True
        if fault.kind in ("nack", "nack-unknown", "nack-nameless"):
            self._refuse(request, fault.kind)
            return True
        if fault.kind == "stall" and fault.ms is None:
            self.get_stuck()
            return True
        if fault.kind == "hold":  # what was heard is still answered
            self.modem.hold_cts(fault.ms)
            return False
        if fault.kind == "half-obeyed" and request.op == RESET:
            self.session_open = False
            self._last_tid, self._last_ack, self._expected = None, b"", 0
            return True
        self._closed = self.modem.suffer(fault.kind)
        return self._closed

    def _misfit(self, request: _Request) -> str:
        """How a request that does not fit is refused; empty when it fits."""
        switches = self.modem.switches
        refusal = self._on_unexpected()
        if request.op == RESET:
            return ""
        if request.op not in PLACES or (request.op == DATA_TYPE and not self._knows_data_types):
            return "nack-unknown" if refusal == "nack" else refusal
        if request.op == OPEN:
            return "" if not self.session_open else refusal
        if not self.session_open or request.sid != 1:
            return refusal
        tid_policy = switches.on_wrong_tid or ("nack" if self.modem.family == "MONARCH2" else "accept")
        if tid_policy != "accept" and self._last_tid is not None and not 0 <= request.tid - self._last_tid <= 8:
            return tid_policy
        return ""

    def _open(self, request: _Request, fault: Fault | None) -> bytes:
        if fault is not None and fault.kind == "refuse":
            return struct.pack(">BBH", 0, self.version, self.max_transfer)
        self.session_open = True
        return struct.pack(">BBH", 1, self.version, self.max_transfer)

    def _data_type(self, request: _Request, fault: Fault | None) -> bytes | None:
        kind = int.from_bytes(request.payload, "big")
        if len(request.payload) != 4 or kind not in (2, 3, 4, 5) or self.taken:
            return None
        self._inflater = zlib.decompressobj() if kind & 1 else None
        return b""

    def _block_cmd(self, request: _Request, fault: Fault | None) -> bytes | None:
        size = int.from_bytes(request.payload, "big")
        limit = min(self.max_transfer - _HEADER.size, self.modem.switches.block_limit or self.max_transfer)
        if len(request.payload) != 2 or not 0 < size <= limit:
            return None
        self._expected = size
        return b""

    def _block(self, request: _Request, fault: Fault | None) -> bytes | None:
        if not self._expected or len(request.payload) != self._expected:
            return None
        self._expected = 0
        residue = 1 if fault is not None and fault.kind == "residue" else 0
        if not self._take(request.payload[: len(request.payload) - residue]):
            return None
        return struct.pack(">H", residue)

    def _take(self, data: bytes) -> bool:
        if self._inflater is not None:
            try:
                data = self._inflater.decompress(data)
            except zlib.error:
                return False
        self.taken += len(data)
        self.data += data
        if self.total is None and len(self.data) >= HEAD_BYTES:
            self.total = total_bytes(bytes(self.data[:HEAD_BYTES]))
            if self.total is None and self.data[:4] == b"\x7fELF":
                self.total = ELF_TYPICAL_BYTES
        self._progress(self)
        return True

    # -- acks -------------------------------------------------------------------------------------------------

    def _acknowledge(self, request: _Request, ack: bytes, fault: Fault | None) -> None:
        delay_ms = float(self.modem.switches.answer_ms)
        if request.op == BLOCK:
            delay_ms = self.modem.switches.block_ms + self._flash_work_ms()
            if self.method == STORE and self.modem.switches.store_hangs:
                self.get_stuck()
                return
        if fault is not None and fault.kind == "stall":
            delay_ms += fault.ms or 0
        self.is_busy = True
        self.modem.later(delay_ms, lambda: self._send_ack(request, ack, fault))

    def _flash_work_ms(self) -> int:
        """Extra time of this ack: flash is erased near 7 %, and finished near 99 %."""
        percent = self.percent
        if percent is None or self.method != ON_THE_FLY:
            return 0
        extra = 0
        for limit, ms in ((ERASE_PERCENT, self.modem.switches.erase_ms), (LAST_PERCENT, self.modem.switches.last_ms)):
            if percent >= limit and limit not in self._delayed:
                self._delayed.add(limit)
                extra += ms
        return extra

    def _send_ack(self, request: _Request, ack: bytes, fault: Fault | None) -> None:
        self.is_busy = False
        life = self.modem.life
        self.modem.send(damaged(ack, fault))
        if self.modem.life != life:  # power failed while it spoke
            return
        if request.op == RESET and self.session_open:
            self._closed = True
            self._left(self, b"")
            return
        if request.op == RESET:
            self._last_tid, self._last_ack, self._expected = None, b"", 0
        self._work()

    def _refuse(self, request: _Request, how: str, *, header_is_sound: bool = True) -> None:
        if how == "silence":
            return
        if how == "nack-nameless":
            self.modem.send(NAMELESS)
            return
        op = NACK_UNKNOWN if how == "nack-unknown" or not header_is_sound else (request.op & 0x3F) | NACK
        self.modem.send(frame(op, request.sid, request.tid, b"", crcs=self.modem.switches.ack_crcs))

    # -- facts ------------------------------------------------------------------------------------------------

    @property
    def version(self) -> int:
        """Of the session: 1 on SQN3330, 2 on Monarch 2 (modem-protocol.md 4.4, 4.6)."""
        return 2 if self.modem.family == "MONARCH2" else 1

    @property
    def max_transfer(self) -> int:
        """Header plus payload of the largest request."""
        return self.modem.switches.max_transfer or (MAX_TRANSFER_FFH if self.method == RAM else MAX_TRANSFER)

    @property
    def _knows_data_types(self) -> bool:
        return self.version >= 2 or self.modem.switches.data_type_in_version_1

    def _on_unexpected(self) -> str:
        return self.modem.switches.on_unexpected or self._on_bad_crc()

    def _on_bad_crc(self) -> str:
        return self.modem.switches.on_bad_crc or ("nack" if self.modem.family == "MONARCH2" else "silence")
