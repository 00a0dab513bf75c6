"""``flash FILE --watch``: each board that is plugged in is examined and flashed, until so many have been or Ctrl-C."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from typing import Any

from doctor.cli import signals
from doctor.cli.command_line import Given
from doctor.cli.fleet.ending import left_to_do, tell_end
from doctor.cli.fleet.judged import agreed, is_ready, never_begun
from doctor.cli.fleet.run import MOST_AT_ONCE, left_alone
from doctor.cli.fleet.terms import Terms, confirmed, refuse_what_no_watch_takes, terms_of
from doctor.cli.fleet.view import FleetView
from doctor.cli.fleet.words import BoardCommand, refuse_of_one_board
from doctor.cli.screen import Screen, screen_of
from doctor.clock import SystemClock
from doctor.engine import PORT_OPENS
from doctor.errors import Exit, Stopped, reason
from doctor.fleet.boards import Board, at_port, of_carriers
from doctor.fleet.crew import Crew
from doctor.fleet.outcome import Outcome, worst
from doctor.fleet.plugs import SETTLE_S, Plugs
from doctor.fleet.standing import Standing
from doctor.fleet.tally import Tally, Who
from doctor.link.ports import PortInfo, list_ports
from doctor.report.fleet import documents as reports

LOOK_S = 0.5  #: between two looks at what is plugged in
AGAIN_S = 10.0  #: after which a port that did not open is tried again: ModemManager has a new one for a while
TRIES = 3  #: of one port, while a board stays in it and nothing can be learnt of it


def main(given: Given) -> int:
    """Flash each board that is plugged in with the files of this command line; the worst exit code.

    Raises UsageError for what belongs to one board, Stopped if there was no board, DoctorError without a yes.
    """
    given = {**given, "port": None}
    screen = screen_of(given)
    refuse_what_no_watch_takes(given, screen)
    refuse_of_one_board(given)
    boards = [at_port(port) for port in of_carriers(list_ports())[0]]
    terms = terms_of(given, boards)
    if not confirmed(terms, screen, yes=given["yes"], dry_run=given["dry_run"]):
        return Exit.OK
    watch = Watch(BoardCommand("flash", {**given, "via": "usb"}), screen, terms, given["jobs"] or MOST_AT_ONCE)
    watch.run()
    if not watch.tally.outcomes:
        raise Stopped
    with signals.undisturbed():
        watch.tell_end()
    return int(worst(watch.tally.outcomes))


class Watch:
    """Who sees the boards come, and answers for the crew that works on them (doctor/fleet/crew.py).

    command  what a board's process is started with
    terms    what was agreed to for each
    jobs     how many at once
    """

    def __init__(self, command: BoardCommand, screen: Screen, terms: Terms, jobs: int) -> None:
        self.tally = Tally(terms.most, again=terms.again)
        self._command = command
        self._screen = screen
        self._terms = terms
        self._clock = SystemClock()
        self._view = FleetView(
            screen, lambda _board, _pid: None, flashes=True, clock=self._clock, foot=lambda: self._foot
        )
        self._crew = Crew([], self._planned, self, jobs=jobs, more=lambda: not self.tally.is_full)
        self._plugs = Plugs()
        self._at: dict[Board, PortInfo] = {}  #: the boards that are at work
        self._due: dict[Board, tuple[Who, Outcome]] = {}  #: those of them whose flash goes on, or comes next; its plan
        self._tries: dict[PortInfo, int] = {}  #: by what lasts of the port; so are the strangers
        self._strangers: set[PortInfo] = set()
        self._told_unlisted = False
        self._seen_s = -LOOK_S

    def run(self) -> None:
        """Until so many boards have been, or until it is stopped."""
        with closing(self._view):
            self._view.draw()
            self._crew.run()
        for board, (who, plan) in self._due.items():  # everything was stopped before their turn
            self.tally.end(board, who, never_begun(plan), flashed=True)

    def tell_end(self) -> None:
        """The summary, the one next command, the document."""
        for outcome in self.tally.unnamed:
            said = reports.told(outcome.document)
            self._screen.note(f"Before it was known which board is at {outcome.board.words}: {said}")
        there = self._there() or ()
        gone = [o.board.words for o in self.tally.outcomes if not o.holds and o.board not in there]
        hands = (f"plug in again: {', '.join(gone)} (its port may have another name then)",) if gone else ()
        tell_end(self.tally.outcomes, self._command, self._screen, hands=hands)

    @property
    def _foot(self) -> str:
        if self._crew.stopped:
            return f"{self.tally.words}; no board is begun any more"
        if self.tally.has_room:
            return f"{self.tally.words}; plug in the next board, Ctrl-C ends this"
        return f"{self.tally.words}; these were all"

    # --- what the crew tells and asks ---

    def began(self, standing: Standing, pid: int) -> None:
        """The process of a board runs."""
        self._view.began(standing, pid)

    def heard(self, standing: Standing, event: dict[str, Any]) -> None:
        """It told something."""
        self._view.heard(standing, event)

    def ended(self, standing: Standing, outcome: Outcome) -> None:
        """A process has ended: with its plan, or with what refuses one; or with its flash."""
        board, outcome = standing.board, reports.whole("flash", outcome)
        if board in self._due:
            who, _plan = self._due.pop(board)
            self.tally.end(board, who, outcome, flashed=True)
            self._over(standing, outcome, again=_is_another_plan(outcome))
            self._view.tell_foot()
            return
        outcome, who = agreed(outcome, self._command), Who.of(outcome.document)
        if is_ready(outcome):
            if self._crew.stopped:
                outcome = never_begun(outcome)
            elif err := self._terms.refusal(outcome.document["plan"]):
                outcome = reports.refused(board, "flash", err)
            elif err := self.tally.refusal(board, who, self._command.again([board])):
                self._over(standing, reports.refused(board, "flash", err))
                return
            else:
                self._flash(standing, who, outcome)
                return
        unopened = _has_not_opened(outcome)
        if not self._over(standing, outcome, again=unopened):
            self.tally.end(board, who, outcome, there=self._there())
            self._view.tell_foot()

    def stop_transfers(self, boards: Sequence[Standing]) -> bool:
        """Whether to stop those that can be stopped."""
        return self._view.stop_transfers(boards)

    def notice(self, text: str) -> None:
        """Something that the user must see now."""
        self._view.notice(text)

    def look(self) -> None:
        """See what is plugged in."""
        self._view.look()
        now_s = self._clock.ticks_ms() / 1000
        if self._crew.stopped or now_s < self._seen_s + LOOK_S:
            return
        self._seen_s = now_s
        listed = self._listed()
        due = () if listed is None else self._plugs.look(listed, now_s)
        self._tries = {port: tries for port, tries in self._tries.items() if port in self._plugs}
        for port in due:
            board = at_port(port)
            if board.port in {at_work.port for at_work in self._at}:  # it was out and in again meanwhile
                self._plugs.again(port, now_s + SETTLE_S)
                continue
            self._at[board] = port
            self._screen.say(f"  {board.words}: {'tried again' if port.lasting in self._tries else 'plugged in'}")
            self._crew.add(board, self._planned)

    # --- what becomes of a board ---

    def _planned(self, board: Board) -> list[str]:
        return self._command.of(board, *self._by_usb, "--dry-run")

    @property
    def _by_usb(self) -> tuple[str, ...]:
        return () if self._command.says("--via") else ("--via", "usb")

    def _flash(self, standing: Standing, who: Who, planned: Outcome) -> None:
        """Its plan is what was agreed to: its flash comes next, in front of all that are only to be examined."""
        board, mark = standing.board, planned.document["plan"]["fingerprint"]
        self.tally.begin(board, who)
        self._due[board] = (who, planned)
        self._view.leave(standing, reports.told(planned.document))

        def words(one: Board) -> list[str]:
            return self._command.of(one, *self._by_usb, "--yes", "--plan", mark, "--stop-on-stdin")

        self._crew.add(board, words, flashes=True, first=True)

    def _over(self, standing: Standing, outcome: Outcome, *, again: bool = False) -> bool:
        """Nothing is done with it any more, until it is plugged in again; whether it is tried again before that.

        again  nothing was learnt of the board that is there
        """
        port = self._at.pop(standing.board)
        tries = self._tries.pop(port.lasting, 0) + 1
        if again and tries < TRIES and port in self._plugs and not self._crew.stopped:
            self._tries[port.lasting] = tries
            self._plugs.again(port, self._clock.ticks_ms() / 1000 + AGAIN_S)
            self._view.leave(standing, f"{reports.told(outcome.document)}; tried again in {AGAIN_S:.0f} s")
            return True
        self._view.ended(standing, outcome)
        for line in left_to_do(outcome, with_log=not outcome.holds)[1:]:
            self._screen.note(line)
        return False

    def _there(self) -> list[Board] | None:
        listed = self._listed()
        return None if listed is None else [at_port(port) for port in listed]

    def _listed(self) -> list[PortInfo] | None:
        """The ports with a Pycom USB id; None if the system cannot say. All others are named once, and left alone."""
        try:
            boards, others = of_carriers(list_ports())
        except OSError as err:  # a device that goes away while it is listed
            if not self._told_unlisted:
                self._told_unlisted = True
                self.notice(f"the system does not list its ports: {reason(err)}; this goes on asking")
            return None
        for port in others:
            if port.lasting not in self._strangers:
                self._strangers.add(port.lasting)
                self._screen.note(left_alone(port))
        return boards


def _has_not_opened(outcome: Outcome) -> bool:
    """Whether the port did not open: then nothing was learnt of the board."""
    found = outcome.document.get("findings") or ()
    return any(one["check"] == PORT_OPENS and one["status"] == "fail" for one in found)


def _is_another_plan(outcome: Outcome) -> bool:
    """Whether what was about to be flashed was not what had been planned: it is looked at once more."""
    error = outcome.document.get("error") or {}
    return error.get("id") == "plan-differs" and not outcome.sent
