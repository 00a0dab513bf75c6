"""What the rules that gate a flash say of a step that a text tells of: this build runs, that image is meant."""

from __future__ import annotations

import re
from collections.abc import Sequence

from doctor.firmware.names import parse_name
from doctor.knowledge.builds import RADIOS, Build, Told
from doctor.knowledge.facts import Facts
from doctor.updater import cautions, plan, states
from doctor.updater.profile import SQN3330_FAMILY
from doctor.updater.shapes import (
    BETWEEN_BUILD,
    BOOTROM_OF_BOARD,
    DIFF,
    FACTORY_BUILD,
    FULL,
    NO_WAY_BACK,
    PAIR,
    PAIR_BUILD,
    ImageFacts,
    Options,
    Refusal,
    Running,
    radio_of,
)
from doctor.updater.version_block import UNREAD, Loaders

_MOST_JUDGED = 2
_FULL_BYTES = 6 << 20  #: a full image's size; no rule looks nearer, and a text seldom tells it
OLDER = "image-older-than-modem"
OTHER_RADIO = "wrong-firmware-variant-chosen"
_HOLDS = "This holds of a modem that answers, and only if no transfer to it is unfinished."
_BETWEEN = (
    f"No, if the first file of {PAIR_BUILD} went out: {BETWEEN_BUILD} is what a modem says between the two, and only "
    f"the second file may follow, at once, with no reset and no power cut. If it ran {BETWEEN_BUILD} before:"
)
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
        if _is_detour(build, facts.builds.runs[-1], facts.builds.images):
            said.setdefault(
                (0, build.number), f"Leave {build.number} out: it is older than {runs.number}, which the modem runs."
            )
            continue
        runs = _last_before(build, facts.builds)
        images = _images(build, runs, files)
        if images and images[0].build != runs.number:
            said.setdefault((images[0].base, images[0].build), _verdict(facts, runs, images))
    first = (_BETWEEN,) if said and runs.number == BETWEEN_BUILD and _names_the_pair(facts) else ()
    return (*first, *tuple(said.values())[-_MOST_JUDGED:])


def stands_between(facts: Facts) -> bool:
    """Whether the modem names the build of a modem between the two files of a pair that the text names."""
    runs = facts.builds.runs
    return bool(runs) and runs[-1].number == BETWEEN_BUILD and _names_the_pair(facts)


def _names_the_pair(facts: Facts) -> bool:
    return any(PAIR_BUILD in (build.number, build.target) for build in facts.builds.images)


def _is_detour(image: Build, runs: Build, images: Sequence[Build]) -> bool:
    """Whether it is an older image on the way to a newer one of the same radio."""
    own_radio = [other.number for other in images if other.kind == runs.kind]
    return image.kind == runs.kind and image.number < runs.number < max(own_radio)


def _last_before(image: Build, builds: Told) -> Build:
    """What runs when an image is sent: the one that a plan sends before it, unless that is left out."""
    before, runs = builds.before(image), builds.runs[-1]
    return runs if before is None or _is_detour(before, runs, builds.images) else before


def _images(build: Build, runs: Build, files: Sequence[str]) -> tuple[ImageFacts, ...]:
    """The files that bring this build; none if it is a boot loader, or a differential image that names no target."""
    number = build.target or build.number
    if number == PAIR_BUILD and not build.target:
        names = [f"CATM1-5.2-{PAIR_BUILD}-{part}.dup" for part in (1, 2)]
        return tuple(
            ImageFacts(name, _FULL_BYTES, kind, "CATM1", PAIR_BUILD, 0, SQN3330_FAMILY)
            for name, kind in zip(names, PAIR, strict=True)
        )
    if number == FACTORY_BUILD or (build.kind not in RADIOS and not build.target):
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


def _verdict(facts: Facts, runs: Build, images: Sequence[ImageFacts]) -> str:
    """What the rules say of one step: of each modem, if tools printed several; else what refuses it counts."""
    said, is_refused = _judged(facts, runs, images)
    rivals = {rival.number: rival for rival in facts.builds.rivals if rival.number != images[-1].build}
    of_rivals = {number: _judged(facts, rival, images) for number, rival in rivals.items()}
    if rivals and {build.number for build in facts.builds.runs} >= rivals.keys():
        every = [*of_rivals.items(), (runs.number, (said, is_refused))]
        every.sort(key=lambda one: not one[1][1])  # what is refused comes first
        return " ".join(f"On a modem that runs {number}: {_small(words)}" for number, (words, _) in every)
    if is_refused or not rivals:
        return said
    refused = [words for words, is_no in of_rivals.values() if is_no]
    among = " or ".join(str(number) for number in rivals)
    return " ".join((*refused, f"If this modem runs {runs.number} and not {among}: {_small(said)}"))


def _small(words: str) -> str:
    return f"{words[:1].lower()}{words[1:]}"


def _judged(facts: Facts, runs: Build, images: Sequence[ImageFacts]) -> tuple[str, bool]:
    """What the rules say of one step from this build, and whether they refuse it whatever is agreed to."""
    files = facts.by_kind.get("files", ())
    if images[-1].build in NO_WAY_BACK and images[-1].name not in files:
        return f"No: there is no public file of build {images[-1].build}.", True
    is_from_factory = runs.number == FACTORY_BUILD and not images[0].base
    is_helped = is_from_factory and any(file.lower() == _UPDATER.name for file in files)
    options = Options(updater_elf=_UPDATER, bootrom=_BOOTROM) if is_helped else Options()
    running = Running(states.APPLICATION, runs.number, radio_of(runs.number), SQN3330_FAMILY, _loaders(facts, runs))
    planned = plan.make_plan(running, images, options)
    beside = (_UPDATER.name, "the board's boot ROM") if is_helped else ()
    alone = f", alone, never with {_UPDATER.name}" if images[0].base and _UPDATER.name in files else ""
    way = f"from {runs.number} to {images[-1].build} with {' and '.join((*_names(images), *beside))}"
    warnings = cautions.warnings(running, images, planned.method, options)
    older = "".join(f" Know that {note.what}: {note.why}." for note in warnings if note.id == OLDER)
    if planned.refusal is not None:
        return _refused(planned.refusal, way, older, runs, images)
    if older:
        return f"Better not, {way}.{older} {_HOLDS}", False
    return f"{_allowed(beside)} told here is against it, {way}{alone}. {_HOLDS}", False


def _names(images: Sequence[ImageFacts]) -> tuple[str, ...]:
    return tuple(image.name for image in images)


def _allowed(beside: Sequence[str]) -> str:
    """How the verdict on a step begins that no rule is against."""
    # Words deny a file in more ways and languages than can be known, so that it is there is a condition.
    return f"Only if {' and '.join(beside)} are at hand and go with it, never without: nothing" if beside else "Nothing"


def _refused(refused: Refusal, way: str, older: str, runs: Build, images: Sequence[ImageFacts]) -> tuple[str, bool]:
    """What is said of a step that the rules refuse, and whether no consent lifts that."""
    asks = _asks(refused)
    how = "Only if you agree to what it costs" if asks else "No, not"
    if images[0].base and images[0].build < runs.number and images[0].known_radio == radio_of(runs.number):
        older = f" Besides, {images[0].build} is older than {runs.number}."
    better = _better(refused, images)
    what = refused.what.removeprefix(f"{images[-1].name}: ").replace("cannot be read", "are not told here")
    said = f"{how} {way}: {what}; {refused.why}.{older}" + (f" Better: {better}." if better else "")
    return (f"{said} {_HOLDS}" if asks else said), not asks


def _better(refused: Refusal, images: Sequence[ImageFacts]) -> str:
    """What a refusal sends to instead; empty if that is only a consent, which ``plan`` asks for when it is due."""
    better = "; ".join(step for step in re.split("; |, or, ", refused.next) if "--accept" not in step)
    if better.endswith(" first"):
        better += f", and when that build is proved to run, plan {' '.join(_names(images))} again"
    if refused.id == OTHER_RADIO:
        better += ", unless this change is what you want"
    return better


def _loaders(facts: Facts, runs: Build) -> Loaders:
    """The boot loader that the text gives the star, above the build that runs if there are several.

    Of copy 0 it is not told that anything renewed it.
    """
    star = [loader for loader in facts.builds.loaders if loader.kind == "loader*"]
    if not star:
        return UNREAD
    number = ([loader.number for loader in star if loader.place < runs.place] or [star[-1].number])[-1]
    return Loaders((FACTORY_BUILD, number, 0), 0 if number == FACTORY_BUILD else 1)


def _asks(refused: Refusal) -> bool:
    """Whether a consent lifts it, without another file."""
    given = refused.change.given if refused.change is not None and not refused.change.files else ()
    return bool(refused.consent) or any(name == "accept" for name, _ in given)
