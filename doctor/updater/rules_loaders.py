"""What may be sent to a modem by what runs in it: the table of modem-protocol.md 7.2, row by row.

S is the build of its software, L that of the boot loader that runs, C0 that of copy 0. The rows about an updater that
waits and about a build that runs already hold for every family; the others for the SQN3330 only.
"""

from . import states
from .profile import MONARCH2_FAMILY
from .shapes import (  # noqa: F401
    BOOTROM_OF_BOARD,
    BOOTROM_SCRIPT,
    FACTORY_BUILD,
    FIRST_DIFF,
    FIRST_FULL,
    FIRST_TARGET,
    OLD_LOADER_CONSENT,
    OLDEST_GOOD_LOADER,
    OLDEST_PUBLIC_FULL,
    SAME_BUILD_CONSENT,
    UNKNOWN_BUILD_CONSENT,
    UPDATER_IMAGE,
    Change,
    ImageFacts,
    Options,
    Refusal,
    Running,
    agrees_to,
)
from .version_block import UNREAD, Loaders  # noqa: F401

try:
    from typing import Callable, List, Optional, Sequence, Tuple  # noqa: F401

    _Holds = Callable[["Case"], bool]
    _Cell = Callable[["Case"], "str | Refusal"]
except ImportError:  # MicroPython
    pass

#: Answers of the table besides a refusal: send it; send the boot ROM and not the image; send nothing.
GO, BOOTROM_ALONE, NOTHING = "go", "bootrom-alone", "nothing"

#: Modes in which an updater of the modem's own answers.
_IN_UPDATER = (states.FFH, states.RAM_UPDATER, states.RECOVERY)


class Case(object):
    """One question to the table: this modem, these images, these choices."""

    def __init__(self, running, images, options):
        # type: (Running, Sequence[ImageFacts], Options) -> None
        self.running = running
        self.options = options
        #: What is to run in the end.
        self.image = images[len(images) - 1]
        self.pair = any([image.of_pair for image in images])
        self.full = not self.pair and not self.image.differential
        self.sqn = running.family != MONARCH2_FAMILY
        self.application = running.mode == states.APPLICATION
        self.updating = running.mode in _IN_UPDATER
        self.software = running.known_build
        #: If the modem does not say what it runs, nothing that it says of its boot loaders counts.
        self.loaders = running.loaders if running.build else UNREAD
        self.both = options.updater_elf is not None and options.bootrom is not None

    @property
    def runs(self):
        # type: () -> int
        """Build of the boot loader that runs, judged by the software if it was not read."""
        return self.loaders.runs or self.software

    @property
    def same(self):
        # type: () -> bool
        """Whether the modem runs the file's build already, by its own word."""
        running = self.running
        return self.application and bool(running.build) and self.image.build == running.build and not self.image.base

    @property
    def old_copy0(self):
        # type: () -> bool
        """Whether a boot ROM would renew copy 0: it is the factory's, and the software is not."""
        return is_old_copy0(self.software, self.loaders)

    def accepts(self, consent):
        # type: (str) -> bool
        """Whether the user gave this consent."""
        return consent in self.options.accept


# -- the cells


def _go(case):
    # type: (Case) -> str | Refusal
    return GO


def _same(case):
    # type: (Case) -> str | Refusal
    """Row e."""
    if case.options.bootrom is not None and case.old_copy0 and case.full:
        return BOOTROM_ALONE
    return GO if case.accepts(SAME_BUILD_CONSENT) else NOTHING


def _to_first_target(case):
    # type: (Case) -> Refusal
    image = case.image
    return Refusal(
        "nb1-first-on-factory-modem" if image.known_radio == "NB1" else "33080-straight-to-48829",
        "a modem on 33080 must go to 41065 first, not to %s" % (image.build or image.name),
        "modems died in this way; the vendor requires 41065 in between",
        "flash %s first" % first_target(case.running),
        to_first_target(case.running),
    )


def _before_41065(case):
    # type: (Case) -> str | Refusal
    """Another Cat-M1 firmware than the one that comes first."""
    return _asked(case, "the vendor takes a modem on 33080 to 41065 first", _first(case))


def _full_after_33080(case):
    # type: (Case) -> str | Refusal
    """Row d: waiting in its updater it has no other way."""
    return GO if _is_public_catm1(case.image) else _to_first_target(case)


def _diff_of_33080(case):
    # type: (Case) -> str | Refusal
    """Row f, differential."""
    if case.image.build == FIRST_TARGET:
        return GO
    if case.image.known_radio != "CATM1":
        return _to_first_target(case)
    return _before_41065(case)


def _full_on_33080(case):
    # type: (Case) -> str | Refusal
    """Row f, full image."""
    if not _is_public_catm1(case.image):
        return _to_first_target(case)
    if case.both:
        if case.image.build == FIRST_TARGET:
            return GO
        return _before_41065(case)
    if case.accepts(OLD_LOADER_CONSENT):
        return GO
    bootrom = "--bootrom %s (or --bootrom %s, if the board has it built in)" % (BOOTROM_SCRIPT, BOOTROM_OF_BOARD)
    missing = []  # type: List[Tuple[str, str]]
    if case.options.updater_elf is None:
        missing.append(("updater_elf", UPDATER_IMAGE))
    if case.options.bootrom is None:
        missing.append(("bootrom", BOOTROM_OF_BOARD))
    return Refusal(
        "full-image-on-33080-needs-updater",
        "a full image needs updater.elf and a boot ROM if the modem runs 33080",
        "the vendor says that a failed upgrade could not be recovered under the factory boot loader",
        "flash %s, or add --updater-elf updater.elf from the package of the full image, and %s" % (FIRST_DIFF, bootrom),
        Change(given=missing),
    )


def _ask(case):
    # type: (Case) -> str | Refusal
    """Rows g and h, full image. To renew copy 0 answers the question only if that is the copy that runs."""
    what = "its boot loader [%d] is older than %d" % (case.runs, OLDEST_GOOD_LOADER)
    return _asked(case, what, _renewed(case) if case.old_copy0 and not case.loaders.star else None)


def _pair_after_41065(case):
    # type: (Case) -> str | Refusal
    return Refusal(
        "33080-straight-to-48829",
        "48829 cannot be reached from 33080 in one step",
        "the modem must run 41065 in between",
        "flash %s first" % first_target(case.running),
        to_first_target(case.running),
    )


def _pair_from_nb1(case):
    # type: (Case) -> Optional[Refusal]
    if case.running.known_radio != "NB1":
        return None
    return Refusal(
        "nb1-to-48829-direct",
        "48829 must not follow an NB-IoT firmware directly",
        "several modems died on that way",
        "flash a full Cat-M1 image such as %s first; %s" % (FIRST_FULL, agrees_to("CATM1")),
        Change(files=(FIRST_FULL,), without=("bootrom",), given=(("accept", "radio-change"),)),
    )


def _pair_from_updater(case):
    # type: (Case) -> str | Refusal
    """Row c."""
    if case.running.mode != states.RECOVERY:
        return Refusal(
            "48829-second-step-skipped",
            "48829 must not be the first firmware of a modem that was brought back (mode %s)" % case.running.mode,
            "it comes in two steps, and the first needs a working modem",
            "flash a full Cat-M1 image such as %s first" % FIRST_FULL,
            Change(files=(FIRST_FULL,)),
        )
    if not case.software:
        return Refusal(
            "modem-state-unknown",
            "the modem does not say which build it ran",
            "48829 after NB-IoT firmware, or after 33080, has bricked modems",
            "add --was BUILD, the build that it ran last; `fipy-doctor status` remembers what we flashed",
        )
    return _pair_from_nb1(case) or GO


def _pair_after_row_e(case):
    # type: (Case) -> str | Refusal
    renewed = _renewed(case)
    return _pair_from_nb1(case) or Refusal(
        "old-boot-loader",
        "the factory's boot loader [33080] still runs in this modem: 48829 is not for it yet",
        "several modems died between the two files",
        renewed[0],
        renewed[1],
    )


def _pair_after_full(case):
    # type: (Case) -> str | Refusal
    return _pair_from_nb1(case) or Refusal(
        "old-boot-loader",
        "the boot loader [%d] of this modem is too old for 48829" % case.runs,
        "several modems died between the two files",
        "flash a full Cat-M1 image such as %s first, which brings its own" % FIRST_FULL,
        Change(files=(FIRST_FULL,), without=("bootrom",)),
    )


def _pair(case):
    # type: (Case) -> str | Refusal
    """Row i: agreed to once, the second file is not held up."""
    known_good = case.loaders.copy0 not in (0, FACTORY_BUILD)
    if known_good or case.options.first_done:
        return _pair_from_nb1(case) or GO
    what = "copy 0 of its boot loaders is [33080]" if case.loaders.copy0 else "its boot loaders cannot be read"
    return _pair_from_nb1(case) or _asked(case, what, None)


def _unread(case):
    # type: (Case) -> str | Refusal
    """Row j."""
    if case.full and case.accepts(UNKNOWN_BUILD_CONSENT):
        return GO
    agrees = "; --accept %s sends it anyway" % UNKNOWN_BUILD_CONSENT if case.full else ""
    return Refusal(
        "modem-state-unknown",
        "the modem does not say which build it runs",
        "some builds must not follow each other; that has bricked modems",
        "add --was BUILD, the build that it runs; `fipy-doctor status` remembers what we flashed" + agrees,
    )


#: Row, where it holds, and what is said of a differential image of the right base, a full image, and the 48829 pair.
#: Rows a and b refuse whatever comes, and are _of_mode and _of_ffh in rules.py. The first row that holds decides.
_ROWS = (
    ("d", lambda c: c.sqn and c.updating and c.software == FACTORY_BUILD, _go, _full_after_33080, _pair_after_41065),
    ("c", lambda c: c.updating, _go, _go, _pair_from_updater),
    ("e", lambda c: c.same and _same(c) != GO, _go, _same, _same),
    ("j", lambda c: c.sqn and not c.software, _unread, _unread, _unread),
    ("f", lambda c: c.sqn and c.software == FACTORY_BUILD, _diff_of_33080, _full_on_33080, _pair_after_41065),
    ("g", lambda c: c.sqn and c.runs <= FACTORY_BUILD, _go, _ask, _pair_after_row_e),
    ("h", lambda c: c.sqn and c.runs < OLDEST_GOOD_LOADER, _go, _ask, _pair_after_full),
    ("i", lambda c: c.sqn, _go, _go, _pair),
    ("", lambda c: True, _go, _go, _go),
)  # type: Sequence[Tuple[str, _Holds, _Cell, _Cell, _Cell]]


def look_up(running, images, options):
    # type: (Running, Sequence[ImageFacts], Options) -> Tuple[str, str | Refusal]
    """The row that holds, and its answer: GO, BOOTROM_ALONE, NOTHING or a refusal, which a consent may lift."""
    case = Case(running, images, options)
    for row, holds, differential, full, pair in _ROWS:
        if holds(case):
            cell = pair if case.pair else full if case.full else differential
            return row, cell(case)
    raise AssertionError("the last row holds always")


def over_ffh(running, image, options):
    # type: (Running, ImageFacts, Options) -> bool
    """modem-protocol.md 5.3: whether a modem in its application goes through its boot ROM: row f with both files."""
    case = Case(running, [image], options)
    return case.sqn and case.application and case.software == FACTORY_BUILD and case.full and case.both


def renews_copy0(running, image, options):
    # type: (Running, ImageFacts, Options) -> bool
    """Whether a boot ROM may have to follow: what is read by then decides (modem-protocol.md 5.2, step 10)."""
    loaders = Case(running, [image], options).loaders
    return (
        options.bootrom is not None
        and running.family != MONARCH2_FAMILY
        and not image.of_pair
        and loaders.copy0 in (0, FACTORY_BUILD)
    )


def is_old_copy0(software, loaders):
    # type: (int, Loaders) -> bool
    """Whether copy 0 is still the factory's under another firmware."""
    return loaders.copy0 == FACTORY_BUILD and software != FACTORY_BUILD


# -- in words


def loader_line(family, loaders, bootrom="", alone=False):
    # type: (str, Loaders, str, bool) -> str
    """The one line about the boot loaders; "" for a modem that has none of them.

    bootrom  name of the package that renews copy 0 afterwards, "" if none does
    alone    nothing else is sent
    """
    if family == MONARCH2_FAMILY:
        return ""
    if not loaders.copies:
        return "boot loaders: they could not be read here"
    said = "boot loaders: copy %d [%d] runs; " % (loaders.star, loaders.runs)
    if loaders.copy0 != FACTORY_BUILD:
        return said + ("copies 1 and 2 are kept" if not loaders.star else "copy 0 is [%d]" % loaders.copy0)
    how = "is renewed with %s" % bootrom + ("" if alone else " once the new firmware runs")
    if not bootrom:
        how = "is kept (the vendor's tool replaces it afterwards; --bootrom does)"
    return said + "copy 0 [%d] %s. Nobody knows what copy 0 does after a failed flash." % (loaders.copy0, how)


def _asked(case, what, instead):
    # type: (Case, str, Optional[Tuple[str, Change]]) -> str | Refusal
    """GO if the user agreed to an old boot loader; else a refusal that the consent lifts."""
    if case.accepts(OLD_LOADER_CONSENT):
        return GO
    agrees = "--accept %s sends it anyway" % OLD_LOADER_CONSENT
    step, change = instead or ("", Change(given=(("accept", OLD_LOADER_CONSENT),)))
    return Refusal(
        "old-boot-loader",
        "%s: %s" % (case.image.name, what),
        "nobody knows if an old boot loader can bring the modem back after an interrupted flash",
        "%s; or %s" % (step, agrees) if step else agrees,
        change,
        OLD_LOADER_CONSENT,
    )


def _renewed(case):
    # type: (Case) -> Tuple[str, Change]
    """Row e as the step before: the boot ROM alone, which is sent beside the image that runs."""
    file = "%s-%d.dup" % (case.running.known_radio or "CATM1", case.software)
    step = "renew copy 0 first: flash %s, which runs already, with --bootrom; only the boot ROM is sent then" % file
    given = [] if case.options.bootrom is not None else [("bootrom", BOOTROM_OF_BOARD)]
    return step, Change(files=(file,), without=("updater_elf",), given=given)


def _first(case):
    # type: (Case) -> Tuple[str, Change]
    name = FIRST_FULL if case.both else FIRST_DIFF
    return "flash %s first" % name, Change(files=(name,))


def _is_public_catm1(image):
    # type: (ImageFacts) -> bool
    """Whether it is one of the full Cat-M1 images that a modem on 33080 may take."""
    return image.known_radio == "CATM1" and OLDEST_PUBLIC_FULL <= image.build <= FIRST_TARGET


def first_target(running):
    # type: (Running) -> str
    """The file that takes a modem of build 33080 to 41065; if it waits in its updater, no differential one can."""
    return FIRST_DIFF if running.mode == states.APPLICATION else FIRST_FULL


def to_first_target(running):
    # type: (Running) -> Change
    """How to ask for that file: its name, and without updater.elf if it is differential."""
    without = ("updater_elf",) if running.mode == states.APPLICATION else ()
    return Change(files=(first_target(running),), without=without)
