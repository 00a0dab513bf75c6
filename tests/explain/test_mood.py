"""What is quoted, proposed, weighed or told of another is no event; a transfer that may still run is left alone."""

from __future__ import annotations

import pytest

from doctor.jobs.explaining.advice import advice
from doctor.knowledge import explain
from doctor.knowledge.words import said

_LEAVE_ALONE = "Do not interrupt it: no Ctrl-C, no reset, no power cut."


@pytest.mark.parametrize(
    "text",
    [
        "Stuck at 6 percent for a quarter of an hour, the script still runs. The PDF that came with the board says you "
        "may remove power at this point. Should I?",
        "la barra lleva 15 min en el 6%. En el foro dicen que desenchufar no es problema. ¿que hago?",
        'De balk staat op 8 % al 10 minuten. Volgens de handleiding: "stekker eruit en begin opnieuw". Klopt dat?',
        "99% since 20 min. A friend told me: press reset, that is what he did and it worked. me too?",
        "Steht auf 7 Prozent, 12 Minuten schon. Laut Wiki wäre Strom aus unbedenklich.",
        "The LED is white, bar at 7%. My colleague's modem died when he closed the terminal at this point. I wait?",
        "was passiert wenn ich bei 50 % den laptop zuklappe? läuft gerade",
    ],
)
def test_a_quoted_deed_leaves_the_transfer_running(text: str) -> None:
    found = advice(explain(text.encode()))
    assert found.answers[0].startswith(_LEAVE_ALONE)
    assert not any("fipy-doctor check" in step or "begin again" in step for step in found.steps)


@pytest.mark.parametrize(
    "text",
    [
        "bei 83 % hat mein Sohn den Stecker gezogen. Im Netz steht, man soll dann einfach weitermachen. Stimmt das?",
        "it hung at 40 % for half an hour so I pressed the power switch. What now?",
        "The manual says never to, but I unplugged it at 30 %.",
    ],
)
def test_a_deed_beside_a_quotation_is_still_told(text: str) -> None:
    assert explain(text.encode()).matches[0].id == "power-removed-during-flash"


@pytest.mark.parametrize(
    ("sentence", "told"),
    [
        ("i unplugged it at 30 %", True),
        ("if it hangs at 6 % unplug it, unplugged boards recover", False),
        ("unplugged is fine there", False),
        ("was it unplugged?", False),
        ("his modem was unplugged at 30 %", False),
        ("is it normal that it died after i unplugged it?", True),
        ('it says "unplugged while writing"', False),
    ],
)
def test_only_what_a_sentence_tells_as_so_is_told(sentence: str, told: bool) -> None:
    assert (said.told_at(sentence, "power-lost") is not None) is told


def test_a_question_whether_it_loops_is_no_loop() -> None:
    text = "Guru Meditation Error: Core  0 panic'ed\nthen it starts and I get >>>\nIs this a boot loop?"
    assert "boot-loop" not in [match.id for match in explain(text.encode()).matches]
