"""Named states of the simulated bench, one for every failure of the original thread, and what `check` says first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from doctor.sim.card.image import CardLayout
from doctor.sim.modem.faults import Fault
from doctor.sim.practice.image import practice_image, practice_name

HANGING_RELEASE = "1.17.3.b1"
"""Era A, the board of the original thread: LTE() waits forever for a dead modem (board-and-repl.md 1)."""


@dataclass
class Setup:
    """What a bench is built from; scenarios change it before anything is powered.

    release     of the board's firmware; None: the default
    flash       files under /flash, without that prefix
    card        files on the card by path
    modem_mode  as Modem(mode=…)
    build       of the modem's application; None: the default
    bootloaders  as Modem(loaders=…); None: those that the build usually has
    hung        the modem hangs until power is removed
    faults      what goes wrong in the modem
    """

    release: str | None = None
    flash: dict[str, bytes] = field(default_factory=dict)
    card: dict[str, bytes] = field(default_factory=lambda: {practice_name(): practice_image()})
    card_layout: CardLayout = CardLayout.PC
    jumpers_fitted: bool = False
    modem_mode: str = "application"
    build: int | None = None
    bootloaders: str | None = None
    hung: bool = False
    faults: list[Fault] = field(default_factory=list)


@dataclass(frozen=True)
class Scenario:
    """One named state.

    text         what is broken, for ``sim --list``
    check        the check whose finding must come first; None: all pass
    status       of that finding: "fail" or "warn"
    catalogue    its catalogue id
    needs_board  False if a bare modem can be in this state too
    """

    name: str
    text: str
    check: str | None
    status: str
    catalogue: str | None
    apply: Callable[[Setup], None]
    needs_board: bool = True


HTML_PAGE = b"""





<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>pycom-libraries/%s at master</title>
  </head>
  <body class="logged-out env-production page-responsive page-blob">
    <div id="start-of-content" class="show-on-focus"></div>
    <td id="LC1" class="blob-code blob-code-inner js-file-line"><span class="pl-c">#!/usr/bin/env python</span></td>
  </body>
</html>
"""
AUTORUN_MAIN = b"""import sqnsupgrade
sqnsupgrade.run('/sd/CATM1-41065.dup', 921600)
"""
"""What the original poster had; the file is not on the card, so each boot ends in a traceback and a prompt."""

SMSWBOOT_ERRORS = {"AT+SMSWBOOT?": 3, "AT+SMSWBOOT=3": 2}
STALE_ANSWERS = 3


def _html_scripts(setup: Setup) -> None:
    setup.flash["sqnsupgrade.py"] = HTML_PAGE % b"sqnsupgrade.py"
    for name in ("sqnsbr.py", "sqnscodec.py", "sqnscrc.py", "sqnstp.py"):
        setup.flash["lib/" + name] = HTML_PAGE % name.encode("ascii")


def _dup_in_folder(setup: Setup) -> None:
    setup.card = {f"sd/{path}" if path.endswith(".dup") else path: data for path, data in setup.card.items()}


def _autorun_updater(setup: Setup) -> None:
    setup.flash["main.py"] = AUTORUN_MAIN


def _with(**members: object) -> Callable[[Setup], None]:
    """A bench with these members of its setup."""

    def apply(setup: Setup) -> None:
        for name, value in members.items():
            setattr(setup, name, value)

    return apply


def _failing(kind: str, commands: Mapping[str, int]) -> Callable[[Setup], None]:
    """A modem that fails at commands that begin so, so many times each."""

    def apply(setup: Setup) -> None:
        setup.faults += [Fault(kind, command, times=count) for command, count in commands.items()]

    return apply


_SEEN = (
    ("factory", 33080, "33080*,NA,NA", "as it left the factory"),
    ("33988", 33988, "33080,33988*,39529", "a full image of spring 2018, later a boot ROM package"),
    ("37781", 37781, "33080,36417,37781*", "two full images, one after the other"),
    ("38638-recovery", 38638, "33080,38638,38638*", "boot ROM, updater.elf and full image"),
    ("38638", 38638, "33080,38638*,38638", "then the full image alone"),
    ("41019", 41019, "41065,41019*,41065", "the vendor's tool renewed copy 0"),
    ("50523", 50523, "44556,50523*,46262", "an engineering sample"),
)
"""Boot loaders that real modems have shown, and how they came there (modem-protocol.md 7.1)."""

_ALL = (
    Scenario("healthy", "nothing is wrong", None, "pass", None, _with(), False),
    Scenario(
        "html-scripts",
        "the updater scripts on the board are saved GitHub pages",
        "board-scripts-match", "fail", "script-is-html-page", _html_scripts,
    ),
    Scenario(
        "sd-lists-empty",
        "the board mounts a leftover first partition that lists nothing; the files are in the second",
        "board-reads-card", "fail", "sd-mounts-but-listing-empty", _with(card_layout=CardLayout.LEFTOVER_PARTITION),
    ),
    Scenario(
        "dup-in-folder",
        "the firmware is in a folder named sd on the card",
        "board-reads-card", "fail", "dup-in-folder-named-sd", _dup_in_folder,
    ),
    Scenario(
        "jumpers-fitted",
        "the RTS and CTS jumpers of the expansion board are fitted",
        "jumpers-removed", "fail", "expansion-rts-cts-jumpers", _with(jumpers_fitted=True),
    ),
    Scenario(
        "lte-hangs",
        f"the modem hangs and the board runs {HANGING_RELEASE}, where LTE() then never returns",
        "modem-answers", "fail", "lte-constructor-hangs", _with(release=HANGING_RELEASE, hung=True),
    ),
    Scenario(
        "ati-error",
        "the modem runs an updater from RAM: AT answers OK, ATI answers ERROR",
        "modem-answers", "warn", "ati-returns-error", _with(modem_mode="ram-updater"), False,
    ),
    Scenario(
        "smswboot-error",
        "the modem refuses AT+SMSWBOOT the first times",
        "boot-switch-answers", "warn", "smswboot-30-failed", _failing("error", SMSWBOOT_ERRORS), False,
    ),
    Scenario(
        "stale-replies",
        "replies to earlier commands come in front of the modem's answers",
        "modem-answers", "warn", "stale-bytes-in-reply", _failing("stale", {"AT": STALE_ANSWERS}), False,
    ),
    Scenario(
        "autorun-updater",
        "main.py starts an updater at every boot",
        "boot-starts-no-updater", "fail", "main-py-autoruns-updater", _autorun_updater,
    ),
    Scenario(
        "modem-recovery",
        "the modem waits in recovery for a firmware image (SMOD 4)",
        "modem-answers", "warn", "modem-left-in-update-boot", _with(modem_mode="recovery"), False,
    ),
    Scenario(
        "modem-ffh",
        "the modem is in its boot ROM at 115200 (SMOD 0)",
        "modem-answers", "fail", "modem-in-ffh", _with(modem_mode="ffh"), False,
    ),
    Scenario(
        "modem-silent",
        "the modem is dead: nothing ever answers",
        "modem-answers", "fail", "modem-silent", _with(modem_mode="silent"), False,
    ),
    Scenario(
        "stp-fails-midway",
        "an earlier transfer died in the middle of a block: the modem still waits for the rest",
        "modem-answers", "fail", "modem-left-in-update-boot", _with(modem_mode="stp-open"), False,
    ),
    *(
        Scenario(
            f"loaders-{name}", f"the modem runs {build} with boot loaders {loaders}: {how}",
            None, "pass", None, _with(build=build, bootloaders=loaders), False,
        )
        for name, build, loaders, how in _SEEN
    ),
)  # fmt: skip

SCENARIOS: dict[str, Scenario] = {scenario.name: scenario for scenario in _ALL}
"""Every scenario by name, in the order in which they are shown."""


def set_up(names: tuple[str, ...]) -> Setup:
    """The setup that the named scenarios make together. Raises KeyError for an unknown name."""
    setup = Setup()
    for name in names:
        SCENARIOS[name].apply(setup)
    return setup
