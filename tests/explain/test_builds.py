"""What runs, what is to be flashed, and what was asked: read from words as from logs."""

from __future__ import annotations

import pytest

from doctor.knowledge import explain
from doctor.knowledge.asked import FLASH, POWER, asked
from doctor.knowledge.builds import steps_of
from doctor.knowledge.paste import read


def steps(text: str) -> list[tuple[str, str]]:
    return [(str(step.runs), str(step.image)) for step in steps_of(read(text.encode()))]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("LR5.1.1.0-41065\n>>> sqnsupgrade.run('/sd/CATM1-38638.dup')", [("LR5-41065", "LR5-38638")]),
        ("Software     : 6.0.0.0 [41019] by robot-soft\nrun('/sd/NB1-40343.dup')", [("LR6-41019", "LR6-40343")]),
        ("My modem has 41065, can I flash CATM1-39529.dup?", [("LR5-41065", "LR5-39529")]),
        ("Can I flash CATM1-39529.dup? My modem has 41065.", [("LR5-41065", "LR5-39529")]),
        ("I am on NB-IoT (41019), I want 48829", [("LR6-41019", "LR5-48829")]),
        ("von 41019 auf 48829", [("LR6-41019", "LR5-48829")]),
        ("runs 38638, upgdiff_33080-to-41065.dup", [("LR5-38638", "diff-33080")]),
        ("Bootloader0  : 5.1.1.0 [33080]\nrun('/sd/CATM1-41065.dup')", []),
        ("my modem says 43818 and the other 12345", []),
        ("41019 48829 33080", []),
    ],
)
def test_what_runs_is_told_from_what_is_to_be_flashed(text: str, wanted: list[tuple[str, str]]) -> None:
    assert steps(text) == wanted


def test_what_the_modem_prints_counts_before_what_is_said() -> None:
    text = "Software     : 5.1.1.0 [41065] x\nit still says 33080, do I need upgdiff_33080-to-41065.dup?"
    assert steps(text) == [("LR5-41065", "diff-33080")]


def test_what_a_flash_led_to_is_not_what_it_went_back_from() -> None:
    after = "sqnsupgrade.run('/sd/CATM1-38638.dup')\nYour modem has been successfully updated.\nLR5.1.1.0-41065"
    (step,) = steps_of(read(after.encode()))
    assert not step.holds("runs > image")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Can I flash it?", (FLASH,)),
        ("Darf ich den Stecker ziehen?", (POWER,)),
        ("¿Puedo desenchufar la placa?", (POWER,)),
        ("Dois-je installer le fichier CATM1-41065.dup ?", (FLASH,)),
        ("Mag ik de stekker eruit trekken?", (POWER,)),
        ("Somebody says just pull the USB plug. Is that safe?", (POWER,)),
        ("I want to run sqnsupgrade.run('/sd/x.dup'). OK?", (FLASH,)),
        ("Why did the flash fail?", ()),
        ("I flashed it yesterday. All is well.", ()),
        ("What is 43818?", ()),
    ],
)
def test_a_question_is_known_in_plain_words(text: str, wanted: tuple[str, ...]) -> None:
    assert asked(text) == wanted


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("My CATM1-41065.dup is 780 kB, on the website it says 5.9 MB. Can I flash it?", "Flash it? No, not as long"),
        ("Modem has 41065. Can I flash CATM1-38638.dup?", "Flash it? Know first: The image is older"),
        ("Can I flash tomorrow, in the rain?", "Flash it? Not before"),
        ("It stands at 99 %. May I unplug the modem?", "May the power go? No, leave it on."),
        ("May I unplug the modem?", "May the power go? No, leave it on."),
        (
            "Your modem has been successfully updated.\nCan I unplug the board now?",
            "May the power go? Yes, if",
        ),
    ],
)
def test_a_question_gets_a_plain_answer(text: str, answer: str) -> None:
    from tests.explain.test_public import printed

    assert answer in printed(text)


def test_a_guess_says_what_to_do_if_it_is_right() -> None:
    from tests.explain.test_public import printed

    explained = explain(b"LTE() hangs")
    assert explained.unsure
    for entry in explained.candidate_entries:
        assert f"If so: {entry.cure[0][:30].replace('`', '')}" in printed("LTE() hangs")
