"""Which file takes the modem that a text tells of further, or to the radio that its reader wants."""

from __future__ import annotations

from doctor.knowledge.builds import CAT_M1, NB_IOT, RADIOS, Build
from doctor.knowledge.facts import Facts
from doctor.updater.shapes import (
    FACTORY_BUILD,
    FIRST_DIFF,
    FIRST_FULL,
    FIRST_TARGET,
    NO_WAY_BACK,
    OLDEST_GOOD_LOADER,
    PAIR_BUILD,
)

NEWEST_NB1 = 41019  #: the last NB-IoT image of the vendor's public packages (modem-protocol.md 7)
_NB1_FULL = f"NB1-{NEWEST_NB1}.dup"
_FULL = {
    FIRST_TARGET: FIRST_FULL,
    NEWEST_NB1: _NB1_FULL,
}  #: full images of builds that public packages have in one file
_NAMES = {CAT_M1: "Cat-M1", NB_IOT: "NB-IoT"}
_PAIR = (
    f"Newer is only the pair {PAIR_BUILD}, -1 and then -2 in one session with no reset and no power cut between them; "
    "it has bricked modems, so leave it unless you need what is in it."
)


def way(facts: Facts, radio: str = "") -> str:
    """The file that brings the newest public image of a radio to this modem; empty if the text does not tell enough.

    radio  ``LR5`` or ``LR6`` if the reader wants this one; else the one that the modem has
    """
    builds = facts.builds
    if facts.names_monarch2 or facts.family == "other" or not builds.runs or builds.rivals:
        return ""
    runs = builds.runs[-1]
    if runs.kind not in RADIOS:
        return ""
    if radio and radio != runs.kind:
        return f"Which file? {_to_other_radio(runs.number, radio)}"
    return f"Which file? {_newest_catm1(runs.number) if runs.kind == CAT_M1 else _newest_nb1(runs.number)}"


def any_way(facts: Facts, radio: str = "") -> str:
    """The files of a radio, where the text does not tell what runs; empty if it tells, or of another family."""
    builds = facts.builds
    if facts.names_monarch2 or facts.family == "other" or builds.runs or builds.rivals:
        return ""
    files = {CAT_M1: FIRST_FULL, NB_IOT: _NB1_FULL}
    named = [f"for {_NAMES[one]} {file}" for one, file in files.items() if radio in ("", one)]
    return (
        f"Which file? The newest in one file is {' and '.join(named)}. Whether it may be sent depends on what the "
        "modem runs, "
        f"which this text does not tell: `fipy-doctor status` reads it. One on {FACTORY_BUILD} takes {FIRST_DIFF} "
        "first, and "
        "one that runs a newer build is left as it is."
    )


def way_back(facts: Facts) -> str:
    """Whether what runs now can be had again once it is replaced; empty if the text does not tell what runs."""
    builds = facts.builds
    if facts.names_monarch2 or facts.family == "other" or not builds.runs or builds.rivals:
        return ""
    runs = builds.runs[-1]
    if runs.number in NO_WAY_BACK:
        return f"Back? No: no public file brings {runs.number} back. What can be had is another build, not this one."
    full = _FULL.get(runs.number)
    return f"Back? Yes: {full} is the full image of {runs.number}, which the modem runs." if full else ""


def in_words(runs: Build) -> str:
    """A build with its radio, and that no public file brings it back if that is so."""
    lost = ", which no public file brings back: leave it if it works" if runs.number in NO_WAY_BACK else ""
    return f"{runs.number} ({_NAMES[runs.kind]}){lost}" if runs.kind in RADIOS else str(runs.number)


def again(before: int, *, monarch2: bool) -> str:
    """How a build that ran before can be had again."""
    if monarch2:
        return f"Ask the maker of the board for an image of {before} or newer; the same file once more changes nothing."
    if before in NO_WAY_BACK:
        return f"No public file brings {before} back: leave what runs, if it works."
    if before == PAIR_BUILD:
        return f"{before} comes with two files, -1 and then -2 in one session with no reset and no power cut between."
    full = _FULL.get(before, f"the full image of {before}")
    return f"To have {before} again, send {full} alone, without updater.elf, after `fipy-doctor plan` allowed it."


def _newest_catm1(runs: int) -> str:
    if runs == FACTORY_BUILD:
        return (
            f"{FIRST_DIFF} alone, without updater.elf; or {FIRST_FULL} with the updater.elf of its package. "
            f"{PAIR_BUILD} not before {FIRST_TARGET} runs."
        )
    if runs < FIRST_TARGET:
        return f"{FIRST_FULL} alone, without updater.elf: the newest Cat-M1 image in one file.{_asks(runs)}"
    if runs == FIRST_TARGET:
        return f"None, {runs} is the newest Cat-M1 image in one file. {_PAIR}"
    if runs < PAIR_BUILD:
        return f"None, every public image in one file is older than {runs}, and no public file brings {runs} back."
    return f"None, there is no public Cat-M1 image newer than {runs}."


def _newest_nb1(runs: int) -> str:
    if runs < NEWEST_NB1:
        return f"{_NB1_FULL} alone, without updater.elf: the newest public NB-IoT image.{_asks(runs)}"
    return f"None, no newer NB-IoT image than {runs} is in the public packages."


def _asks(runs: int) -> str:
    old = " `fipy-doctor flash` asks you to agree first, since the boot loader that came with such a build is old."
    return old if runs < OLDEST_GOOD_LOADER else ""


def _to_other_radio(runs: int, radio: str) -> str:
    """The full image of the other radio, and what it costs."""
    if runs == FACTORY_BUILD:
        return f"{FIRST_DIFF} alone first; {_NB1_FULL} not before {FIRST_TARGET} runs."
    name = FIRST_FULL if radio == CAT_M1 else _NB1_FULL
    lost = f", and no public file brings {runs} back" if runs in NO_WAY_BACK else ""
    pair = f" Never {PAIR_BUILD} straight from NB-IoT." if radio == CAT_M1 else ""
    return (
        f"For {_NAMES[radio]}: {name} alone, without updater.elf. It changes the radio{lost}: "
        f"`fipy-doctor flash` asks you to agree.{pair}"
    )
