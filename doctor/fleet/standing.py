"""Where one board of a fleet stands, as the events of its process tell it (schema event)."""

from __future__ import annotations

from typing import Any

from doctor.events import Phase
from doctor.fleet.boards import Board
from doctor.text.durations import span
from doctor.text.escape import shown

SHORT_S = 5.0  #: a wait that is over sooner needs no word
LOG_SHARE = 0.1  #: of a file, between two lines
LONGEST = 300  #: characters of what a board is said to be at


class Standing:
    """What one board is at.

    words      in one sentence
    share      how much of its file is over; None if none is under way
    sent       whether something was sent to its modem
    safe       nothing is lost if it is stopped now: no byte of firmware is on its way
    moved      whether ``words`` are worth a line of a log since this was asked last
    """

    def __init__(self, board: Board) -> None:
        self.board = board
        self.words = "waiting for its turn"
        self.share: float | None = None
        self.sent = False
        self.over = False
        self.all_sent = False
        self._moved = False
        self._logged = 0.0

    @property
    def in_transfer(self) -> bool:
        """Whether its modem has a part of a file, or all of it, and is not proved yet."""
        return self.sent and not self.over

    @property
    def moved(self) -> bool:
        """Whether there is news for a log; only once."""
        moved, self._moved = self._moved, False
        return moved

    def begin(self) -> None:
        """Its process runs."""
        self._say("being examined", news=False)

    def end(self, words: str) -> None:
        """Its process has ended."""
        self.over, self.share = True, None
        self._say(words)

    def hear(self, event: dict[str, Any]) -> None:
        """One event of its process."""
        match event:
            case {"event": "check-started", "check": str(check)}:
                self._say(f"examining {check}", news=False)
            case {"event": "step-started", "text": str(text)}:
                self.share, self._logged = None, 0.0
                number, of = event.get("number"), event.get("of")
                self._say(f"step {number} of {of}: {text}" if number else text)
                if event.get("phase") in (Phase.WAIT_MODEM.value, Phase.PROVE.value):
                    self.sent = self.all_sent = True
            case {"event": "progress", "done_bytes": int(done), "total_bytes": int(total)}:
                self._bytes(done, total, str(event.get("phase")), "" if event.get("may_unplug") else "; do not unplug")
            case {"event": "waiting", "what": str(what), "limit_s": float() | int() as limit_s} if limit_s >= SHORT_S:
                unplug = "" if event.get("may_unplug") else "; do not unplug"
                self._say(f"waiting for {what} (up to {span(limit_s)}{unplug})", news=False)
            case {"event": "notice", "text": str(text)}:
                self._say(text)

    def _bytes(self, done: int, total: int, phase: str, unplug: str) -> None:
        self.share = done / max(1, total)
        if phase != Phase.PREPARE.value:
            self.sent = self.sent or done > 0
            self.all_sent = done >= total
        news = self.share >= self._logged + LOG_SHARE or done == total
        if news:
            self._logged = self.share
        self._say(f"{done:,} of {total:,} bytes{unplug}", news=news)

    def _say(self, words: str, *, news: bool = True) -> None:
        self._moved = self._moved or (news and words != self.words)
        self.words = shown(words, LONGEST)
