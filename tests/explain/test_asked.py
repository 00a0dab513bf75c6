"""What a reader asks is answered first, from what is found; what he left running is left to run."""

from __future__ import annotations

import pytest

from doctor.jobs.explaining.advice import advice
from doctor.knowledge import explain
from doctor.knowledge.words.asked import FIRST, FLASH, LONG, MILD, NEXT, POWER, asked
from doctor.knowledge.words.seen import nearest
from doctor.knowledge.words.things import CARD, DRIVER, UPDATER_ELF, needed, suspected
from tests.explain import seen

BUSY = "could not open port 'COM7': PermissionError(13, 'Access is denied.', None, 5)\n"
DAMAGED = ">>> os.listdir('/flash')\nOSError: [Errno 8] ENOEXEC\n"


@pytest.mark.parametrize(
    ("prose", "kinds"),
    [
        ("Can I ignore the first line?", {MILD}),
        ("Ist das schlimm?", {MILD}),
        ("I flash the modem tomorrow. Must I flash the board before?", {FIRST}),
        ("Combien de temps ça dure ?", {LONG}),
        ("Was tun?", {NEXT}),
        ("The script says nothing. Ctrl-C?", {POWER}),
        ("Do I have to install a driver?", set()),
        ("Must I use updater.elf?", set()),
        ("Muss ich erst Python installieren?", set()),
    ],
)
def test_a_question_is_known_by_its_words(prose: str, kinds: set[str]) -> None:
    assert set(asked(prose)) - {FLASH} == kinds
    assert FLASH not in asked(prose) or FIRST in kinds


@pytest.mark.parametrize(
    ("prose", "suspects", "needs"),
    [
        ("Is it the card?", (CARD,), ()),
        ("Liegt es an der SD-Karte?", (CARD,), ()),
        ("Muss ich einen Treiber installieren?", (), (DRIVER,)),
        ("¿Hace falta updater.elf?", (), (UPDATER_ELF,)),
        ("I put the card in. Why?", (), ()),
        ("AT+CPIN? says no SIM, is it normal", (), ()),
    ],
)
def test_the_part_that_a_question_is_about(prose: str, suspects: tuple[str, ...], needs: tuple[str, ...]) -> None:
    assert (suspected(prose), needed(prose)) == (suspects, needs)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (f"{BUSY}Can I ignore that?", "Can it be left so? No: Another program holds the port."),
        (f"{BUSY}Do I need a driver?", "A driver? If `fipy-doctor ports` lists"),
        (f"{BUSY}Is it the card?", "Is it the card? Nothing in this text speaks for that: Another program"),
        (
            f"{DAMAGED}I flash the modem tomorrow. Must I mend this before I flash it?",
            "Before the flash? Yes, it blocks",
        ),
        (
            f"Failed to read project status, uploading all files\n{DAMAGED}Must I mend this before I flash the modem?",
            "Before the flash? Yes, it blocks",
        ),
        ("LR5.1.1.0-39529\nHola, ¿hace falta updater.elf?", "updater.elf? No: the modem runs 39529"),
        ("I want to flash CATM1-41065.dup. Do I need updater.elf with it?", "updater.elf? Only for a full image, and"),
        (
            "Mi GPy no responde tras actualizar, ¿está muerto el módem?",
            "Is it dead? Nothing in this text proves it. What it",
        ),
        (
            "On 2 boards the script ended silently and AT gives OK, version still the old one 38638. Did it work?",
            "Did it work? No: a modem that still names the old build",
        ),
        ("My fipy is odd. Shall I format it?", "Erase or format it? Not before it is known"),
        ("Flashing from USB, do I need a SIM card in it?", "A SIM card? No, neither a flash nor"),
    ],
)
def test_a_question_is_answered_by_what_is_found(text: str, answer: str) -> None:
    assert [told for told in advice(explain(text.encode())).answers if told.startswith(answer)]


@pytest.mark.parametrize(
    "text",
    [
        "darf ich bei 99 % den Stecker ziehen?",
        "Thonny: Device is busy or does not respond. Your options: - use Ctrl+C to interrupt current work; - reset the "
        "device\nI started sqnsupgrade.run('/sd/CATM1-41065.dup') in it 10 minutes ago, which option?",
        "Pymakr: 'Connecting on COM3...' and nothing more. In the meantime the modem upgrade script runs on the board.",
        "Vor zehn Minuten das Modem-Update gestartet, Fenster ist schwarz. Reset?",
        "J'ai lancé la mise à jour du modem il y a 12 minutes et rien. Je débranche ?",
        "laptop battery has 20 minutes left and it is at 71 percent. Should I abort now in a controlled way?",
        "ist es richtig, dass man bei 6 % abbrechen darf, weil da noch nichts geschrieben wurde?",
    ],
)
def test_what_was_left_running_is_left_alone(text: str) -> None:
    told = advice(explain(text.encode()))
    assert told.answers[0].startswith("Do not interrupt it")
    assert told.steps[0].startswith(("Leave board, cable, power and the window", "Wait, with the power on."))


@pytest.mark.parametrize(
    "text",
    [
        "I ran the modem update 20 minutes ago and it finished. Now lte.attach() says False.",
        "I started sqnsupgrade.run('/sd/x.dup') 5 minutes ago:\nOSError: AT+SMSWBOOT=3,0 failed!",
        "Humidity log at 50 % since yesterday, may I format the card?",
    ],
)
def test_what_ended_is_not_left_running(text: str) -> None:
    assert not explain(text.encode()).reader.may_run


def test_the_pastes_that_are_compared_with_are_those_of_the_cases() -> None:
    assert seen.FILE.read_text("utf-8") == seen.text()


def test_a_text_is_asked_back_about_by_what_it_resembles() -> None:
    assert "no-raw-prompt" in [
        near.id for near in nearest("rshell on my gpy: Trying to connect to REPL timed out, Unable to connect")
    ]
    assert nearest("the weather was fine and we went to the sea") == []


def test_a_log_without_a_word_of_trouble_is_not_guessed_at() -> None:
    assert explain(b"Pycom MicroPython 1.20.2.r6 [v1.11] on 2021-10-28; FiPy with ESP32\n>>> \n").candidates == ()


@pytest.mark.parametrize(
    ("text", "first"),
    [
        (
            "OSError: [Errno 19] ENODEV nur nach einem Reset; nach Strom weg geht's wieder.",
            "sd-inserted-after-power-on",
        ),
        ("OSError: [Errno 19] ENODEV. Unplugging helps every time.", "sd-inserted-after-power-on"),
        ("Der FiPy startet immer wieder neu, 'abort() was called at PC 0x400' steht da.", "boot-loop"),
        ("La GPy redémarre en boucle depuis hier, abort() was called at PC 0x400", "boot-loop"),
        ("abort() was called at PC 0x4008 once, then it booted", "board-crashed-once"),
        ("I sell my GPy. How do I get the modem back to the factory firmware?", "downgrade-wanted-33080"),
        ("Wie komme ich mit dem Modem zurück auf die Werksfirmware?", "downgrade-wanted-33080"),
        ("I get brownouts on the battery. Your modem is in upgrade mode!", "brownout"),
        ("CATM1-41065(1).dup has 3.1 MB on the card", "firmware-file-truncated"),
    ],
)
def test_what_is_told_around_a_quoted_error_counts(text: str, first: str) -> None:
    assert [match.id for match in explain(text.encode()).matches][:1] == [first]


@pytest.mark.parametrize(
    "text",
    ["My order number is 48829, ticket #33080. It runs 41065. Anything to do?", "Rechnung Nr. 48829. Läuft mit 41065."],
)
def test_a_number_of_something_else_is_no_build(text: str) -> None:
    builds = explain(text.encode()).facts.builds
    assert {build.number for build in (*builds.runs, *builds.images, *builds.rivals)} == {41065}


@pytest.mark.parametrize(
    "text",
    [
        "My modem runs LR5.1.1.0-43818, which is not on your list. Should I flash? Is it bad to leave it so?",
        "pysequansutils upgrade GM02RB6Q_LR8.0.5.13-59577.dup\nIs that bad?",
    ],
)
def test_what_a_modem_is_can_be_left_so(text: str) -> None:
    answers = advice(explain(text.encode())).answers
    assert [told for told in answers if told.startswith("Can it be left so? Yes, and it should be: ")]
