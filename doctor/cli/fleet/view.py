"""What a person sees of many boards at work: a line for each on a terminal, elsewhere lines with the board in front."""

from __future__ import annotations

import queue
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click
from rich.cells import cell_len
from rich.text import Text

from doctor.cli.flash_view import typed_line
from doctor.cli.live_line import MINUTE_S, Foot
from doctor.cli.screen import Screen
from doctor.clock import Clock
from doctor.fleet.boards import Board
from doctor.fleet.outcome import Outcome
from doctor.fleet.standing import Standing
from doctor.report.fleet.documents import told
from doctor.report.prose import Prose
from doctor.text.escape import counted

if TYPE_CHECKING:
    from rich.console import RenderableType

SHARE_COLUMNS = 4  #: 100%
STOP_ANSWER_S = 30.0  #: an accidental Ctrl-C with nobody there must not hold anything up


class FleetView:
    """Shows a crew (doctor/fleet/crew.py), and passes on what the processes of the boards write.

    started  told the number of each process
    clock    what tells how long a board has had no news
    notices  what else happens, a line each
    foot     what stands below all boards, also while none is at work; None if nothing does
    """

    def __init__(
        self,
        screen: Screen,
        started: Callable[[Board, int], None],
        *,
        flashes: bool,
        clock: Clock,
        notices: queue.SimpleQueue[str] | None = None,
        foot: Callable[[], str] | None = None,
    ) -> None:
        self._screen = screen
        self._clock = clock
        self._notices = notices
        self._foot = foot
        self._foot_at = self._seconds
        self._started = started
        self._flashes = flashes
        self._rows: dict[Board, Standing] = {}
        self._said_at: dict[Board, float] = {}
        self._lines = Foot(screen, self.now)

    @property
    def _seconds(self) -> float:
        return self._clock.ticks_ms() / 1000

    def began(self, standing: Standing, pid: int) -> None:
        """The process of a board runs."""
        self._started(standing.board, pid)
        self._rows[standing.board] = standing
        self._said_at[standing.board] = self._seconds
        self.draw()

    def heard(self, standing: Standing, event: dict[str, Any]) -> None:
        """A board told something."""
        if self._screen.events:
            self._screen.pass_on(event)
        elif not self._screen.live and self._flashes:
            now = self._seconds
            if standing.moved or now - self._said_at[standing.board] >= MINUTE_S:
                self._said_at[standing.board] = now
                share = "" if standing.share is None else f"{standing.share:4.0%}  "
                self._line(standing.board, f"{share}{standing.words}")

    def ended(self, standing: Standing, outcome: Outcome) -> None:
        """A board has ended: its line stays."""
        self._rows.pop(standing.board, None)
        mark, style = ("✓", "green") if outcome.holds else ("✗", "red")
        self._line(standing.board, told(outcome.document), mark, style)
        self.draw()

    def leave(self, standing: Standing, words: str) -> None:
        """Nothing goes on at a board for now: how far it has come."""
        self._rows.pop(standing.board, None)
        self._line(standing.board, words)
        self.draw()

    def stop_transfers(self, boards: Sequence[Standing]) -> bool:
        """Ask whether to stop what can be stopped; all go on if nobody answers."""
        names = ", ".join(standing.board.words for standing in boards)
        if not self._screen.interactive:
            self.notice(f"no terminal to ask; going on with {names}")
            return False
        self.close()
        self._screen.notes.print(
            f"\n{counted(len(boards), 'board')} in the middle of it: {names}. No other board is begun."
            "\nStopping leaves a modem without firmware until the next flash; one that has its whole file goes on."
            f"\nWithout an answer within {STOP_ANSWER_S:.0f} s all go on."
        )
        click.echo("Wait for them, or stop those that can be stopped? [W/s]: ", nl=False, err=True)
        answer = typed_line(STOP_ANSWER_S)
        if answer is None:
            click.echo("\nNo answer: all go on.", err=True)
        self.draw()
        return (answer or "").strip().lower() in ("s", "stop")

    def look(self) -> None:
        """Show what else happened."""
        while self._notices is not None and not self._notices.empty():
            self.notice(self._notices.get())
        if self._seconds - self._foot_at >= MINUTE_S:
            self.tell_foot()

    def notice(self, text: str) -> None:
        """Something that the user must see now."""
        self._screen.tell("notice", text=text)
        self._screen.note(Text(text, style="bold yellow"))

    def close(self) -> None:
        """Take the lines down."""
        self._lines.take_down()

    def tell_foot(self) -> None:
        """Where no line can move: what stands below all boards elsewhere."""
        self._foot_at = self._seconds
        if self._foot is not None and not self._screen.live:
            self._screen.note(f"  {self._foot()}")

    def _line(self, board: Board, words: str, mark: str = "", style: str = "") -> None:
        lead = Text.assemble((f"{mark} ", style), (f"{board.words}: ", "bold")) if mark else Text(f"  {board.words}: ")
        if cell_len(lead.plain) > self._screen.notes.width // 2:
            self._screen.note(Text.assemble(lead, words))
        else:
            self._screen.note(Prose(lead, Text(words)))

    def draw(self) -> None:
        """Show the lines, if this is a terminal on which they can be drawn again."""
        if self._screen.live and not (self._screen.quiet or self._screen.as_json):
            self._lines.draw()

    def now(self) -> RenderableType:
        """The lines as they are now."""
        from rich.console import Group
        from rich.table import Table

        table = Table.grid(padding=(0, 1), expand=True)
        longest = max((len(board.words) for board in self._rows), default=0) + 2
        name_columns = min(longest, self._screen.notes.width // 2)
        table.add_column(no_wrap=True, overflow="ellipsis", min_width=name_columns, max_width=name_columns)
        table.add_column(no_wrap=True, justify="right", min_width=SHARE_COLUMNS, max_width=SHARE_COLUMNS)
        table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
        for board, standing in list(self._rows.items()):
            share = "" if standing.share is None else f"{standing.share:.0%}"
            table.add_row(Text(f"  {board.words}"), share, Text(standing.words, style="dim"))
        return table if self._foot is None else Group(table, Prose(Text("  "), Text(self._foot(), style="bold")))
