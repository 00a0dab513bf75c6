"""What explain says of a step that a text tells of is what the rules that gate a flash say of it."""

from __future__ import annotations

import pytest

from doctor.jobs.step_told import verdicts
from doctor.knowledge import explain


@pytest.mark.parametrize(
    ("text", "begins", "says"),
    [
        ("LR5.1.1.0-46470\nI'd like NB-IoT (41019)", "Only if you agree", "cannot be restored"),
        ("LR5.1.1.0-41065, NB1-41019.dup?", "Only if you agree", ". Better: use an image for Cat-M1."),
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
