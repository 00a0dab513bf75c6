"""What explain says of a step that a text tells of is what the rules that gate a flash say of it."""

from __future__ import annotations

import re

import pytest

from doctor.jobs.step_told import verdicts
from doctor.knowledge import explain


@pytest.mark.parametrize(
    ("text", "begins", "says"),
    [
        ("LR5.1.1.0-46470\nI'd like NB-IoT (41019)", "Only if you agree", "cannot be restored"),
        (
            "LR5.1.1.0-41065, NB1-41019.dup?",
            "Only if you agree",
            ". Better: use an image for Cat-M1, unless this change",
        ),
        ("LR6.0.0.0-41019\nnow the 48829 files", "No, not from 41019 to 48829", "CATM1-41065.dup first"),
        ("GPy factory 33080. 33080 -> 41019?", "No, not from 33080 to 41019", "upgdiff_33080-to-41065.dup first"),
        (
            "Software : 5.1.1.0 [33080]\nupgdiff_33080-to-41065.dup",
            "Nothing told here is against it, from 33080 to 41065",
            "upgdiff_33080",
        ),
        ("my modem has 38638, upgdiff_33080-to-41065.dup", "No, not", "changes build 33080"),
        ("LR5.2.1.0-48829, CATM1-41065.dup?", "Better not", "older than what the modem runs"),
        ("LR5.1.1.0-38638, CATM1-41065.dup?", "Nothing told here is against it", "from 38638 to 41065"),
    ],
)
def test_a_step_is_judged_by_the_rules_of_a_flash(text: str, begins: str, says: str) -> None:
    (said,) = verdicts(explain(text.encode()).facts)
    assert said.startswith(begins)
    assert says in said
    assert "--accept" not in said


@pytest.mark.parametrize(
    "text",
    [
        "LR8.2.1.0-61488 and CATM1-41065.dup",
        "CATM1-41065.dup",
        "LR5.1.1.0-41065",
        "LR5.1.1.0-41065, CATM1-41065.dup again",
    ],
)
def test_without_two_builds_of_this_family_nothing_is_judged(text: str) -> None:
    assert verdicts(explain(text.encode()).facts) == ()


@pytest.mark.parametrize(
    "told",
    [
        "Mine says Software : 5.1.1.0 [33080]. Can I flash 48829?\n\nBob wrote:\n> Software : 5.1.1.0 [41065]",
        "Mein Modem hat Software 5.1.1.0 [33080], das vom Kollegen LR5.1.1.0-41065. Darf ich 48829 flashen?",
        "Friend's says LR5.1.1.0-41065. Mine is on 33080. Can I flash 48829?",
        "Hypothetically, if mine had LR5.1.1.0-41065, can I flash 48829? It has 33080.",
    ],
)
def test_what_another_board_runs_makes_no_step_allowed(told: str) -> None:
    (said,) = verdicts(explain(told.encode()).facts)
    assert said.startswith(("No, not from 33080 to 48829", "On a modem that runs 33080: no, not from 33080 to 48829"))
    assert re.search("(?:If this|On a) modem (?:that )?runs 41065(?: and not 33080)?: only if", said)


def test_a_build_that_was_flashed_over_is_no_other_board() -> None:
    told = "LR5.1.1.0-33080\n>>> run('/sd/upgdiff_33080-to-41065.dup')\nLR5.1.1.0-41065\nCATM1-5.2-48829-1.dup next?"
    assert verdicts(explain(told.encode()).facts)[0].startswith("Only if you agree")


@pytest.mark.parametrize(
    "told", ["It does not run 41065. 48829?", "läuft nicht 41065, 48829?", "Not LR5.1.1.0-41065 but older. 48829?"]
)
def test_a_build_that_is_denied_does_not_run(told: str) -> None:
    assert explain(told.encode()).facts.builds.runs == ()


@pytest.mark.parametrize(
    "told",
    [
        "Non ho updater.elf.",
        "I skipped updater.elf.",
        "Is updater.elf needed?",
        "Nie mam updater.elf.",
        "updater.elf",
    ],
)
def test_updater_elf_is_a_condition_whatever_is_said_of_it(told: str) -> None:
    (said,) = verdicts(explain(f"LR5.1.1.0-33080. CATM1-41065.dup. {told}".encode()).facts)
    assert said.startswith("Only if updater.elf and the board's boot ROM are at hand")


def test_an_old_boot_loader_that_runs_needs_a_consent() -> None:
    told = "Bootloader0* : 5.1.1.0 [33080]\nSoftware : 5.1.1.0 [38638]\nCATM1-41065.dup?"
    assert verdicts(explain(told.encode()).facts)[0].startswith("Only if you agree")


def test_between_the_two_files_of_48829_only_the_second_may_follow() -> None:
    told = "LR5.1.1.0-39529 after CATM1-5.2-48829-1.dup. Can I flash CATM1-41065.dup now?"
    assert verdicts(explain(told.encode()).facts)[0].startswith("No, if the first file of 48829 went out")
