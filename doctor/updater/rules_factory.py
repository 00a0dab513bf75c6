"""The factory firmware 33080 and its boot loader: what may follow, and which way (modem-protocol.md 5.3 and 7)."""

from . import states
from .profile import MONARCH2_FAMILY
from .shapes import (  # noqa: F401
    BOOTROM_OF_BOARD,
    BOOTROM_SCRIPT,
    FACTORY_BUILD,
    FIRST_DIFF,
    FIRST_FULL,
    FIRST_TARGET,
    UPDATER_IMAGE,
    Change,
    ImageFacts,
    Options,
    Refusal,
    Running,
)

try:
    from typing import List, Optional, Tuple  # noqa: F401
except ImportError:  # MicroPython
    pass


def old_loader(running):
    # type: (Running) -> bool
    """Whether the modem starts by the factory boot loader, by its own word or else by its build.

    The vendor's tool drops updater.elf where Bootloader0 is newer (modem-protocol.md 5.3).
    """
    if running.family == MONARCH2_FAMILY:
        return False
    return (running.bootloader0 or running.known_build) == FACTORY_BUILD


def by_updater(running, image, options):
    # type: (Running, ImageFacts, Options) -> bool
    """Whether an application goes through the boot ROM: only from the factory boot loader (modem-protocol.md 5.3)."""
    application = running.mode == states.APPLICATION
    return (
        application
        and old_loader(running)
        and options.updater_elf is not None
        and not image.differential
        and not image.of_pair
    )


def bootrom_afterwards(running, image, options):
    # type: (Running, ImageFacts, Options) -> bool
    """Whether the boot ROM is replaced after the firmware (modem-protocol.md 5.2, step 10): where asked for."""
    return (
        options.bootrom is not None
        and old_loader(running)
        and not by_updater(running, image, options)
        and not image.of_pair
    )


def of_factory(running, image, options):
    # type: (Running, ImageFacts, Options) -> Optional[Refusal]
    """33080 goes to 41065 first: by the differential, or by a full image with updater.elf (modem-protocol.md 7)."""
    if running.family == MONARCH2_FAMILY:
        return None
    factory = running.known_build == FACTORY_BUILD
    if factory and image.build != FIRST_TARGET:
        nb1 = image.known_radio == "NB1"
        return Refusal(
            "nb1-first-on-factory-modem" if nb1 else "33080-straight-to-48829",
            "a modem on 33080 must go to 41065 first, not to %s" % (image.build or image.name),
            "its factory boot loader is too old for anything else",
            "flash %s first" % first_target(running),
            to_first_target(running),
        )
    if running.mode != states.APPLICATION or image.differential:
        return None  # a modem that waits in its updater takes full images as it is (failure-catalogue.md 1, rule 3)
    if not old_loader(running):
        return None
    diff = "flash %s, or " % FIRST_DIFF if factory else ""
    bootrom = "--bootrom %s (or --bootrom %s, where the board has it built in)" % (BOOTROM_SCRIPT, BOOTROM_OF_BOARD)
    if options.updater_elf is None:
        return Refusal(
            "full-image-on-33080-needs-updater",
            "a full image on a modem with boot loader 33080 needs updater.elf and a new boot loader",
            "if it fails, the old boot loader cannot bring the modem back",
            diff + "add --updater-elf updater.elf from the package of the full image, and " + bootrom,
            Change(given=[("updater_elf", UPDATER_IMAGE)] + _missing_bootrom(options)),
        )
    if options.bootrom is None:
        return Refusal(
            "recovery-bootrom-module-missing",
            "the way through updater.elf replaces the factory boot loader first, and no boot ROM was given",
            "nobody is known to have gone this way with boot loader 33080; it may not come back from ffh",
            diff + "add " + bootrom,
            Change(given=_missing_bootrom(options)),
        )
    return None


def _missing_bootrom(options):
    # type: (Options) -> List[Tuple[str, str]]
    return [] if options.bootrom is not None else [("bootrom", BOOTROM_OF_BOARD)]


def first_target(running):
    # type: (Running) -> str
    """The file that takes a modem of build 33080 to 41065; where it waits in its updater, no differential one can."""
    return FIRST_DIFF if running.mode == states.APPLICATION else FIRST_FULL


def to_first_target(running):
    # type: (Running) -> Change
    """How to ask for that file: its name, and without updater.elf where it is differential."""
    without = ("updater_elf",) if running.mode == states.APPLICATION else ()
    return Change(files=(first_target(running),), without=without)
