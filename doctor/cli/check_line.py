"""The line that says which checks are running, taken down when none is."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from doctor.cli.screen import Screen
from doctor.events import CheckEnded, CheckStarted, Event

if TYPE_CHECKING:
    from rich.status import Status


class CheckLine:
    """Listens to a run of checks, so that nobody waits without knowing for what: one live line on a terminal.

    Elsewhere it says nothing: a run takes seconds, and its findings follow.
    """

    def __init__(self, screen: Screen) -> None:
        self._notes = screen.notes
        self._live = screen.notes.is_terminal and not screen.quiet and not screen.as_json
        self._running: list[str] = []
        self._status: Status | None = None
        self._lock = threading.Lock()  # checks that need no port run side by side

    def hear(self, event: Event) -> None:
        """Show what ``event`` changes."""
        if not self._live:
            return
        with self._lock:
            if isinstance(event, CheckStarted):
                self._running.append(event.check)
            elif isinstance(event, CheckEnded) and event.check in self._running:
                self._running.remove(event.check)
            else:
                return
            self._draw()

    def close(self) -> None:
        """Take the line down, whatever still runs."""
        with self._lock:
            self._running.clear()
            self._draw()

    def _draw(self) -> None:
        if not self._running:
            if self._status is not None:
                self._status.stop()
            self._status = None
            return
        text = f"examining: {', '.join(self._running)}"
        if self._status is None:
            self._status = self._notes.status(text)
            self._status.start()
        else:
            self._status.update(text)
