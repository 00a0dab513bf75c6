"""What crossed the port at the moments that matter: a part of it that stays small however long a run goes on."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from itertools import groupby

from doctor.documents.trace_lines import RX, TX, Line
from doctor.report import wire
from doctor.text.escape import counted

MOST_ROWS = 600  #: of all
MOST_KEPT = 160  #: exchanges at moments; those at the end come on top
MOST_FAULTS = 3  #: that are shown; how many there were, the log tells
MOST_RECENT = 8  #: exchanges that are remembered, in case that something happens now
BORDER = (2, 6)  #: exchanges before a phase begins, and after that
FAULT = (MOST_RECENT, 4)
_MOST_BYTES = 1 << 12  #: of one exchange: a block of a file, and its answer
_MOST_LINES = 24
_ASIDES = ("open", "failed", "lost", "reconnect", "baud", "rts", "close")


@dataclass
class _Exchange:
    """What was sent, and what came until more was sent; of a device that talks on and on, a piece of that."""

    number: int
    lines: list[Line] = field(default_factory=list)
    bytes: int = 0

    def takes(self, line: Line) -> bool:
        """Whether ``line`` belongs to it and has room in it."""
        if line.what == TX and self.lines and self.lines[-1].what == RX:
            return False
        return self.bytes + len(line.data) <= _MOST_BYTES and len(self.lines) < _MOST_LINES


class Excerpt:
    """Hears every line of a trace (doctor/link/trace.py), and keeps what was said around the moments it is told of."""

    def __init__(self) -> None:
        self._recent: deque[_Exchange] = deque(maxlen=MOST_RECENT)
        self._kept: dict[int, _Exchange] = {}
        self._number = 0
        self._after = 0
        self._faults = 0

    def line(self, line: Line) -> None:
        """``line`` is what crossed the port now, or what else happened to it."""
        if line.what not in (RX, TX, *_ASIDES):
            return
        last = self._recent[-1] if self._recent else None
        if last is None or not last.takes(line):
            last = _Exchange(self._number)
            self._number += 1
            self._recent.append(last)
            if self._after:
                self._after -= 1
                self._keep(last)
        last.lines.append(line)
        last.bytes += len(line.data)

    def border(self, t_ms: int, words: str) -> None:
        """A phase begins."""
        self._moment(t_ms, words, *BORDER)

    def fault(self, t_ms: int, words: str) -> None:
        """Something went wrong."""
        self._faults += 1
        if self._faults <= MOST_FAULTS:
            self._moment(t_ms, words, *FAULT)

    def rows(self) -> list[wire.Row]:
        """Those moments and the end as rows, and how much is left out between them."""
        ends = {one.number: one for one in self._recent}
        kept = sorted({**self._kept, **ends}.items())
        shown, rows = 0, []
        for _, run in groupby(enumerate(kept), lambda one: one[1][0] - one[0]):
            exchanges = [exchange for _, (_, exchange) in run]
            first = exchanges[0]
            if first.number > shown:
                rows.append(_left_out(first.lines[0].t_ms, counted(first.number - shown, "exchange")))
            lines = (line for exchange in exchanges for line in exchange.lines)
            rows += [replace(row, text=row.text.removesuffix(wire.MORE)) for row in wire.rows(lines)]
            shown = exchanges[-1].number + 1
        if len(rows) > MOST_ROWS:
            cut = slice(MOST_ROWS // 2, len(rows) - MOST_ROWS // 2)
            rows[cut] = [_left_out(rows[cut.start].t_ms, counted(cut.stop - cut.start, "line"))]
        return rows

    def _moment(self, t_ms: int, words: str, before: int, after: int) -> None:
        if not self._recent:
            return
        self._recent[-1].lines.append(Line(0, t_ms, wire.MOMENT, b"", {"text": words}))
        for exchange in list(self._recent)[-before:]:
            self._keep(exchange)
        self._after = max(self._after, after)

    def _keep(self, exchange: _Exchange) -> None:
        if len(self._kept) < MOST_KEPT:
            self._kept[exchange.number] = exchange


def _left_out(t_ms: int, what: str) -> wire.Row:
    return wire.Row(t_ms, "", f"... {what} left out")
