from __future__ import annotations

import pytest

from doctor.modem.facts import from_core, from_version_lines
from doctor.updater import states

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
LONG_FORM = [
    "    Bootloader0* : BUILD5.1.1.0-33080 by robot-soft at 2017-10-27 12:00:00",
    "    Bootloader1  : NA",
    "    Software     : BUILD5.1.1.0-33988 by robot-soft at 2017-12-11 15:06:33",
]


@pytest.mark.parametrize(
    ("lines", "build", "radio", "ue", "release", "loader"),
    [
        (["UE5.0.0.0d", "LR5.1.1.0-41065"], 41065, "CATM1", "5.0.0.0d", "LR5.1.1.0-41065", None),
        (["UE6.0.0.0", "LR6.0.0.0-41019"], 41019, "NB1", "6.0.0.0", "LR6.0.0.0-41019", None),
        (SHOWVER, 41065, "CATM1", "5.0.0.0d", "LR5.1.1.0-41065", 33080),
        (LONG_FORM, 33988, "CATM1", "", "LR5.1.1.0-33988", 33080),
        (["UE5.0.0.0d", "LR5.1.1.0-41065", *SHOWVER], 41065, "CATM1", "5.0.0.0d", "LR5.1.1.0-41065", 33080),
        (["UE8.0.5.13", "LR8.0.5.13-59577"], 59577, None, "8.0.5.13", "LR8.0.5.13-59577", None),
        ([], None, None, "", "", None),
        (["Unknown"], None, None, "", "", None),
    ],
)
def test_version(
    lines: list[str], build: int | None, radio: str | None, ue: str, release: str, loader: int | None
) -> None:
    facts = from_version_lines(lines, states.APPLICATION)
    assert (facts.build, facts.radio, facts.ue, facts.release) == (build, radio, ue, release)
    assert facts.bootloader0 == loader


@pytest.mark.parametrize(
    ("lines", "selector"),
    [(["+SMSWBOOT: FFF"], "FFF"), (["RECOVERY"], "RECOVERY"), (["+SMSWBOOT:FFH"], "FFH"), (["?"], None), ([], None)],
)
def test_boot_selector(lines: list[str], selector: str | None) -> None:
    answers = states.Facts()
    answers.smswboot = lines
    assert from_core(states.State("SQN3330"), answers).boot_selector == selector


def test_upgrade_report() -> None:
    answers = states.Facts()
    answers.smupgrade = ["+CEREG: 2", "+SMUPGRADE: No report: 0"]
    assert from_core(states.State("SQN3330"), answers).upgrade_report == "No report: 0"


def test_ati_names_the_family() -> None:
    state = states.State("SQN3330")
    state.ati = ["SEQUANS Communications", "GM02S", "UE8.0.5.13"]
    facts = from_core(state, states.Facts())
    assert (facts.family, facts.radio) == ("MONARCH2", None)


def test_stale_lines_in_front_of_a_query_are_noted() -> None:
    answers = states.Facts()
    answers.stale = ["+CPSMS: 1"]
    assert from_core(states.State("SQN3330"), answers).notes == ("stale-replies",)
