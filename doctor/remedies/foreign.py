"""Cures of other packages: a wrapper around each keeps them to the rules of ours.

A cure that the program carries out has the grade ``asks``: never done without a yes to its plan. What is done unasked
(``safe``) and what destroys is ours alone. Nothing is done with a device that is none of ours, and what their code
raises is an error that names the package.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from doctor import plugins
from doctor.check import Finding, Grade
from doctor.errors import DoctorError
from doctor.remedies.cure import Cure, CureContext, DoableCure
from doctor.text.escape import shown

if TYPE_CHECKING:
    from doctor.bench import Bench

#: Options of ``fipy-doctor fix``: no cure of another package can have one of these for its switch.
OPTIONS_OF_FIX = frozenset(
    (
        *("accept", "backup", "bootrom", "carrier", "confirm", "coordinator", "deadline", "debug", "dry-run"),
        *("firmware", "force-device", "help", "interrupt", "json", "json-events", "labgrid", "leave-out"),
        *("log-file", "port", "put-back", "quiet", "report", "scripts", "sd", "show-config", "trace"),
        *("updater-elf", "verbose", "via", "wait", "was", "yes"),
    )
)
_WHAT = "cure"
_ID = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_LONGEST_ID = 40

T = TypeVar("T")


def of_other_packages(ours: Mapping[str, Cure]) -> tuple[dict[str, Cure], tuple[str, ...]]:
    """Cures of other packages by id, wrapped, and a warning for each that cannot stand beside ``ours``."""
    parts, warnings = plugins.loaded(plugins.CURES, _WHAT, _flaw)
    claims: dict[str, list[tuple[Cure, str]]] = {}
    for cure, package in parts:
        assert isinstance(cure, Cure)
        claims.setdefault(cure.id, []).append((cure, package))
    kept: dict[str, Cure] = {}
    for cure_id, rivals in claims.items():
        packages = " and ".join(dict.fromkeys(package for _, package in rivals))
        if cure_id in ours:
            warnings.append(plugins.left_out(_WHAT, cure_id, packages, "a cure of fipy-doctor itself has that id"))
        elif len(rivals) > 1:
            warnings.append(plugins.left_out(_WHAT, cure_id, packages, "more than one cure has that id"))
        else:
            cure, package = rivals[0]
            kept[cure_id] = _Doable(cure, package) if isinstance(cure, DoableCure) else _Told(cure, package)
    return kept, tuple(warnings)


def _flaw(cure: object) -> str:
    """What is wrong with the declarations of somebody else's cure; "" if nothing is."""
    if not isinstance(cure, Cure):
        return "it is not a doctor.remedies.Cure"
    cure_id = getattr(cure, "id", None)
    if not (isinstance(cure_id, str) and _ID.fullmatch(cure_id) and len(cure_id) <= _LONGEST_ID):
        return "its id is not made of small words with hyphens between them"
    if cure_id in OPTIONS_OF_FIX:
        return f"fix has an option --{cure_id}"
    wanted = Grade.ASKS if isinstance(cure, DoableCure) else Grade.MANUAL
    if cure.grade is not wanted:
        return f"its grade is not {wanted.value}: only cures of fipy-doctor itself may have another one"
    if not (isinstance(cure.title, str) and cure.title.strip()):
        return "it does not say what it brings about"
    return ""


class _Told(Cure):
    """A cure of another package for the user's hands. What comes after it is ``check``, whatever it says."""

    def __init__(self, theirs: Cure, package: str) -> None:
        self.id = theirs.id
        self.grade = Grade.MANUAL
        self.optional = bool(theirs.optional)
        self.__doc__ = theirs.__doc__
        self._theirs = theirs
        self._package = package
        self._title = shown(" ".join(theirs.title.split()), 200)

    @property
    def title(self) -> str:
        """What it brings about, and whose it is."""
        return f"{self._title} (a cure of the package {shown(self._package, 60)})"

    def aim(self, finding: Finding | None) -> str:
        """Always the title: who agrees to its plan has to read whose it is."""
        return self.title

    def steps(self, finding: Finding) -> tuple[str, ...]:
        """What they say; if that fails, whose fault it is."""
        try:
            return _sentences(self._guarded(lambda: self._theirs.steps(finding)))
        except DoctorError as err:
            return (f"{err.on}: {err.what} ({err.cause})",)

    def _guarded(self, work: Callable[[], T]) -> T:
        """What ``work`` returns. Raises DoctorError, naming the package, for whatever it raises besides."""
        try:
            return work()
        except (DoctorError, KeyboardInterrupt):
            raise
        except BaseException as err:  # SystemExit too: it would end us
            raise self._fault(plugins.told(err)) from err

    def _fault(self, what: str) -> DoctorError:
        package = shown(self._package, 60)
        return DoctorError(
            "cure-broken",
            f"the cure of the package {package} itself failed: {what}",
            on=self.id,
            cause=f"a fault of {package}",
            next=f"update or remove the package {package}; then run `fipy-doctor check`",
        )


class _Doable(_Told, DoableCure):
    """A cure of another package that the program carries out after a yes."""

    _theirs: DoableCure

    def __init__(self, theirs: Cure, package: str) -> None:
        super().__init__(theirs, package)
        self.grade = Grade.ASKS

    def steps(self, finding: Finding) -> tuple[str, ...]:
        """The command that carries it out."""
        return DoableCure.steps(self, finding)

    def plan(self, bench: Bench, finding: Finding | None, context: CureContext) -> tuple[str, ...]:
        """What they would change. Raises DoctorError for a device that is none of ours, too."""
        self._refuse(bench)
        plan = self._guarded(lambda: self._theirs.plan(bench, finding, context))
        return self._guarded(lambda: _sentences(plan))

    def do(self, bench: Bench, finding: Finding | None, context: CureContext) -> str:
        """Carry it out. Raises DoctorError for a device that is none of ours, too."""
        self._refuse(bench)
        return shown(str(self._guarded(lambda: self._theirs.do(bench, finding, context))), 1000)

    @staticmethod
    def _refuse(bench: Bench) -> None:
        if bench.options.port is not None:
            bench.refuse_foreign()


def _sentences(said: Any) -> tuple[str, ...]:
    """The lines that somebody else's cure gives. Raises TypeError for what is no row of texts."""
    if isinstance(said, str) or not all(isinstance(line, str) for line in said):
        raise TypeError("its steps are not a tuple of sentences")
    return tuple(said)
