"""What printed lines prove: no finding stands beside what contradicts it."""

from __future__ import annotations

import pytest

from doctor.jobs.explaining.advice import advice
from doctor.knowledge import entries, explain
from doctor.knowledge.session import STATES

BANNER = (
    'Pycom MicroPython 1.20.2.r4 [v1.11-ffb0e1c] on 2021-01-12; GPy with ESP32\nType "help()" for more information.\n'
)
BOOT = "rst:0x7 (TG0WDT_SYS_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\nmode:DIO, clock div:1\nentry 0x400a05bc\n"


def ids(text: str) -> set[str]:
    found = explain(text.encode())
    return {match.id for match in found.matches} | set(found.candidates)


def test_every_state_that_an_entry_names_is_one() -> None:
    named = {state for known in entries().values() for state in known.not_beside}
    assert named and named <= STATES


@pytest.mark.parametrize(
    "asked",
    [
        "It prints this after each update. Is the board dead, start ends at entry?",
        "Nach dem Firmware-Update kommt das. Platine tot, alles löschen?",
        "Tras actualizar sale esto, ¿hay que borrar la NVS?",
    ],
)
def test_a_prompt_behind_entry_is_no_dead_board(asked: str) -> None:
    found = explain(f"{BOOT}{BANNER}>>>\n{asked}".encode())
    assert "board-silent-after-update" not in ids(f"{BOOT}{BANNER}>>>\n{asked}")
    assert "came to its prompt" in found.says


def test_a_start_behind_the_prompt_undoes_it() -> None:
    text = f"{BANNER}>>>\n{BOOT}After the firmware update nothing more comes, no prompt."
    assert "board-silent-after-update" in ids(text)


def test_one_crash_and_a_prompt_that_answers_is_no_loop() -> None:
    crash = "Guru Meditation Error: Core  1 panic'ed (LoadProhibited). Exception was unhandled.\nRebooting...\n"
    text = f"{crash}{BOOT}{BANNER}>>> wlan.scan()\n[sec(ssid='home')]\n\nUp since. Erase it as in the boot loop FAQ?"
    assert [match.id for match in explain(text.encode()).matches] == ["board-crashed-once"]


@pytest.mark.parametrize(
    "mode", ["SMOD answers 2", "AT+SMOD? -> 2", "SMOD sagt 2", "SMOD responde 2", "Your modem is in application mode"]
)
def test_an_application_that_answers_is_no_boot_rom(mode: str) -> None:
    text = (
        f"README: no updater.elf needed unless the modem is in recovery mode.\n{mode}. Is the modem in recovery mode?"
    )
    assert "modem-in-ffh" not in ids(text)


@pytest.mark.parametrize(
    "text",
    [
        "AT+SMOD?\n2\nOK\nMein Kumpel sagt, das Modem sei im Recovery Mode und braucht updater.elf. Stimmt das?",
        "LTE() marche, lte.imei() donne 354346099100000. Le modem est en mode recovery, dit le forum.",
        "LTE() ne marche plus que sans USB. Le modem est-il en mode recovery ?",
    ],
)
def test_a_question_or_a_friend_makes_no_boot_rom(text: str) -> None:
    assert "modem-in-ffh" not in ids(text)


def test_the_boot_rom_behind_the_application_counts() -> None:
    assert "modem-in-ffh" in ids("Modem state: 2\nthen:\nModem state: 0\nrecovery mode?")


@pytest.mark.parametrize(
    "told",
    [
        'Mandé -1, luego -2 de 48829, terminó con "Your modem has been successfully updated." y LR5.2.1.0-48829. '
        "Después apreté reset, leí que el reset entre los dos archivos mata el módem, ¿lo arruiné?",
        "48829-1, then -2: Your modem has been successfully updated.\nUE5.2.0.3\nLR5.2.1.0-48829\n"
        "Then I unplugged it. Did I skip the second step?",
    ],
)
def test_a_pair_that_was_read_back_is_done(told: str) -> None:
    found = explain(told.encode())
    assert not found.matches and not found.candidates and found.says.startswith("This shows a success")


@pytest.mark.parametrize(
    "told",
    [
        "I swapped in another card just now.",
        "slid the microSD in while the REPL was open",
        "Hab die andere Karte reingesteckt, das Board lief.",
        "Metí otra tarjeta sin apagar.",
        "J'ai mis une autre carte sans rien couper.",
    ],
)
def test_a_card_that_was_put_in_later_is_not_formatted_first(told: str) -> None:
    text = f"{told}\n>>> os.mount(SD(), '/sd')\nOSError: [Errno 19] ENODEV"
    assert [match.id for match in explain(text.encode()).matches] == ["sd-inserted-after-power-on"]


def test_the_update_of_the_board_is_no_transfer_to_the_modem() -> None:
    text = "Laptop went to standby in the middle of the update (Writing at 0x000a0000). Is the LTE modem gone as well?"
    assert "usb-selective-suspend-or-sleep" not in ids(text)


def test_a_transfer_behind_which_no_modem_was_found_does_not_run() -> None:
    text = (
        "Hier soir mise à jour vers 35351, arrêt à 6 %, j'ai débranché puis rebranché. Depuis :\n"
        "Attempting AT wakeup...\nCould not detect your modem!\nQue faire ?"
    )
    found = explain(text.encode())
    assert not found.reader.runs_now and not found.reader.may_run


BETWEEN = "Your modem is in application mode. Here is the current version:\nUE5.0.0.0d\nLR5.1.1.0-39529\n"
FIRST_FILE = (
    ">>> sqnsupgrade.run('/sd/CATM1-5.2-48829-1.dup', load_fff=False)\n"
    "Your modem has been successfully updated.\nHere is the current firmware version:\n\nUE5.0.0.0d\nLR5.1.1.0-39529\n"
)


@pytest.mark.parametrize(
    "told",
    [
        f"I ran step one of the 48829 thing, then pressed the reset button. info() now:\n{BETWEEN}is it lost?",
        f"48829: Datei 1 geflasht, dann Reset.\n{BETWEEN}Ist es tot?",
        f"48829: envié el primer archivo y apreté reset.\n{BETWEEN}¿Está muerto?",
        f"48829, premier fichier envoyé hier.\n{BETWEEN}Il est mort ?",
        f"J'ai envoyé le premier fichier de 48829.\n{BETWEEN}Il est mort ?",
        f"48829: bestand 1 geflasht en daarna reset.\n{BETWEEN}Is hij dood?",
        f"{FIRST_FILE}May I unplug it now?",
    ],
)
def test_a_modem_between_the_two_files_needs_the_second_and_nothing_before_it(told: str) -> None:
    found = explain(told.encode())
    assert [match.id for match in found.matches] == ["48829-second-step-skipped"] and not found.says
    steps = advice(found).steps
    assert any("`fipy-doctor flash …48829-2.dup`" in step for step in steps)
    assert not any("unplug" in step or "{power off}" in step for step in steps)


def test_what_runs_between_the_files_alone_tells_of_no_first_file() -> None:
    asked = f"{BETWEEN}I want 48829. What is to be sent first, and what comes after it?"
    assert "48829-second-step-skipped" not in ids(asked)
    second = ">>> sqnsupgrade.run('/sd/CATM1-5.2-48829-2.dup')\nYour modem has been successfully updated.\n"
    assert "48829-second-step-skipped" not in ids(f"{FIRST_FILE}{second}UE5.2.0.3\nLR5.2.1.0-48829\n")


def test_whether_it_is_lost_is_answered_by_what_it_said_last() -> None:
    asked = f"I ran step one of the 48829 thing.\n{BETWEEN}"
    answered = (
        "Is it dead? Nothing in this text proves it: when it was asked last here, it answered in its application."
    )
    assert advice(explain(f"{asked}is it lost?".encode())).answers == (answered,)
    for silence in ("Could not detect your modem!", "Modem state: None"):
        silent = advice(explain(f"{asked}{silence}\nis it lost?".encode())).answers
        assert silent and not any("answered in its application" in one for one in silent)


WOKE = (
    "Response (+++ #1): None\nResponse (AT #1) b'\\xfe'\nResponse (AT #1 @ 115200) None\n"
    "Response (+++ #2): b'\\r\\nERROR\\r\\n'\nResponse (AT #2) b'\\r\\nOK\\r\\n'\n"
    "Response (AT+SMOD?) b'\\r\\n2\\r\\nOK\\r\\n'\nModem state: 2\n"
)


@pytest.mark.parametrize(
    "asked",
    [
        "Das ERROR und das komische \\xfe machen mir Sorgen. Leitung kaputt?",
        "Is that error a sign that the line is broken?",
        "¿Ese error es que está roto?",
        "Cette ERROR m'inquiète. Il est mort ?",
    ],
)
def test_an_error_that_is_shown_to_be_harmless_is_not_asked_back_about(asked: str) -> None:
    found = explain(f"{WOKE}\n{asked}".encode())
    assert not found.matches and not found.candidates
    assert [match.id for match in found.harmless] == ["modem-wakes-slowly"]
    other = explain(f"{WOKE}>>> lte.foo()\nAttributeError: no such thing\n\n{asked}".encode())
    assert not other.harmless
