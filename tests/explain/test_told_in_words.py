"""What no error line says: sizes that differ, what is over, whether the modem is dead."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from doctor.jobs.explaining.advice import advice
from doctor.knowledge import explain
from doctor.knowledge.paste import read
from doctor.knowledge.sizes import short_copy
from doctor.knowledge.words import history
from doctor.knowledge.words.history import over, story_from

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("CATM1-41065.dup is 780 kB on the board, 5,9 MB on the laptop", True),
        ("le zip dit 6160982 octets, sur la carte NB1-41019.dup n'en a que 1 204 224 octets", True),
        ("CATM1-41065.dup shows 1.2 MB on my card", True),
        ("CATM1-41065.dup: 6160982 bytes on the PC, 6.16 MB on the card", False),
        ("upgdiff_33080-to-41065.dup has 1.2 MB on the card, CATM1-41065.dup on the PC 5.9 MB", False),
        ("CATM1-5.2-48829-1.dup has 416448 bytes on the card", False),
        ("run('/sd/CATM1-41065.dup', 921600) from the card, 6160982 bytes on the PC", False),
        ("CATM1-41065.dup, 5.9 MB on the PC; the board has 4 MB flash memory", False),
    ],
)
def test_a_copy_is_short_if_two_sizes_of_one_file_differ(text: str, short: bool) -> None:
    assert (short_copy(read(text.encode())) is not None) is short


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("yesterday: EPERM\nENOENT\nnow: ENODEV", {1, 2}),
        ("gestern EPERM\nheute ENODEV", {1}),
        ("no module named serial -> installed it, ok\nbusy", {1}),
        ("permission denied: solved\nbusy", {1}),
        ("AT -> OK\nbusy", set()),
        ("EPERM\nnow: ENODEV", set()),
    ],
)
def test_what_is_over_is_told_from_what_is_now(text: str, lines: set[int]) -> None:
    assert over(read(text.encode())) == lines


def test_a_story_behind_the_log_is_older_than_the_log() -> None:
    assert story_from(read(b"Cannot determine modem state!\n\nWhat I did:\n- run it")) == 3
    assert story_from(read(b"Cannot determine modem state!\n>>>")) == 0


def test_nobody_is_told_that_a_modem_lives_of_which_nothing_is_heard() -> None:
    said = advice(explain(b"Could not detect your modem!\nIs it dead?")).answers
    assert said == ("Is it dead? It may be; only what comes of the steps below tells.",)


STATES = tomllib.loads((Path(__file__).parent / "public" / "states.toml").read_text(encoding="utf-8"))


@pytest.mark.sampled(3, "long")
@pytest.mark.parametrize("entry_id", STATES)
def test_a_state_is_known_in_words_that_quote_no_line(entry_id: str) -> None:
    assert [text for text in STATES[entry_id] if explain(text.encode()).matches[:1] == ()] == []
    assert [text for text in STATES[entry_id] if explain(text.encode()).matches[0].id != entry_id] == []


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("The battery died while the modem update was running. Shall I start it again?", "Do it again? Not yet"),
        ("Bar is at 100 % since 5 minutes and nothing happens. Shall I start over?", "Do it again? No, wait"),
        ("CATM1-41065.dup has 780 kB. Good enough to start?", "In short: Not yet"),
        ("The modem is in recovery mode since the update. Can I save the modem?", "In short: Yes, as step 1"),
        ("LR5.1.1.0-41065. Is it worth to send CATM1-41065.dup once more?", "Do it again? No need"),
        ("OSError: [Errno 16] EBUSY\nShould I format the card?", "Erase or format it? No, nothing"),
        (f"{'Your modem has been successfully updated'}\nShould I repeat it?", "Do it again? No, it is done"),
    ],
)
def test_a_yes_or_no_question_is_answered_so(text: str, answer: str) -> None:
    assert any(said.startswith(answer) for said in advice(explain(text.encode())).answers)


@pytest.mark.parametrize(
    "text",
    [
        "Mitten im Flashen, nicht der vom Modem, sondern vom ESP32, ging bei 40 % der Strom weg.",
        "The power went out during the update at 40 %, that of the ESP32, not the modem's.",
        "Coupure de courant pendant la mise à jour à 40 %, pas celle du modem.",
        "De stroom viel uit tijdens het flashen bij 40 %, niet dat van de modem.",
        "Se cortó la luz durante la actualización al 40 %, no la del módem sino la del ESP32",
    ],
)
def test_a_flash_of_the_board_is_none_of_the_modem(text: str) -> None:
    found = "power-removed-during-flash"
    assert found not in [match.id for match in explain(text.encode()).matches if match.how == "sign"]
    assert found in [match.id for match in explain(b"The power went out during the modem update at 40 %.").matches]


@pytest.mark.parametrize(
    "told",
    [
        'Se me fue la luz justo cuando ponía "Waiting for modem to finish the update... DO NOT DISCONNECT POWER".',
        "Stromausfall bei 'Waiting for modem to finish the update', LTE() hängt jetzt.",
        "Coupure de courant pendant « DO NOT DISCONNECT POWER », et maintenant LTE() bloque.",
    ],
)
def test_power_that_went_while_the_modem_installed_comes_first(told: str) -> None:
    found = explain(f"{told} GPy.".encode())
    assert found.matches[0].id == "power-removed-during-flash"
    assert not any(one.startswith("Do not interrupt it") for one in advice(found).answers)


@pytest.mark.parametrize(
    "told",
    [
        "The power failed during the update, I started again and it says Waiting for modem to finish the update.",
        "I pulled the plug at 30 %, plugged in again, flashed again, now: Waiting for modem to finish the update",
        "Bei 30 % Stecker gezogen, neu geflasht, jetzt steht da: Waiting for modem to finish the update",
        "Desenchufé al 30 %, empecé otra vez y pone: Waiting for modem to finish the update",
    ],
)
def test_a_second_try_that_installs_is_still_waited_for(told: str) -> None:
    assert advice(explain(told.encode())).steps[0].startswith("Wait at least 30 minutes")


def test_a_plug_that_was_pulled_behind_the_wait_ends_it() -> None:
    told = "Waiting for modem to finish the update...\nThen I pulled the plug. Dead?"
    assert "stall-after-100-waiting" not in [match.id for match in explain(told.encode()).matches]


@pytest.mark.parametrize(
    "told",
    [
        'filezilla (192.168.4.1) only shows the folder "flash", no "sd". Where do I copy the dup to?',
        "Per FTP sehe ich nur flash, die Karte steckt. Wohin mit der dup?",
        "Por FTP veo solo la carpeta flash, la tarjeta está puesta. ¿Dónde pongo el dup?",
        "En FTP je vois seulement flash. Où mettre le dup ?",
        "Via FTP zie ik alleen flash, de kaart zit erin. Waar moet de dup heen?",
    ],
)
def test_a_card_that_ftp_does_not_show_is_to_be_mounted(told: str) -> None:
    assert explain(told.encode()).matches[0].id == "sd-never-mounted"


def test_a_whole_image_does_not_go_into_flash() -> None:
    copied = "With FTP I copied the 6 MB dup into /flash, it breaks off. Why?"
    assert "flash-filesystem-full" in [match.id for match in explain(copied.encode()).matches]
    flashed = "Copied the 6 MB dup by FTP to the card, then tried to flash it: it breaks off. Why?"
    assert "flash-filesystem-full" not in [match.id for match in explain(flashed.encode()).matches]


@pytest.mark.parametrize(
    "text",
    [
        "The battery was at 6% when the update began and the LED is out now, nothing on USB",
        "The battery was only at 7 % when I began to update the modem. Now the board is dark",
        "Der Akku war nur noch bei 8 %, als das Update begann, jetzt ist alles aus",
        "La batería estaba al 9 % cuando empezó la actualización, ahora no enciende",
        "La batterie était à 6 % au début de la mise à jour, maintenant tout est noir",
    ],
)
def test_how_full_a_battery_is_tells_of_no_transfer_that_must_be_left_alone(text: str) -> None:
    assert not history.tells_of_a_transfer(text)
    assert not any("Leave board, cable" in step for step in advice(explain(text.encode())).steps)


def test_beside_a_battery_the_figure_of_the_transfer_counts() -> None:
    assert history.tells_of_a_transfer("The battery is at 20 % and the update of the modem at 45 %")


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("Aggiornavo il modem, ero al 58 %, è saltata la luce. Che faccio?", "power-removed-during-flash"),
        ("Ho staccato il cavo USB per sbaglio al 58 % dell'aggiornamento.", "power-removed-during-flash"),
        ("Faltou a energia aos 58 % da atualização do modem.", "power-removed-during-flash"),
        ("Desliguei a placa a meio, a atualização do modem ia em 58 %.", "power-removed-during-flash"),
        ("Ho mandato il primo file di 48829, il secondo domani?", "48829-second-step-skipped"),
        ("Mandei o primeiro ficheiro da 48829 e mostra 39529. E o segundo?", "48829-second-step-skipped"),
        ("Sono tra i due file di 48829, posso spegnere?", "48829-second-step-skipped"),
        ("We are midway through the pair of 48829 and the modem says 39529.", "48829-second-step-skipped"),
        ("Ich stecke mitten im 48829-Paar, das Modem sagt 39529.", "48829-second-step-skipped"),
        ("L'aggiornamento del modem è bloccato all'8 % da un po'.", "stall-7-10-or-99-percent"),
        ("A atualização do modem está travada em 99 %.", "stall-7-10-or-99-percent"),
    ],
)
def test_what_costs_a_modem_is_read_in_italian_and_portuguese_too(text: str, first: str) -> None:
    assert [match.id for match in explain(text.encode()).matches][:1] == [first]


@pytest.mark.parametrize(
    "text",
    [
        "My module has 33080 from the factory and I'd like to get 48829 onto it tonight.",
        "Ab Werk 33080. Ich will heute Abend 48829 aufspielen.",
        "J'ai 33080 et je voudrais mettre 48829 ce soir.",
    ],
)
def test_a_wish_for_48829_on_a_factory_modem_is_answered_without_a_question(text: str) -> None:
    assert [match.id for match in explain(text.encode()).matches] == ["33080-straight-to-48829"]
