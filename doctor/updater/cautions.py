"""What to beware of where nothing is refused: a doubt, or a choice that changes nothing."""

from . import states
from .profile import MONARCH2_FAMILY
from .rules_loaders import over_ffh, renews_copy0
from .shapes import FACTORY_BUILD, NO_WAY_BACK, STORE, ImageFacts, Options, Refusal, Running  # noqa: F401

try:
    from typing import List, Optional, Sequence  # noqa: F401
except ImportError:  # MicroPython
    pass


def warnings(running, images, method, options):
    # type: (Running, Sequence[ImageFacts], str, Options) -> List[Refusal]
    """What to beware of if nothing is refused, the most telling first."""
    image, last = images[0], images[len(images) - 1]
    found = (
        _same_build(running, last),
        _older(running, last),
        _lost_build(running, last),
        _about_build(running, method),
        _useless_updater(running, image, options),
        _useless_bootrom(running, image, options),
        _of_no_family(image),
    )
    return [one for one in found if one is not None]


def _same_build(running, image):
    # type: (Running, ImageFacts) -> Optional[Refusal]
    if running.mode != states.APPLICATION or not image.build or image.build != running.build:
        return None
    return Refusal(
        "build-runs-already",
        "the modem runs build %d already: flashing it again changes nothing" % image.build,
        "every flash is a risk",
        "`fipy-doctor status` shows what runs",
    )


def _older(running, image):
    # type: (Running, ImageFacts) -> Optional[Refusal]
    """An image older than what runs: by build within one radio, on a Monarch 2 by version."""
    if running.mode != states.APPLICATION or image.differential:
        return None
    if running.family == MONARCH2_FAMILY:
        older = image.family == MONARCH2_FAMILY and bool(image.version) and image.version < running.version
    else:
        older = 0 < image.build < running.known_build and image.known_radio == running.known_radio
    if not older:
        return None
    return Refusal(
        "image-older-than-modem",
        "%s is older than what the modem runs (build %d)" % (image.name, running.known_build),
        "faults that the newer firmware fixed come back",
        "continue only if that is what you want",
    )


def _lost_build(running, image):
    # type: (Running, ImageFacts) -> Optional[Refusal]
    """A build that cannot be had again, of a modem that has lost it already."""
    build = running.known_build
    if running.mode == states.APPLICATION or build not in NO_WAY_BACK or image.build == build:
        return None
    return Refusal(
        "modem-build-50523",
        "there is no public package of build %d, which the modem ran: it is already lost" % build,
        "the modem waits in its updater, and its old firmware no longer starts",
        "continue: it can only get another build",
    )


def _about_build(running, method):
    # type: (Running, str) -> Optional[Refusal]
    if not running.known_build:
        return Refusal(
            "modem-state-unknown",
            "the modem does not say which build it runs",
            "some builds must not follow each other",
            "if you know the build it ran last, add --was BUILD",
        )
    if running.known_build != FACTORY_BUILD:
        return None
    if running.mode != states.APPLICATION:
        return Refusal(
            "full-image-on-33080-needs-updater",
            "the modem came from build 33080 and keeps its old boot loader",
            "if this fails, the modem may not come back; a modem that waits in its updater has no other way",
            "keep power and cable safe until the flash is proved",
        )
    if method != STORE:
        return None
    return Refusal(
        "modem-filesystem-read-only",
        "some modems on 33080 cannot keep a file: the transfer then stays at 0 %",
        "their file system is read-only",
        "after 5 minutes at 0 % it is stopped properly; then use --method on-the-fly",
    )


def _useless_updater(running, image, options):
    # type: (Running, ImageFacts, Options) -> Optional[Refusal]
    if options.updater_elf is None or running.mode == states.FFH or over_ffh(running, image, options):
        return None
    return Refusal(
        "updater-not-required",
        options.updater_elf.name + " is not needed and will not be used",
        "the modem's own updater works (mode %s)" % running.mode,
        "leave out --updater-elf",
    )


def _useless_bootrom(running, image, options):
    # type: (Running, ImageFacts, Options) -> Optional[Refusal]
    needed = over_ffh(running, image, options) or renews_copy0(running, image, options)
    if options.bootrom is None or needed:
        return None
    return Refusal(
        "updater-not-required",
        options.bootrom.name + " is not needed and will not be used",
        "only the factory's boot loader [33080] in copy 0 is replaced",
        "leave out --bootrom",
    )


def _of_no_family(image):
    # type: (ImageFacts) -> Optional[Refusal]
    if image.family != "unknown":
        return None
    return Refusal(
        "wrong-firmware-variant-chosen",
        image.name + " does not say which modem it is for",
        "only its name says so",
        "make sure that it comes from a FiPy or GPy package",
    )
