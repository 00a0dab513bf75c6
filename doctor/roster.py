"""Which checks there are, and in which order they run: our own, which must all be there, and those of other packages.

Our own lie in ``checks/`` beside ``doctor/`` in a checkout and in ``doctor/_checks/`` in a wheel. Here they have one
name for both, ``doctor._checks``: what else is called ``checks`` on this computer is never asked.
"""

from __future__ import annotations

import importlib
import math
import sys
import types
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import module_from_spec
from pathlib import Path

from doctor import plugins
from doctor.bench import Needs
from doctor.check import Check
from doctor.discover import classes_of, names_in
from doctor.errors import DoctorError
from doctor.text.escape import shown

PACKAGE = "doctor._checks"
#: Ids of our own checks. Without any of them nothing is examined and nothing is flashed.
BUILTIN = (
    "board-files-complete",
    "board-has-modem",
    "board-reads-card",
    "board-scripts-match",
    "boot-starts-no-updater",
    "boot-switch-answers",
    "card-is-fat",
    "dup-at-root",
    "firmware-is-whole",
    "jumpers-removed",
    "modem-answers",
    "port-opens",
    "repl-answers",
    "scripts-are-python",
    "step-is-safe",
    "updater-image-is-elf",
)
ENTRY_POINT_GROUP = "fipy_doctor.checks"  #: other people's checks (docs/adding-a-check.md)
WHAT = "check"  #: in warnings about them


@dataclass(frozen=True)
class Roster:
    """The checks of a run in their order, and a warning for each that another package brought and that was left out."""

    checks: tuple[Check, ...]
    warnings: tuple[str, ...] = ()


def everybody() -> Roster:
    """Our own checks and those of other packages. Raises DoctorError if one of our own is missing or broken."""
    own = builtin()
    foreign, warnings = _plugins(own)
    return Roster(tuple(in_order([*own, *foreign])), tuple(warnings))


def builtin() -> list[Check]:
    """Our own checks, one instance each, in order. Raises DoctorError if one is missing or cannot be loaded."""
    found: dict[str, Check] = {}
    broken: dict[str, str] = {}
    listed = [check_id.replace("-", "_") for check_id in BUILTIN]
    package = _package()
    # By name first: not every loader can say what there is.
    for name in dict.fromkeys([*listed, *names_in(package)]):
        try:
            for kind in classes_of(importlib.import_module(f"{PACKAGE}.{name}"), Check):  # type: ignore[type-abstract]
                found[kind.id] = kind()
        except KeyboardInterrupt:
            raise
        except BaseException as err:
            if not (isinstance(err, ModuleNotFoundError) and err.name == f"{PACKAGE}.{name}"):
                broken[name.replace("_", "-")] = plugins.told(err)
    missing = [check_id for check_id in BUILTIN if check_id not in found and check_id not in broken]
    if missing or broken:
        raise _not_whole(missing, broken, list(package.__path__))
    return in_order(found.values())


def _package() -> types.ModuleType:
    """The package that holds our checks: a part of this one in a wheel, the folder beside it in a checkout.

    Both are found by the loaders of Python itself, so they may lie in a folder, in a zip or in a frozen program.
    """
    try:
        return importlib.import_module(PACKAGE)
    except ModuleNotFoundError as err:
        if err.name != PACKAGE:
            raise
    beside = Path(__file__).parent.parent
    spec = ModuleSpec(PACKAGE, None, is_package=True)
    checkout = PathFinder.find_spec("checks", [str(beside)])
    spec.submodule_search_locations = list(checkout.submodule_search_locations or ()) if checkout is not None else []
    package = module_from_spec(spec)
    sys.modules[PACKAGE] = package
    return package


def _not_whole(missing: Sequence[str], broken: dict[str, str], places: Sequence[str]) -> DoctorError:
    said = []
    if missing:
        said.append(f"missing: {'all of them' if len(missing) == len(BUILTIN) else ', '.join(missing)}")
    said += [f"{check_id} cannot be loaded ({why})" for check_id, why in broken.items()]
    where = f" (they belong in {', '.join(places)})" if places else ""
    return DoctorError(
        "checks-missing",
        f"not all of its own checks are there: {'; '.join(said)}",
        on="fipy-doctor",
        cause=f"its files are incomplete or damaged{where}",
        next="install fipy-doctor again; without its checks it examines nothing and sends nothing",
    )


def _plugins(own: Sequence[Check]) -> tuple[list[Check], list[str]]:
    """Checks of other packages that can stand beside ``own``, and a warning for each that cannot."""
    parts, warnings = plugins.loaded(ENTRY_POINT_GROUP, WHAT, _flaw)
    found = []
    for check, package in parts:
        assert isinstance(check, Check)
        check.package = package
        found.append(check)
    return _compatible(own, found, warnings)


def _flaw(check: object) -> str:
    """What is wrong with the declarations of somebody else's check; "" if nothing is."""
    if not isinstance(check, Check):
        return "it is not a doctor.check.Check"
    if not (isinstance(getattr(check, "id", None), str) and check.id):
        return "it has no id"
    deadline_s = getattr(check, "deadline_s", None)
    if not (isinstance(deadline_s, int | float) and math.isfinite(deadline_s) and deadline_s > 0):
        return "it has no deadline_s in seconds"
    if not (isinstance(check.needs, tuple | list) and all(isinstance(need, Needs) for need in check.needs)):
        return "its needs are not a doctor.check.Needs"
    for name in ("after", "follows", "finds"):
        ids = getattr(check, name)
        if not (isinstance(ids, tuple | list) and all(isinstance(each, str) for each in ids)):
            return f"its {name} is not a tuple of ids"
    return ""


def _compatible(own: Sequence[Check], foreign: list[Check], warnings: list[str]) -> tuple[list[Check], list[str]]:
    """Leave out what takes an id, stands on nothing or waits for itself, until all that is left fits together."""
    taken = {check.id for check in own}
    claims: dict[str, list[Check]] = {}
    for check in foreign:
        claims.setdefault(check.id, []).append(check)
    kept = []
    for check_id, rivals in claims.items():
        packages = " and ".join(dict.fromkeys(check.package for check in rivals))
        if check_id in taken:
            warnings.append(plugins.left_out(WHAT, check_id, packages, "a check of fipy-doctor itself has that id"))
        elif len(rivals) > 1:
            warnings.append(plugins.left_out(WHAT, check_id, packages, "more than one check has that id"))
        else:
            kept += rivals
    while True:
        there = taken | {check.id for check in kept}
        ahead = all_before(kept)
        why = {check.id: "it waits for itself" for check in kept if check.id in ahead[check.id]}
        for check in kept:
            lost = ", ".join(shown(i, 60) for i in check.after if i not in there)
            if lost:
                why.setdefault(check.id, f"it comes after {lost}, which does not exist")
        if not why:
            return kept, warnings
        out = [check for check in kept if check.id in why]
        warnings += [plugins.left_out(WHAT, check.id, check.package, why[check.id]) for check in out]
        kept = [check for check in kept if check.id not in why]


def _before(check: Check) -> tuple[str, ...]:
    """Ids of the checks that run before it, if they run at all."""
    return (*check.after, *check.follows)


def all_before(checks: Iterable[Check]) -> dict[str, set[str]]:
    """By id, the ids of those among ``checks`` that each waits for, directly or over others; its own in a circle."""
    by_id = {check.id: check for check in checks}
    found = {}
    for check in by_id.values():
        reached: set[str] = set()
        ahead = list(_before(check))
        while ahead:
            each = ahead.pop()
            if each in by_id and each not in reached:
                reached.add(each)
                ahead += _before(by_id[each])
        found[check.id] = reached
    return found


def in_order(checks: Iterable[Check]) -> list[Check]:
    """Checks sorted so that each stands behind those it needs or follows; else by id. Raises ValueError on a circle."""
    waiting = {check.id: check for check in sorted(checks, key=lambda c: c.id)}
    ordered: list[Check] = []
    while waiting:
        ready = [c for c in waiting.values() if not any(i in waiting for i in _before(c))]
        if not ready:
            raise ValueError(f"these checks wait for each other: {', '.join(waiting)}")
        ordered += ready
        for check in ready:
            del waiting[check.id]
    return ordered
