"""The two files of 48829: both, in their order, and from where (modem-protocol.md 7)."""

from . import states
from .rules_factory import first_target, to_first_target
from .shapes import (  # noqa: F401
    BETWEEN_BUILD,
    FACTORY_BUILD,
    FIRST_FULL,
    Change,
    ImageFacts,
    Options,
    Refusal,
    Running,
    agrees_to,
)

try:
    from typing import List, Optional, Sequence  # noqa: F401
except ImportError:  # MicroPython
    pass


def of_pair(running, images, options):
    # type: (Running, Sequence[ImageFacts], Options) -> Optional[Refusal]
    """48829: both files, in their order, from a Cat-M1 firmware that is not the factory's (modem-protocol.md 7)."""
    if not any([image.of_pair for image in images]):
        return None
    if running.known_build == FACTORY_BUILD:
        return Refusal(
            "33080-straight-to-48829",
            "48829 cannot be reached from 33080 in one go",
            "the modem must run 41065 in between",
            "flash %s first" % first_target(running),
            to_first_target(running),
        )
    if running.known_radio == "NB1":
        return Refusal(
            "nb1-to-48829-direct",
            "48829 must not follow an NB-IoT firmware directly",
            "several modems died on that way",
            "flash a full Cat-M1 image such as %s first; %s" % (FIRST_FULL, agrees_to("CATM1")),
            Change(files=(FIRST_FULL,), given=(("accept", "radio-change"),)),
        )
    return _of_order(images) or _of_pair_start(running, options)


def _of_order(images):
    # type: (Sequence[ImageFacts]) -> Optional[Refusal]
    parts = [image.part for image in images]
    if parts == [1, 2]:
        return None
    if parts == [2, 1]:
        return Refusal(
            "48829-doc-names-wrong-file",
            "the files of 48829 are given in the wrong order",
            "the one that ends in -1 comes first; the other order has cost modems",
            "give them as: %s %s" % (images[1].name, images[0].name),
            Change(files=(images[1].name, images[0].name)),
        )
    both = _both(images)
    return Refusal(
        "48829-second-step-skipped",
        "48829 comes as two files, and both must be given at once",
        "they follow each other without a break; several modems died in between",
        "give both, the one that ends in -1 first: %s %s" % (both[0], both[1]),
        Change(files=both),
    )


def _both(images):
    # type: (Sequence[ImageFacts]) -> List[str]
    """Names of both files of the pair, of which at most one was given; the other's is made out of it."""
    given = [image for image in images if image.part]
    if not given:
        return ["LR5.2.1.0-48829-1.dup", "LR5.2.1.0-48829-2.dup"]
    name, part = given[0].name, given[0].part
    at = name.rfind("-%d." % part)
    other = "LR5.2.1.0-48829-%d.dup" % (3 - part)
    if at >= 0:
        other = "%s-%d.%s" % (name[:at], 3 - part, name[at + 3 :])
    return [name, other] if part == 1 else [other, name]


def _of_pair_start(running, options):
    # type: (Running, Options) -> Optional[Refusal]
    """From where the pair may begin, or go on."""
    if options.first_done and (running.mode != states.APPLICATION or running.build != BETWEEN_BUILD):
        return Refusal(
            "48829-second-step-skipped",
            "the first file of 48829 was sent, but the modem does not run build %d now" % BETWEEN_BUILD,
            "the second file needs it",
            "flash a full Cat-M1 image such as %s, then the pair from its beginning" % FIRST_FULL,
            Change(files=(FIRST_FULL,)),
        )
    if running.mode in (states.FFH, states.RAM_UPDATER):
        return Refusal(
            "48829-second-step-skipped",
            "48829 must not be the first firmware of a modem that was brought back (mode %s)" % running.mode,
            "it comes in two steps, and the first needs a working modem",
            "flash a full Cat-M1 image such as %s first" % FIRST_FULL,
            Change(files=(FIRST_FULL,)),
        )
    if not running.known_build:
        return Refusal(
            "modem-state-unknown",
            "the modem does not say which build it ran",
            "48829 after NB-IoT firmware, or after 33080, has cost modems",
            "add --was BUILD, the build that it ran last; fipy-doctor status remembers what we flashed",
        )
    return None
