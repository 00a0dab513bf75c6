"""Words and numbers that a text tells of something else are not read as a fault whose cure costs something."""

from __future__ import annotations

import pytest

from doctor.jobs.explaining.advice import advice
from doctor.knowledge import explain


def ids(text: str) -> list[str]:
    return [match.id for match in explain(text.encode()).matches]


def told(text: str) -> str:
    found = advice(explain(text.encode()))
    return "\n".join((*found.answers, *found.steps))


@pytest.mark.parametrize(
    "text",
    ["[Errno 8] ENOEXEC", "What does OSError: 8 mean?", "Mein GPy sagt seit heute OSError: 8, was heißt das?"],
)
def test_an_error_that_names_no_place_erases_nothing(text: str) -> None:
    assert "board-flash-damaged" not in ids(text) and "--reset-flash" not in told(text)


def test_the_same_error_beside_the_boards_own_files_is_damage() -> None:
    assert ids(">>> os.listdir('/flash')\nOSError: 8\n") == ["board-flash-damaged"]
    assert ids("Cada vez que abro main.py: OSError: 8") == ["board-flash-damaged"]


def test_a_light_that_the_heartbeat_holds_is_no_card() -> None:
    led = ">>> import pycom\n>>> pycom.rgbled(0x7f7f00)\nOSError: the requested operation is not possible\n"
    assert not ids(led)
    card = ">>> os.mount(SD(), '/sd')\nOSError: the requested operation is not possible\n"
    assert ids(card) == ["sd-already-mounted"]


@pytest.mark.parametrize(
    "text",
    [
        "I pulled the plug of my phone, not of the GPy. The modem update stands at 37 %. May I reset?",
        "Das Modem-Update steht bei 37 %. Ich habe nur den Monitor ausgesteckt. Darf ich Reset drücken?",
        "The modem update is at 9 % since ten minutes. Last week the power went off, but nothing was running then.",
        "La actualización del módem va por el 9 % desde hace rato. Ayer: corte de luz, pero no estaba nada en marcha.",
    ],
)
def test_what_took_no_power_from_the_board_broke_no_transfer_off(text: str) -> None:
    assert "power-removed-during-flash" not in ids(text)
    assert "flash FULL.dup" not in told(text) and "Do not interrupt" in told(text)


@pytest.mark.parametrize(
    "text",
    [
        "I unplugged the USB hub with the keyboard and the board went dark at 37 % of the modem update.",
        "Bei 37 % des Modem-Updates ist der Strom ausgefallen, auch die Lampe war aus.",
        "The power went off at 37 % of the modem update, and nothing was running any more.",
        "Bei 37 % des Modem-Updates fiel der Strom aus, der Strom war weg, dann lief nichts mehr.",
    ],
)
def test_what_took_the_power_broke_it_off_all_the_same(text: str) -> None:
    assert "power-removed-during-flash" in ids(text)


@pytest.mark.parametrize(
    "text",
    [
        "Battery 9%, modem update at 61%. Shall I turn it off and go to a charger?",
        "Akku: 9 %, Modem-Update bei 61 %. Soll ich es ausschalten und erst laden?",
        "Batterie 9 %, mise à jour du modem à 61 %. Je peux débrancher pour recharger ?",
    ],
)
def test_a_battery_beside_a_transfer_starts_none(text: str) -> None:
    assert "Do not interrupt" in told(text) and "then flash again" not in told(text)


@pytest.mark.parametrize(
    "text",
    [
        "The LiPo is at 99 %, no update was started. May I unplug the USB cable?",
        "Der Akku ist bei 99 %, es wurde noch nichts geflasht. Darf ich das USB-Kabel ziehen?",
    ],
)
def test_how_full_a_battery_is_is_no_transfer_that_stands_still(text: str) -> None:
    assert "stall-7-10-or-99-percent" not in ids(text)


@pytest.mark.parametrize(
    "text",
    [
        "It reached 100 %, since then nothing at all. A video says that one may cut the power here.",
        "100 % erreicht, seitdem nichts mehr. In einer Anleitung steht, man soll den Strom abziehen.",
        "Llegó al 100 %, desde entonces nada. Un tutorial dice que se puede desenchufar.",
    ],
)
def test_silence_since_then_is_a_wait_and_no_end(text: str) -> None:
    assert ids(text) == ["stall-after-100-waiting"]


@pytest.mark.parametrize(
    "text",
    [
        "Your modem has been successfully updated.\nLR6.0.0.0-40343\nWe sent NB1-41019.dup to it.",
        "Your modem has been successfully updated.\nLR6.0.0.0-40343\nGeschickt habe ich NB1-41019.dup.",
        ">>> sqnsupgrade.run('/sd/NB1-41019.dup')\nYour modem has been successfully updated.\nLR6.0.0.0-40343\n",
    ],
)
def test_a_success_whose_build_is_another_is_none(text: str) -> None:
    assert not explain(text.encode()).says and "did not take the image" in told(text)


@pytest.mark.parametrize(
    "text",
    [
        "Your modem has been successfully updated.\nLR6.0.0.0-41019\nWe sent NB1-41019.dup to it.",
        "Your modem has been successfully updated.\nLR6.0.0.0-41019\nIch habe CATM1-41065.dup nicht geschickt.",
        "Your modem has been successfully updated.\nLR6.0.0.0-41019\nShould CATM1-41065.dup be sent then?",
        ">>> sqnsupgrade.run('/sd/CATM1-5.2-48829-1.dup', load_fff=False)\nYour modem has been successfully updated.\n"
        "LR5.1.1.0-39529\n",
    ],
)
def test_what_was_not_sent_or_brings_that_build_refutes_no_success(text: str) -> None:
    assert "did not take the image" not in told(text)


@pytest.mark.parametrize(
    "text",
    ["Sending 5835531 bytes: [##       ]  22%\n", "It was at 22 % yesterday.\n", "Das war gestern bei 22 %.\n"],
)
def test_how_far_a_transfer_came_is_not_passed_over(text: str) -> None:
    assert "leave board, cable and power alone" in told(text).lower()
