"""What a cure is: a name, a grade, the steps in words, and for those we can do ourselves the doing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from doctor.check import Finding, Grade, Remedy
from doctor.clock import Now, local_now
from doctor.events import Listener, ignore
from doctor.text.command import Command
from doctor.text.escape import shown

if TYPE_CHECKING:
    from doctor.bench import Bench


@dataclass(frozen=True)
class CureContext:
    """How a cure talks to the user and where it keeps what it replaces.

    say      shows one line
    ask      asks a yes-or-no question; False if nobody can answer
    typed    asks for a name to be typed; None if nobody can answer
    backup   folder on the PC for copies of what is replaced
    confirm  name that the user gave to confirm what destroys
    force    go on although the card looks unusual (``--force-device``)
    put_back names of files that go back to a board whose flash is formatted, or to a card; with ``*`` for any text
    leave_out names of files that do not go back to a card
    emit     hears what goes on meanwhile, and what a second reader makes of a card that was written
    now      tells the time of day that copies are named after
    """

    say: Callable[[str], None]
    ask: Callable[[str], bool]
    backup: Path
    confirm: str | None = None
    force: bool = False
    typed: Callable[[str], str | None] = lambda _question: None
    put_back: Sequence[str] = ()
    leave_out: Sequence[str] = ()
    emit: Listener = ignore
    now: Now = local_now


class Cure(ABC):
    """One cure. The docstring of the subclass says in its first line what it brings about.

    then            the command that comes after it: "check", "flash" if flashing is the cure, "ports"; "plan" if
                    another image is to be chosen first; "open" if only reading helps
    adds            what this command has besides what was given so far, as members of Command; None leaves one out
    optional        advised, but nobody has to do it before flashing
    practice        words behind ``fipy-doctor sim`` that do on a simulated bench what the user's hands do here
    card_in_reader  better done with the card in the PC: there it can be backed up
    drawn_for       known failures whose pages show the drawing too
    """

    id: str
    grade: Grade = Grade.MANUAL
    then: str = "check"
    adds: Mapping[str, Any] = MappingProxyType({})
    optional: bool = False
    practice: tuple[str, ...] = ()
    card_in_reader: bool = False
    drawn_for: tuple[str, ...] = ()

    @property
    def goes_another_way(self) -> bool:
        """Flashing another way is the cure."""
        return self.then == "flash" and "via" in self.adds

    @property
    def title(self) -> str:
        """First line of the docstring, without the full stop."""
        return (self.__doc__ or self.id).strip().splitlines()[0].rstrip(".")

    def aim(self, finding: Finding | None) -> str:
        """What it brings about if ``finding`` asks for it: its title, or the rest of what was begun with a board."""
        return finding.next if finding is not None and finding.command is not None else self.title

    @abstractmethod
    def steps(self, finding: Finding) -> tuple[str, ...]:
        """What the user does with their hands, or what we shall do, one sentence a step."""

    def drawing(self, finding: Finding) -> tuple[str, ...]:
        """Lines of plain ASCII, 38 columns at most, that show where the hands go; empty if words will do."""
        return ()


@dataclass(frozen=True)
class ByHand(Cure):
    """A cure that is told and not done. What needs no more than this is a row of data/by_hand.toml.

    aims_at    what it brings about
    how        its steps, one sentence each
    says_next  the finding may know better: what it says in its own names (``next``) takes the place of the steps

    The other members are those of Cure.
    """

    id: str
    aims_at: str
    how: tuple[str, ...]
    says_next: bool = False
    then: str = "check"
    adds: Mapping[str, Any] = field(default_factory=dict)
    optional: bool = False
    practice: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """What it brings about."""
        return self.aims_at

    def steps(self, finding: Finding) -> tuple[str, ...]:
        """What the user does."""
        return (finding.next,) if self.says_next and finding.next else self.how


class DoableCure(Cure):
    """A cure that the program can carry out itself; its id is its switch of ``fipy-doctor fix``."""

    grade: Grade = Grade.ASKS

    @property
    def command(self) -> Command:
        """What carries it out."""
        return Command("fix", (f"--{self.id}",))

    @abstractmethod
    def plan(self, bench: Bench, finding: Finding | None, context: CureContext) -> tuple[str, ...]:
        """Exactly what ``do`` would change on this bench; empty if there is nothing to cure. Changes nothing."""

    @abstractmethod
    def do(self, bench: Bench, finding: Finding | None, context: CureContext) -> str:
        """Carry it out and return one sentence on what was done. Raises DoctorError, leaving things as they were."""

    def steps(self, finding: Finding) -> tuple[str, ...]:
        """The command that carries it out."""
        return (f"run {self.command}",)


def _unknown(cure_id: str) -> Cure:
    """A cure that we know by name only."""
    name = shown(cure_id, 60)
    how = (f"{name}: fipy-doctor does not know this cure; the page of the check may explain it",)
    return ByHand(cure_id, name, how)


@dataclass(frozen=True)
class Cures:
    """All cures by id, and a warning for each that another package brought and that was left out."""

    by_id: Mapping[str, Cure] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def get(self, remedy: Remedy | str) -> Cure:
        """The cure that ``remedy`` names; a check of another package may name one that we do not have."""
        cure_id = remedy if isinstance(remedy, str) else remedy.id
        return self.by_id.get(cure_id) or _unknown(cure_id)

    def doable(self) -> dict[str, DoableCure]:
        """Cures that ``fix`` can carry out, by id."""
        return {cure.id: cure for cure in self.by_id.values() if isinstance(cure, DoableCure)}
