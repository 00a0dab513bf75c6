"""Advice that could brick a modem is not given, in whatever words the question comes."""

from __future__ import annotations

import re

import pytest

from doctor.jobs.explaining.advice import Advice, advice
from doctor.knowledge import entries, explain

FACTORY = "Bootloader0* : 5.1.1.0 [33080]\nBootloader1 : NA\nSoftware     : 5.1.1.0 [33080]\n"
UPGRADE_MODE = "Your modem is in upgrade mode! Use firmware.dup to flash new firmware.\n"


def advised(text: str) -> Advice:
    return advice(explain(text.encode()))


@pytest.mark.parametrize(
    "told",
    [
        "Auf der SD liegt CATM1-41065.dup, updater.elf hab ich leider nicht. Also einfach run('/sd/CATM1-41065.dup') ?",
        "CATM1-41065.dup is on the card but no updater.elf. Can I flash CATM1-41065.dup?",
        "Tengo CATM1-41065.dup, pero updater.elf no lo tengo. ¿Puedo flashear CATM1-41065.dup?",
        "J'ai CATM1-41065.dup, updater.elf je ne l'ai pas. Puis-je flasher CATM1-41065.dup ?",
        "J'ai seulement CATM1-41065.dup, pas d'updater.elf. Puis-je flasher CATM1-41065.dup ?",
        "Ik heb CATM1-41065.dup maar updater.elf heb ik niet. Mag ik CATM1-41065.dup flashen?",
        "Nur CATM1-41065.dup da, der updater.elf fehlt. Kann ich CATM1-41065.dup flashen?",
    ],
)
def test_a_file_that_is_told_to_be_missing_is_not_at_hand(told: str) -> None:
    found = advised(FACTORY + told)
    assert found.answers[0].startswith("Flash it? No, not from 33080 to 41065 with CATM1-41065.dup")
    assert not any("--accept" in step for step in found.steps)


@pytest.mark.parametrize(
    "told",
    [
        "I have CATM1-41065.dup and updater.elf, both from the 2020 package. Can I flash?",
        "CATM1-41065.dup und updater.elf liegen auf der Karte, nicht im Unterordner. Kann ich flashen?",
        "No SD card problems. updater.elf is there, not sure about the size. Can I flash CATM1-41065.dup?",
    ],
)
def test_a_negation_beside_a_file_does_not_take_it_away(told: str) -> None:
    (answer,) = advised(FACTORY + told).answers
    assert "CATM1-41065.dup and updater.elf and the board's boot ROM" in answer
    assert "Yes" not in answer
    assert "plan FILE.dup` reads modem and file, and decides" in answer


@pytest.mark.parametrize(
    "told",
    [
        ">>> sqnsupgrade.run('/sd/CATM1-38638.dup')\nSending 5996938 bytes: [###   ]  33%\n\nIt's going on as I "
        "write. Stop it?",
        "Ich flashe gerade CATM1-38638.dup, er steht im Moment bei 45 %. Falsche Datei! Abbrechen?",
        "Sending 5996938 bytes: [####    ]  21%\nAhora mismo sigue enviando CATM1-38638.dup. ¿Lo paro con Ctrl-C?",
        "Le transfert de CATM1-38638.dup est en cours, 60 %. C'est plus ancien, je l'arrête ?",
        "Sending 5835531 bytes: [#####    ]  18%\nloopt nog, verkeerde bestand (CATM1-38638.dup), stoppen met Ctrl-C?",
    ],
)
def test_a_transfer_that_runs_is_not_to_be_interrupted(told: str) -> None:
    found = advised(f"LR5.1.1.0-41065\n{told}")
    assert found.answers[0].startswith("Do not interrupt it")
    assert not any("Flash it?" in answer for answer in found.answers)
    assert found.steps[0].startswith("Leave board, cable, power and the window")
    assert not any(step.startswith("Do not flash") or "unplug USB" in step for step in found.steps)


@pytest.mark.parametrize(
    "told",
    [
        "Sending 5996938 bytes: [####    ]  21%\nCode download failed [2], aborting!\n>>> \nRight now nothing runs. "
        "CATM1-38638.dup?",
        "Battery is at 80 % right now. Can I flash CATM1-38638.dup?",
        "The update stopped at 68 % yesterday. It is running from USB at the moment. Can I flash CATM1-38638.dup?",
    ],
)
def test_what_is_over_is_no_transfer_that_runs(told: str) -> None:
    assert not explain(f"LR5.1.1.0-41065\n{told}".encode()).reader.runs_now


@pytest.mark.parametrize(
    "text",
    [
        "AT+SQNMODEACTIVE?\n+SQNMODEACTIVE: 2\nAT+SMSWBOOT=3,0\nOK\n+SMUPGRADE: "
        "failure\nGM02RB6Q_LR8.2.1.0-61488.dup like with FiPy?",
        "Walter board (GM02S), +SMUPGRADE: failure. Should I send CATM1-41065.dup with updater.elf like on a FiPy?",
        "Mein Monarch 2 meldet UE8.2.0.3. Kann ich NB1-41019.dup wie beim FiPy flashen?",
        "+SQNMODEACTIVE: 1\nOK\nquiero NB-IoT, flasheo NB1-41019.dup como en la FiPy?",
        f"{UPGRADE_MODE}GM02S on a breakout that replaced my FiPy's modem, flash again?",
    ],
)
def test_a_monarch_2_gets_no_step_of_a_fipy(text: str) -> None:
    found = advised(text)
    assert "Use only files made for the GM02S".lower() in found.steps[-1].lower()
    assert not any("`fipy-doctor flash" in step or "NB1-41019.dup" in step for step in found.steps)


@pytest.mark.parametrize(
    "text", [f"{UPGRADE_MODE}FiPy, SQN3330. flash again?", "FiPy LR5.1.1.0-41065, AT+SQNMODEACTIVE=2 -> ERROR"]
)
def test_a_fipy_keeps_its_steps(text: str) -> None:
    found = advised(text)
    assert any("flash" in step for step in found.steps)
    assert not any("GM02S" in step for step in found.steps)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        (
            "FiPy sur Expansion Board, tous les cavaliers.\nWrong payload CRC: 0x4f21\n" + UPGRADE_MODE + "reflasher ?",
            "jumpers",
        ),
        (
            "FiPy, Expansionboard mit allen Jumpern.\nWrong payload CRC: 0x11\n" + UPGRADE_MODE + "Gleich flashen?",
            "jumpers",
        ),
        ("FiPy on an expansion board, all jumpers fitted.\n" + UPGRADE_MODE + "flash again?", "jumpers"),
        ("Brownout detector was triggered\n" + UPGRADE_MODE + "¿lo flasheo otra vez?", "supply"),
        ("Exception: [Errno 5] EIO\nCode download failed [2], aborting!\n" + UPGRADE_MODE + "flash?", "another card"),
    ],
)
def test_what_spoils_a_transfer_is_cured_before_the_next_one(text: str, first: str) -> None:
    found = advised(text)
    assert first in found.steps[0]
    assert found.steps[-1].count("`fipy-doctor flash FULL.dup`") == 1
    assert not any("Yes" in answer for answer in found.answers)


@pytest.mark.parametrize("told", ["", "GPy on an expansion board, all jumpers fitted.\n"])
def test_a_modem_that_only_waits_is_flashed_at_once(told: str) -> None:
    assert advised(f"{told}{UPGRADE_MODE}Should I flash it?").steps == (
        "`fipy-doctor flash FULL.dup`, the full image: without updater.elf, and never a differential file (upgdiff).",
    )


@pytest.mark.parametrize(
    "question",
    [
        "what is that System Volume thing doing on there, is that the reason?",
        "Ist der Ordner System Volume Information schuld?",
        "Le dossier System Volume Information, c'est la cause ?",
    ],
)
def test_a_harmless_thing_that_is_asked_about_gets_its_sentence(question: str) -> None:
    text = "['System Volume Information', 'x.dup']\nException: [Errno 5] EIO\nCode download failed [2], aborting!\n"
    assert any("is not the reason" in sentence for sentence in advised(text + question).together)
    assert not any("is not the reason" in sentence for sentence in advised(f"{text}What now?").together)


@pytest.mark.parametrize(
    "text",
    [
        "an old readme: install CATM1_33988 first before any NB-IoT image. Mine is LR5.1.1.0-41065, I want "
        "NB1-41019.dup.",
        "Erst die 33988 zuerst, sonst stirbt der Funk, und dann NB-IoT? Habe LR5.1.1.0-41065.",
        "Il faut d'abord 33988, puis NB1-41019.dup. J'ai LR5.1.1.0-41065.",
    ],
)
def test_the_old_rule_of_33988_is_answered(text: str) -> None:
    assert any("33988 is a step on no way" in step for step in advised(text).steps)


def test_a_way_of_two_steps_names_both() -> None:
    text = "ATI1 says LR5.1.1.0-33080, I have NB1-41019.dup.\nIs there any way from 33080 to NB-IoT?"
    (answer,) = advised(text).answers
    assert "upgdiff_33080-to-41065.dup first, and when that build is proved to run, plan NB1-41019.dup again" in answer


def test_a_ctrl_c_before_the_upgrade_interrupts_nothing() -> None:
    text = (
        "Received ERROR from AT+SMSWBOOT=3,1! Aborting!\n\nIt was attached until I hit ctrl-C and started the upgrade."
    )
    assert [match.id for match in explain(text.encode()).matches] == ["smswboot-31-error"]


@pytest.mark.parametrize(
    "told",
    [
        "it's a card out of my raspberry pi (had raspbian on it), the dup is in the partition that windows shows",
        "Die Karte war in einem Raspberry Pi, die dup liegt auf der Partition, die Windows zeigt",
        "la carte vient d'un Raspberry Pi, j'ai mis le dup sur la partition visible",
    ],
)
def test_a_card_of_a_raspberry_has_several_partitions(told: str) -> None:
    found = explain(f">>> os.mount(sd,'/sd')\nOSError: [Errno 19] ENODEV\n\n{told}".encode())
    assert found.matches[0].id == "sd-partition-layout"
    assert any("save what is on the card, since this erases it" in step for step in advice(found).steps)


@pytest.mark.parametrize(
    "told",
    ["The GPy is plugged into my Raspberry Pi, the card is new.", "pi@raspberrypi:~ $ mpremote, the card is new"],
)
def test_a_raspberry_beside_the_board_says_nothing_of_the_card(told: str) -> None:
    found = explain(f">>> os.mount(sd,'/sd')\nOSError: [Errno 19] ENODEV\n\n{told}".encode())
    assert "sd-partition-layout" not in [match.id for match in found.matches]


SUCCESS = "Your modem has been successfully updated\n"


@pytest.mark.parametrize(
    "text",
    [
        "Bootloader0 : 5.1.1.0 [33080]\nBootloader1* : 5.1.1.0 [41065]\nSoftware : 5.1.1.0 [41065]\nI sent a file 10 "
        "minutes ago. May I unplug it?",
        f"{SUCCESS}Then I began NB1-41019.dup, it is at 50 % now, can I unplug it?",
        f"{SUCCESS}Now the second file is going, black screen. Can I unplug?",
        f"{SUCCESS}Jetzt läuft die zweite Datei. Darf ich den Stecker ziehen?",
        'I want to see "Your modem has been successfully updated", but nothing comes. Can I pull the plug?',
        'When will "Your modem has been successfully updated" come? May I switch it off?',
    ],
)
def test_the_power_stays_on_unless_the_text_shows_the_last_transfer_over(text: str) -> None:
    first = advised(text).answers[0]
    assert first.startswith(("May the power go? No", "Do not interrupt it: no Ctrl-C, no reset, no power cut"))


@pytest.mark.parametrize("told", ["Great, it took 20 minutes. Can I unplug it?", "> Can I unplug it now?"])
def test_the_power_may_go_behind_a_success(told: str) -> None:
    assert advised(f"{SUCCESS}LR5.1.1.0-41065\n{told}").answers[0].startswith("May the power go? Yes, if no other")


@pytest.mark.parametrize("told", ["99 % since an hour.", "It got stuck at 6 %.", "Steht seit gestern bei 42 Prozent."])
def test_no_flash_is_judged_beside_one_that_is_unfinished(told: str) -> None:
    answer, *others = advised(f"LR5.1.1.0-41065. {told} Can I flash NB1-41019.dup?").answers
    assert answer.startswith(("Flash it? No, not", "Flash it? Not before", "Do not interrupt it"))
    assert not [other for other in others if other.startswith("Flash it")]


@pytest.mark.parametrize(
    "text",
    [
        "Friend's says LR5.1.1.0-41065. Mine is on 33080. Can I flash 48829?",
        "It does not run 41065. Can I flash 48829?",
    ],
)
def test_a_note_about_one_build_is_not_said_beside_another(text: str) -> None:
    assert not explain(text.encode()).notes


def test_a_hyphen_that_breaks_no_line_is_one() -> None:
    (answer,) = advised("LR5.1.1.0\u201133080 can I flash CATM1\u201141065.dup?").answers
    assert answer.startswith("Flash it? No, not from 33080 to 41065 with CATM1-41065.dup")


#: A flash runs, in five languages: with a figure, with a wait, and in so many words.
RUNNING = (
    "Sending 6160982 bytes: [###########         ]  52%\nIt has been going for 8 minutes.",
    "Waiting for modem to finish the update...\n<<<=== DO NOT DISCONNECT POWER ===>>>\nsince 13 minutes.",
    "The modem update is still running in the other window.",
    "I am flashing CATM1-41065.dup right now, it stands at 45 %.",
    "Die Aktualisierung des Modems läuft noch im anderen Fenster.",
    "Das Modem wird gerade geflasht.",
    "La actualización del módem sigue en curso en otra ventana.",
    "Se está actualizando el módem ahora mismo.",
    "La mise à jour du modem est en cours dans une autre fenêtre.",
    "Le script est en train de flasher le modem.",
    "De overdracht naar de modem loopt nog.",
    "Hij is het modem nu aan het flashen.",
)
_DISTURBS = re.compile(
    r"\b(?:close|unplug|un?plug|press|reset|restart|reboot|format|erase|remove|upload|jumpers?|install|stop)\b"
    r"|Ctrl-|fipy-doctor (?:flash|fix)|power[- ]cycle",
    re.IGNORECASE,
)


@pytest.mark.long
def test_no_entry_tells_a_step_that_disturbs_a_flash_that_runs() -> None:
    seen = 0
    for number, entry_id in enumerate(entries()):
        # What names an entry is its line in an error of ours; what runs stands in front of it and behind it.
        runs = RUNNING[number % len(RUNNING)]
        for text in (f"known as: {entry_id}\n\n{runs}\n", f"{runs}\n\n(2) known as: {entry_id}\n"):
            found = explain(text.encode())
            seen += entry_id in {match.id for match in found.matches}
            told = advice(found)
            assert "Do not interrupt it" in "".join(told.answers) or not found.reader.runs_now, (entry_id, runs)
            steps = (step.removeprefix("Do not press Ctrl-C. ") for step in told.steps)
            assert not any(map(_DISTURBS.search, steps)), (entry_id, runs)
    assert seen > len(entries())


@pytest.mark.parametrize(
    ("text", "first", "step"),
    [
        (
            "Software : 5.1.1.0 [39529]\nrun('/sd/upgdiff_33080-to-41065.dup')\nUpgrade failed with result failure!\n"
            "I took the file 33080 to 41065.",
            "diff-with-wrong-base",
            "Do not send it",
        ),
        ("LR5.1.1.0-39529. Je peux prendre l'image 33080 vers 41065 ?", "", ""),
        ("They show 6.1.2.0 [46262] as Software, I have NB1-41019.dup. Flash?", "image-older-than-installed", "Do not"),
        (
            "was 43818 ex works.\nLR6.0.0.0-41019\nisattached() False. Flash it again?",
            "post-upgrade-no-attach",
            "Do not",
        ),
        (
            "COMMAND   PID USER   FD   TYPE DEVICE SIZE/OFF NODE NAME\n"
            "code    41907  kai   53u   CHR  166,0 0t0 /dev/ttyACM0",
            "port-busy",
            "Close the editor",
        ),
        ("USER        PID ACCESS COMMAND\n/dev/ttyUSB0:        anna       2231 F.... minicom", "port-busy", "Close"),
        ("OSError: 28\\r\\n')\nampy put of the .dup", "flash-filesystem-full", "Put the .dup on an SD card"),
        (
            "ESP32 with SIM7000G. ImportError: no module named 'sqnsupgrade'. Brownout detector was triggered",
            "modem-of-another-maker",
            "Leave it alone",
        ),
        (
            "FiPy, LiPo. sd mounted ['log.csv'], deepsleep, then [Errno 19] ENODEV. USB pulled, no change. fsformat?",
            "sd-inserted-after-power-on",
            "Do not format",
        ),
        (
            "Could not detect your modem!\nAttempting AT wakeup...\nExpansion board, all jumpers on, FiPy.",
            "expansion-rts-cts-jumpers",
            "Press Ctrl-C at once",
        ),
        (
            "os.mkfs('/flash')\nAttributeError: 'module' object has no attribute 'mkfs'\nOSError: [Errno 8] ENOEXEC",
            "mkfs-call-removed",
            "Save what can be read",
        ),
    ],
)
def test_what_runs_now_and_who_holds_it_decides(text: str, first: str, step: str) -> None:
    found = explain(text.encode())
    told = advice(found)
    assert [match.id for match in found.matches][:1] == ([first] if first else [])
    assert "".join(told.steps[:1]).startswith(step)


@pytest.mark.parametrize(
    "text",
    [
        "Update vom GPy-Modem, der Balken steht schon drei Minuten bei 8% und rührt sich nicht. Soll ich Reset drücken "
        "oder kurz den Strom wegnehmen?",
        "GPy modem update from the card. Bar has been sitting at 7% for five minutes. Should I pull the usb?",
        "Actualizando el módem, la barra lleva cuatro minutos quieta en el 9%. ¿Le doy al reset o desenchufo?",
        "Mise à jour du modem, la barre est figée à 10 % depuis 6 minutes. Je débranche et je recommence ?",
        "Modem-update, de balk blijft al vijf minuten op 97 procent hangen. Zal ik even de stekker eruit trekken?",
    ],
)
def test_a_pause_is_waited_for_and_what_a_question_thinks_of_is_not_done(text: str) -> None:
    found = explain(text.encode())
    assert [match.id for match in found.matches] == ["stall-7-10-or-99-percent"]
    assert advice(found).answers[0].startswith("Do not interrupt it: no Ctrl-C, no reset, no power cut.")


def test_nothing_is_guessed_while_a_transfer_may_run() -> None:
    found = explain("El flasheo del modem no pasa del 23 %. ¿Reinicio?".encode())
    assert not found.candidates
    assert advice(found).steps[0].startswith("Leave board, cable, power")


SOLVED = (
    "1) serial.serialutil.SerialException: [Errno 13] could not open port /dev/ttyACM0: [Errno 13] Permission denied\n"
    "   -> fixed w/ dialout group\n2) Could not detect your modem!\n   -> unplugged all, was ok after that (SMOD 2)\n"
)


def test_errors_that_are_solved_are_no_findings_while_a_transfer_runs() -> None:
    runs = "3) Waiting for modem to finish the update...\nit stands like that for 12 minutes as I type. what now?"
    found = explain(f"{SOLVED}{runs}".encode())
    assert not found.matches
    assert advice(found).steps[0].startswith("Leave board, cable, power")


def test_what_stands_above_an_arrow_is_solved_up_to_its_item() -> None:
    found = explain(f"{SOLVED}3) >>> import sqnsupgrade\nImportError: no module named 'sqnsupgrade'\n".encode())
    assert [match.id for match in found.matches] == ["sqnsupgrade-module-missing"]


def test_a_card_that_a_partition_tool_calls_gpt_is_one() -> None:
    mount = ">>> os.mount(sd, '/sd')\nOSError: [Errno 19] ENODEV\n>>> os.mount(sd, '/sd')\nOSError: [Errno 1] EPERM\n"
    for told in ("0: GUID_partition_scheme *15.9 GB disk4", "Disklabel type: gpt", "Partition style: GPT"):
        found = explain(f"{mount}{told}".encode())
        assert [match.id for match in found.causes] == ["sd-partition-layout"]


def test_a_modem_lost_on_the_way_from_nb_iot_is_sent_nothing() -> None:
    went = "LR6.0.0.0-41019\n>>> sqnsupgrade.run('/sd/CATM1-5.2-48829-1.dup')\n"
    silent = advised(f"{went}Response (AT #2) b'\\x00\\x00'\nModem state: None\nShould I do the -2 file or the 41065?")
    assert silent.steps[0] == "Do not send 48829 to a modem on NB-IoT, neither its first file nor its second."
    assert not any("needs the full CATM1-41065.dup" in step for step in silent.steps)
    assert any("needs the full CATM1-41065.dup" in step for step in advised(f"{went}Is that ok?").steps)


def test_what_jumpers_disturb_is_not_called_dead() -> None:
    jumpers = (
        "FiPy on Expansion Board 3.0 (all jumpers as delivered).\nCannot determine modem state!\nIs the modem dead?"
    )
    assert advised(jumpers).answers == ("Is it dead? Nothing in this text proves it.",)
    zeros = "Response (AT #1) b'\\x00\\x00'\nCannot determine modem state!\nIs the modem dead?"
    assert advised(zeros).answers[0].startswith("Is it dead? It may be")


def test_what_was_done_to_the_modem_yesterday_is_not_over_today() -> None:
    text = (
        "- gestern beim Update vom Modem (ca 60%) Stecker aus Versehen raus\n"
        '- heute: Pymakr "Failed to connect (Error: Port is not open)"\n- Code.exe läuft noch 3 mal'
    )
    found = explain(text.encode())
    assert not found.reader.runs_now
    assert "power-removed-during-flash" in [match.id for match in found.causes]


def test_what_flashes_comes_when_all_that_spoils_it_is_cured() -> None:
    text = f"FiPy, expansion board 3, all jumpers.\nBrownout detector was triggered\n{UPGRADE_MODE}flash again?"
    supply, jumpers, flash = advised(text).steps
    assert (supply[:13], "jumpers" in jumpers, flash[:13]) == ("Better supply", True, "`fipy-doctor ")


@pytest.mark.parametrize(
    "text",
    [
        "mise a jour du modem, bloque sur 99% depuis 10 min, je peux debrancher ??",
        "Modem Update, steht seit 10 min auf 99 %, darf ich abwuergen oder ausschalten?",
        "actualizacion del modem, parado en 99% desde hace 10 min, puedo desenchufar?",
    ],
)
def test_a_keyboard_without_accents_asks_the_same(text: str) -> None:
    assert any("no power cut" in answer or "leave it on" in answer for answer in advised(text).answers)


@pytest.mark.parametrize(
    "text",
    [
        "Sending 6160982 bytes: [####      ] 42%\nIch sehe gerade, das ist die falsche Datei. Jetzt abbrechen?",
        "Sending 6160982 bytes: [####      ] 42%\nfalsche Datei!! weiterlaufen lassen oder nicht?",
        "Sending 6160982 bytes: [####      ] 42%\nit is the nb1 one!! should I abort?",
        "progress 30 %, acabo de ver que es el archivo equivocado, \u00bflo dejo terminar o mejor pararlo?",
        "Sending 1000000 bytes: 55%\nJ'ai oubli\u00e9 l'autre fichier, arr\u00eater ou laisser finir ?",
        "Sending 1000000 bytes: 55%\nverkeerde bestand, nu stoppen of laten lopen?",
    ],
)
def test_who_asks_whether_to_stop_a_transfer_is_told_to_let_it_run(text: str) -> None:
    assert (
        advice(explain(text.encode())).answers[0].startswith("Do not interrupt it: no Ctrl-C, no reset, no power cut.")
    )


def test_a_modem_that_installs_is_left_to_it_before_anything_else_is_put_right() -> None:
    text = (
        "Waiting for modem to finish the update...\nThis might take several minutes!\n(9 minutes so far)\n"
        "second terminal: could not open port 'COM7': PermissionError(13, 'Access is denied.', None, 5)\n"
        "and before: OSError: [Errno 1] EPERM on mount\nWhat first?"
    )
    assert advice(explain(text.encode())).steps[0].startswith("Wait at least 30 minutes on steady power.")


@pytest.mark.parametrize(
    "text",
    [
        "The script printed 88% then my ssh session to the Raspberry dropped. Pi is still up. Reconnect and rerun?",
        "Updating over telnet, WiFi dropped at 55%. LED on the board still blinks blue. Should I reset it?",
        "Ik zit in de trein, update staat op 60 procent, laptop moet dicht. Wat nu?",
        "Je dois partir, la mise à jour du modem est à 30 %. Je peux fermer le PC ?",
        "I think I picked the wrong file (NB1 in place of CATM1), it's at 5 % now. kill it?",
        "Can I open a second terminal to the board while it is flashing to look at the progress?",
    ],
)
def test_where_nothing_is_sure_and_a_transfer_is_under_way_no_guess_brings_a_step(text: str) -> None:
    told = advised(text)
    assert told.answers[0].startswith("Do not interrupt it")
    assert not explain(text.encode()).candidates
    assert not any(map(_DISTURBS.search, told.steps))
