"""The version block as the PC and as the board read it: the same lines to both."""

from __future__ import annotations

import pytest

from doctor.modem.facts import from_core, from_version_lines
from doctor.modem.images import running as pc_running
from doctor.updater import states
from doctor.updater.board_run import running as board_running
from doctor.updater.shapes import Running
from doctor.updater.version_block import Loaders, agreed, loaders_of

#: modem-protocol.md 8.3.
SHOWVER = [
    "SYSTEM VERSION",
    "==============",
    "  FIRMWARE VERSION",
    "    Bootloader0  : 5.1.1.0 [33080]",
    "    Bootloader1* : 5.1.1.0 [41065]",
    "    Bootloader2  : 5.1.1.0 [38638]",
    "    NV Info      : 1.1,0,0",
    "    Software     : 5.1.1.0 [41065] by robot-soft at 2019-02-01 12:00:00",
    "    UE           : 5.0.0.0d",
    "  COMPONENTS",
    "    ZSP0         : 1.0.99-13604",
]
FACTORY = [
    "    Bootloader0* : 5.1.1.0 [33080]",
    "    Bootloader1  : NA",
    "    Bootloader2  : NA",
    "    Software     : 5.1.1.0 [33080] by robot-soft at 2017-10-27 12:00:00",
]
LONG_FORM = [
    "    Bootloader0  : BUILD5.1.1.0-33080 by robot-soft at 2017-10-27 12:00:00",
    "    Bootloader1* : BUILD5.1.1.0-33988 by robot-soft at 2017-12-11 15:06:33",
    "    Bootloader2  : 5.1.1.0 [39529]",
    "    Software     : BUILD5.1.1.0-33988 by robot-soft at 2017-12-11 15:06:33",
]
#: modem-protocol.md 8.4.
GET_SW_VERSION = [
    "[BOOTROM0] 6.0.0.0 [44556]",
    "[BOOTROM1*] 5.4.1.0 [50523]",
    "[BOOTROM2] 6.1.2.0 [46262]",
    "[FFF] 5.4.1.0 [50523] by robot-soft at 2021-06-01 12:00:00",
    "[ECOPAGING] 5.4.1.0 [50523] by robot-soft at 2021-06-01 12:00:00",
    "[UPDATER] 5.4.1.0 [50523] by robot-soft at 2021-06-01 12:00:00",
    "[NVRAM] 1.1,0,0",
]
CATM1 = ["UE5.0.0.0d", "LR5.1.1.0-41065"]


def readers(lines: list[str]) -> tuple[Running, Running]:
    state, facts = states.State("SQN3330"), states.Facts()
    facts.showver = lines
    return pc_running(from_core(state, facts)), board_running(state, facts)


@pytest.mark.parametrize(
    ("lines", "build", "radio", "loaders"),
    [
        (CATM1, 41065, "CATM1", ""),
        (["UE6.0.0.0", "LR6.0.0.0-41019"], 41019, "NB1", ""),
        (SHOWVER, 41065, "CATM1", "33080,41065*,38638"),
        (CATM1 + SHOWVER, 41065, "CATM1", "33080,41065*,38638"),
        (FACTORY, 33080, "CATM1", "33080*,NA,NA"),
        (LONG_FORM, 33988, "CATM1", "33080,33988*,39529"),
        (GET_SW_VERSION, 50523, "CATM1", "44556,50523*,46262"),
        ([line.replace("BOOTROM2] 6.1.2.0 [46262]", "BOOTROM2] NA") for line in GET_SW_VERSION], 50523, "CATM1",
         "44556,50523*,NA"),
        (["UE8.0.5.13", "LR8.0.5.13-59577"], 59577, "", ""),
        (["Firmware XLR5.1.1.0-41065"], 0, "", ""),
        (["on LR6.0.0.0-41019 since"], 41019, "NB1", ""),
        (["LR5.1.1.0-12"], 0, "", ""),
        (["LR5.1.1.0-38638", *SHOWVER], 41065, "CATM1", "33080,41065*,38638"),
        ([], 0, "", ""),
        (["Unknown"], 0, "", ""),
    ],
)  # fmt: skip
def test_board_and_pc_read_the_same(lines: list[str], build: int, radio: str, loaders: str) -> None:
    for one in readers(lines):
        assert (one.build, one.radio, one.loaders.text) == (build, radio, loaders)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Bootloader1*", "Bootloader1 "),  # no star
        ("Bootloader2 ", "Bootloader2*"),  # two stars
        ("5.1.1.0 [41065]", "NA"),  # nothing under the star
        ("Bootloader2", "Bootlo"),  # a copy is missing
        ("[38638]", "[386"),
        ("[38638]", "[38\u00b238]"),
        ("[38638]", ""),
        ("Bootloader2  : 5.1.1.0 [38638]", "Bootloader0  : 5.1.1.0 [38638]"),  # two that disagree
    ],
)
def test_block_that_does_not_say_which_copy_runs_is_unread(old: str, new: str) -> None:
    lines = [line.replace(old, new) if "Boot" in line else line for line in SHOWVER]
    assert lines != SHOWVER
    for one in readers(lines):
        assert (one.build, one.loaders.text, one.loaders.runs, one.loaders.copy0) == (41065, "", 0, 0)


def test_readings_that_differ_are_none() -> None:
    other = [line.replace("33080", "38638") for line in SHOWVER]
    assert agreed([SHOWVER, other]) == []
    assert agreed([SHOWVER, [*SHOWVER, "+CEREG: 2"]])  # another line changes nothing
    assert agreed([SHOWVER]) == SHOWVER
    assert agreed([]) == []


def test_which_copy_runs() -> None:
    loaders = loaders_of(SHOWVER)
    assert (loaders.runs, loaders.copy0, loaders.star) == (41065, 33080, 1)
    assert loaders == Loaders((33080, 41065, 38638), 1)


def test_ue_and_release_for_reports() -> None:
    facts = from_version_lines(SHOWVER, states.APPLICATION)
    assert (facts.ue, facts.release) == ("5.0.0.0d", "LR5.1.1.0-41065")
    assert from_version_lines(LONG_FORM, states.APPLICATION).release == "LR5.1.1.0-33988"
