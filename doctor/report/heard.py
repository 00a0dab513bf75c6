"""What a run told while it went on, kept for its report."""

from __future__ import annotations

from doctor.events import Event, Progress

MOST_EVENTS = 20_000  #: of a run that goes on for hours the beginning and the end are kept
SHARES = 400  #: points of the curve of one transfer: more than a screen has columns


class Heard:
    """The events of a run with their times, as many as a picture needs.

    events  (seconds since the first, event)
    """

    def __init__(self) -> None:
        self.events: list[tuple[float, Event]] = []
        self._began_s: float | None = None
        self._share = -1

    def hear(self, event: Event, now_s: float) -> None:
        """``event`` happened at ``now_s``."""
        if self._began_s is None:
            self._began_s = now_s
        if isinstance(event, Progress):
            share = event.done_bytes * SHARES // max(1, event.total_bytes)
            if share == self._share:
                return
            self._share = share
        if len(self.events) == MOST_EVENTS:
            del self.events[MOST_EVENTS // 2]
        self.events.append((now_s - self._began_s, event))
