"""The shapes that checks, engine, jobs and reports share: Check, Finding, Remedy and their enums."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, ClassVar, TypeAlias, TypedDict

from doctor.bench import Needs, SkipReason
from doctor.text.command import Command
from doctor.updater.shapes import Change

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from doctor.bench import Bench


class Status(str, Enum):
    """How a check ended."""

    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"
    SKIP = "skip"
    ERROR = "error"
    """The probe itself broke: a bug of ours, never the user's fault."""


class Grade(str, Enum):
    """Who may carry out a remedy."""

    SAFE = "safe"
    """``fix`` does it without asking."""
    ASKS = "asks"
    """``fix`` shows the plan and needs consent."""
    MANUAL = "manual"
    """Steps for the user's hands."""
    DESTROYS = "destroys"
    """As ASKS; what lies there now is gone afterwards, or comes back from a backup only. It always comes last."""


@dataclass(frozen=True)
class Remedy:
    """A cure by name; what it does lives in doctor/remedies/, one file each."""

    id: str
    grade: Grade


EvidenceValue: TypeAlias = "str | int | float | bool | list[str] | None"
Evidence = Mapping[str, EvidenceValue]


@dataclass(frozen=True)
class Finding:
    """What one check found.

    check        id of the check
    status       how it ended
    summary      one plain sentence for the user; text from devices in it is already escaped
    skip_reason  set if status is SKIP
    evidence     what was seen, as flat data: for people, and for programs of other people
    catalogue    id of the known failure in doctor/knowledge, if there is one
    cause        the best known cause, in words
    remedies     cures, best first; those that destroy stand behind all others, whatever a check says
    caused_by    id of the check whose finding explains this one
    link         where to read more
    next         what to do, in words, if the finding knows more than its cures; "" if it does not
    change       what the next command has that the one of this run has not; None if it can be the same
    command      what ends it: the very command that began something with the board; None elsewhere
    proved       what proves the good state (how), and when that was seen (at, if not just now); empty for no proof
    consent      the consent that alone lifts it, which a yes on a terminal stands for; "" if none does
    duration_ms  milliseconds that the check took; two findings that differ in nothing else are equal
    """

    check: str
    status: Status
    summary: str
    skip_reason: SkipReason | None = None
    evidence: Evidence = field(default_factory=dict)
    catalogue: str | None = None
    cause: str = ""
    remedies: tuple[Remedy, ...] = ()
    caused_by: str | None = None
    link: str = ""
    next: str = ""
    change: Change | None = None
    command: Command | None = None
    consent: str = ""
    proved: Mapping[str, str] = field(default_factory=dict)
    duration_ms: int = field(default=0, compare=False)

    def __post_init__(self) -> None:
        harmless_first = sorted(self.remedies, key=lambda remedy: remedy.grade is Grade.DESTROYS)
        object.__setattr__(self, "remedies", tuple(harmless_first))

    @property
    def flaw(self) -> str:
        """Name of a part that is not what it must be, as somebody else's check may bring; "" if there is none."""
        sound = {
            "summary": isinstance(self.summary, str),
            "skip_reason": isinstance(self.skip_reason, SkipReason if self.status is Status.SKIP else type(None)),
            "evidence": isinstance(self.evidence, Mapping) and all(_is_flat(*item) for item in self.evidence.items()),
            "catalogue": self.catalogue is None or isinstance(self.catalogue, str),
            "cause": isinstance(self.cause, str),
            "remedies": all(isinstance(remedy, Remedy) for remedy in self.remedies),
            "caused_by": self.caused_by is None or isinstance(self.caused_by, str),
            "link": isinstance(self.link, str),
            "next": isinstance(self.next, str),
            "consent": isinstance(self.consent, str),
            "proved": isinstance(self.proved, Mapping),
            "change": isinstance(self.change, Change | None),
            "command": isinstance(self.command, Command | None),
        }
        return next((part for part, is_sound in sound.items() if not is_sound), "")

    @property
    def failed(self) -> bool:
        """True for what the exit code and the gate count: fail, error and skip: blocked."""
        return self.status in (Status.FAIL, Status.ERROR) or self.skip_reason is SkipReason.BLOCKED


def _is_flat(key: object, value: object) -> bool:
    """Whether this can stand in Evidence."""
    if isinstance(value, list):
        return isinstance(key, str) and all(isinstance(part, str) for part in value)
    return isinstance(key, str) and (value is None or isinstance(value, str | int | float | bool))


class Members(TypedDict, total=False):
    """What a check may say in a finding besides its summary."""

    catalogue: str | None
    evidence: Evidence
    cause: str
    remedies: tuple[Remedy, ...]
    caused_by: str | None
    next: str
    change: Change | None
    command: Command | None
    consent: str


@dataclass(frozen=True)
class Known:
    """What a check says of one known failure wherever it finds it: the cause, and the cures, best first."""

    cause: str = ""
    remedies: tuple[Remedy, ...] = ()


class Check(ABC):
    """A named probe: looks, changes nothing, returns one finding.

    The class docstring is the check's manual page (``fipy-doctor checks ID``): a first line that states the
    good state, then the paragraphs ``Why:``, ``Looks at:`` and ``Cures:``.
    """

    id: ClassVar[str]
    """Names the good state, such as ``modem-answers``."""
    needs: ClassVar[tuple[Needs, ...]] = ()
    """Parts of the bench without which the check is skipped."""
    after: ClassVar[tuple[str, ...]] = ()
    """Checks that must not have failed: else this one is skipped as blocked, caused by them."""
    follows: ClassVar[tuple[str, ...]] = ()
    """Checks that run earlier if both run, without blocking this one."""
    deadline_s: ClassVar[float]
    """Longest run time in seconds of the bench's clock."""
    gates: ClassVar[bool] = False
    """Whether a failure stops flashing: only if the check says so itself."""
    way: ClassVar[str] = ""
    """The one way of flashing (``--via``) that a failure closes; any other one stays open. "": all ways."""
    overridable: ClassVar[bool] = True
    """Whether ``flash --override ID`` may lift the gate."""
    knows: ClassVar[Mapping[str, Known]] = {}
    """Cause and cures of known failures by catalogue id; a finding that names its own has these."""
    finds: ClassVar[tuple[str, ...]] = ()
    """Catalogue ids that this check can report; those of ``knows`` if the class names none."""
    package: str = ""
    """The package of other people that brought it, set by the program when it loads it; empty for ours."""

    def __init_subclass__(cls) -> None:
        cls.finds = cls.finds or tuple(cls.knows)

    @abstractmethod
    def look(self, bench: Bench) -> Finding:
        """Examine the bench and return the one finding. Raises DoctorError if the probe itself cannot go on."""

    def passed(self, summary: str, *, evidence: Evidence | None = None) -> Finding:
        """The good state holds."""
        return Finding(self.id, Status.PASS, summary, evidence=evidence or {})

    def warn(self, summary: str, **members: Unpack[Members]) -> Finding:
        """Worth knowing; flashing may go on."""
        return replace(self.fail(summary, **members), status=Status.WARN)

    def fail(self, summary: str, **members: Unpack[Members]) -> Finding:
        """The good state does not hold. Cause and cures that ``members`` do not name are those of ``knows``."""
        known = self.knows.get(members.get("catalogue") or "", Known())
        members.setdefault("cause", known.cause)
        members.setdefault("remedies", known.remedies)
        return Finding(self.id, Status.FAIL, summary, **members)

    def skipped(self, reason: SkipReason, summary: str, *, caused_by: str | None = None) -> Finding:
        """The check does not apply, or could not run."""
        return Finding(self.id, Status.SKIP, summary, skip_reason=reason, caused_by=caused_by)

    def lost(self) -> Finding:
        """It was to run and brought no finding, which is never good news."""
        return Finding(self.id, Status.ERROR, f"the check {self.id} brought no finding", cause="a bug in fipy-doctor")
