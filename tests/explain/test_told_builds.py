"""A build that is told in words is used: the question about it is answered by what runs."""

from __future__ import annotations

import pytest

from doctor.jobs.explaining.advice import advice
from doctor.knowledge import explain


def answers(text: str) -> str:
    return "\n".join(advice(explain(text.encode())).answers)


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("36417 on my fipy since 2019", 36417),
        ("hab 41019 drauf", 41019),
        ("tengo 37781 instalado", 37781),
        ("J'ai 33988 dans mon gpy", 33988),
        ("NB1-41019 running -> sent CATM1-5.2-48829-1", 41019),
        ("46470 since delivery", 46470),
        ("FiPy draait nu 6.0.0.0 [41019]", 41019),
        ("mein GPy läuft mit 5.1.1.0 [38638]", 38638),
        ("my modem has BUILD5.1.1.0 [39529]", 39529),
    ],
)
def test_words_behind_a_number_say_that_it_runs(text: str, runs: int) -> None:
    assert [build.number for build in explain(text.encode()).facts.builds.runs] == [runs]


def test_an_older_file_is_compared_with_a_build_in_brackets() -> None:
    text = "Heb een zip met NB1-37781.dup. FiPy draait nu 6.0.0.0 [41019]. Kan ik die 37781 er gewoon op zetten?"
    assert [match.id for match in explain(text.encode()).matches] == ["image-older-than-installed"]


@pytest.mark.parametrize(
    "text", ["Can I put 41065 on my GPy?", "will 41065 drauf spielen", "get 41065 on it first", "flash 5.1.1.0 [41065]"]
)
def test_what_is_to_come_there_does_not_run(text: str) -> None:
    assert not explain(text.encode()).facts.builds.runs


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("mine came with 46470 installed. somebody in the forum did it, so can I?", "Two people left 43818 and 46470"),
        ("43818 from factory. NB-IoT is the only network here. way out?", "For NB-IoT: NB1-41019.dup alone"),
        ("46470 on my gpy. If I take NB1-41019, can I return?", "Back? No: no public file brings 46470 back"),
        ("41019 on it. If I go to Cat-M, can I get back later?", "Back? Yes: NB1-41019.dup"),
        ("^EXIT: File: rrc.c@88 all day, 39529 on it. Would you update", "Which file? CATM1-41065.dup alone"),
        ("33080 from factory. it takes nothing but the differential, a page says. true?", "upgdiff_33080-to-41065.dup"),
        ("I run 41019. Wiki: 41065 first, then 48829-1 and -2. right order?", "from 41019 to 41065"),
        ("J'ai 33988 dans mon gpy. On me dit de mettre 48829. C'est bon ?", "Flash it? No, not from 33988 to 48829"),
        ("Software : 5.1.1.0 [38638]. A page says updater.elf is needed. Does that hold for me?", "updater.elf? No"),
        ("36417 runs. guide: 1) flash 33988 2) flash 41065. Is the guide right?", "Leave 33988 out"),
    ],
)
def test_the_question_is_answered_by_what_runs(text: str, says: str) -> None:
    assert says in answers(text)


def test_a_build_without_a_public_file_is_no_guess() -> None:
    found = explain(b"50523 in my modem since delivery. Can I go to 41065 or does the loader forbid it?")
    assert (found.matches[0].id, found.candidates) == ("modem-build-50523", ())
    assert "Flash it? No" in answers("50523 in my modem since delivery. Can I go to 41065?")


@pytest.mark.parametrize(
    ("text", "first"),
    [
        (
            "LR5.1.1.0-41065 here. A thread wants 33988 before anything else. So step 1 is 33988, yes?",
            "Flash it? Better not",
        ),
        ("Should I put 48829 on? LR6.0.0.0-41019 here", "Flash it? No, not from 41019 to 48829"),
        ("41019 on my gpy, would this help: NB1-37781.dup?", "Does a flash help? No"),
        ("LR5.1.1.0-46470, they say I may try NB1-41019. Can I return if I dislike it?", "Back? No"),
        ("Walter, +SQNMODEACTIVE: 2. how do I get from nb-iot to cat-m, another file?", "Which file? None for that"),
        (
            "OSError: [Errno 8] when I write to /flash. Do I lose the LTE firmware too?",
            "Is it dead? Nothing in this text",
        ),
    ],
)
def test_the_first_answer_is_to_what_was_asked(text: str, first: str) -> None:
    assert answers(text).startswith(first)
