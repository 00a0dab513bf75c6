"""Check, plan, flash or status for many boards: all are examined first, one yes covers the plans that were shown."""

from __future__ import annotations

import queue
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace

import click
from rich.text import Text

from doctor.cli import command_line, signals
from doctor.cli.fleet.ending import tell_end
from doctor.cli.fleet.judged import agreed, apart, is_ready, never_begun, question
from doctor.cli.fleet.view import FleetView
from doctor.cli.fleet.words import BoardCommand, refuse_of_one_board
from doctor.cli.screen import Screen, screen_of
from doctor.clock import SystemClock
from doctor.errors import DoctorError, Stopped, UsageError
from doctor.fleet.boards import Board, named, plugged_in, refuse_twice
from doctor.fleet.crew import Crew
from doctor.fleet.outcome import Outcome, worst
from doctor.jobs.memory.jumper_proof import CHECK as JUMPERS
from doctor.link.link import refuse_senseless
from doctor.link.port_url import PortUrl
from doctor.link.ports import PortInfo, list_ports
from doctor.report.fleet import documents as reports
from doctor.report.fleet.plans import plans
from doctor.text.escape import counted

MOST_AT_ONCE = 8  #: unless --jobs says another number: hubs and supplies carry so many, one processor does, too


def main(ports: Sequence[str], given: command_line.Given, *, every: bool, boards: int | None, jobs: int | None) -> int:
    """Run the command of this context for the boards that are meant; the worst exit code.

    Raises UsageError if it is not certain which boards those are, or for an option that belongs to one board.
    """
    verb = click.get_current_context().info_name or ""
    refuse_of_one_board(given)
    screen = screen_of({**given, "port": None})
    meant = boards_of(ports, screen, every=every, with_journal=verb == "status")
    found = "; ".join(board.words for board in meant)
    if boards is not None and boards != len(meant):
        raise UsageError(
            "usage",
            f"--boards says {boards}, and there are {len(meant)}",
            cause=found,
            next="plug in what is missing, take out what is not meant, or say the right number",
        )
    if every and given.get("yes") and boards is None and not screen.interactive:
        raise UsageError(
            "usage",
            "--all --yes needs the number of boards, since nobody sees which they are",
            cause=f"now there are {len(meant)}: {found}",
            next=f"add --boards {len(meant)} if these are meant",
        )
    return run(verb, meant, given, jobs=jobs)


def boards_of(ports: Sequence[str], screen: Screen, *, every: bool, with_journal: bool = False) -> list[Board]:
    """The boards that are meant. Raises UsageError if one is named twice, or if there is none.

    with_journal  --all means those, too, over which a flash was begun from this computer that is not over
    """
    found = list_ports()
    boards = named(ports, found)
    refuse_twice(boards)
    for board in boards:
        refuse_senseless(PortUrl.read(board.port))
    if every:
        plugged, others = plugged_in(found)
        begun = named(_begun(), found) if with_journal else []
        known = {board.identity: board for board in (*begun, *plugged, *boards)}
        boards = list(known.values())
        for port in others:
            if port.device not in [board.port for board in boards]:
                screen.note(left_alone(port))
        if not boards:
            from doctor.jobs.status import last_flashes
            from doctor.link.choice import nothing_plugged_in

            for line in last_flashes() if with_journal else ():  # their boards need not be here any more
                screen.note(Text(line))
            raise nothing_plugged_in(found)
    return boards


def left_alone(port: PortInfo) -> str:
    """What is said of a USB port that nobody has named, and that no carrier board of Pycom has."""
    return f"left alone: {port.device} ({port.words}); if a board is there, name it with --port"


def _begun() -> list[str]:
    from doctor.jobs.status import begun_over

    return [entry.ids["port"] for entry in begun_over()]


def run(
    verb: str,
    boards: Sequence[Board],
    given: command_line.Given,
    *,
    jobs: int | None = None,
    started: Callable[[Board, int], None] = lambda _board, _pid: None,
    notices: queue.SimpleQueue[str] | None = None,
    besides: Sequence[Outcome] = (),
) -> int:
    """Run ``verb`` for these boards, show how each ended and what to do next, write the document; the worst exit code.

    jobs     how many at once
    started  told of each process and its number; when this returns, or raises, none of them runs any more
    notices  what else happens meanwhile, a line each, shown at once
    besides  how boards have ended that were meant too, and could not be had

    Raises DoctorError if nobody can be asked for the yes of a flash.
    """
    fleet = _Fleet(verb, boards, given, jobs or min(len(boards), MOST_AT_ONCE), started, notices)
    outcomes = fleet.flash() if verb == "flash" and not given["dry_run"] else fleet.look()
    outcomes = [*outcomes, *besides]
    with signals.undisturbed():
        tell_end(outcomes, fleet.command, fleet.screen, only_planned=fleet.only_planned)
    return int(worst(outcomes))


class _Fleet:
    """One command for many boards, from the first check to the summary."""

    def __init__(
        self,
        verb: str,
        boards: Sequence[Board],
        given: command_line.Given,
        jobs: int,
        started: Callable[[Board, int], None],
        notices: queue.SimpleQueue[str] | None,
    ) -> None:
        self._verb = verb
        self._boards = boards
        self._given = given
        self._jobs = jobs
        self._started = started
        self._notices = notices
        self.command = BoardCommand(verb, given)
        self.screen = screen_of({**given, "port": None})

    @property
    def only_planned(self) -> bool:
        """Whether nothing is flashed."""
        return self._verb == "plan" or bool(self._given.get("dry_run"))

    def look(self) -> list[Outcome]:
        """What changes nothing: check, plan and status. Raises Stopped."""
        dry = ("--dry-run",) if self._verb == "flash" else ()
        what = "planned" if self._verb in ("flash", "plan") else f"asked for their {self._verb}"
        if self._verb == "check":
            what = "examined"
        self.screen.note(f"{counted(len(self._boards), 'board')} {what}, {self._jobs} at once:")
        return self._crew(self._boards, lambda board: self.command.of(board, *dry), flashes=False)

    def flash(self) -> list[Outcome]:
        """Plans of all, one yes, then the flash of each whose plan was shown. Raises Stopped, DoctorError."""
        planned = [agreed(outcome, self.command) for outcome in apart(self._looked_at(self.look()))]
        ready = [outcome for outcome in planned if is_ready(outcome)]
        if not ready:
            return planned
        self.screen.show(plans(ready, whole=self.screen.verbose))
        self._tell_left_out(planned, ready)
        wanted = f"Flash {'this board' if len(ready) == 1 else f'these {len(ready)} boards'} now?"
        if not (self._given["yes"] or self.screen.agreed(wanted, plans(ready, whole=True))):
            raise DoctorError("not-confirmed", "not confirmed; nothing was sent to any modem")
        marks = {outcome.board: outcome.document["plan"]["fingerprint"] for outcome in ready}

        def words(board: Board) -> list[str]:
            return self.command.of(board, "--yes", "--plan", marks[board], "--stop-on-stdin")

        ended = {outcome.board: outcome for outcome in self._crew(list(marks), words, flashes=True)}
        return [ended.get(o.board, never_begun(o)) if o.board in marks else o for o in planned]

    def _looked_at(self, planned: Sequence[Outcome]) -> list[Outcome]:
        """The same, but boards at whose jumpers somebody says to have looked are planned with that said.

        Asked at the terminal, board by board, before any plan is shown: the one yes is to plans that have it.
        """
        asked = {outcome.board: question(outcome) for outcome in planned}
        looked = [board for board, text in asked.items() if text and self.screen.ask(text)]
        if not looked:
            return list(planned)
        accepting = {board: replace(board, more=(*board.more, "--accept", JUMPERS)) for board in looked}
        boards = list(accepting.values())
        outcomes = self._crew(boards, lambda board: self.command.of(board, "--dry-run"), flashes=False)
        again = {outcome.board: outcome for outcome in outcomes}
        return [again[accepting[o.board]] if o.board in accepting else o for o in planned]

    def _crew(self, boards: Sequence[Board], words: Callable[[Board], list[str]], *, flashes: bool) -> list[Outcome]:
        """How each of these boards ended. Raises Stopped if the user stopped it and nothing was to be flashed."""
        shows = FleetView(self.screen, self._started, flashes=flashes, clock=SystemClock(), notices=self._notices)
        with closing(shows) as view:
            crew = Crew(boards, words, view, jobs=self._jobs, flashes=flashes)
            outcomes = crew.run()
        if crew.stopped and not flashes:
            raise Stopped
        return [reports.whole(self._verb, outcome) for outcome in outcomes]

    def _tell_left_out(self, planned: Sequence[Outcome], ready: Sequence[Outcome]) -> None:
        left = [outcome for outcome in planned if outcome not in ready]
        if left:
            self.screen.show(Text(f"\nNot among them: {', '.join(outcome.board.words for outcome in left)}"))
