"""What runs, what is to be flashed, and what was asked: read from words as from logs."""

from __future__ import annotations

import pytest

from doctor.jobs.explaining.advice import advice
from doctor.knowledge import explain
from doctor.knowledge.builds import told_in
from doctor.knowledge.paste import read
from doctor.knowledge.words.asked import DEAD, DONE, FLASH, POWER, WORKED, asked


def steps(text: str) -> list[tuple[str, str]]:
    return [(str(step.runs), str(step.image)) for step in told_in(read(text.encode())).steps]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("LR5.1.1.0-41065\n>>> sqnsupgrade.run('/sd/CATM1-38638.dup')", [("LR5-41065", "LR5-38638")]),
        ("Software     : 6.0.0.0 [41019] by robot-soft\nrun('/sd/NB1-40343.dup')", [("LR6-41019", "LR6-40343")]),
        ("My modem has 41065, can I flash CATM1-39529.dup?", [("LR5-41065", "LR5-39529")]),
        ("Can I flash CATM1-39529.dup? My modem has 41065.", [("LR5-41065", "LR5-39529")]),
        ("I am on NB-IoT (41019), I want 48829", [("LR6-41019", "LR5-48829")]),
        ("von 41019 auf 48829", [("LR6-41019", "LR5-48829")]),
        ("runs 38638, upgdiff_33080-to-41065.dup", [("LR5-38638", "diff-33080-to-41065")]),
        ("Bootloader0  : 5.1.1.0 [33080]\nrun('/sd/CATM1-41065.dup')", []),
        (
            "Bootloader0 : [33080]\nBootloader1* : [41019]\nSoftware : 6.0.0.0 [41019]",
            [("LR6-41019", "loader-33080"), ("LR6-41019", "loader*-41019")],
        ),
        ("it runs 41065, the first boot loader says 33080", [("LR5-41065", "loader-33080")]),
        ("still 33080 in copy 0, the modem has 41065", [("LR5-41065", "loader-33080")]),
        ("Software 6.0.0.0 [41019], Differenz-Update von 33080?", [("LR6-41019", "diff-33080")]),
        ("is 33080-to-41065 right? my modem says 38638", [("LR5-38638", "diff-33080-to-41065")]),
        ("My first copy says [33080]. Software 38638.", [("LR5-38638", "loader-33080")]),
        ("LR5.2.1.0-48829, the newest single file is CATM1-41065", [("LR5-48829", "LR5-41065")]),
        ("my modem says 43818 and the other 12345", []),
        ("41019 48829 33080", []),
    ],
)
def test_what_runs_is_told_from_what_is_to_be_flashed(text: str, wanted: list[tuple[str, str]]) -> None:
    assert steps(text) == wanted


def test_what_the_modem_prints_counts_before_what_is_said() -> None:
    text = "Software     : 5.1.1.0 [41065] x\nit still says 33080, do I need upgdiff_33080-to-41065.dup?"
    assert steps(text) == [("LR5-41065", "diff-33080-to-41065")]


def test_what_a_flash_led_to_is_not_what_it_went_back_from() -> None:
    after = "sqnsupgrade.run('/sd/CATM1-38638.dup')\nYour modem has been successfully updated.\nLR5.1.1.0-41065"
    (step,) = told_in(read(after.encode())).steps
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
        ("Is my modem bricked?", (DEAD,)),
        ("Ist das Modem tot?", (DEAD,)),
        ("¿Murió?", (DEAD,)),
        ("May I unplug it, or is it dead then?", (POWER,)),
        ("Moin, kann mir wer sagen warum sqnsupgrade die Datei nicht findet?", ()),
        ("Should I flash it?", (FLASH,)),
    ],
)
def test_a_question_is_known_in_plain_words(text: str, wanted: tuple[str, ...]) -> None:
    assert asked(text) == wanted


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("My CATM1-41065.dup is 780 kB, on the website it says 5.9 MB. Can I flash it?", "Flash it? No, not as long"),
        ("Modem has 41065. Can I flash CATM1-38638.dup?", "Flash it? Better not, from 41065 to 38638"),
        ("Can I flash tomorrow, in the rain?", "Flash it? Not before"),
        ("It stands at 99 %. May I unplug the modem?", "May the power go? No, leave it on."),
        ("May I unplug the modem?", "May the power go? No, leave it on."),
        ("LR5.1.1.0-38638 runs. Is CATM1-41065 newer?", "Is it newer? Yes: 41065, and the modem runs 38638."),
        ("It has LR5.2.1.0-48829. Is NB1-41019.dup newer?", "Is it newer? Neither: 41019 is for the other radio"),
        (
            "I pulled the plug while it flashed at 40 %.\nAT+SMOD?\n4\nOK\nAT+SMSWBOOT=3,0 failed!\nflash again?",
            "Do it again? Yes, as step 1 below says, and in no other way",
        ),
        ("Your modem is in upgrade mode! Use firmware.dup. Should I flash it?", "Flash it? Only in the order"),
        ("Die Aktualisierung steht bei 100 %, darf ich den Stecker ziehen?", "May the power go? No, leave it on."),
        (
            "Your modem has been successfully updated.\nCan I unplug the board now?",
            "May the power go? Yes, if",
        ),
    ],
)
def test_a_question_gets_a_plain_answer(text: str, answer: str) -> None:
    from tests.explain.test_public import printed

    assert answer in printed(text)


def test_a_question_about_the_power_is_none_about_the_flash() -> None:
    assert asked("La mise à jour est bloquée, je peux débrancher ?") == (POWER,)
    assert asked("Has anybody gone back to 41019?") == (DONE,)
    assert asked("Iemand zegt: formatteer hem. Moet dat echt?") == ()


def test_a_question_about_what_was_done_asks_for_no_flash() -> None:
    assert asked("Did the update of my GPy fail?") == asked("Hat das Update geklappt?") == (WORKED,)
    assert asked("['sd', 'CATM1-41065.dup']. Is it mounted?") == ()
    assert asked("At 6 % I pull the plug, they say. Yes or no") == (POWER,)


@pytest.mark.parametrize(
    "copy", ["Bootloader0 : 5.1.1.0 [33080]", "boot loader 0 still says 33080", "there is a 33080 in copy 0 of it"]
)
def test_the_copy_that_the_factory_left_brings_no_rule_for_factory_modems(copy: str) -> None:
    text = f"GPy, Software 5.1.1.0 [38638]. {copy}. Which file comes first, and do I need updater.elf for it?"
    explained = explain(text.encode())
    named = {*explained.candidates, *(match.id for match in explained.matches)}
    assert not named & {"full-image-on-33080-needs-updater", "nb1-first-on-factory-modem", "33080-straight-to-48829"}
    assert [note.id for note in explained.notes] == ["boot-loader-left-over"]


def test_what_a_note_answers_is_not_asked_back_about() -> None:
    text = "Bootloader0 [33080], Bootloader1* [38638], Software [38638]. Do I need updater.elf for the old boot loader?"
    assert explain(text.encode()).candidates == ()


def test_a_modem_that_runs_33080_has_no_copy_that_was_left() -> None:
    explained = explain(b"Software : 5.1.1.0 [33080]\nBootloader0* : 5.1.1.0 [33080]\nIs my boot loader too old?")
    assert explained.notes == ()


def test_a_guess_says_what_to_do_if_it_is_right() -> None:
    from tests.explain.test_public import printed

    explained = explain(b"LTE() hangs")
    assert explained.unsure
    for entry in explained.candidate_entries:
        assert f"If so: {entry.cure[0][:30].replace('`', '')}" in printed("LTE() hangs")


AFTER_SUCCESS = (
    "Your modem has been successfully updated.\nBootloader0  : 5.1.1.0 [33080]\nBootloader1* : 5.1.1.0 [38638]\n"
    "Software     : 5.1.1.0 [38638]\n"
)


@pytest.mark.parametrize(
    "question",
    [
        "Why is there still a 33080? do i have to run it again with the recovery thing",
        "Wieso steht da noch auf 33080? Nochmal flashen?",
    ],
)
def test_a_number_asked_about_is_the_boot_loader_above(question: str) -> None:
    found = explain(f"{AFTER_SUCCESS}{question}".encode())
    assert not found.matches
    assert advice(found).answers[0].startswith("Do it again? No, it is done") or "no need" in advice(found).answers[0]


def test_an_older_image_that_is_sent_is_one_though_a_boot_loader_has_its_number() -> None:
    found = explain(f"{AFTER_SUCCESS}Can I go back to 33080?".encode())
    assert [match.id for match in found.matches] == ["image-older-than-installed"]


TWO = (
    "A: Bootloader0* [33080], Bootloader1 NA, Software 5.1.1.0 [33080]\n"
    "B: Bootloader0 [33080], Bootloader1* [38638], Software 5.1.1.0 [38638]\n"
)


@pytest.mark.parametrize(
    "question", ["Flash upgdiff_33080-to-41065.dup on both?", "upgdiff_33080-to-41065 fits both, right?"]
)
def test_each_of_two_modems_has_its_own_answer(question: str) -> None:
    (answer,) = advice(explain(f"{TWO}{question}".encode())).answers
    assert "On a modem that runs 33080: nothing told here is against it" in answer
    assert "On a modem that runs 38638: no, not from 38638" in answer


@pytest.mark.parametrize("asked_so", ["Did it only half work?", "hats nicht geklappt?", "ca a marche ou pas ?"])
def test_whether_it_worked_is_told_by_what_runs(asked_so: str) -> None:
    sent = ">>> sqnsupgrade.run('/sd/CATM1-41065.dup')\n"
    block = "Bootloader0 : 5.1.1.0 [33080]\nBootloader1* : 5.1.1.0 [41065]\nSoftware : 5.1.1.0 [41065]\n"
    answers = advice(explain(f"{sent}{block}{asked_so}".encode())).answers
    assert answers[0] == "It worked: 41065 was sent, and it is what the modem runs."
    assert advice(explain(f"{block}{asked_so}".encode())).answers == (
        "The modem runs 41065: if that is what was sent, it worked, and nothing is left to do.",
    )


def test_a_way_that_was_gone_to_its_end_is_no_finding() -> None:
    went = "LR5.1.1.0-33080\nThen CATM1-38638.dup with updater.elf:\nYour modem has been successfully updated\n"
    assert not explain(f"{went}LR5.1.1.0-38638\nAll fine?".encode()).matches
    assert explain(b"LR5.1.1.0-33080\nNow CATM1-38638.dup with updater.elf?").matches[0].id == "33080-to-another-cat-m1"


@pytest.mark.parametrize(
    ("text", "runs", "images"),
    [
        ("my modem runs 33080. Goal: LR5.2.1.0-48829", ["LR5-33080"], ["LR5-48829"]),
        ("LR5.1.1.0-33080\nCible : LR5.2.1.0-48829", ["LR5-33080"], ["LR5-48829"]),
        ("Software : 5.1.1.0 [38638]\ngewünscht: 5.1.1.0 [41065]", ["LR5-38638"], ["LR5-41065"]),
        ("Software : 5.1.1.0 [33080]\nI have 41065 on my card", ["LR5-33080"], ["LR5-41065"]),
        ("Mein Modem hat 33080, ich habe 48829-1 heruntergeladen", ["LR5-33080"], ["LR5-48829"]),
        ("I have 48829 on the card", ["LR5-48829"], []),
    ],
)
def test_a_build_that_is_wanted_or_a_file_does_not_run_beside_one_that_does(
    text: str, runs: list[str], images: list[str]
) -> None:
    told = explain(text.encode()).facts.builds
    assert ([str(build) for build in told.runs], [str(build) for build in told.images]) == (runs, images)
    assert told.rivals == ()


def test_a_wanted_build_is_not_shown_as_the_modems() -> None:
    facts = explain(b"Software : 5.1.1.0 [33080]\nwant LR5.2.1.0-48829").facts
    assert "modem" not in facts.by_kind
