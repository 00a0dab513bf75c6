"""The two files of 48829: both, in their order (modem-protocol.md 7)."""

from . import states
from .shapes import (  # noqa: F401
    BETWEEN_BUILD,
    FIRST_FULL,
    Change,
    ImageFacts,
    Options,
    Refusal,
    Running,
)

try:
    from typing import List, Optional, Sequence  # noqa: F401
except ImportError:  # MicroPython
    pass


def of_pair(running, images, options):
    # type: (Running, Sequence[ImageFacts], Options) -> Optional[Refusal]
    """48829: both files, in their order, and nothing else; what may run before them is in rules_loaders.py."""
    if not any([image.of_pair for image in images]):
        return None
    return _of_order(images) or _of_second(running, options) or _of_bootrom(options)


def _of_order(images):
    # type: (Sequence[ImageFacts]) -> Optional[Refusal]
    parts = [image.part for image in images]
    if parts == [1, 2]:
        return None
    if parts == [2, 1]:
        return Refusal(
            "48829-doc-names-wrong-file",
            "the files of 48829 are given in the wrong order",
            "the one that ends in -1 comes first; the other order has bricked modems",
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
    """Names of both files of the pair; at most one was given, and the other's is made from it."""
    given = [image for image in images if image.part]
    if not given:
        return ["LR5.2.1.0-48829-1.dup", "LR5.2.1.0-48829-2.dup"]
    name, part = given[0].name, given[0].part
    at = name.rfind("-%d." % part)
    other = "LR5.2.1.0-48829-%d.dup" % (3 - part)
    if at >= 0:
        other = "%s-%d.%s" % (name[:at], 3 - part, name[at + 3 :])
    return [name, other] if part == 1 else [other, name]


def _of_second(running, options):
    # type: (Running, Options) -> Optional[Refusal]
    """From where the pair may go on with its second file."""
    if not options.first_done or (running.mode == states.APPLICATION and running.build == BETWEEN_BUILD):
        return None
    return Refusal(
        "48829-second-step-skipped",
        "the first file of 48829 was sent, but the modem does not run build %d now" % BETWEEN_BUILD,
        "the second file needs it",
        "flash a full Cat-M1 image such as %s, then the pair from its beginning" % FIRST_FULL,
        Change(files=(FIRST_FULL,)),
    )


def _of_bootrom(options):
    # type: (Options) -> Optional[Refusal]
    if options.bootrom is None:
        return None
    return Refusal(
        "old-boot-loader",
        "a boot ROM must not be sent with the two files of 48829",
        "nothing goes to the modem between the two, nor after them",
        "leave out --bootrom",
        Change(without=("bootrom",)),
    )
