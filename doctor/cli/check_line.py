"""The line that says which checks and cures are at work, taken down when none is."""

from __future__ import annotations

import threading

from doctor.cli.live_line import LiveLine, Standing
from doctor.events import CheckEnded, CheckStarted, Counted, Event, Notice, Working


class CheckLine:
    """Listens to checks and cures, so that nobody waits without knowing for what, since when, and how long at most."""

    def __init__(self, line: LiveLine) -> None:
        self._line = line
        self._running: dict[str, Standing] = {}
        self._lock = threading.Lock()  # checks that need no port run side by side

    def hear(self, event: Event) -> None:
        """Show what ``event`` changes."""
        with self._lock:
            if isinstance(event, CheckStarted):
                self._running[event.check] = Standing(event.check, self._line.seconds(), event.limit_s)
            elif isinstance(event, CheckEnded) and event.check in self._running:
                del self._running[event.check]
            elif isinstance(event, Working):
                self._line.go_on(event.what)
                return
            elif isinstance(event, Counted):
                self._line.count(event)
                return
            elif isinstance(event, Notice):
                self._line.notice(event.text)
                return
            else:
                return
            self._show()

    def close(self) -> None:
        """Take the line down, whatever still runs."""
        with self._lock:
            self._running.clear()
            self._line.close()

    def _show(self) -> None:
        running = self._running.values()
        if not running:
            self._line.clear()
            return
        since = min(one.since_s for one in running)
        limit = max(one.limit_s for one in running)
        self._line.show(Standing(f"examining {', '.join(self._running)}", since, limit))
