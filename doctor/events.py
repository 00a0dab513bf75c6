"""What long work reports while it runs: frozen dataclasses that bars, logs, JSON lines and tests all listen to.

The updater core knows only (name, dict); ``from_core`` turns those into the classes below.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any


class Phase(str, Enum):
    """Where a flash stands; decides what Ctrl-C may do and what is said about unplugging."""

    PREPARE = "prepare"
    TRANSFER = "transfer"
    WAIT_MODEM = "wait-modem"
    PROVE = "prove"


@dataclass(frozen=True)
class CheckStarted:
    """A check begins; it ends within ``limit_s`` seconds."""

    check: str
    limit_s: float = 0.0


@dataclass(frozen=True)
class CheckEnded:
    """A check ended; ``finding`` is a doctor.check.Finding."""

    check: str
    finding: Any


@dataclass(frozen=True)
class StepStarted:
    """A flash step begins. ``step`` is the plan's step id, ``text`` what it does in words.

    number, of        which step of how many it is; 0 if it is none of the plan
    usual_s, limit_s  seconds that it usually takes, and at most; 0 if nobody knows
    last_s            of those, what usually passes while the end of its file is taken
    """

    step: str
    text: str
    phase: Phase
    number: int = 0
    of: int = 0
    usual_s: float = 0.0
    limit_s: float = 0.0
    last_s: float = 0.0


@dataclass(frozen=True)
class Waiting:
    """Something is awaited: for what, how long at most (seconds), and whether one may unplug until then."""

    what: str
    limit_s: float
    may_unplug: bool


@dataclass(frozen=True)
class Progress:
    """Bytes that the modem has taken so far."""

    phase: Phase
    done_bytes: int
    total_bytes: int
    may_unplug: bool


@dataclass(frozen=True)
class Counted:
    """Something short is done many times: ``what``, how often so far, how often in all, and ``of`` which things."""

    what: str
    done: int
    total: int
    of: str
    limit_s: float = 0.0
    may_unplug: bool = True


@dataclass(frozen=True)
class Working:
    """Something that may take its time begins, and goes on until the next event."""

    what: str


@dataclass(frozen=True)
class Note:
    """A line worth keeping in a log: an AT exchange, a fallback; ``retry``: a transfer tries again."""

    text: str
    retry: bool = False


@dataclass(frozen=True)
class Notice:
    """A line that the user must see now: what a signal was taken for; that the blocks asked for were refused."""

    text: str


class Outcome(str, Enum):
    """What a second reader of a card said: the gravest last."""

    AGREE = "agree"
    NOT_COMPARED = "not-compared"
    DIFFER = "differ"


@dataclass(frozen=True)
class SecondReading:
    """A card was read whole by a second reader (pyfatfs), and compared with what was meant to be on it.

    words  the answer, to be put behind "a second reader (pyfatfs) "
    files  how many files were compared
    """

    outcome: Outcome
    words: str
    files: int

    def __str__(self) -> str:
        return f"a second reader (pyfatfs) {self.words}"


Event = CheckStarted | CheckEnded | StepStarted | Waiting | Progress | Counted | Working | Note | Notice | SecondReading
Listener = Callable[[Event], None]


def ignore(_event: Event) -> None:
    """The listener for those who do not care."""


def gravest(heard: Iterable[Event]) -> SecondReading | None:
    """The gravest of all that a second reader said, with the files of the last; None if it was not asked."""
    answers = [event for event in heard if isinstance(event, SecondReading)]
    if not answers:
        return None
    order = list(Outcome)
    return replace(max(answers, key=lambda answer: order.index(answer.outcome)), files=answers[-1].files)


def from_core(name: str, data: Mapping[str, Any]) -> Event:
    """The event for what the core emitted as (name, dict).

    Names and members: ``step`` (step, text, phase), ``waiting`` (what, limit_ms, may_unplug),
    ``progress`` (phase, done, total, may_unplug), ``count`` (what, done, total, of, limit_ms, may_unplug), ``note``
    (text, and retry if it is one), ``notice`` (text). Raises ValueError for any other name.
    """
    if name == "step":
        return StepStarted(str(data["step"]), str(data["text"]), Phase(data["phase"]))
    if name == "waiting":
        return Waiting(str(data["what"]), int(data["limit_ms"]) / 1000, bool(data["may_unplug"]))
    if name == "progress":
        return Progress(Phase(data["phase"]), int(data["done"]), int(data["total"]), bool(data["may_unplug"]))
    if name == "count":
        what, done, total, of = str(data["what"]), int(data["done"]), int(data["total"]), str(data["of"])
        return Counted(what, done, total, of, int(data["limit_ms"]) / 1000, bool(data["may_unplug"]))
    if name == "note":
        return Note(str(data["text"]), bool(data.get("retry", False)))
    if name == "notice":
        return Notice(str(data["text"]))
    raise ValueError(f"the core emitted an event that is not known here: {name}")
