"""Who was met while boards come and go, what became of each, and which may be flashed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from doctor.errors import DoctorError, Exit
from doctor.fleet.boards import Board
from doctor.fleet.outcome import Outcome
from doctor.text.command import Command
from doctor.text.escape import counted


@dataclass(frozen=True)
class Who:
    """Which board it is: not its port or its carrier, into which another module can be put.

    board  the unique id of its ESP32; "" if it did not say it
    imei   of its modem; "" likewise
    """

    board: str = ""
    imei: str = ""

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Who:
        """The one that a document is about."""
        board, modem = document.get("board") or {}, document.get("modem") or {}
        return cls(board.get("unique_id") or "", modem.get("imei") or "")

    @property
    def is_known(self) -> bool:
        """Whether it said anything that no other board says."""
        return bool(self.board or self.imei)

    def is_same(self, other: Who) -> bool:
        """Whether both are one board. A modem in its boot ROM does not say its IMEI: the board's own number decides."""
        if self.board and other.board:
            return self.board == other.board
        return bool(self.imei) and self.imei == other.imei


@dataclass
class _Met:
    """One board.

    board    where it was last
    outcome  how that ended; None as long as nothing has
    at_work  its flash goes on
    sent     something was sent to its modem by this run
    """

    who: Who
    board: Board
    outcome: Outcome | None = None
    at_work: bool = False
    sent: bool = False

    def keeps(self, outcome: Outcome) -> bool:
        """Whether how it ended before says more than what is found when it is plugged in again."""
        if self.outcome is None or _sent(outcome):
            return False
        return self.outcome.holds or (self.sent and not outcome.holds)


class Tally:
    """The boards that a watch has met.

    most   it is over after so many; None: only when it is stopped
    again  a board to whose modem something was sent may be flashed again if it is plugged in again
    """

    def __init__(self, most: int | None, *, again: bool = False) -> None:
        self._most = most
        self._again = again
        self._met: list[_Met] = []
        self.unnamed: list[Outcome] = []  #: ended without a word on which board it was; then another one was there

    @property
    def outcomes(self) -> list[Outcome]:
        """How each board ended, in the order in which they came."""
        return [met.outcome for met in self._met if met.outcome is not None]

    @property
    def is_full(self) -> bool:
        """Whether all that were to come have been, and are over."""
        return self._most is not None and sum(not met.at_work for met in self._met) >= self._most

    @property
    def words(self) -> str:
        """All of them, in one line."""
        kinds = Counter(_kind(outcome) for outcome in self.outcomes)
        told = [f"{kinds[kind]} {kind}" for kind in _KINDS if kinds[kind]] or ["no board yet"]
        return ", ".join(told) + (f" (of {self._most})" if self._most is not None else "")

    def refusal(self, board: Board, who: Who, command: Command) -> DoctorError | None:
        """Why a board whose plan is ready is not flashed; None if it may be. ``command`` would flash it by itself."""
        met = self._find(board, who)
        if met is None:
            if self.has_room:
                return None
            what = f"not flashed: it is one more than the {counted(self._most or 0, 'board')} of --boards"
            return DoctorError("not-confirmed", what, next=f"run: {command}")
        if not met.at_work and (self._again or not met.sent):
            return None
        return DoctorError(
            "not-confirmed",
            f"not flashed again: this run {'is flashing it' if met.at_work else 'has flashed it'} at {met.board.words}",
            cause="a board that drops out and comes back by itself would be flashed again and again",
            next=f"run: {command}",
        )

    def begin(self, board: Board, who: Who) -> None:
        """Its flash begins."""
        met = self._find(board, who)
        if met is None:
            met = _Met(who, board)
            self._met.append(met)
        met.board, met.at_work = board, True
        self._pass_over(board, who)

    def end(
        self,
        board: Board,
        who: Who,
        outcome: Outcome,
        *,
        flashed: bool = False,
        there: Collection[Board] | None = None,
    ) -> None:
        """So it has ended there.

        flashed  its flash, not only what came before that
        there    what is plugged in now; None if nobody knows
        """
        met = self._find(board, who)
        if met is None and not who.is_known and there is not None and self._is_missed(there):
            self.unnamed.append(outcome)  # most likely that one: it mirrors still, or waits for the rest of a file
            return
        if met is None and not self.has_room:
            return  # one more than were to come, to whose modem nothing was sent
        if met is None:
            self._met.append(_Met(who, board, outcome, sent=_sent(outcome)))
        elif flashed or not met.at_work:
            if not met.keeps(outcome):
                met.board, met.outcome = board, outcome
            met.at_work, met.sent = False, met.sent or _sent(outcome)
        self._pass_over(board, who)

    @property
    def has_room(self) -> bool:
        """Whether a board may still come that was not there before."""
        return self._most is None or len(self._met) < self._most

    def _find(self, board: Board, who: Who) -> _Met | None:
        """The board that this one is; one that said nothing of itself is the one that said nothing at the same port."""
        if who.is_known:
            return next((met for met in self._met if met.who.is_same(who)), None)
        return next((met for met in self._met if not met.who.is_known and met.board == board), None)

    def _is_missed(self, there: Collection[Board]) -> bool:
        """Whether a board was pulled out in the middle of its flash and has not been seen since."""
        return any(
            met.sent
            and not met.at_work
            and met.outcome is not None
            and not met.outcome.holds
            and met.board not in there
            for met in self._met
        )

    def _pass_over(self, board: Board, who: Who) -> None:
        """What said nothing of itself at this port was most likely this board, which now did."""
        silent = self._find(board, Who()) if who.is_known else None
        if silent is not None:
            self._met.remove(silent)
            self.unnamed += [silent.outcome] if silent.outcome is not None else []


_PROVED, _NOTHING, _REFUSED, _UNPROVED = _KINDS = ("flashed and proved", "nothing to do", "refused", "not proved")


def _kind(outcome: Outcome) -> str:
    if outcome.holds:
        return _PROVED if outcome.document.get("proof") else _NOTHING
    return _UNPROVED if _sent(outcome) else _REFUSED


def _sent(outcome: Outcome) -> bool:
    return outcome.sent or outcome.code == Exit.UNPROVED
