"""What is going to be flashed and how: the request, the plan that the user sees, the files behind it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from doctor.bench import Bench
from doctor.errors import DoctorError, FirmwareError
from doctor.jobs.ways import choose_via
from doctor.modem.facts import ModemFacts
from doctor.modem.images import image_facts, running
from doctor.updater.plan import Options, Plan, make_plan

if TYPE_CHECKING:
    from doctor.firmware.image import FirmwareImage

METHODS = ("auto", "store", "on-the-fly")


@dataclass(frozen=True)
class FlashRequest:
    """How to flash. ``override`` names checks whose failure the user takes upon themselves."""

    via: str = "auto"
    method: str = "auto"
    override: frozenset[str] = field(default_factory=frozenset)
    deadline_s: float | None = None


@dataclass(frozen=True)
class FlashPlan:
    """What is going to happen, ready to be shown and consented to."""

    image: FirmwareImage
    before: ModemFacts
    via: str
    core: Plan


def plan_for(bench: Bench, request: FlashRequest) -> FlashPlan | DoctorError:
    """The plan that the core makes for what lies on ``bench``, or its refusal."""
    image = bench.firmware[0]
    facts = bench.modem_facts
    via = choose_via(bench, request.via)
    if isinstance(via, DoctorError):
        return via
    options = Options(
        method=request.method,
        accept=tuple(bench.options.accept),
        updater_elf=None,
        simulated=image.kind == "practice" and bench.simulated,
    )
    core = make_plan(running(facts, bench.options.was), [image_facts(image)], options)
    if core.refusal is not None:
        refusal = core.refusal
        return DoctorError(refusal.id, refusal.what, on=image.path.name, cause=refusal.why, next=refusal.next)
    return FlashPlan(image, facts, via, core)


def read_again(image: FirmwareImage) -> bytes:
    """The file's bytes, which must still be those that the checks judged."""
    try:
        data = image.path.read_bytes()
    except OSError as err:
        raise FirmwareError(
            "firmware-file-truncated", f"cannot be read any more: {err.strerror}", on=str(image.path)
        ) from err
    if hashlib.sha256(data).hexdigest() != image.sha256:
        raise FirmwareError(
            "firmware-file-truncated",
            "changed after it was checked",
            on=str(image.path),
            next="let the copy finish, then run the same command again",
        )
    return data
