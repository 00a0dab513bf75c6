"""What is under way, and since when: a line at the foot of a terminal that moves every second.

Elsewhere it is a line each minute: whoever reads a pipe or a log must see that the program lives, and no cursor moves.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from doctor.cli.screen import Screen
from doctor.events import Counted
from doctor.text.durations import clock, span

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live

LISTENING = "listening at the port"
NORMAL = "normal, nothing to see"
MINUTE_S = 60.0  #: between two lines where no line can move
REDRAWN_A_SECOND = 4


@dataclass(frozen=True)
class Standing:
    """One thing that goes on.

    what     it is, in words; "" if the line above says it
    since_s  when it began, by the clock of the line
    limit_s  how long it takes at most; 0 if nobody knows, or if its share says enough
    place    which step of how many; "" if it is none
    tail     what else is to be known: whether one may unplug
    share    how much of it is over, for a bar; None if nobody can say
    """

    what: str
    since_s: float
    limit_s: float = 0.0
    place: str = ""
    tail: str = ""
    share: float | None = None

    def words(self, now_s: float) -> str:
        """It, in one sentence."""
        share = "" if self.share is None else f"{int(100 * self.share)} %"
        took = clock(now_s - self.since_s) if self.limit_s or not share else ""
        limit = f" of at most {span(self.limit_s)}" if self.limit_s else ""
        head = ", ".join(filter(None, (self.place, share, took + limit)))
        return "; ".join(filter(None, (": ".join(filter(None, (head, self.what))), self.tail)))


class Foot:
    """Lines at the foot of the terminal, drawn again and again until taken down; ``now`` says what they are."""

    def __init__(self, screen: Screen, now: Callable[[], RenderableType]) -> None:
        self._screen = screen
        self._now = now
        self._live: Live | None = None

    def draw(self, *, at_once: bool = False) -> None:
        """Show them; those that are shown change ``at_once``, or when they are drawn again anyway."""
        if self._live is not None:
            if at_once:  # else what is printed next would bring the old words back
                self._live.refresh()
            return
        from rich.live import Live

        live = Live(
            console=self._screen.notes, get_renderable=self._now, refresh_per_second=REDRAWN_A_SECOND,
            transient=True, redirect_stdout=False, redirect_stderr=False,
        )  # fmt: skip
        live.start(refresh=True)
        self._live = live

    def take_down(self) -> None:
        """Show them no longer, until they are drawn again."""
        live, self._live = self._live, None
        if live is not None:
            live.stop()


class LiveLine:
    """Shows one ``Standing`` at a time.

    seconds  the clock by which things take their time
    """

    def __init__(self, screen: Screen, seconds: Callable[[], float]) -> None:
        self._screen = screen
        self.seconds = seconds
        self._stands: Standing | None = None
        self._foot = Foot(screen, self._now)
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self._silent = screen.quiet or screen.as_json

    def show(self, stands: Standing, *, at_once: bool = True) -> None:
        """This goes on from now on; it is drawn at once, or, if it only moves, when the line is drawn again anyway."""
        self._stands = stands
        if self._silent:
            return
        if self._screen.live:
            self._foot.draw(at_once=at_once)
        elif self._thread is None:
            self._thread = threading.Thread(target=self._each_minute, name="minutes", daemon=True)
            self._thread.start()

    def say(self, text: str) -> None:
        """Tell that something begins, which goes on until the next word."""
        self.go_on()
        self._screen.say(text)

    def notice(self, text: str) -> None:
        """Tell what the user must see now; the line stays as it is."""
        self._screen.note(text)

    def go_on(self, what: str = "") -> None:
        """It goes on; "": what the last line says."""
        self.show(Standing(what, self.seconds(), tail=NORMAL))

    def count(self, event: Counted, place: str = "", tail: str = "") -> bool:
        """So many are done; whether they are the first of their kind."""
        before, what = self._stands, f"{event.what}: {event.done:,} of {event.total:,} {event.of}"
        goes_on = before is not None and before.what.startswith(f"{event.what}: ")
        since_s = before.since_s if before is not None and goes_on else self.seconds()
        self.show(Standing(what, since_s, event.limit_s, place, tail), at_once=not goes_on)
        return not goes_on

    def clear(self) -> None:
        """Nothing goes on, or something is to be asked: the line is taken down until the next ``show``."""
        self._stands = None
        self._foot.take_down()

    def close(self) -> None:
        """It is over."""
        self.clear()
        self._over.set()

    def minute(self) -> None:
        """A minute has passed in which nothing may have been said."""
        stands = self._stands
        if stands is not None:
            self._screen.note(f"  {stands.words(self.seconds())}")

    def _each_minute(self) -> None:
        while not self._over.wait(MINUTE_S):
            self.minute()

    def _now(self) -> RenderableType:
        from rich.console import Group
        from rich.padding import Padding
        from rich.progress_bar import ProgressBar
        from rich.text import Text

        from doctor.report.prose import Prose

        stands = self._stands
        if stands is None:
            return ""
        text = Prose(Text("  "), Text(stands.words(self.seconds()), style="dim"))
        if stands.share is None:
            return text
        return Group(Padding(ProgressBar(total=1.0, completed=stands.share), (0, 2)), text)
