from __future__ import annotations

import pytest

from doctor.check import Status
from doctor.knowledge.catalogue import entry
from doctor.modem.facts import ModemFacts
from doctor.modem.verdict import FLASH_FULL_IMAGE, POWER_CYCLE, verdict
from doctor.text.power_off import UNPLUG
from doctor.updater import states

PASS, WARN, FAIL = Status.PASS, Status.WARN, Status.FAIL


@pytest.mark.parametrize(
    ("mode", "notes", "status", "catalogue"),
    [
        (states.APPLICATION, (), PASS, None),
        (states.APPLICATION, ("first-error",), PASS, None),
        (states.APPLICATION, ("stale-replies",), WARN, "stale-bytes-in-reply"),
        (states.APPLICATION, ("left-data-mode",), WARN, "modem-in-data-mode"),
        (states.RECOVERY, ("ati-error",), WARN, "modem-left-in-update-boot"),
        (states.RAM_UPDATER, ("ati-error",), WARN, "ati-returns-error"),
        (states.FFH, (), FAIL, "modem-in-ffh"),
        (states.DEPLOYING, (), FAIL, "stall-after-100-waiting"),
        (states.STP_OPEN, ("session-closed",), FAIL, "modem-left-in-update-boot"),
        (states.DATA, (), FAIL, "modem-in-data-mode"),
        (states.UNKNOWN, (), FAIL, "modem-state-unknown"),
        (states.SILENT, (), FAIL, "modem-silent"),
        (states.SILENT, ("nul-bytes",), FAIL, "modem-null-bytes"),
        (states.SILENT, ("noise",), FAIL, "baud-mismatch-garbage"),
    ],
)
def test_verdict(mode: str, notes: tuple[str, ...], status: Status, catalogue: str | None) -> None:
    judged = verdict(ModemFacts(mode, notes=notes))
    assert (judged.status, judged.catalogue) == (status, catalogue)


@pytest.mark.parametrize("mode", [*states.MODES.values(), states.STP_OPEN, states.DATA, states.UNKNOWN, states.SILENT])
def test_whatever_is_wrong_has_a_cause_and_a_cure(mode: str) -> None:
    judged = verdict(ModemFacts(mode))
    assert judged.status is PASS or (judged.cause and judged.remedies)


@pytest.mark.parametrize("mode", [states.RECOVERY, states.RAM_UPDATER, states.FFH, states.STP_OPEN])
def test_a_modem_that_keeps_its_power_until_it_is_flashed_is_told_nothing_else(mode: str) -> None:
    remedies = verdict(ModemFacts(mode, notes=("session-closed",))).remedies
    assert FLASH_FULL_IMAGE in remedies and POWER_CYCLE not in remedies


@pytest.mark.parametrize("mode", [states.RECOVERY, states.RAM_UPDATER, states.FFH])
def test_the_page_of_a_modem_that_keeps_its_power_takes_none_away(mode: str) -> None:
    page = verdict(ModemFacts(mode)).catalogue
    assert page is not None and not [step for step in entry(page).cure if UNPLUG in step or UNPLUG[1:] in step]


def test_updater_image_turns_ffh_into_a_warning() -> None:
    assert verdict(ModemFacts(states.FFH), updater_given=True).status is WARN


def test_silence_on_a_firmware_whose_lte_hangs() -> None:
    judged = verdict(ModemFacts(states.SILENT), lte_hangs=True)
    assert (judged.status, judged.catalogue) == (FAIL, "lte-constructor-hangs")
    assert verdict(ModemFacts(states.APPLICATION), lte_hangs=True).status is PASS
