from __future__ import annotations

import pytest

from doctor.modem.facts import from_core
from doctor.updater import states


@pytest.mark.parametrize(
    ("lines", "selector"),
    [(["+SMSWBOOT: FFF"], "FFF"), (["RECOVERY"], "RECOVERY"), (["+SMSWBOOT:FFH"], "FFH"), (["?"], None), ([], None)],
)
def test_boot_selector(lines: list[str], selector: str | None) -> None:
    answers = states.Facts()
    answers.smswboot = lines
    assert from_core(states.State("SQN3330"), answers).boot_selector == selector


def test_upgrade_report() -> None:
    answers = states.Facts()
    answers.smupgrade = ["+CEREG: 2", "+SMUPGRADE: No report: 0"]
    assert from_core(states.State("SQN3330"), answers).upgrade_report == "No report: 0"


def test_ati_names_the_family() -> None:
    state = states.State("SQN3330")
    state.ati = ["SEQUANS Communications", "GM02S", "UE8.0.5.13"]
    facts = from_core(state, states.Facts())
    assert (facts.family, facts.radio) == ("MONARCH2", None)


def test_stale_lines_in_front_of_a_query_are_noted() -> None:
    answers = states.Facts()
    answers.stale = ["+CPSMS: 1"]
    assert from_core(states.State("SQN3330"), answers).notes == ("stale-replies",)
