"""A trace as people read it: AT and REPL line by line, STP frame by frame, hex for the rest; each with its time.

Reads on as its rows are taken, and keeps nothing but the line or frame that is not whole yet.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from doctor.documents.trace_lines import RX, TX, Line
from doctor.text.escape import hex_bytes, shown
from doctor.updater import stp
from doctor.updater.crc import crc16

SENT, CAME, MODEM_SENT, MODEM_CAME, ASIDE = ">", "<", "m>", "m<", "-"
MOMENT = "moment"  #: a line that no trace has: what a run told of itself then
LEGEND = "> sent  < came  m> m< to and from the modem, through the board  - what else happened; times in seconds"
MORE = " (-v shows them)"  #: behind how much was folded away
LONGEST = 160  #: characters of a line that are shown, unless everything is
MOST_SHOWN = 1 << 16  #: and then
_MOST_HELD = 1 << 14  #: bytes of a line without an end
_MOST_AT_ONCE = 1 << 12
_ROW_BYTES = 24  #: of a row in hex
_FOLDED = {SENT: 4, CAME: 40, MODEM_SENT: 4, MODEM_CAME: 40}  #: lines in one direction that are shown of a longer text
_TEXT = re.compile(rb"[\x01-\x07\t\r\n\x1b -~]*")
_MARKS = re.compile(rb"(?:OK|[\x04>])*")  #: of the raw REPL, around what it prints
_TO_MODEM = re.compile(rb"_fd_x\('([A-Za-z0-9+/=]*)', \d+, \d+\)[\s\x04]*")
_FROM_MODEM = re.compile(rb'(?:OK)?@@FD "([A-Za-z0-9+/=]*)"\s*')
_SIGNATURE = re.compile(stp.REQUEST + b"|" + stp.REPLY)
_KEYS = {1: "^A", 2: "^B", 3: "^C", 4: "^D", 5: "^E", 6: "^F"}  #: what the REPL takes for orders


@dataclass(frozen=True)
class Row:
    """One row: when (milliseconds), which way (``>``, ``<``, ``m>``, ``m<``, ``-``), and what; safe to show."""

    t_ms: int
    way: str
    text: str

    def __str__(self) -> str:
        """As it is printed."""
        return f"{self.t_ms / 1000:10.3f} {self.way:>2} {self.text}"


def rows(lines: Iterable[Line], *, verbose: bool = False) -> Iterator[Row]:
    """The rows of a trace; ``verbose`` folds nothing away."""
    view = _View(verbose)
    for line in lines:
        yield from view.of(line)
    yield from view.turn("")


class _View:
    """Both directions of a trace, and what the board carries between this program and its modem."""

    def __init__(self, verbose: bool) -> None:
        self._verbose = verbose
        self._limit = MOST_SHOWN if verbose else LONGEST
        self._streams = {way: _Stream(way, verbose, self._limit) for way in _FOLDED}
        self._way = ""
        self._asked_modem = False

    def of(self, line: Line) -> Iterator[Row]:
        """The rows that a line makes whole."""
        if line.what in (TX, RX):
            way = SENT if line.what == TX else CAME
            yield from self.turn(way)
            for piece in self._streams[way].feed(line.t_ms, line.data):
                yield from self._row(way, piece)
        elif (text := _aside(line, self._limit)) is not None:
            yield from self.turn("")
            for stream in self._streams.values():
                stream.masked |= line.members.get("masked") is True
            yield Row(line.t_ms, ASIDE, text)

    def turn(self, way: str) -> Iterator[Row]:
        """End what the other direction left unfinished."""
        if way == self._way:
            return
        before, self._way = self._way, way
        if before:
            for piece in self._streams[before].rest():
                yield from self._row(before, piece)
            yield from self._streams[before].folded()

    def _row(self, way: str, piece: _Piece) -> Iterator[Row]:
        inner = None if self._verbose else self._inner(way, piece)
        if inner is None:
            yield from self._streams[way].row(piece)
            return
        stream, data = inner
        for part in (*stream.feed(piece.t_ms, data), *stream.rest()):
            yield from stream.row(part)
        yield from stream.folded()

    def _inner(self, way: str, piece: _Piece) -> tuple[_Stream, bytes] | None:
        """What a line carries for the modem, or from it; None for every other line."""
        if way == SENT and (found := _TO_MODEM.fullmatch(piece.data)):
            self._asked_modem = True
        elif way == CAME and self._asked_modem and (found := _FROM_MODEM.fullmatch(piece.data)):
            self._asked_modem = False
        else:
            return None
        try:
            return self._streams[MODEM_SENT if way == SENT else MODEM_CAME], base64.b64decode(found[1])
        except ValueError:
            return None


@dataclass(frozen=True)
class _Piece:
    """A whole line, a whole frame, or what came of one; ``ended`` if the line had its end."""

    t_ms: int
    data: bytes
    frame: bool = False
    ended: bool = False


class _Stream:
    """The bytes of one direction, cut into lines and frames."""

    def __init__(self, way: str, verbose: bool, limit: int) -> None:
        self._way = way
        self._verbose = verbose
        self._limit = limit
        self._held = b""
        self._t_ms = self._last_ms = 0
        self._shown = 0
        self._left_out = 0
        self.masked = False  #: long payloads are not kept

    def feed(self, t_ms: int, data: bytes) -> Iterator[_Piece]:
        """What is whole now."""
        for at in range(0, len(data), _MOST_AT_ONCE):  # whatever a line of a trace holds, it is cut in linear time
            yield from self._feed(t_ms, data[at : at + _MOST_AT_ONCE])

    def _feed(self, t_ms: int, data: bytes) -> Iterator[_Piece]:
        if not self._held:
            self._t_ms = t_ms
        self._held += data
        at = _frame_at(self._held)
        while self._held:
            if at == 0:
                length = self._frame_bytes()
                if length > len(self._held):
                    return
                if length:
                    yield self._take(length, frame=True)
                    self._t_ms = t_ms
                    at = _frame_at(self._held)
                    continue
                at = _frame_at(self._held, 1)
            end = self._held.find(b"\n") + 1
            if end and (at < 0 or end <= at):
                taken = self._take(end, ended=True)
            elif at > 0:
                taken = self._take(at)
            elif len(self._held) > _MOST_HELD:
                taken = self._take(_MOST_HELD)
            else:
                return
            yield taken
            self._t_ms = t_ms
            at -= len(taken.data) if at > 0 else 0

    def rest(self) -> Iterator[_Piece]:
        """What will not become whole any more."""
        if self._held:
            yield self._take(len(self._held))

    def row(self, piece: _Piece) -> Iterator[Row]:
        """The rows of a piece, unless they are folded away."""
        if not self._verbose and not piece.ended and _MARKS.fullmatch(piece.data):
            return
        self._last_ms = piece.t_ms
        for text in self._texts(piece):
            if self._verbose or self._shown < _FOLDED[self._way]:
                self._shown += 1
                yield Row(piece.t_ms, self._way, text)
            else:
                self._left_out += 1

    def folded(self) -> Iterator[Row]:
        """How many rows were folded away since the direction changed last."""
        if self._left_out:
            yield Row(self._last_ms, self._way, f"... {self._left_out} more lines{MORE}")
        self._shown = self._left_out = 0

    def _take(self, length: int, *, frame: bool = False, ended: bool = False) -> _Piece:
        piece = _Piece(self._t_ms, self._held[:length], frame, ended)
        self._held = self._held[length:]
        return piece

    def _frame_bytes(self) -> int:
        """Length of the frame that begins here, as far as is known; 0 if none does."""
        if len(self._held) < stp.HEADER_BYTES:
            return stp.HEADER_BYTES
        op, _, length, *_ = stp.unpack(self._held[: stp.HEADER_BYTES])
        return stp.HEADER_BYTES + length if op >= 0 else 0

    def _texts(self, piece: _Piece) -> Iterator[str]:
        if piece.frame:
            yield _frame(piece.data, masked=self.masked)
            return
        data = piece.data if self._verbose else piece.data.rstrip(b"\r\n")
        if not data:
            if self._way == SENT:  # Enter alone wakes a prompt
                yield shown(piece.data, self._limit)
            return
        if _TEXT.fullmatch(data):
            yield shown("".join(_KEYS.get(byte, chr(byte)) for byte in data), self._limit)
            return
        whole = len(data) if self._verbose else 2 * _ROW_BYTES
        for at in range(0, min(len(data), whole), _ROW_BYTES):
            yield f"hex {hex_bytes(data[at : at + _ROW_BYTES], _ROW_BYTES)}"
        if whole < len(data):
            yield f"... {len(data) - whole} more bytes{MORE}"


def _frame_at(data: bytes, since: int = 0) -> int:
    """Where the next frame may begin, -1 if nowhere. A modem echoes what it does not know, so both kinds come back."""
    found = _SIGNATURE.search(data, since)
    return found.start() if found else -1


def _frame(data: bytes, *, masked: bool = False) -> str:
    """An STP frame in one line (modem-protocol.md 4.1); its payload is zeros if a masked trace does not keep it."""
    op, sid, length, tid, header_crc, payload_crc = stp.unpack(data[: stp.HEADER_BYTES])
    payload = data[stp.HEADER_BYTES :]
    kind = ""
    if data.startswith(stp.REPLY):
        kind = " nack unknown" if op == stp.NACK_UNKNOWN else " ack" if op & stp.ACK else " nack"
        op &= ~(stp.ACK | stp.NACK)
    name = "" if kind == " nack unknown" else f" {stp.NAMES.get(op, f'op {op}')}"
    value = payload_crc if length else header_crc
    judged = "ok" if crc16(payload) == payload_crc and len(payload) == length else "WRONG"
    if judged == "WRONG" and masked and not any(payload):
        judged = "of a payload that was left out"
    crc = f"{value:04x} {judged}" if header_crc or payload_crc else "not computed"
    small = f" ({hex_bytes(payload)})" if 0 < length <= 8 else ""
    return f"STP{name}{kind} sid {sid} tid {tid}, {length} bytes{small}, crc {crc}"


def _aside(line: Line, limit: int) -> str | None:
    """What happened besides bytes, in words; None for what is not worth a row."""
    said = line.members
    value = said.get("value")
    match line.what:
        case "trace":
            return (
                f"trace of {_word(said.get('command'), 20)} by fipy-doctor {_word(said.get('tool'), 20)}, {_at(said)}"
            )
        case "open":
            lines = "" if said.get("lines") is not False else ", without RTS and CTS"
            return f"opened {_word(said.get('url'), limit)} at {_word(said.get('baud'), 20)} baud{lines}"
        case "close":
            return "closed"
        case "baud" | "rts" | "dtr" | "cts":
            return f"{line.what.upper() if line.what != 'baud' else 'baud'} {_level(value)}"
        case "lost":
            return f"the port went away: {_word(value, limit)}"
        case "reconnect":
            return "connected again"
        case "failed":
            error = said.get("error")
            what = error.get("what") if isinstance(error, Mapping) else ""
            return f"the port could not be opened: {_word(what, limit)}"
        case "stopped":
            return "stopped by Ctrl-C or a signal"
        case "check":
            return f"check {_word(said.get('name'), 60)}"
        case "found":
            return _found(value, limit) if isinstance(value, Mapping) else None
        case "moment":
            return _word(said.get("text"), limit)
        case "part":
            return f"known from elsewhere: {_word(said.get('name'), 60)}"
    return None


def _at(said: Mapping[str, Any]) -> str:
    return f"{_word(str(said.get('at'))[:16], 16).replace('T', ' ')} UTC"


def _found(finding: Mapping[str, Any], limit: int) -> str:
    named = f"{_word(finding.get('check'), 60)}: {_word(finding.get('status'), 10)}"
    return f"{named}: {_word(finding.get('summary'), limit)}"


def _level(value: Any) -> str:
    """A line is on or off; a speed is a number."""
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else _word(value, 20)


def _word(value: Any, limit: int) -> str:
    return shown(str(value), limit)
