from __future__ import annotations

import pytest

from checks.boot_switch_answers import BootSwitchAnswers
from checks.modem_answers import ModemAnswers
from doctor.bench import SkipReason
from doctor.check import Status
from tests.checks.simulated import bench_at

PASS, WARN, SKIP = Status.PASS, Status.WARN, Status.SKIP


@pytest.mark.sampled(3, "long")
@pytest.mark.parametrize(
    ("scenario", "status"),
    [
        ("healthy", PASS),
        ("jumpers-fitted", PASS),
        ("modem-recovery", PASS),
        ("ati-error", PASS),
        ("stale-replies", PASS),
        ("smswboot-error", WARN),
        ("modem-ffh", SKIP),
        ("modem-silent", SKIP),
        ("lte-hangs", SKIP),
        ("stp-fails-midway", SKIP),
    ],
)
def test_scenario(scenario: str, status: Status) -> None:
    with bench_at(f"sim://fipy?scenario={scenario}") as bench:
        ModemAnswers().look(bench)
        assert BootSwitchAnswers().look(bench).status is status


def test_boot_switch_that_is_refused_is_named() -> None:
    with bench_at("sim://fipy?scenario=smswboot-error") as bench:
        found = BootSwitchAnswers().look(bench)
    assert (found.catalogue, found.failed) == ("smswboot-30-failed", False)


def test_not_asked_of_a_modem_that_has_no_switch() -> None:
    with bench_at("sim://fipy?scenario=modem-ffh") as bench:
        assert BootSwitchAnswers().look(bench).skip_reason is SkipReason.NOT_APPLICABLE
