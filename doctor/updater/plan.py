"""From mode, build and files to steps or a refusal; pure, so that checks, plan and flash all ask the same judge.

Rules: design.md 4 "Flashing", modem-protocol.md 6.4 and 7, failure-catalogue.md 1 and 8.6.
"""

from . import states
from .events import PREPARE, PROVE, TRANSFER, WAIT_MODEM
from .profile import MONARCH2_FAMILY, SQN3330_FAMILY, STORE_LIMIT_BYTES

try:
    from typing import List, Optional, Sequence, Tuple  # noqa: F401
except ImportError:  # MicroPython
    pass

STORE = "store"
ON_THE_FLY = "on-the-fly"

FULL = "full"
DIFF = "diff"
PRACTICE = "practice"
PAIR = ("pair-1", "pair-2")
PRACTICE_FAMILY = "practice"

#: The factory build, whose boot ROM cannot recover from a failed full image (modem-protocol.md 7).
FACTORY_BUILD = 33080
#: What a modem on the factory build must go to first.
FIRST_TARGET = 41065
#: The build that comes as a pair of files.
PAIR_BUILD = 48829
#: Builds without a public package: once left, there is no way back (modem-protocol.md 7).
NO_WAY_BACK = (43818, 46470, 48939, 50523)
#: Files below this many bytes are no image (modem-protocol.md 5.2).
SMALLEST_BYTES = 128
#: Radio by build, for a modem that cannot say it itself (modem-protocol.md 7).
NB1_BUILDS = (35351, 36571, 37365, 37781, 38729, 40343, 41019, 46262, 48939)
CATM1_BUILDS = (33080, 33988, 36417, 38638, 39529, 41065, 43818, 46470, 48829, 50523)

#: Limits in ms of the steps (design.md 4 "Deadlines"; modem-protocol.md 3.3).
PREPARE_MS = 120000
SWITCH_MS = 300000
DEPLOY_MS = 1800000
RETURN_MS = 300000
PROVE_MS = 120000
#: Least rate in bytes a second that a transfer is given, and what it may stand still in ms, for its limit.
SLOWEST_BYTES_S = 3000
STALLS_MS = 900000


class ImageFacts(object):
    """What the planner needs to know of one file.

    kind    full, diff, pair-1, pair-2, updater-elf, bootrom, practice or unknown
    radio   "CATM1", "NB1" or ""
    build   build that the modem runs afterwards, base: build that a differential starts from; 0 = not known
    family  SQN3330, MONARCH2, practice or unknown
    """

    def __init__(self, name, size, kind, radio, build, base, family):
        # type: (str, int, str, str, int, int, str) -> None
        self.name = name
        self.size = size
        self.kind = kind
        self.radio = radio
        self.build = build
        self.base = base
        self.family = family


class Running(object):
    """What the modem is now: mode, build and radio of its application, family, build of boot copy 0.

    was  the build that the user names for a modem that cannot say it; 0 = not named
    """

    def __init__(self, mode, build, radio, family, bootloader0=0, was=0):
        # type: (str, int, str, str, int, int) -> None
        self.mode = mode
        self.build = build
        self.radio = radio
        self.family = family
        self.bootloader0 = bootloader0
        self.was = was

    @property
    def known_build(self):
        # type: () -> int
        """The build that was read, else the one that the user named."""
        return self.build or self.was

    @property
    def known_radio(self):
        # type: () -> str
        """The radio that was read, else the one of the known build."""
        return self.radio or radio_of(self.known_build)


class Options(object):
    """What the user chose: method, consents by name, an updater image, and whether the port is simulated."""

    def __init__(self, method="auto", accept=(), updater_elf=None, simulated=False):
        # type: (str, Sequence[str], Optional[ImageFacts], bool) -> None
        self.method = method
        self.accept = tuple(accept)
        self.updater_elf = updater_elf
        self.simulated = simulated


class Refusal(object):
    """Why not, or what to beware of: catalogue id, what is wrong, why that matters, what to do next."""

    def __init__(self, id, what, why, next):
        # type: (str, str, str, str) -> None
        self.id = id
        self.what = what
        self.why = why
        self.next = next


class Step(object):
    """One thing that the flow does.

    phase       one of doctor/events.py
    limit_ms    longest it may take
    may_unplug  whether power may go away meanwhile
    way_back    what undoes it, "" where nothing does
    """

    def __init__(self, id, text, phase, limit_ms, may_unplug, way_back):
        # type: (str, str, str, int, bool, str) -> None
        self.id = id
        self.text = text
        self.phase = phase
        self.limit_ms = limit_ms
        self.may_unplug = may_unplug
        self.way_back = way_back


class Plan(object):
    """Steps in order, or a refusal; warnings come with either."""

    def __init__(self, mode, method, steps, refusal, warnings):
        # type: (str, str, List[Step], Optional[Refusal], List[Refusal]) -> None
        self.mode = mode
        self.method = method
        self.steps = steps
        self.refusal = refusal
        self.warnings = warnings


def radio_of(build):
    # type: (int) -> str
    """Radio of a known build, else ""."""
    if build in NB1_BUILDS:
        return "NB1"
    return "CATM1" if build in CATM1_BUILDS else ""


def make_plan(running, images, options):
    # type: (Running, Sequence[ImageFacts], Options) -> Plan
    """The plan for sending ``images`` to a modem as ``running`` says; refuses whatever could cost the modem."""
    refusal = _refuse_mode(running, options) or _refuse_files(images)
    if refusal is not None:
        return Plan(running.mode, "", [], refusal, [])
    image = images[0]
    refusal = (
        _refuse_kind(running, image, options)
        or _refuse_pair(running, images)
        or _refuse_differential(running, image, options)
        or _refuse_from_factory(running, image)
        or _refuse_without_consent(running, image, options)
        or _refuse_method(running, image, options)
    )
    method = _method(running, image, options)
    if refusal is not None:
        return Plan(running.mode, method, [], refusal, [])
    return Plan(running.mode, method, _steps(running, image, method), None, _warnings(running, image, method))


def _is_diff(image):
    # type: (ImageFacts) -> bool
    return image.kind == DIFF or bool(image.base)


def _radio(image):
    # type: (ImageFacts) -> str
    return image.radio or radio_of(image.build)


_MODE_REFUSALS = {
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
        "take USB and battery off for 10 s, remove the RTS and CTS jumpers, then run fipy-doctor check",
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


def _refuse_mode(running, options):
    # type: (Running, Options) -> Optional[Refusal]
    if running.mode in _MODE_REFUSALS:
        return _MODE_REFUSALS[running.mode]
    if running.mode == states.FFH:
        given = options.updater_elf is not None
        return Refusal(
            "modem-in-ffh",
            "the modem is in its boot ROM (ffh; Pycom's messages call it recovery)",
            "it can be saved with a full image and updater.elf, but this version cannot load updater.elf yet",
            "leave the modem as it is and keep both files"
            if given
            else "get updater.elf and the full image from the same package, and leave the modem as it is",
        )
    if running.mode == states.RAM_UPDATER and running.family == MONARCH2_FAMILY:
        return _MODE_REFUSALS[states.UNKNOWN]
    return None


def _refuse_files(images):
    # type: (Sequence[ImageFacts]) -> Optional[Refusal]
    if not images:
        return Refusal("firmware-file-too-small-message", "no firmware image was given", "", "name a .dup file")
    if len(images) == 1 or (len(images) == 2 and any([_of_pair(image) for image in images])):
        return None
    return Refusal(
        "wrong-firmware-variant-chosen",
        "%d images were given" % len(images),
        "only the 48829 pair consists of two files",
        "choose one: " + ", ".join([image.name for image in images]),
    )


def _of_pair(image):
    # type: (ImageFacts) -> bool
    return image.kind in PAIR or image.build == PAIR_BUILD


def _refuse_kind(running, image, options):
    # type: (Running, ImageFacts, Options) -> Optional[Refusal]
    if image.kind == "updater-elf":
        return Refusal(
            "files-swapped",
            image.name + " is an updater image, not firmware",
            "it only helps to load the firmware",
            "give the .dup file as firmware, and this one with --updater-elf",
        )
    if image.kind == "bootrom":
        return Refusal(
            "files-swapped",
            image.name + " is a boot ROM package, not firmware",
            "a boot ROM is replaced only when that is asked for",
            "give the .dup file as firmware",
        )
    if image.size < SMALLEST_BYTES:
        return Refusal(
            "firmware-file-too-small-message",
            "%s has only %d bytes" % (image.name, image.size),
            "that is no firmware image",
            "download the file again",
        )
    if image.kind == PRACTICE or image.family == PRACTICE_FAMILY:
        return None if options.simulated else _PRACTICE_REFUSAL
    if image.kind not in (FULL, DIFF) + PAIR:
        return Refusal(
            "wrong-firmware-variant-chosen",
            image.name + " is not recognised as firmware for a modem",
            "neither its content nor its name says what it is",
            "use the file as it came out of the package, under its own name",
        )
    return _refuse_family(running, image)


_PRACTICE_REFUSAL = Refusal(
    "practice-image-on-real-port",
    "a practice image goes to the simulator only",
    "the port has not proved to be simulated",
    "use --port sim://fipy, or give real firmware",
)


def _refuse_family(running, image):
    # type: (Running, ImageFacts) -> Optional[Refusal]
    """Another modem's image; an image that does not say its family passes only where no genuine file says it."""
    if image.family == running.family or (image.family == "unknown" and running.family == SQN3330_FAMILY):
        return None
    return Refusal(
        "wrong-firmware-variant-chosen",
        "%s is for another modem (%s), this one is a %s" % (image.name, image.family, running.family),
        "firmware of another modem makes this one useless",
        "use a file for the " + running.family,
    )


def _refuse_pair(running, images):
    # type: (Running, Sequence[ImageFacts]) -> Optional[Refusal]
    """All of 48829, until the flow that sends both files in one session is part of this program."""
    if not any([_of_pair(image) for image in images]):
        return None
    if running.known_build == FACTORY_BUILD:
        return Refusal(
            "33080-straight-to-48829",
            "48829 cannot be reached from 33080 in one go",
            "the modem must run 41065 in between",
            "flash upgdiff_33080-to-41065.dup first",
        )
    if running.known_radio == "NB1":
        return Refusal(
            "nb1-to-48829-direct",
            "48829 must not follow an NB-IoT firmware directly",
            "several modems died on that way",
            "flash a full Cat-M1 image such as CATM1-41065.dup first",
        )
    return Refusal(
        "48829-second-step-skipped",
        "48829 is refused in this version",
        "it comes as two files that must follow each other without a break, and several modems died in between",
        "use CATM1-41065.dup, or wait for a version that sends the pair",
    )


def _refuse_differential(running, image, options):
    # type: (Running, ImageFacts, Options) -> Optional[Refusal]
    if not _is_diff(image):
        return None
    if options.updater_elf is not None:
        return Refusal(
            "diff-with-updater-elf",
            "a differential image must not be used together with updater.elf",
            "it leaves the modem without firmware",
            "leave updater.elf away, or use the full image",
        )
    wrong = ""
    if running.mode != states.APPLICATION:
        wrong = "the modem runs no firmware that it could change (mode %s)" % running.mode
    elif not running.build:
        wrong = "the modem does not say which build it runs"
    elif not image.base:
        wrong = "the file does not say which build it changes"
    elif image.base != running.build:
        wrong = "it changes build %d, and the modem runs %d" % (image.base, running.build)
    if not wrong:
        return None
    return Refusal(
        "diff-with-wrong-base",
        "%s cannot be used here: %s" % (image.name, wrong),
        "a differential image fits exactly one build",
        "use the full image" + (", or upgdiff_%d-to-..." % running.build if running.build else ""),
    )


def _refuse_from_factory(running, image):
    # type: (Running, ImageFacts) -> Optional[Refusal]
    """33080 goes to 41065 first, by the differential: a full image needs updater.elf there (modem-protocol.md 7)."""
    if running.family == MONARCH2_FAMILY:
        return None
    factory = running.known_build == FACTORY_BUILD
    if factory and image.build != FIRST_TARGET:
        nb1 = _radio(image) == "NB1"
        return Refusal(
            "nb1-first-on-factory-modem" if nb1 else "33080-straight-to-48829",
            "a modem on 33080 must go to 41065 first, not to %s" % (image.build or image.name),
            "its factory boot loader is too old for anything else",
            "flash upgdiff_33080-to-41065.dup first",
        )
    if running.mode != states.APPLICATION or _is_diff(image):
        return None  # a modem that waits in its updater takes full images as it is (failure-catalogue 1, rule 3)
    if factory or running.bootloader0 == FACTORY_BUILD:
        return Refusal(
            "full-image-on-33080-needs-updater",
            "a full image on a modem with boot loader 33080 needs updater.elf",
            "if it fails, the old boot loader cannot bring the modem back; this version cannot load updater.elf yet",
            "flash upgdiff_33080-to-41065.dup" if factory else "leave the modem on build %d for now" % running.build,
        )
    return None


def _refuse_without_consent(running, image, options):
    # type: (Running, ImageFacts, Options) -> Optional[Refusal]
    build = running.known_build
    leaves = build in NO_WAY_BACK and image.build != build
    if leaves and "no-way-back" not in options.accept:
        return Refusal(
            "modem-build-50523",
            "there is no public package of build %d: once left, it cannot be restored" % build,
            "nobody is known to have gone from it to another build",
            "leave the modem as it is, or add --accept no-way-back",
        )
    radio = running.known_radio
    if radio and _radio(image) and radio != _radio(image) and "radio-change" not in options.accept:
        return Refusal(
            "wrong-firmware-variant-chosen",
            "%s makes a %s modem of this %s modem" % (image.name, _IN_WORDS[_radio(image)], _IN_WORDS[radio]),
            "Cat-M1 and NB-IoT are different products for different networks",
            "use a %s image, or add --accept radio-change" % _IN_WORDS[radio],
        )
    return None


_IN_WORDS = {"CATM1": "Cat-M1", "NB1": "NB-IoT"}


def _refuse_method(running, image, options):
    # type: (Running, ImageFacts, Options) -> Optional[Refusal]
    """A method that was asked for by name and cannot work."""
    if options.method != STORE:
        return None
    if running.mode != states.APPLICATION or running.family == MONARCH2_FAMILY:
        return Refusal(
            "modem-in-upgrade-mode",
            "the store method does not work here",
            "only the application of an SQN3330 can keep a file before it is written",
            "use --method on-the-fly, or leave --method away",
        )
    if image.size > STORE_LIMIT_BYTES:
        return Refusal(
            "file-too-big-for-fff",
            "%s has %d bytes; the store method takes %d" % (image.name, image.size, STORE_LIMIT_BYTES),
            "the modem has no more room for it",
            "use --method on-the-fly, or leave --method away",
        )
    return None


def _method(running, image, options):
    # type: (Running, ImageFacts, Options) -> str
    if options.method in (STORE, ON_THE_FLY):
        return options.method
    if running.mode != states.APPLICATION or running.family == MONARCH2_FAMILY:
        return ON_THE_FLY
    if image.kind == "pair-1" or image.size > STORE_LIMIT_BYTES:
        return ON_THE_FLY
    return STORE


def _warnings(running, image, method):
    # type: (Running, ImageFacts, str) -> List[Refusal]
    warnings = []
    if not running.known_build:
        warnings.append(
            Refusal(
                "modem-state-unknown",
                "the modem does not say which build it runs",
                "some builds must not follow each other",
                "if you know the build it ran last, add --was BUILD",
            )
        )
    elif running.known_build == FACTORY_BUILD and running.mode != states.APPLICATION:
        warnings.append(
            Refusal(
                "full-image-on-33080-needs-updater",
                "the modem came from build 33080 and keeps its old boot loader",
                "if this fails, the modem may not come back; waiting in its updater, it has no other way either",
                "keep power and cable safe until the proof",
            )
        )
    elif running.known_build == FACTORY_BUILD and method == STORE:
        warnings.append(
            Refusal(
                "modem-filesystem-read-only",
                "some modems on 33080 cannot keep a file: the transfer then stands at 0 %",
                "their file system is read-only",
                "if it stands at 0 % for 5 minutes, stop and use --method on-the-fly",
            )
        )
    if image.family == "unknown":
        warnings.append(
            Refusal(
                "wrong-firmware-variant-chosen",
                image.name + " does not say for which modem it is",
                "nothing but its name speaks for it",
                "make sure that it comes from a FiPy or GPy package",
            )
        )
    return warnings


def _steps(running, image, method):
    # type: (Running, ImageFacts, str) -> List[Step]
    fly = method == ON_THE_FLY
    switch_back = "AT+SMSWBOOT=1,1 starts the old firmware again"
    steps = [Step("prepare", "wake the modem and switch its radio off", PREPARE, PREPARE_MS, True, "a power cycle")]
    if fly and running.mode == states.APPLICATION:
        steps.append(
            Step("switch", "restart the modem into its updater (recovery)", PREPARE, SWITCH_MS, True, switch_back)
        )
    transfer_ms = STALLS_MS + image.size // SLOWEST_BYTES_S * 1000
    text = "send %s (%d bytes), which the modem %s" % (
        image.name,
        image.size,
        "writes while it arrives" if fly else "keeps before it writes it",
    )
    way_back = "" if fly else "the old firmware is untouched until all has arrived"
    steps.append(Step("transfer", text, TRANSFER, transfer_ms, False, way_back))
    steps.append(Step("deploy", "wait until the modem has written everything", WAIT_MODEM, DEPLOY_MS, False, ""))
    text = "start the new firmware" if fly else "wait for the modem to start the new firmware by itself"
    steps.append(Step("return", text, WAIT_MODEM, RETURN_MS, False, ""))
    steps.append(Step("prove", "read the version back from the modem", PROVE, PROVE_MS, False, ""))
    return steps
