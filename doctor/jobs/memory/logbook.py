"""The log of a flash in a file, which goes on when the terminal is gone."""

from __future__ import annotations

import io
from contextlib import suppress
from pathlib import Path
from typing import IO

from doctor import events
from doctor.clock import Clock, Now, local_now
from doctor.documents.json_file import make_folder, open_ours
from doctor.jobs.memory.state_dir import state_dir

KEPT = 30  #: newest logs that are kept
PROGRESS_SHARE = 0.02  #: of a file, between two lines


class Logbook:
    """Listens to a flash and writes one line an event, at once. A full disk ends the log, never the flash.

    path  the file; None if none can be written
    """

    def __init__(self, clock: Clock, folder: Path | None = None, now: Now = local_now) -> None:
        self._clock = clock
        self._now = now
        self._begun_ms = clock.ticks_ms()
        self._share = -1.0
        self._stream: IO[str] | None = None
        self.path: Path | None = None
        with suppress(OSError):
            place = folder or state_dir() / "logs"
            make_folder(place)
            _forget_old(place)
            path = place / f"flash-{now():%Y%m%d-%H%M%S-%f}.log"
            self._stream = io.TextIOWrapper(open_ours(path, "xb"), "utf-8", line_buffering=True)
            self.path = path

    def hear(self, event: events.Event) -> None:
        """Write one event down."""
        text = self._text(event)
        if text:
            self.line(text)

    def line(self, text: str) -> None:
        """Write one line."""
        if self._stream is None:
            return
        seconds = (self._clock.ticks_ms() - self._begun_ms) / 1000
        try:
            self._stream.write(f"{self._now():%H:%M:%S} {seconds:10.3f} {text}\n")
        except (OSError, ValueError):
            self.close()

    def close(self) -> None:
        """End the log."""
        if self._stream is not None:
            with suppress(OSError):
                self._stream.close()
            self._stream = None

    def _text(self, event: events.Event) -> str:
        match event:
            case events.StepStarted():
                self._share = -1.0
                return f"step {event.step}: {event.text}"
            case events.Waiting():
                unplug = "may unplug" if event.may_unplug else "DO NOT UNPLUG"
                return f"waiting for {event.what}, up to {event.limit_s:.0f} s, {unplug}"
            case events.Counted():
                return f"{event.what}: {event.done} of {event.total} {event.of}"
            case events.Progress():
                share = event.done_bytes / max(1, event.total_bytes)
                if share < self._share + PROGRESS_SHARE and event.done_bytes != event.total_bytes:
                    return ""
                self._share = share
                return f"{share:.0%} {event.done_bytes} of {event.total_bytes} bytes"
            case events.Note() | events.Notice():
                return event.text
            case _:
                return ""


def _forget_old(folder: Path) -> None:
    for old in sorted(folder.glob("flash-*.log"))[: -KEPT + 1]:
        with suppress(OSError):
            old.unlink()
