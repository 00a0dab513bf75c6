"""Master of STP, the modem's binary transfer protocol (modem-protocol.md 4)."""

import struct

from .contract import Clock, Port, Source, Timer  # noqa: F401
from .crc import crc16
from .events import Speaker
from .profile import BLOCK_LONGEST_BYTES, BLOCK_MAX_BYTES, BLOCK_MIN_BYTES

try:
    from typing import Callable, Optional, Tuple  # noqa: F401

    from .events import Emit  # noqa: F401
except ImportError:  # MicroPython
    pass

#: Header of request and reply, big-endian: signature, op, session, payload length, tid, header CRC, payload CRC.
_HEADER = ">4sBBHIHH"
HEADER_BYTES = 16
REQUEST = b"fast"
REPLY = b"tsaf"
ACK = 0x80
NACK = 0x40
NACK_UNKNOWN = 0x7F

RESET = 0
OPEN = 1
BLOCK_CMD = 2
BLOCK = 3
DATA_TYPE = 4
NAMES = {RESET: "RESET", OPEN: "OPEN", BLOCK_CMD: "BLOCK_CMD", BLOCK: "BLOCK", DATA_TYPE: "DATA_TYPE"}
_ACK_PAYLOAD = {RESET: 0, OPEN: 4, BLOCK_CMD: 0, BLOCK: 2, DATA_TYPE: 0}

#: Data types of what follows; one more if it is a zlib stream (modem-protocol.md 4.6).
DATA_TYPE_ELF = 2
DATA_TYPE_CABA = 4
_SESSION = 1

#: Longest wait in ms for the ack of RESET, OPEN and DATA_TYPE; they do not harm the modem.
CONTROL_ACK_MS = 10000
#: Longest wait in ms for the ack of BLOCK_CMD (design.md 4, "Deadlines").
CMD_ACK_MS = 90000
#: Wait in ms for the ack of a BLOCK before anything is sent again: flash is erased in that time (design.md 4).
BLOCK_ACK_MS = 300000
#: Wait in ms for the ack of the closing RESET, which may be left out (modem-protocol.md 4.5).
CLOSE_ACK_MS = 2000
#: Pause in ms before a refused request is sent again (modem-protocol.md 4.5).
NACK_PAUSE_MS = 100
#: How often a session is asked for that the modem refuses to open.
OPEN_TRIES = 2
#: How often a session is looked for: a RESET that was lost must not let AT into it.
PROBES = 2
#: Tries of one request, the first included. A modem that lost the end of a block swallows the beginning of the second.
TRIES = 3
#: Silence in ms behind a damaged or cut reply after which the rest of it is not awaited any more.
CUT_MS = 2000
#: Silence in ms after which the listener is told what is awaited.
PATIENCE_MS = 10000
READ_BYTES = 512
#: Wait in ms for an ack behind the echo of a request: an AT parser sends back what it hears, a slave never does.
ECHO_MS = 100


class StpError(Exception):
    """The transfer cannot go on.

    kind    "silent", "refused", "damaged", "residue", "session", "source" or "stopped"
    detail  what happened, in words
    """

    def __init__(self, kind, detail):
        # type: (str, str) -> None
        self.kind = kind
        self.detail = detail


def pack(op, sid, tid, payload=b"", payload_crc=None):
    # type: (int, int, int, bytes, Optional[int]) -> bytes
    """One request, header and payload in one piece, both checksums set (modem-protocol.md 4.1).

    payload_crc  checksum of the payload if it is known already; None: computed here
    """
    if payload_crc is None:
        payload_crc = crc16(payload) if payload else 0
    bare = struct.pack(_HEADER, REQUEST, op, sid, len(payload), tid, 0, payload_crc)
    return struct.pack(_HEADER, REQUEST, op, sid, len(payload), tid, crc16(bare), payload_crc) + payload


def unpack(header):
    # type: (bytes) -> Tuple[int, int, int, int, int, int]
    """Op, session, payload length, tid, header CRC and payload CRC of a header; op is -1 if the header CRC is wrong.

    A header CRC of 0 was not computed, as in the replies of some modems (modem-protocol.md 4.8).
    """
    _, op, sid, length, tid, header_crc, payload_crc = struct.unpack(_HEADER, header)
    if header_crc and crc16(header[:12] + b"\x00\x00" + header[14:]) != header_crc:
        op = -1
    return op, sid, length, tid, header_crc, payload_crc


class _Answer(object):
    """A reply frame, or what stood in its place: ``kind`` is "ack", "nack", "unknown", "damaged" or "silent".

    nameless  an "unknown" with other ids than the request's, as of a slave that could not read them
    """

    def __init__(self, kind, payload=b"", nameless=False):
        # type: (str, bytes, bool) -> None
        self.kind = kind
        self.payload = payload
        self.nameless = nameless


class Master(object):
    """Sends one file to a modem that listens for STP.

    port       see contract.Port; its ``max_block``, if it has one, bounds a block
    clock      see contract.Clock
    profile    which modem
    emit       called with (name, dict) for events, or None
    max_block  longest block in bytes that the way to the modem bears; 0 = any
    block      bytes of a block, instead of BLOCK_MAX_BYTES: a longer one that is refused once is not tried again
    """

    def __init__(self, port, clock, emit=None, max_block=0, block=BLOCK_MAX_BYTES):
        # type: (Port, Clock, Optional[Emit], int, int) -> None
        self._port = port
        self._clock = clock
        self._speaker = Speaker(emit)
        self._cap = max_block or getattr(port, "max_block", 0) or BLOCK_LONGEST_BYTES
        self._wanted = block
        self._tid = 0
        self._buffer = b""
        self._cut = False  # a reply with a wrong header came instead of the awaited one
        self.block_bytes = 0
        self._crc_of = None  # type: Optional[Callable[[int, bytes], Optional[int]]]
        self._again = None  # type: Optional[Callable[[int, int], bytes]]
        self._ahead = None  # type: Optional[Callable[[], None]]
        self.began = False  # True once a block was written to the wire
        self.at_most = 0  # bytes of blocks that went out and were not refused: the modem has no more of the file
        self.packed = False  # True if the modem agreed to a zlib stream
        self.awaited = "the modem to answer"  # what a long silence most likely means, in words
        self.repeats = 0
        self._unsure = False  # the last request may have been taken, though it was not acknowledged
        self.echoed = False  # the last probe came back as it was sent
        self.refuses_reset = False  # the last RESET was answered, and refused: there is a session, and it stays open

    def reset(self, wait_ms=CONTROL_ACK_MS, tries=1):
        # type: (int, int) -> bool
        """Send RESET with session and tid 0, which ends whatever session is open; True if it was acknowledged."""
        for _ in range(tries):
            if self._end(0, 0, wait_ms):
                return True
        return False

    def probe(self, wait_ms):
        # type: (int) -> bool
        """Whether a session was open, by the RESET that ends it: sent again if it may have been lost.

        What sends the whole RESET back and does not acknowledge it is an AT parser: ``echoed`` then.
        """
        self.echoed = False
        for _ in range(PROBES):
            if self._end(0, 0, wait_ms, True):
                return True
            if self.echoed:
                break
        return False

    def flush(self, wait_ms):
        # type: (int) -> bool
        """Fill up a block that arrived only in part, with RESETs; True once one of them is acknowledged.

        A slave may wait for the rest of a block forever (modem-protocol.md 9.7) and takes a single RESET for it.
        """
        for _ in range(BLOCK_LONGEST_BYTES // BLOCK_MAX_BYTES + 1):
            self._put(pack(RESET, 0, 0) * (BLOCK_MAX_BYTES // HEADER_BYTES + 2))
            timer = Timer(self._clock, wait_ms)
            answer = self._await(RESET, 0, 0, wait_ms)
            while answer.kind == "unknown" and not timer.over():  # the block that was filled up, not the RESETs behind
                answer = self._await(RESET, 0, 0, timer.left_ms())
            if answer.kind == "ack":
                self._port.write(b"\r")  # ends the line that the other RESETs began in an AT parser
                return True
        return False

    def open(self, data_type=DATA_TYPE_CABA, packed=False, was_reset=False):
        # type: (int, bool, bool) -> Tuple[int, int]
        """RESET and open a session; returns its version and max transfer in bytes. Raises StpError.

        packed     offer a zlib stream; ``self.packed`` says whether the modem agreed, which takes a version 2 session
        was_reset  RESET was acknowledged already: a second one might lead out of transfer mode
        """
        if not was_reset and not self.reset(tries=TRIES):
            raise StpError("silent", "the modem does not answer the transfer protocol")
        for attempt in range(OPEN_TRIES):
            if attempt:
                self._clock.sleep_ms(NACK_PAUSE_MS)
            self._tid = 1
            ok, version, max_transfer = struct.unpack(">BBH", self._ask(OPEN, b"", CONTROL_ACK_MS))
            if ok:
                break
        if not ok or max_transfer <= HEADER_BYTES:
            raise StpError("session", "the modem refused to open a transfer session, %d times" % OPEN_TRIES)
        self.block_bytes = min(max_transfer - HEADER_BYTES, self._wanted, self._cap)
        self._speaker.note("STP session: version %d, max transfer %d bytes" % (version, max_transfer))
        self.packed = version >= 2 and packed and self._announce(data_type + 1)
        if version >= 2 and not self.packed:
            self._announce(data_type)  # it takes plain data unannounced too (modem-protocol.md 4.6)
        return version, max_transfer

    def send(self, source, size, on_progress=None, should_stop=None, stop_at_zero=False):
        # type: (Source, int, Optional[Callable[[int, int], None]], Optional[Callable[[], bool]], bool) -> int
        """Send ``size`` bytes of ``source`` and return how many the modem took: fewer only if it was stopped.

        on_progress  called with (done, total) after each block
        should_stop  asked before each block
        stop_at_zero raise if the first block is not taken within BLOCK_ACK_MS, instead of asking again

        A source may help: see contract.Source. Raises StpError; the session stays open then.
        """
        self._crc_of = getattr(source, "crc_of", None)
        self._again = getattr(source, "again", None)
        self._ahead = getattr(source, "ahead", None)
        taken = 0
        rest = b""
        self.at_most = 0
        while taken < size:
            if should_stop is not None and should_stop():
                return taken
            rest += self._read(source, min(self.block_bytes, size - taken) - len(rest))
            used = self._send_block(rest, taken, stop_at_zero and not taken)
            rest = rest[used:]
            taken += used
            if on_progress is not None:
                on_progress(taken, size)
        return taken

    def close(self):
        # type: () -> bool
        """End the session; True if the modem acknowledged, so that AT may follow at once."""
        return self._end(_SESSION, self._tid, CLOSE_ACK_MS)

    def leave_if_there(self, wait_ms):
        # type: (int) -> bool
        """Ask the STP way whether the modem is in transfer mode, and leave it; False if it does not say so.

        A silent modem may wait for blocks of a session that nobody ended. Any other one takes this for a bad line.
        If no session is open, a RESET alone changes nothing there: one is opened, and its end is what leaves. If the
        RESET has ended one, both go to an AT parser, which does not know them.
        """
        if not self.reset(wait_ms):
            self._port.write(b"\r")
            return False
        self._tid = 1
        try:
            self._ask(OPEN, b"", wait_ms, 1)
            self.close()
        except StpError:
            self._port.write(b"\r")  # ends the line that OPEN began in an AT parser
        return True

    def _end(self, sid, tid, wait_ms, echoes=False):
        # type: (int, int, int, bool) -> bool
        """Send RESET; True if it was acknowledged.

        echoes  its coming back shortens the wait
        """
        frame = pack(RESET, sid, tid)
        self._put(frame)
        answer = self._await(RESET, sid, tid, wait_ms, echo=frame if echoes else b"")
        self.refuses_reset = answer.kind in ("nack", "unknown")
        return answer.kind == "ack"

    def _put(self, frame):
        # type: (bytes) -> None
        """Send one request. What came before it answers nothing: no request was in flight any more."""
        self._port.drain()
        self._buffer = b""
        self._port.write(frame)

    def _announce(self, data_type):
        # type: (int) -> bool
        """Tell a version 2 slave what follows; False if it refuses to hear that. Raises StpError."""
        try:
            self._ask(DATA_TYPE, struct.pack(">I", data_type), CONTROL_ACK_MS)
        except StpError as err:
            if err.kind != "refused":
                raise
            self._speaker.note("DATA_TYPE %d was refused" % data_type)
            return False
        return True

    def _read(self, source, wanted):
        # type: (Source, int) -> bytes
        """Exactly ``wanted`` bytes; files and sockets may give them in pieces."""
        data = b""
        while len(data) < wanted:
            try:
                piece = source.read(wanted - len(data))
            except OSError as err:
                raise StpError("source", "the image cannot be read any more: " + str(err))
            if not piece:
                raise StpError("source", "the image ended before its size was reached")
            data += piece
        return data

    def _send_block(self, data, offset, only_once=False):
        # type: (bytes, int, bool) -> int
        """Send the beginning of ``data`` as one block, shorter if it is refused; returns the bytes taken.

        A block whose answer was lost may have been taken: under a new command its bytes could be written twice.
        """
        tries = TRIES
        # Either request may be the one that hangs at 0 %: both give it the same five minutes.
        cmd_ms = BLOCK_ACK_MS // TRIES if only_once else CMD_ACK_MS
        while True:
            block = data[: self.block_bytes]
            sent = False
            try:
                length = struct.pack(">H", len(block))
                self._ask(BLOCK_CMD, length, cmd_ms, 1 if len(block) > BLOCK_MAX_BYTES else tries)
                tries = TRIES
                self.began = sent = True
                payload = self._ask(BLOCK, block, BLOCK_ACK_MS, 1 if only_once else TRIES, offset)
            except StpError as err:
                if (sent and self._unsure) or (only_once and err.kind == "silent"):
                    raise
                if not self._may_halve(err.detail, len(block)):
                    raise
                tries = 1 if err.kind == "silent" else TRIES  # refused by silence, or dead: find out quickly
                if self._again is not None:
                    data = self._reread(offset, len(data))
                continue
            residue = int(struct.unpack(">H", payload)[0])
            if residue < len(block):
                if residue:
                    self._speaker.retry("the modem left %d of %d bytes; sending them again" % (residue, len(block)))
                return len(block) - residue
            if not self._may_halve("the modem took nothing", len(block)):
                raise StpError("residue", "the modem does not accept the blocks")

    def _may_halve(self, why, length):
        # type: (str, int) -> bool
        """Shorten the blocks after a refused one or a lost command; False if they are short enough already.

        From longer ones to the usual length, from there by half.
        """
        if self.block_bytes <= BLOCK_MIN_BYTES:
            return False
        if length > BLOCK_MAX_BYTES:
            self.block_bytes = BLOCK_MAX_BYTES
            self._speaker.notice("a block of %d bytes: %s; blocks of %d from here on" % (length, why, BLOCK_MAX_BYTES))
            return True
        self.block_bytes = max(BLOCK_MIN_BYTES, min(self.block_bytes, length) // 2)
        self._speaker.retry("blocks of %d bytes from here on: %s" % (self.block_bytes, why))
        return True

    def _reread(self, offset, size):
        # type: (int, int) -> bytes
        """A block that was refused, read from its source again. Raises StpError."""
        assert self._again is not None
        try:
            return self._again(offset, size)
        except OSError as err:
            raise StpError("source", "the image cannot be read any more: " + str(err))

    def _ask(self, op, payload, wait_ms, tries=TRIES, offset=-1):
        # type: (int, bytes, int, int, int) -> bytes
        """Send a request until it is acknowledged, ``tries`` times at most; returns the ack's payload.

        offset  place of the payload in the image; -1 for what is no part of it

        The same request keeps its tid, except after a nack of a block or its command: the modem then counts it as
        answered (Monarch 2; modem-protocol.md 4.5), or it does not, so the tid alternates. Raises StpError.
        """
        base = self._tid
        tid = base
        answer = _Answer("silent")
        self._unsure = False
        for attempt in range(tries):
            if attempt:
                self.repeats += 1
                self._speaker.retry("%s %d was %s; sending it again" % (NAMES[op], tid, _WORDS[answer.kind]))
                if answer.kind == "nack":
                    if op in (BLOCK_CMD, BLOCK):  # OPEN is 1, DATA_TYPE 2 (modem-protocol.md 4.3)
                        tid = base + 1 if tid == base else base
                    self._clock.sleep_ms(NACK_PAUSE_MS)
                if offset >= 0 and self._again is not None:
                    payload = self._reread(offset, len(payload))
            answer = self._ask_once(op, tid, payload, wait_ms, offset, not attempt)
            if answer.kind == "ack":
                self._tid = tid + 1
                return answer.payload
            self._unsure = self._unsure or answer.nameless or answer.kind in ("silent", "damaged")
            if len(payload) > BLOCK_MAX_BYTES and answer.kind in ("nack", "unknown") and not answer.nameless:
                break  # a longer block than usual is refused once
        kind = {"nack": "refused", "unknown": "refused"}.get(answer.kind, answer.kind)
        times = " %d times" % (attempt + 1) if attempt else ""
        raise StpError(kind, "%s was %s%s" % (NAMES[op], _WORDS[answer.kind], times))

    def _ask_once(self, op, tid, payload, wait_ms, offset, first):
        # type: (int, int, bytes, int, int, bool) -> _Answer
        """One try of ``_ask``; while the modem is busy with the first one, the next block is read."""
        known = self._crc_of(offset, payload) if offset >= 0 and self._crc_of is not None else None
        if op == BLOCK:
            self.at_most += len(payload)  # each time: a slave may take it a second time (modem-protocol.md 9.2)
        self._put(pack(op, _SESSION, tid, payload, known))
        if first and offset >= 0 and self._ahead is not None:
            self._ahead()
        answer = self._await(op, _SESSION, tid, wait_ms, len(payload))
        if op == BLOCK and answer.kind in ("nack", "unknown") and not answer.nameless:
            self.at_most -= len(payload)
        return answer

    def _await(self, op, sid, tid, wait_ms, sent=0, echo=b""):
        # type: (int, int, int, int, int, bytes) -> _Answer
        """The answer to one request: noise is skipped, answers to other requests are dropped.

        echo  the request, if its coming back shortens the wait

        "Unknown" may stand in the line beside the true answer: it counts once the pause before the next try is over.
        """
        timer = Timer(self._clock, wait_ms)
        self._cut = False
        told = False
        unknown = None  # type: Optional[_Answer]
        heard = b""
        while True:
            answer = self._next_frame(op, sid, tid, sent)
            if answer is not None and answer.kind != "unknown":
                return answer
            if answer is not None:
                if unknown is None:
                    timer = Timer(self._clock, NACK_PAUSE_MS)
                    unknown = answer
                continue
            if timer.over():
                return unknown or _Answer("silent")
            cut = self._cut or len(self._buffer) >= len(REPLY)
            got = self._port.read(READ_BYTES, min(timer.left_ms(), CUT_MS if cut else PATIENCE_MS))
            self._buffer += got
            if echo and not self.echoed:
                heard = (heard + got)[-READ_BYTES:]
                if echo in heard:
                    self.echoed = True
                    timer = Timer(self._clock, ECHO_MS)
            if cut and not got:
                return unknown or _Answer("damaged")
            if not got and not told and timer.left_ms():
                told = True
                self._speaker.waiting(self.awaited, wait_ms, False)

    def _next_frame(self, op, sid, tid, sent):
        # type: (int, int, int, int) -> Optional[_Answer]
        """Take frames off the buffer until one answers the request; None while bytes are missing."""
        while True:
            at = self._buffer.find(REPLY)
            if at < 0:
                self._buffer = self._buffer[-len(REPLY) + 1 :]
                return None
            self._buffer = self._buffer[at:]
            if len(self._buffer) < HEADER_BYTES:
                return None
            header = self._buffer[:HEADER_BYTES]
            got_op, got_sid, length, got_tid, header_crc, payload_crc = unpack(header)
            if length > 4 or got_op < 0:
                self._cut = True
                self._buffer = self._buffer[len(REPLY) :]  # not a header: look for the next signature
                continue
            if len(self._buffer) < HEADER_BYTES + length:
                return None
            payload = self._buffer[HEADER_BYTES : HEADER_BYTES + length]
            self._buffer = self._buffer[HEADER_BYTES + length :]
            if got_op == NACK_UNKNOWN:
                return _Answer("unknown", b"", got_sid != sid or got_tid != tid)
            if got_sid != sid or got_tid != tid:
                self._speaker.note("dropped an answer to another request: tid %d, expected %d" % (got_tid, tid))
                continue
            if got_op == op | NACK:
                return _Answer("nack")
            if got_op != op | ACK:
                self._speaker.note("dropped an answer with op 0x%02x" % got_op)
                continue
            return _judge(op, payload, header_crc, payload_crc, sent)


#: How a request failed, in the words of an error.
_WORDS = {"nack": "refused", "unknown": "refused", "damaged": "answered with a damaged reply", "silent": "not answered"}


def _judge(op, payload, header_crc, payload_crc, sent):
    # type: (int, bytes, int, int, int) -> _Answer
    """An ack whose payload holds what it should, or "damaged".

    A zero checksum means "not computed" only if the header has none either: CRC-16 of a residue of 0 is 0, so a
    damaged residue would pass otherwise (modem-protocol.md 4.8).
    """
    if (header_crc or payload_crc) and crc16(payload) != payload_crc:
        return _Answer("damaged")
    if len(payload) != _ACK_PAYLOAD[op]:
        return _Answer("damaged")
    if op == BLOCK and struct.unpack(">H", payload)[0] > sent:
        return _Answer("damaged")
    return _Answer("ack", payload)
