"""Several findings in one text: the cause leads, nothing contradicts it, and what was done already is not advised."""

from __future__ import annotations

import pytest

from doctor.jobs.explaining.advice import Advice, advice
from doctor.knowledge import explain


def advised(text: str) -> Advice:
    return advice(explain(text.encode()))


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        (
            "AT+SMOD? gives 4, LTE() raises modem_state=recovery. where do I begin?",
            ["modem-in-upgrade-mode", "modem-recovery-exception"],
        ),
        (
            "NB1-41019 installiert, dann 48829-1 geschickt: AT auto-negotiation failed! Exiting.",
            ["nb1-to-48829-direct", "at-autonegotiation-failed"],
        ),
        ("Notebook zugeklappt bei 30 und etwas Prozent. Was nun?", ["usb-selective-suspend-or-sleep"]),
        ("Terminal fermé par erreur à 62 %, que faire ?", ["user-interrupt"]),
    ],
)
def test_the_cause_leads(text: str, ids: list[str]) -> None:
    assert [match.id for match in explain(text.encode()).matches] == ids


def test_the_measured_mode_decides_the_recipe() -> None:
    steps = advised("AT+SMOD? gives 4, LTE() raises modem_state=recovery. where do I begin?").steps
    assert len(steps) == 1 and "without updater.elf" in steps[0]


def test_an_error_from_before_ends_no_transfer() -> None:
    found = advised(
        "Sending 6160982 bytes...  99%\n(hangs for 5 minutes)\nBefore it: OSError: [Errno 1] EPERM on a second mount. "
        "RTS and CTS jumpers are on. Switch off and pull them?"
    )
    assert found.answers[0].startswith("Do not interrupt it")
    assert "jumpers" not in "".join(found.steps)


def test_harmless_lines_are_named_to_who_asks_which_of_several_counts() -> None:
    text = "1: Failed to read project status\n2: OSError: AT+SMSWBOOT=3,0 failed!\nwhich one matters?"
    assert any(line.startswith("pymakr-status-unreadable is not the reason") for line in advised(text).together)


def test_the_words_before_a_power_cut_stand_once() -> None:
    steps = advised("changed the card with power on, now Errno 19. Do I need to buy another card?").steps
    assert sum("within the last hour" in step for step in steps) == 1
    assert any(step.startswith("As in step 2: wait 10 s") for step in steps)


def test_a_power_cycle_that_was_done_is_not_advised() -> None:
    zeros = "only zeros from the modem at both speeds"
    assert any("unplug USB" in step for step in advised(f"{zeros}. dead?").steps)
    assert not any("unplug USB" in step for step in advised(f"{zeros}, battery unplugged over night. dead?").steps)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("changed the card with power on, now Errno 19. Do I need to buy another card?", "A new card? No"),
        ("changed the card with power on, now Errno 19. bad card?", "says that the card itself is broken"),
        ("os.mount -> OSError: [Errno 1] EPERM. is my sd broken?", "Is it the card? Nothing in this text speaks"),
    ],
)
def test_a_part_that_is_good_is_not_blamed(text: str, says: str) -> None:
    (answer,) = advised(text).answers
    assert says in answer


def test_what_a_tool_says_at_length_is_no_question_of_its_reader() -> None:
    said = 'Thonny: "Device is busy or does not respond. Your options: wait, or use Ctrl+C to stop it?" Was jetzt?'
    assert "power" not in explain(said.encode()).reader.asks
