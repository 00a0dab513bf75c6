"""Which steps are refused, and why: what has cost modems, and what cannot work (failure-catalogue.md 1 and 8.6)."""

from . import states
from .profile import MONARCH2_FAMILY, SQN3330_FAMILY, STORE_LIMIT_BYTES
from .shapes import (  # noqa: F401
    BETWEEN_BUILD,
    BOOTROM_OF_BOARD,
    BOOTROM_SCRIPT,
    DIFF,
    FACTORY_BUILD,
    FIRST_DIFF,
    FIRST_FULL,
    FIRST_TARGET,
    FULL,
    FULL_IMAGE,
    MONARCH2_OLDEST,
    NO_WAY_BACK,
    PAIR,
    SMALLEST_BYTES,
    STORE,
    UPDATER_IMAGE,
    Change,
    ImageFacts,
    Options,
    Refusal,
    Running,
    radio_of,
)

try:
    from typing import List, Optional, Sequence, Tuple  # noqa: F401
except ImportError:  # MicroPython
    pass

_IN_WORDS = {"CATM1": "Cat-M1", "NB1": "NB-IoT"}


def refuse(running, images, options):
    # type: (Running, Sequence[ImageFacts], Options) -> Optional[Refusal]
    """Why ``images`` must not go to this modem; None where they may."""
    refusal = _of_mode(running) or _of_files(images)
    if refusal is not None:
        return refusal
    for image in images:
        refusal = _of_kind(running, image, options)
        if refusal is not None:
            return refusal
    image = images[0]
    return (
        _of_helpers(running, options)
        or _of_ffh(running, options)
        or _of_pair(running, images, options)
        or _of_differential(running, image, options)
        or _of_age(running)
        or _of_factory(running, image, options)
        or _of_consent(running, images, options)
        or _of_method(running, image, options)
    )


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
    """Whether a modem in its application goes through its boot ROM: flow 5.3, only from the factory boot loader."""
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
    """Whether the boot ROM is replaced after the firmware: step 10 of 5.2, only where it was asked for."""
    return (
        options.bootrom is not None
        and old_loader(running)
        and not by_updater(running, image, options)
        and not image.of_pair
    )


_MODES = {
    states.DEPLOYING: Refusal(
        "stall-after-100-waiting",
        "the modem is still writing an earlier firmware",
        "stopping it now is how modems die",
        "leave power on for up to 30 minutes, then run fipy-doctor check",
    ),
    states.SILENT: Refusal(
        "modem-silent",
        "the modem does not answer",
        "nothing may be sent to a modem whose mode is not known",
        "take USB and battery off for 10 s, and a FiPy's RTS and CTS jumpers for good; then run fipy-doctor check",
    ),
    states.STP_OPEN: Refusal(
        "modem-left-in-update-boot",
        "an earlier transfer was still open",
        "the modem must be asked for its mode again, now that the transfer was closed",
        "run the same command again",
    ),
    states.DATA: Refusal(
        "modem-in-data-mode",
        "the modem is in a data connection",
        "it takes no commands there",
        "take USB and battery off for 10 s, then run fipy-doctor check without starting LTE",
    ),
    states.UNKNOWN: Refusal(
        "modem-state-unknown",
        "the modem answers, but does not say in which mode it is",
        "the mode decides how to flash; guessing costs modems",
        "take USB and battery off for 10 s, then run fipy-doctor check",
    ),
}


def _of_mode(running):
    # type: (Running) -> Optional[Refusal]
    return _MODES.get(running.mode)


def _of_ffh(running, options):
    # type: (Running, Options) -> Optional[Refusal]
    if running.mode != states.FFH or options.updater_elf is not None:
        return None
    return Refusal(
        "modem-in-ffh",
        "the modem is in its boot ROM (ffh; Pycom's messages call it recovery)",
        "a full image and updater.elf can save it",
        "get updater.elf and the full image from the same package, and add --updater-elf updater.elf",
        Change(given=(("updater_elf", UPDATER_IMAGE),)),
    )


def _of_files(images):
    # type: (Sequence[ImageFacts]) -> Optional[Refusal]
    if not images:
        return Refusal("firmware-file-too-small-message", "no firmware image was given", "", "name a .dup file")
    if len(images) == 1 or (len(images) == 2 and any([image.of_pair for image in images])):
        return None
    return Refusal(
        "wrong-firmware-variant-chosen",
        "%d images were given" % len(images),
        "only the 48829 pair consists of two files",
        "choose one: " + ", ".join([image.name for image in images]),
        Change(files=(images[0].name,)),
    )


def _of_kind(running, image, options):
    # type: (Running, ImageFacts, Options) -> Optional[Refusal]
    if image.kind == "updater-elf":
        return Refusal(
            "files-swapped",
            image.name + " is an updater image, not firmware",
            "it only helps to load the firmware",
            "give the .dup file as firmware, and this one with --updater-elf",
            Change(files=(_instead(options.updater_elf),), given=(("updater_elf", image.name),)),
        )
    if image.kind == "bootrom":
        return Refusal(
            "files-swapped",
            image.name + " is a boot ROM package, not firmware",
            "a boot ROM is replaced only when that is asked for",
            "give the .dup file as firmware, and this one with --bootrom",
            Change(files=(_instead(options.bootrom),), given=(("bootrom", image.name),)),
        )
    if image.size < SMALLEST_BYTES:
        return Refusal(
            "firmware-file-too-small-message",
            "%s has only %d bytes" % (image.name, image.size),
            "that is no firmware image",
            "download the file again",
            Change(files=(FULL_IMAGE,)),
        )
    if image.practice:
        return None if options.simulated else _PRACTICE
    if image.kind not in (FULL, DIFF) + PAIR:
        return Refusal(
            "wrong-firmware-variant-chosen",
            image.name + " is not recognised as firmware for a modem",
            "neither its content nor its name says what it is",
            "use the file as it came out of the package, under its own name",
            Change(files=(FULL_IMAGE,)),
        )
    return _of_family(running, image)


def _instead(helper):
    # type: (Optional[ImageFacts]) -> str
    """The firmware where a helper was given in its place: what was given as that helper, if it looks like firmware."""
    return helper.name if helper is not None and helper.name.lower().endswith(".dup") else FULL_IMAGE


_PRACTICE = Refusal(
    "practice-image-on-real-port",
    "this is a practice image: only simulated modems take it",
    "the port has not proved to be simulated",
    "practise with --port sim://fipy; for a real modem, give real firmware",
    Change(given=(("port", "sim://fipy"),)),
)


def _practice_helper(helper, option, other):
    # type: (ImageFacts, str, str) -> Refusal
    """A practice helper beside real firmware, or at a real port."""
    return Refusal(
        "practice-image-on-real-port",
        "%s is a practice file: only simulated modems take it" % helper.name,
        "no modem runs it",
        "give the real one; %s stands for it" % other,
        Change(given=((option, other),)),
    )


def _of_family(running, image):
    # type: (Running, ImageFacts) -> Optional[Refusal]
    """Another modem's image; an image that does not say its family passes only where no genuine file says it."""
    if image.family == running.family or (image.family == "unknown" and running.family == SQN3330_FAMILY):
        return None
    return Refusal(
        "wrong-firmware-variant-chosen",
        "%s is for another modem (%s), this one is a %s" % (image.name, image.family, running.family),
        "firmware of another modem makes this one useless",
        "use a file for the " + running.family,
        Change(files=(FULL_IMAGE,)),
    )


def _of_helpers(running, options):
    # type: (Running, Options) -> Optional[Refusal]
    """Updater image and boot ROM must fit the modem as the firmware must."""
    elf, bootrom = options.updater_elf, options.bootrom
    if elf is not None and elf.practice and not options.simulated:
        return _practice_helper(elf, "updater_elf", UPDATER_IMAGE)
    if bootrom is not None and bootrom.practice and not options.simulated:
        return _practice_helper(bootrom, "bootrom", BOOTROM_SCRIPT)
    if elf is not None and elf.family not in ("unknown", "practice", running.family):
        return Refusal(
            "updater-elf-from-other-package",
            "%s is the updater of another modem (%s)" % (elf.name, elf.family),
            "a program for another modem does not start in this one",
            "use the updater.elf of the package that the firmware came in",
            Change(given=(("updater_elf", UPDATER_IMAGE),)),
        )
    if bootrom is not None and bootrom.family not in ("practice", running.family):
        return Refusal(
            "wrong-firmware-variant-chosen",
            "%s is no boot ROM for this modem" % bootrom.name,
            "another board's boot ROM ends this one for good",
            "leave --bootrom away",
            Change(without=("bootrom",)),
        )
    return None


def _of_pair(running, images, options):
    # type: (Running, Sequence[ImageFacts], Options) -> Optional[Refusal]
    """48829: both files, in their order, from a Cat-M1 firmware that is not the factory's (modem-protocol.md 7)."""
    if not any([image.of_pair for image in images]):
        return None
    if running.known_build == FACTORY_BUILD:
        return Refusal(
            "33080-straight-to-48829",
            "48829 cannot be reached from 33080 in one go",
            "the modem must run 41065 in between",
            "flash %s first" % _first_target(running),
            _to_first_target(running),
        )
    if running.known_radio == "NB1":
        return Refusal(
            "nb1-to-48829-direct",
            "48829 must not follow an NB-IoT firmware directly",
            "several modems died on that way",
            "flash a full Cat-M1 image such as %s first; %s" % (FIRST_FULL, _agrees("CATM1")),
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


def _of_differential(running, image, options):
    # type: (Running, ImageFacts, Options) -> Optional[Refusal]
    if not image.differential:
        return None
    fits = running.mode == states.APPLICATION and running.build and image.base == running.build
    if options.updater_elf is not None:
        return Refusal(
            "diff-with-updater-elf",
            "a differential image must not be used together with updater.elf",
            "it leaves the modem without firmware",
            "leave updater.elf away: this image fits without it" if fits else "use " + _full_name(running),
            Change(without=("updater_elf",)) if fits else _full(running),
        )
    wrong = ""
    if running.mode != states.APPLICATION:
        wrong = "the modem runs no firmware that it could change (mode %s)" % running.mode
    elif not running.build:
        wrong = "the modem does not say which build it runs"
    elif not image.base:
        wrong = "the file does not say which build it changes"
    elif not fits:
        wrong = "it changes build %d, and the modem runs %d" % (image.base, running.build)
    if not wrong:
        return None
    other = ", or upgdiff_%d-to-..." % running.build if running.build not in (0, FACTORY_BUILD) else ""
    return Refusal(
        "diff-with-wrong-base",
        "%s cannot be used here: %s" % (image.name, wrong),
        "a differential image fits exactly one build",
        "use " + _full_name(running) + other,
        _full(running),
    )


def _first_target(running):
    # type: (Running) -> str
    """The file that takes a modem of build 33080 to 41065; where it waits in its updater, no differential one can."""
    return FIRST_DIFF if running.mode == states.APPLICATION else FIRST_FULL


def _to_first_target(running):
    # type: (Running) -> Change
    without = ("updater_elf",) if running.mode == states.APPLICATION else ()
    return Change(files=(_first_target(running),), without=without)


def _full_name(running):
    # type: (Running) -> str
    """What goes where the given differential image cannot, in words."""
    return _first_target(running) if running.known_build == FACTORY_BUILD else "the full image"


def _full(running):
    # type: (Running) -> Change
    return _to_first_target(running) if running.known_build == FACTORY_BUILD else Change(files=(FULL_IMAGE,))


def _of_age(running):
    # type: (Running) -> Optional[Refusal]
    """A Monarch 2 that is too old for flow 5.4."""
    if running.family != MONARCH2_FAMILY or not running.version or running.version >= MONARCH2_OLDEST:
        return None
    return Refusal(
        "monarch2-too-old",
        "this Monarch 2 runs version %s" % ".".join([str(number) for number in running.version]),
        "below 8.0.4.0 it needs a raw upgrade (raster), which is not part of this program",
        "use the maker's own tool once, to 8.0.4.0 or later",
    )


def _of_factory(running, image, options):
    # type: (Running, ImageFacts, Options) -> Optional[Refusal]
    """33080 goes to 41065 first: by the differential, or by a full image with updater.elf (modem-protocol.md 7)."""
    if running.family == MONARCH2_FAMILY:
        return None
    factory = running.known_build == FACTORY_BUILD
    if factory and image.build != FIRST_TARGET:
        nb1 = _radio(image) == "NB1"
        return Refusal(
            "nb1-first-on-factory-modem" if nb1 else "33080-straight-to-48829",
            "a modem on 33080 must go to 41065 first, not to %s" % (image.build or image.name),
            "its factory boot loader is too old for anything else",
            "flash %s first" % _first_target(running),
            _to_first_target(running),
        )
    if running.mode != states.APPLICATION or image.differential:
        return None  # a modem that waits in its updater takes full images as it is (failure-catalogue 1, rule 3)
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


def _of_consent(running, images, options):
    # type: (Running, Sequence[ImageFacts], Options) -> Optional[Refusal]
    build, image = running.known_build, images[len(images) - 1]
    leaves = build in NO_WAY_BACK and image.build != build
    if leaves and "no-way-back" not in options.accept:
        return Refusal(
            "modem-build-50523",
            "there is no public package of build %d: once left, it cannot be restored" % build,
            "nobody is known to have gone from it to another build",
            "leave the modem as it is; --accept no-way-back agrees that build %d is given up for good" % build,
            Change(given=(("accept", "no-way-back"),)),
        )
    radio = running.known_radio
    if radio and _radio(image) and radio != _radio(image) and "radio-change" not in options.accept:
        return Refusal(
            "wrong-firmware-variant-chosen",
            "%s makes a %s modem of this %s modem" % (image.name, _IN_WORDS[_radio(image)], _IN_WORDS[radio]),
            "Cat-M1 and NB-IoT are different products for different networks",
            "use a %s image, or, if you want the change: %s" % (_IN_WORDS[radio], _agrees(_radio(image))),
            Change(given=(("accept", "radio-change"),)),
        )
    return None


def _agrees(radio):
    # type: (str) -> str
    return "--accept radio-change agrees that the modem is for %s networks only afterwards" % _IN_WORDS[radio]


def _of_method(running, image, options):
    # type: (Running, ImageFacts, Options) -> Optional[Refusal]
    """A method that was asked for by name and cannot work."""
    if options.method != STORE:
        return None
    if running.mode != states.APPLICATION or running.family == MONARCH2_FAMILY or by_updater(running, image, options):
        return Refusal(
            "modem-in-upgrade-mode",
            "the store method does not work here",
            "only the application of an SQN3330 can keep a file before it is written",
            "use --method on-the-fly, or leave --method away",
            Change(without=("method",)),
        )
    if image.part == 1:
        return Refusal(
            "48829-without-load-fff-false",
            "the first file of 48829 must not be stored first",
            "the vendor demands that it is written while it arrives",
            "leave --method away",
            Change(without=("method",)),
        )
    if image.size > STORE_LIMIT_BYTES:
        return Refusal(
            "file-too-big-for-fff",
            "%s has %d bytes; the store method takes %d" % (image.name, image.size, STORE_LIMIT_BYTES),
            "the modem has no more room for it",
            "use --method on-the-fly, or leave --method away",
            Change(without=("method",)),
        )
    return None


def _radio(image):
    # type: (ImageFacts) -> str
    return image.radio or radio_of(image.build)
