"""What the planner asks about and what it answers: images, the modem, choices; steps, refusals, plans."""

from .version_block import UNREAD, Loaders  # noqa: F401

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

#: The factory build, and that of the factory's boot loader (modem-protocol.md 7).
FACTORY_BUILD = 33080
#: Of the boot loader that runs: from this one on nothing is asked; and the oldest full image that circulates.
OLDEST_GOOD_LOADER = 38638
OLDEST_PUBLIC_FULL = 33988
#: Consents by name, besides radio-change and no-way-back (modem-protocol.md 7.2).
OLD_LOADER_CONSENT = "old-boot-loader"
SAME_BUILD_CONSENT = "same-build"
UNKNOWN_BUILD_CONSENT = "unknown-build"
#: What a modem on the factory build must go to first.
FIRST_TARGET = 41065
#: Files of the vendor's packages that a modem on the factory build goes to, from its application and from its updater.
FIRST_DIFF = "upgdiff_33080-to-41065.dup"
FIRST_FULL = "CATM1-41065.dup"
#: Stand for files that the user must find.
FULL_IMAGE = "FULL-IMAGE.dup"
UPDATER_IMAGE = "updater.elf"
BOOTROM_SCRIPT = "sqnsbrz.py"
#: In place of a boot ROM package: the one that the board's own firmware holds.
BOOTROM_OF_BOARD = "board"
#: The build that comes as a pair of files, and what a modem reports between the two (modem-protocol.md 7).
PAIR_BUILD = 48829
BETWEEN_BUILD = 39529
#: A Monarch 2 below this version needs a way that is not known here (modem-protocol.md 5.4).
MONARCH2_OLDEST = (8, 0, 4, 0)
#: Builds without a public package: once left, there is no way back (modem-protocol.md 7).
NO_WAY_BACK = (43818, 46470, 48939, 50523)
#: Files below this many bytes are no image (modem-protocol.md 5.2).
SMALLEST_BYTES = 128
RADIO_IN_WORDS = {"CATM1": "Cat-M1", "NB1": "NB-IoT"}
#: Radio by build, for a modem that cannot say it itself (modem-protocol.md 7).
NB1_BUILDS = (35351, 36571, 37365, 37781, 38729, 40343, 41019, 46262, 48939)
CATM1_BUILDS = (33080, 33988, 36417, 38638, 39529, 41065, 43818, 46470, 48829, 50523)

#: Limits in ms of the steps (design.md 4 "Deadlines"; modem-protocol.md 3.3).
PREPARE_MS = 120000
SWITCH_MS = 300000
DEPLOY_MS = 1800000
RETURN_MS = 300000
PROVE_MS = 120000
#: Between two readings of a version that has not changed, and for the one restart after them.
STILL_MS = 30000
RESTART_MS = 360000
#: The boot ROM's modes: speed, and loading an updater image, whose start may take minutes (modem-protocol.md 5.3).
FFH_MS = 300000
SPEED_MS = 300000
LOAD_MS = 900000
SOAK_MS = 500000
#: Least rate in bytes a second that a transfer is given, and what it may stand still in ms, for its limit.
SLOWEST_BYTES_S = 3000
STALLS_MS = 900000


class ImageFacts(object):
    """What the planner needs to know of one file.

    kind    full, diff, pair-1, pair-2, updater-elf, bootrom, practice or unknown
    radio   "CATM1", "NB1" or ""
    build   build that the modem runs afterwards, base: build that a differential starts from; 0 = not known
    family  SQN3330, MONARCH2, practice or unknown
    part    1 or 2 for the files of a pair, else 0
    version numbers of the release that it brings, such as (8, 0, 5, 13); () = not known
    """

    def __init__(self, name, size, kind, radio, build, base, family, part=0, version=()):
        # type: (str, int, str, str, int, int, str, int, Sequence[int]) -> None
        self.name = name
        self.size = size
        self.kind = kind
        self.radio = radio
        self.build = build
        self.base = base
        self.family = family
        self.version = tuple(version)
        self.part = part or (PAIR.index(kind) + 1 if kind in PAIR else 0)

    @property
    def known_radio(self):
        # type: () -> str
        """The radio that the file names, else the one of its build."""
        return self.radio or radio_of(self.build)

    @property
    def differential(self):
        # type: () -> bool
        """Whether it only changes another build."""
        return self.kind == DIFF or bool(self.base)

    @property
    def practice(self):
        # type: () -> bool
        """Whether only the simulator takes it."""
        return self.kind == PRACTICE or self.family == PRACTICE_FAMILY

    @property
    def of_pair(self):
        # type: () -> bool
        """Whether it is one of the two files of 48829."""
        return bool(self.part) or self.build == PAIR_BUILD


class Running(object):
    """What the modem is now: mode, build and radio of its application, family, boot loaders.

    was      the build that the user names for a modem that cannot say it; 0 = not named
    version  numbers of its release, such as (8, 0, 5, 13); () = not known
    """

    def __init__(self, mode, build, radio, family, loaders=UNREAD, was=0, version=()):
        # type: (str, int, str, str, Loaders, int, Sequence[int]) -> None
        self.mode = mode
        self.build = build
        self.radio = radio
        self.family = family
        self.loaders = loaders
        self.was = was
        self.version = tuple(version)

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
    """What the user chose.

    method       auto, store or on-the-fly
    accept       consents by name
    updater_elf  updater image for the modem's memory, or None
    bootrom      boot ROM package, verified, or None; replaced only if it is given
    simulated    the port has proved to be the simulator's
    soak         the link is tried out before anything is sent
    first_done   the first file of a pair is known to be in the modem
    """

    def __init__(
        self,
        method="auto",
        accept=(),
        updater_elf=None,
        simulated=False,
        bootrom=None,
        soak=False,
        first_done=False,
    ):
        # type: (str, Sequence[str], Optional[ImageFacts], bool, Optional[ImageFacts], bool, bool) -> None
        self.method = method
        self.accept = tuple(accept)
        self.updater_elf = updater_elf
        self.simulated = simulated
        self.bootrom = bootrom
        self.soak = soak
        self.first_done = first_done


class Change(object):
    """What another command has that the refused one has not.

    files    names of the firmware images; () = the same ones. A name that was not given stands for a file to be found
    without  options that are left out: updater_elf, bootrom, method, via_modem
    given    options that are new or have another value, as (name, value): updater_elf, bootrom, accept, port
    """

    def __init__(self, files=(), without=(), given=()):
        # type: (Sequence[str], Sequence[str], Sequence[Tuple[str, str]]) -> None
        self.files = tuple(files)
        self.without = tuple(without)
        self.given = tuple(given)


class Refusal(object):
    """Why not, or what to beware of: catalogue id, what is wrong, why that matters, what to do next.

    change   how the command must differ to go further; None if another command does not help
    consent  the consent that lifts it, which a yes on a terminal stands for; "" if none does
    """

    def __init__(self, id, what, why, next, change=None, consent=""):
        # type: (str, str, str, str, Optional[Change], str) -> None
        self.id = id
        self.what = what
        self.why = why
        self.next = next
        self.change = change
        self.consent = consent


class Step(object):
    """One thing that the flow does.

    id          unlike any other of its plan
    phase       one of doctor/events.py
    limit_ms    longest it may take
    may_unplug  whether power may go away until then
    way_back    what undoes it, "" if nothing does
    do          what it does: one of the names in flow.py; "" = as its id
    image       which file it sends: firmware, second, updater-elf or bootrom; "" = none
    method      how that file is taken, for the steps that depend on it
    early       it needs a port that can change its speed, which mirror mode cannot
    if_old      it is done only if the new firmware says that copy 0 of the boot loader is the factory's still
    old         build that a modem may still say after a success, until it is restarted; 0 = none
    """

    def __init__(
        self,
        id,
        text,
        phase,
        limit_ms,
        may_unplug,
        way_back,
        do="",
        image="",
        method="",
        early=False,
        if_old=False,
        old=0,
    ):
        # type: (str, str, str, int, bool, str, str, str, str, bool, bool, int) -> None
        self.id = id
        self.text = text
        self.phase = phase
        self.limit_ms = limit_ms
        self.may_unplug = may_unplug
        self.way_back = way_back
        self.do = do or id
        self.image = image
        self.method = method
        self.early = early
        self.if_old = if_old
        self.old = old


class Plan(object):
    """Steps in order, or a refusal; warnings come with either.

    method        of the firmware image, or of the boot ROM if only that is sent
    stop_at_zero  stop if the first block is not taken within 5 minutes, instead of asking again
    loaders       the line about the boot loaders; "" for a modem without
    nothing       why nothing is to be done, "" if something is
    """

    def __init__(self, mode, method, steps, refusal, warnings, stop_at_zero=False, loaders="", nothing=""):
        # type: (str, str, List[Step], Optional[Refusal], List[Refusal], bool, str, str) -> None
        self.mode = mode
        self.method = method
        self.steps = steps
        self.refusal = refusal
        self.warnings = warnings
        self.stop_at_zero = stop_at_zero
        self.loaders = loaders
        self.nothing = nothing

    @property
    def bootrom_alone(self):
        # type: () -> bool
        """Whether the boot ROM is sent and the image is not."""
        return {step.image for step in self.steps if step.image} == {"bootrom"}

    def part(self, early):
        # type: (bool) -> Plan
        """The steps that need a port of changing speed, which are the first ones, or the others."""
        steps = [step for step in self.steps if step.early == early]
        return Plan(self.mode, self.method, steps, self.refusal, self.warnings, self.stop_at_zero)


def radio_of(build):
    # type: (int) -> str
    """Radio of a known build, else ""."""
    if build in NB1_BUILDS:
        return "NB1"
    return "CATM1" if build in CATM1_BUILDS else ""


def agrees_to(radio):
    # type: (str) -> str
    """What the consent to another radio agrees to, in words."""
    return "--accept radio-change agrees that the modem is for %s networks only afterwards" % RADIO_IN_WORDS[radio]
