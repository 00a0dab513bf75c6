"""Which steps are refused, and why: what has bricked modems, and what cannot work (failure-catalogue.md 1)."""

from . import states
from .profile import MONARCH2_FAMILY, SQN3330_FAMILY, STORE_LIMIT_BYTES
from .rules_loaders import GO, first_target, look_up, over_ffh, to_first_target
from .rules_pair import of_pair
from .shapes import (  # noqa: F401
    BOOTROM_SCRIPT,
    DIFF,
    FACTORY_BUILD,
    FULL,
    FULL_IMAGE,
    MONARCH2_OLDEST,
    NO_WAY_BACK,
    PAIR,
    RADIO_IN_WORDS,
    SMALLEST_BYTES,
    STORE,
    UPDATER_IMAGE,
    Change,
    ImageFacts,
    Options,
    Refusal,
    Running,
    agrees_to,
)

try:
    from typing import Optional, Sequence  # noqa: F401
except ImportError:  # MicroPython
    pass


def judge(running, images, options):
    # type: (Running, Sequence[ImageFacts], Options) -> str | Refusal
    """What is to be done with ``images``: an answer of rules_loaders.py, or why they must not go to this modem.

    What no consent lifts comes first.
    """
    refusal = _of_mode(running) or _of_files(images)
    if refusal is not None:
        return refusal
    for image in images:
        refusal = _of_kind(running, image, options)
        if refusal is not None:
            return refusal
    image = images[0]
    refusal = (
        _of_helpers(running, options)
        or _of_ffh(running, options)
        or _of_differential(running, image, options)
        or _of_age(running)
    )
    if refusal is not None:
        return refusal
    answer = look_up(running, images, options)[1]
    asked = answer if isinstance(answer, Refusal) and answer.consent else None
    if isinstance(answer, Refusal) and asked is None:
        return answer
    refusal = of_pair(running, images, options)
    if refusal is not None or (answer != GO and asked is None):
        return refusal or answer
    return _of_consent(running, images, options) or asked or _of_method(running, image, options) or GO


_MODES = {
    states.DEPLOYING: Refusal(
        "stall-after-100-waiting",
        "the modem is still writing an earlier firmware",
        "stopping it now is how modems die",
        "leave power on for up to 30 minutes, then run `fipy-doctor check`",
    ),
    states.SILENT: Refusal(
        "modem-silent",
        "the modem does not answer",
        "nothing may be sent to a modem whose mode is not known",
        "run `fipy-doctor check`: it says what to do, step by step",
    ),
    states.STP_OPEN: Refusal(
        "modem-left-in-update-boot",
        "an earlier transfer was still open",
        "the transfer was closed, so the modem must be asked for its mode again",
        "run the same command again",
    ),
    states.DATA: Refusal(
        "modem-in-data-mode",
        "the modem is in a data connection",
        "it takes no commands there",
        "end the program that uses LTE, then run `fipy-doctor fix --power-cycle`",
    ),
    states.UNKNOWN: Refusal(
        "modem-state-unknown",
        "the modem answers, but does not say in which mode it is",
        "the mode decides how to flash; a wrong guess can brick the modem",
        "run `fipy-doctor fix --power-cycle`",
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
            "a boot ROM is replaced only if you ask for it",
            "give the .dup file as firmware, and this one with --bootrom",
            Change(files=(_instead(options.bootrom),), given=(("bootrom", image.name),)),
        )
    if image.size < SMALLEST_BYTES:
        return Refusal(
            "firmware-file-too-small-message",
            "%s has only %d bytes" % (image.name, image.size),
            "that is not a firmware image",
            "download the file again",
            Change(files=(FULL_IMAGE,)),
        )
    if image.practice:
        return None if options.simulated else _PRACTICE
    if image.kind not in (FULL, DIFF) + PAIR:
        return Refusal(
            "wrong-firmware-variant-chosen",
            image.name + " is not recognised as firmware for a modem",
            "neither its content nor its name shows what it is",
            "use the file as it came out of the package, under its own name",
            Change(files=(FULL_IMAGE,)),
        )
    return _of_family(running, image)


def _instead(helper):
    # type: (Optional[ImageFacts]) -> str
    """The firmware if a helper was given in its place: what was given as that helper, if it looks like firmware."""
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
    """Another modem's image; an image that does not say its family passes only if no genuine file says it."""
    if image.family == running.family or (image.family == "unknown" and running.family == SQN3330_FAMILY):
        return None
    return Refusal(
        "wrong-firmware-variant-chosen",
        "%s is for another modem (%s), this one is a %s" % (image.name, image.family, running.family),
        "firmware for another modem bricks this one",
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
            "%s is not a boot ROM for this modem" % bootrom.name,
            "another board's boot ROM bricks this modem for good",
            "leave out --bootrom",
            Change(without=("bootrom",)),
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
            "leave out updater.elf: this image needs none" if fits else "use " + _full_name(running),
            Change(without=("updater_elf",)) if fits else _full(running),
        )
    wrong = ""
    if running.mode != states.APPLICATION:
        wrong = "the modem runs no firmware for it to change (mode %s)" % running.mode
    elif not running.build:
        wrong = "the modem does not say which build it runs"
    elif not image.base:
        wrong = "the file does not say which build it changes"
    elif not fits:
        wrong = "it changes build %d, but the modem runs %d" % (image.base, running.build)
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


def _full_name(running):
    # type: (Running) -> str
    """What goes where the given differential image cannot, in words."""
    return first_target(running) if running.known_build == FACTORY_BUILD else "the full image"


def _full(running):
    # type: (Running) -> Change
    return to_first_target(running) if running.known_build == FACTORY_BUILD else Change(files=(FULL_IMAGE,))


def _of_age(running):
    # type: (Running) -> Optional[Refusal]
    """A Monarch 2 that is too old for modem-protocol.md 5.4."""
    if running.family != MONARCH2_FAMILY or not running.version or running.version >= MONARCH2_OLDEST:
        return None
    return Refusal(
        "monarch2-too-old",
        "this Monarch 2 runs version %s" % ".".join([str(number) for number in running.version]),
        "below 8.0.4.0 it needs a raw upgrade (raster), which is not part of this program",
        "use the maker's own tool once, to 8.0.4.0 or later",
    )


def _of_consent(running, images, options):
    # type: (Running, Sequence[ImageFacts], Options) -> Optional[Refusal]
    build, image = running.known_build, images[len(images) - 1]
    leaves = running.mode == states.APPLICATION and build in NO_WAY_BACK and image.build != build
    if leaves and "no-way-back" not in options.accept:
        return Refusal(
            "modem-build-50523",
            "there is no public package of build %d: once left, it cannot be restored" % build,
            "modems went from 43818 and 46470 to 41019 without harm, but none could go back",
            "leave the modem as it is; or add --accept no-way-back to give up build %d for good" % build,
            Change(given=(("accept", "no-way-back"),)),
        )
    radio, other = running.known_radio, image.known_radio
    if radio and other and radio != other and "radio-change" not in options.accept:
        return Refusal(
            "wrong-firmware-variant-chosen",
            "%s is for %s, and this modem is for %s" % (image.name, RADIO_IN_WORDS[other], RADIO_IN_WORDS[radio]),
            "Cat-M1 and NB-IoT are for different networks",
            "use an image for %s, or, if you want the change: %s" % (RADIO_IN_WORDS[radio], agrees_to(other)),
            Change(given=(("accept", "radio-change"),)),
        )
    return None


def _of_method(running, image, options):
    # type: (Running, ImageFacts, Options) -> Optional[Refusal]
    """A method that was asked for by name and cannot work."""
    if options.method != STORE:
        return None
    if running.mode != states.APPLICATION or running.family == MONARCH2_FAMILY or over_ffh(running, image, options):
        return Refusal(
            "modem-in-upgrade-mode",
            "the store method does not work here",
            "only the application of an SQN3330 can keep a file before it is written",
            "use --method on-the-fly, or leave out --method",
            Change(without=("method",)),
        )
    if image.part == 1:
        return Refusal(
            "48829-without-load-fff-false",
            "the first file of 48829 must not be stored first",
            "the vendor requires that it is written while it arrives",
            "leave out --method",
            Change(without=("method",)),
        )
    if image.size > STORE_LIMIT_BYTES:
        return Refusal(
            "file-too-big-for-fff",
            "%s has %d bytes; the store method takes %d" % (image.name, image.size, STORE_LIMIT_BYTES),
            "the modem has no more room for it",
            "use --method on-the-fly, or leave out --method",
            Change(without=("method",)),
        )
    return None
