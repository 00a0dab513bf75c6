"""Check, plan, flash or status for many boards: all are examined first, one yes covers the plans that were shown."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from typing import Any

import click
from rich.text import Text

from doctor.cli import command_line, signals
from doctor.cli.fleet.view import FleetView
from doctor.cli.fleet.words import BoardCommand, refuse_of_one_board
from doctor.cli.screen import Screen, screen_of
from doctor.cli.show_next import show_next
from doctor.clock import SystemClock
from doctor.errors import DoctorError, Stopped, UsageError
from doctor.fleet.boards import Board, named, one_modem, plugged_in, refuse_twice
from doctor.fleet.crew import Crew
from doctor.fleet.outcome import Outcome, worst
from doctor.jobs.memory.jumper_proof import CHECK as JUMPERS
from doctor.link.link import refuse_senseless
from doctor.link.port_url import PortUrl
from doctor.link.ports import list_ports
from doctor.report.fleet import documents as reports
from doctor.report.fleet.plans import plans
from doctor.report.next_step import NextStep
from doctor.text.command import Command
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
                screen.note(f"left alone: {port.device} ({port.words}); if a board is there, name it with --port")
        if not boards:
            from doctor.jobs.status import last_flashes
            from doctor.link.choice import nothing_plugged_in

            for line in last_flashes() if with_journal else ():  # their boards need not be here any more
                screen.note(Text(line))
            raise nothing_plugged_in(found)
    return boards


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
        fleet.tell_end(outcomes)
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
        self._command = BoardCommand(verb, given)
        self._screen = screen_of({**given, "port": None})

    @property
    def _only_planned(self) -> bool:
        return self._verb == "plan" or bool(self._given.get("dry_run"))

    def look(self) -> list[Outcome]:
        """What changes nothing: check, plan and status. Raises Stopped."""
        dry = ("--dry-run",) if self._verb == "flash" else ()
        what = "planned" if self._verb in ("flash", "plan") else f"asked for their {self._verb}"
        if self._verb == "check":
            what = "examined"
        self._screen.note(f"{counted(len(self._boards), 'board')} {what}, {self._jobs} at once:")
        crew, outcomes = self._crew(self._boards, lambda board: self._command.of(board, *dry), flashes=False)
        if crew.stopped:
            raise Stopped
        return outcomes

    def flash(self) -> list[Outcome]:
        """Plans of all, one yes, then the flash of each whose plan was shown. Raises Stopped, DoctorError."""
        planned = [_agreed(outcome) for outcome in _apart(self.look())]
        ready = [outcome for outcome in planned if _is_ready(outcome)]
        if not ready:
            return planned
        self._screen.show(plans(ready, whole=self._screen.verbose))
        self._tell_left_out(planned, ready)
        question = f"Flash {'this board' if len(ready) == 1 else f'these {len(ready)} boards'} now?"
        if not (self._given["yes"] or self._screen.agreed(question, plans(ready, whole=True))):
            raise DoctorError("not-confirmed", "not confirmed; nothing was sent to any modem")
        marks = {outcome.board: outcome.document["plan"]["fingerprint"] for outcome in ready}

        def words(board: Board) -> list[str]:
            return self._command.of(board, "--yes", "--plan", marks[board], "--stop-on-stdin")

        _, flashed = self._crew(list(marks), words, flashes=True)
        ended = {outcome.board: outcome for outcome in flashed}
        return [ended.get(o.board, _never_begun(o)) if o.board in marks else o for o in planned]

    def _crew(
        self, boards: Sequence[Board], words: Callable[[Board], list[str]], *, flashes: bool
    ) -> tuple[Crew, list[Outcome]]:
        shows = FleetView(self._screen, self._started, flashes=flashes, clock=SystemClock(), notices=self._notices)
        with closing(shows) as view:
            crew = Crew(boards, words, view, jobs=self._jobs, flashes=flashes)
            return crew, [reports.whole(self._verb, outcome) for outcome in crew.run()]

    def _tell_left_out(self, planned: Sequence[Outcome], ready: Sequence[Outcome]) -> None:
        left = [outcome for outcome in planned if outcome not in ready]
        if left:
            self._screen.show(Text(f"\nNot among them: {', '.join(outcome.board.words for outcome in left)}"))

    # --- the end ---

    def tell_end(self, outcomes: Sequence[Outcome]) -> None:
        """The summary, the one next command, the document."""
        left = [outcome for outcome in outcomes if not outcome.holds]
        running = [outcome for outcome in outcomes if outcome.holds and outcome.document.get("running")]
        at_work = len(running)
        step = self._next(left or running)
        if self._screen.writes:
            self._screen.document(reports.document(self._verb, outcomes, step=step))
        if self._screen.as_json:
            return
        planned = [outcome for outcome in outcomes if _is_ready(outcome)]
        if planned and self._only_planned:
            self._screen.show(plans(planned, whole=True))
        well = len(outcomes) - len(left) - at_work
        word = {"flash": "flashed and proved, or nothing to do", "status": "nothing left to do"}.get(
            self._verb, "in order"
        )
        if self._only_planned:
            word = "ready, or nothing to do"
        going = f"; {at_work} being flashed: leave the power on" if at_work else ""
        self._screen.show(Text(f"\n{well} of {counted(len(outcomes), 'board')}: {word}{going}", style="bold"))
        for line in (*_for_the_hands(outcomes), *(line for outcome in left for line in _left_to_do(outcome))):
            self._screen.show(line)
        if step is not None:
            show_next(step, self._screen)

    def _next(self, left: Sequence[Outcome]) -> NextStep | None:
        if not left:
            return None
        own = _own_command(left[0]) if len(left) == 1 else None
        again = own or self._command.again([outcome.board for outcome in left])
        hands = tuple((left[0].document.get("next") or {}).get("do", ())) if own is not None else ()
        return NextStep(hands, again)


def _for_the_hands(outcomes: Sequence[Outcome]) -> Iterable[Any]:
    """What the hands are to do at boards that are in order, once for all that need the same."""
    alike: dict[str, list[str]] = {}
    for outcome in outcomes:
        for one in (outcome.document.get("next") or {}).get("do", ()) if outcome.holds and _says_hands(outcome) else ():
            alike.setdefault(one, []).append(outcome.board.words)
    for one, boards in alike.items():
        yield Text(f"Left for your hands, at {counted(len(boards), 'board')} ({', '.join(boards)}): {one}")


def _says_hands(outcome: Outcome) -> bool:
    """Whether what it says of hands is about a flash that is over; a check that failed nowhere only has advice."""
    return outcome.sent or outcome.document.get("running") is False


def _own_command(outcome: Outcome) -> Command | None:
    """The next command that a board's own process names; None if it names none."""
    words = (outcome.document.get("next") or {}).get("run")
    return Command.of_words(words[1:]) if words else None


def _left_to_do(outcome: Outcome) -> Iterable[Any]:
    """A board that is not in order: why, what it needs, and where all of it is told."""
    document = outcome.document
    yield Text.assemble(("✗ ", "red"), (outcome.board.words, "bold"), f": {reports.told(document)}")
    if document.get("error") and document["error"]["cause"]:
        yield Text(f"    cause: {document['error']['cause']}")
    step = document.get("next") or {}
    for one in step.get("do", ()):
        yield Text(f"    now:   {one}")
    if own := _own_command(outcome):
        yield Text(f"    then:  {own}")
    if document.get("log"):
        yield Text(f"    log:   {document['log']}", style="dim")


def _is_ready(outcome: Outcome) -> bool:
    plan = outcome.document.get("plan") or {"nothing_to_do": "no plan"}
    return outcome.holds and not plan["nothing_to_do"]


def _agreed(outcome: Outcome) -> Outcome:
    """The same, but a board is refused for which its flash would ask about a risk: it has nobody to ask."""
    found = next((f for f in outcome.document.get("findings") or () if f["check"] == JUMPERS), None)
    if not _is_ready(outcome) or found is None or found["status"] != "warn":
        return outcome
    if JUMPERS in outcome.document["plan"]["agreed"]:
        return outcome
    looked = f"look at the board; if both jumpers are off, or it has none: the same command with --accept {JUMPERS}"
    err = DoctorError(JUMPERS, "not flashed: the jumpers could not be checked", cause=found["summary"], next=looked)
    return reports.refused(outcome.board, "flash", err)


def _apart(planned: Sequence[Outcome]) -> list[Outcome]:
    """The same, but that two ports which lead to one modem are both refused."""
    modems = {o.board: (o.document.get("modem") or {}).get("imei") for o in planned if _is_ready(o)}
    twins = one_modem({board: imei for board, imei in modems.items() if imei})
    return [_twin(outcome, twins[outcome.board]) if outcome.board in twins else outcome for outcome in planned]


def _twin(outcome: Outcome, other: Board) -> Outcome:
    err = DoctorError(
        "usage",
        f"the same modem answers here and at {other.port}; nothing was sent to it",
        on=outcome.board.port,
        cause="two names of one port, or one modem that is reached in two ways",
        next="name it once",
    )
    return reports.refused(outcome.board, "flash", err)


def _never_begun(outcome: Outcome) -> Outcome:
    return reports.refused(
        outcome.board, "flash", Stopped("stopped by you before its turn"), exit_code=Stopped.exit_code
    )
