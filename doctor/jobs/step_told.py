"""What the rules that gate a flash say of a step that a text tells of: this build runs, that image is meant."""

from __future__ import annotations

import re
from collections.abc import Sequence

from doctor.firmware.names import parse_name
from doctor.knowledge.builds import RADIOS, Build
from doctor.knowledge.facts import Facts
from doctor.updater import cautions, plan, states
from doctor.updater.profile import SQN3330_FAMILY
from doctor.updater.shapes import (
    BOOTROM_OF_BOARD,
    DIFF,
    FACTORY_BUILD,
    FULL,
    PAIR,
    PAIR_BUILD,
    ImageFacts,
    Options,
    Refusal,
    Running,
    radio_of,
)

_MOST_JUDGED = 2
_FULL_BYTES = 6 << 20  #: a full image's size; no rule looks nearer, and a text seldom tells it
OLDER = "image-older-than-modem"
_UPDATER = ImageFacts("updater.elf", 1 << 18, "updater-elf", "", 0, 0, SQN3330_FAMILY)
_BOOTROM = ImageFacts(BOOTROM_OF_BOARD, 1 << 16, "bootrom", "", 0, 0, SQN3330_FAMILY)


def verdicts(facts: Facts) -> tuple[str, ...]:
    """What comes of each step of the text, of the last ones: judged as if the modem answered and said what it runs."""
    said: dict[tuple[int, int], str] = {}
    if facts.names_monarch2 or facts.family == "other" or not facts.builds.runs:
        return ()
    files = facts.by_kind.get("files", ())
    runs = facts.builds.runs[-1]
    for build in facts.builds.images if runs.kind in RADIOS else ():
        images = _images(build, runs, files)
        if images and images[0].build != runs.number:
            said.setdefault((images[0].base, images[0].build), _verdict(runs, images, files))
    return tuple(said.values())[-_MOST_JUDGED:]


def _images(build: Build, runs: Build, files: Sequence[str]) -> tuple[ImageFacts, ...]:
    """The files that bring this build; none if it is a boot loader, or a differential image that names no target."""
    number = build.target or build.number
    if number == PAIR_BUILD and not build.target:
        names = [f"CATM1-5.2-{PAIR_BUILD}-{part}.dup" for part in (1, 2)]
        return tuple(
            ImageFacts(name, _FULL_BYTES, kind, "CATM1", PAIR_BUILD, 0, SQN3330_FAMILY)
            for name, kind in zip(names, PAIR, strict=True)
        )
    if build.kind not in RADIOS and not build.target:
        return ()
    # A way that is told by two numbers goes with the differential image for it, if the text names that file.
    bases = (build.number,) if build.target else (0, runs.number)
    found = [(file, base) for base in bases for file in files if _promises(file, number, base)]
    made = f"upgdiff_{build.number}-to-{number}.dup" if build.target else f"{radio_of(number)}-{number}.dup"
    name, base = found[0] if found else (made, bases[0])
    kind = DIFF if base else FULL
    return (ImageFacts(name, _FULL_BYTES, kind, radio_of(number), number, base, SQN3330_FAMILY),)


def _promises(file: str, number: int, base: int) -> bool:
    name = parse_name(file)
    return (name.build, name.base or 0) == (number, base)


def _verdict(runs: Build, images: Sequence[ImageFacts], files: Sequence[str]) -> str:
    helped = (
        any(file.lower() == _UPDATER.name for file in files) and runs.number == FACTORY_BUILD and not images[0].base
    )
    options = Options(updater_elf=_UPDATER if helped else None, bootrom=_BOOTROM if helped else None)
    running = Running(states.APPLICATION, runs.number, radio_of(runs.number), SQN3330_FAMILY)
    planned = plan.make_plan(running, images, options)
    warnings = cautions.warnings(running, images, planned.method, options)
    but = "".join(f" Know that {note.what}: {note.why}." for note in warnings if note.id == OLDER)
    names = [image.name for image in images]
    beside = [_UPDATER.name, "the board's boot ROM"] if helped else []
    way = f"from {runs.number} to {images[-1].build} with {' and '.join(names + beside)}"
    refused = planned.refusal
    if refused is None:
        return f"Better not, {way}.{but}" if but else f"Nothing told here is against it, {way}."
    # A consent is not told here: `plan` asks for it when it is due.
    better = "; ".join(step for step in re.split("; |, or, ", refused.next) if "--accept" not in step)
    if better.endswith(" first"):
        better += f", and when that build is proved to run, plan {' '.join(names)} again"
    how = "Only if you agree to what it costs" if _asks(refused) else "No, not"
    return f"{how} {way}: {refused.what}; {refused.why}.{but}" + (f" Better: {better}." if better else "")


def _asks(refused: Refusal) -> bool:
    """Whether a consent lifts it, without another file."""
    given = refused.change.given if refused.change is not None and not refused.change.files else ()
    return bool(refused.consent) or any(name == "accept" for name, _ in given)
