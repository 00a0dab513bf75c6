"""What a run told while it went on, kept for its report."""

from __future__ import annotations

from doctor.check import Finding, Status
from doctor.documents.trace_lines import Line
from doctor.events import CheckEnded, Event, Note, Progress, StepStarted
from doctor.report.excerpt import Excerpt

MOST_EVENTS = 20_000  #: of a run that goes on for hours the beginning and the end are kept
SHARES = 400  #: points of the curve of one transfer: more than a screen has columns


class Heard:
    """The events of a run with their times, as many as a picture needs, and an excerpt of what crossed the port.

    events    (seconds since the port was opened, event); before that, and without a port, since the first event
    excerpt   its rows have the times of the clock
    began_ms  where those times are 0; None as long as nothing was heard
    """

    def __init__(self) -> None:
        self.events: list[tuple[float, Event]] = []
        self.excerpt = Excerpt()
        self.began_ms: float | None = None
        self._opened = False
        self._share = -1
        self._step = ""

    def line(self, line: Line) -> None:
        """A line of the trace; its time is that of the clock."""
        if not self._opened and line.what == "open":
            self._opened = True
            self.began_ms = line.t_ms  # what is simulated brings its own clock along
            self.events = [(0.0, event) for _, event in self.events]
        self.excerpt.line(line)

    def hear(self, event: Event, now_s: float) -> None:
        """``event`` happened at ``now_s``."""
        if self.began_ms is None:
            self.began_ms = now_s * 1000
        if isinstance(event, Progress):
            share = event.done_bytes * SHARES // max(1, event.total_bytes)
            if share == self._share:
                return
            self._share = share
        elif isinstance(event, StepStarted):
            if event.step != self._step:
                self.excerpt.border(round(now_s * 1000), event.text)
            self._step = event.step
        elif (words := _fault(event)) is not None:
            self.excerpt.fault(round(now_s * 1000), words)
        if len(self.events) == MOST_EVENTS:
            del self.events[MOST_EVENTS // 2]
        self.events.append((max(0.0, now_s - self.began_ms / 1000), event))


def _fault(event: Event) -> str | None:
    """What went wrong, if ``event`` says that something did."""
    if isinstance(event, Note) and event.retry:
        return event.text
    if isinstance(event, CheckEnded) and isinstance(event.finding, Finding):
        found = event.finding
        if found.status in (Status.FAIL, Status.ERROR):
            return f"{found.check}: {found.status.value}"
    return None
