"""Whose modem a text is about, and what of a session stays although a command went well when it was tried again."""

from __future__ import annotations

import pytest

from doctor.knowledge import explain


def ids(text: str) -> list[str]:
    return [match.id for match in explain(text.encode()).matches]


@pytest.mark.parametrize(
    "text",
    [
        "Our board has a SIM7080G. uart.read() gives b'\\x00\\x00'. A thread about GPy: dead after 48829.",
        "Quectel BG96 here: AT+QGMR works. Do I need updater.elf, as on the FiPy, if 41019 ran before 48829?",
    ],
)
def test_who_names_another_makers_modem_first_has_that_one(text: str) -> None:
    assert ids(text) == ["modem-of-another-maker"]


def test_what_a_modem_says_of_itself_weighs_more() -> None:
    assert "modem-of-another-maker" not in ids("Before I had a BG96. My GPy says LR5.1.1.0-33080, AT+SMOD? -> 0\n")


def test_a_file_of_the_other_family_names_it() -> None:
    assert (
        ids("pysequansutils upgrade --port COM12 GM02RB6Q_LR8.0.5.13-59577.dup\nIs that bad?")[0] == "monarch2-family"
    )


def test_a_crash_of_the_modem_is_not_mended_by_an_answer_that_came_later() -> None:
    session = (
        ">>> lte.send_at_cmd('AT+CEREG?')\n'\\r\\n^EXIT: File: rrc_plmn.c@1184\\r\\n'\n"
        ">>> lte.send_at_cmd('AT')\n''\n>>> lte.send_at_cmd('AT')\n'\\r\\nOK\\r\\n'\n"
    )
    assert ids(session) == ["modem-firmware-crashed"]


def test_the_target_of_a_differential_is_no_half_of_a_pair() -> None:
    text = "OSError: 8 when it opens /flash/upgdiff_38638-to-39529.dup, also over FTP. I flash from the PC then.\n"
    assert ids(text) == ["board-flash-damaged"]


def test_a_version_between_the_escapes_of_an_answer_is_what_runs() -> None:
    text = (
        'The page says "If your modem is on version 33080 you must first update to 41065".\n'
        ">>> lte.send_at_cmd('ATI1')\n'\\r\\nUE5.0.0.0d\\r\\nLR5.1.1.0-41065\\r\\n\\r\\nOK\\r\\n'\n"
        "Do I repeat 41065 before I load the two 48829 files?\n"
    )
    assert "33080-straight-to-48829" not in ids(text)
    assert explain(text.encode()).facts.builds.runs[-1].number == 41065


def test_a_command_whose_answer_is_not_shown_did_not_go_well() -> None:
    session = ">>> AT\nNameError: name 'AT' is not defined\n>>> AT\n"
    assert "went well" not in explain(session.encode()).says


@pytest.mark.parametrize(
    ("answer", "runs", "family"),
    [
        (
            r"'\r\nBootloader0  : 5.1.1.0 [33080]\r\nSoftware     : 5.1.1.0 [41065]\r\n'",
            [41065],
            "sqn3330",
        ),
        (r"b'\nUE6.0.0.0\nLR6.0.0.0-41019\n\nOK\n'", [41019], "sqn3330"),
        (r"b'\r\nUE8.2.1.0\r\nLR8.2.1.0-61488\r\nOK\r\n'", [], "monarch2"),
        (r"b'\r\nGM02S\r\nOK\r\n'", [], "monarch2"),
        (r"b'\r\nSIM7080G\r\nOK\r\n'", [], "other"),
    ],
)
def test_what_an_answer_in_quotation_marks_names_is_read(answer: str, runs: list[int], family: str) -> None:
    facts = explain(f">>> lte.send_at_cmd('ATI1')\n{answer}\nWhat is it?".encode()).facts
    assert ([build.number for build in facts.builds.runs], facts.family) == (runs, family)
