"""An updater at work on the board: where it stands, and what is said to anybody who wants the prompt at that time."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from doctor.board import onboard
from doctor.errors import UpdaterAtWork
from doctor.text.command import ON_CARD, Command
from doctor.text.escape import shown

FILE = "FILE.dup"  #: stands for the name of the file, if the board did not say it


@dataclass(frozen=True)
class AtWork:
    """What an updater said last.

    ours    whether it is this program's, which tells where it stands and can be joined
    step    id of the step, or what was said instead; "" if nothing is known
    file    name of the file on the board's card; FILE if unknown
    """

    ours: bool
    step: str = ""
    file: str = FILE
    done_bytes: int = 0
    total_bytes: int = 0

    @property
    def percent(self) -> int | None:
        """How much of the file is over; None if that is not known."""
        return 100 * self.done_bytes // self.total_bytes if self.total_bytes else None

    @property
    def words(self) -> str:
        """One clause for a report."""
        if not self.ours:
            return "an updater is at work on the board"
        step = f", step {self.step}" if self.step else ""
        if self.percent is None:
            return f"our updater is at work on the board{step}"
        bytes_ = f"{self.done_bytes:,} of {self.total_bytes:,} bytes"
        return f"our updater is at work on the board: at {self.percent} % ({bytes_}){step}"

    @property
    def joining(self) -> str:
        """The command that joins it, marked."""
        return str(Command("flash", firmware=(f"{ON_CARD}{self.file}",)))


def at_work(text: str) -> AtWork:
    """Where the updater stands whose output ``text`` is, as a first contact heard it; what it says is escaped."""
    told = onboard.last_heard(text)
    if told is None:
        return AtWork(ours=False)
    name, data = told
    if name == "said":
        return AtWork(True, shown(str(data.get("text", "")), 100))
    file = posixpath.basename(str(data.get("file") or "")) or FILE
    step = shown(str(data.get("step") or data.get("phase") or ""), 40)
    return AtWork(True, step, shown(file, 80), _count(data.get("done")), _count(data.get("total")))


def in_the_way(text: str, on: str) -> UpdaterAtWork:
    """There is no prompt, and none may be asked for, as long as this updater works."""
    stands = at_work(text)
    joins = f"; {stands.joining} joins it and says how it ends" if stands.ours else ""
    return UpdaterAtWork(
        "updater-at-work",
        f"{stands.words}; it is not disturbed",
        on=on,
        cause="the board is flashing its modem; stopping it can brick the modem",
        next="leave the board powered, press nothing and wait until it has finished, up to 30 minutes; to watch: "
        f"`fipy-doctor status`{joins}",
    )


def _count(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 0
