"""Every scenario through the real job: what ``check`` must say first, and that a healthy bench of any era passes."""

from __future__ import annotations

import pytest

from doctor.bench import Bench, BenchOptions
from doctor.check import Status
from doctor.engine import Report
from doctor.jobs.check import check
from doctor.remedies import cures
from doctor.sim.scenarios import SCENARIOS, Scenario

BROKEN = [scenario for scenario in SCENARIOS.values() if scenario.check is not None]
RELEASES = ("1.11.0.b1", "1.17.3.b1", "1.18.1.r1", "1.18.2.r4", "1.20.0.rc11", "1.20.1.r2", "1.20.2.r2", "1.20.2.r4")


def examined(url: str, *, via_modem: bool = False) -> Report:
    with Bench(BenchOptions(port=url, via_modem=via_modem)) as bench:
        return check(bench)


@pytest.mark.sampled(4, "long")
@pytest.mark.parametrize("scenario", BROKEN, ids=lambda s: str(s.name))
def test_scenario_is_found_first_with_its_cause_and_a_cure(scenario: Scenario) -> None:
    report = examined(f"sim://fipy?scenario={scenario.name}")
    matter = [f for f in report.findings if f.failed or (f.status is Status.WARN and not _of_the_board(f.catalogue))]
    first = matter[0]
    assert (first.check, first.status.value, first.catalogue) == (scenario.check, scenario.status, scenario.catalogue)
    assert first.cause
    assert cures().get(first.remedies[0]).steps(first)
    assert [f.check for f in matter[1:] if f.caused_by != first.check] == []
    assert report.exit_code == (1 if scenario.status == "fail" else 0)


#: Without a board in front, first contact itself reads old replies away and closes an abandoned transfer.
BARE = {
    "ati-error": ("modem-answers", "warn", "ati-returns-error"),
    "smswboot-error": ("boot-switch-answers", "warn", "smswboot-30-failed"),
    "stale-replies": ("port-opens", "pass", None),
    "modem-recovery": ("modem-answers", "warn", "modem-left-in-update-boot"),
    "modem-ffh": ("modem-answers", "fail", "modem-in-ffh"),
    "modem-silent": ("modem-answers", "fail", "modem-silent"),
    "stp-fails-midway": ("modem-answers", "warn", "modem-left-in-update-boot"),
}


def test_every_scenario_of_a_bare_modem_is_listed() -> None:
    assert set(BARE) == {s.name for s in BROKEN if not s.needs_board}


@pytest.mark.parametrize("name", BARE)
def test_scenario_of_a_bare_modem(name: str) -> None:
    first = examined(f"sim://sqn3330?scenario={name}", via_modem=True).findings[0]
    assert (first.check, first.status.value, first.catalogue) == BARE[name]


@pytest.mark.sampled(5)
@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("kind", ["fipy", "gpy"])
def test_healthy_board_of_each_era_passes(kind: str, release: str) -> None:
    report = examined(f"sim://{kind}?release={release}")
    assert report.exit_code == 0
    seen = {f.check: f.status for f in report.findings}
    for check_id in ("repl-answers", "boot-starts-no-updater", "board-scripts-match", "board-reads-card"):
        assert seen[check_id] is Status.PASS
    assert seen["modem-answers"] is Status.PASS
    assert seen["jumpers-removed"] is (Status.PASS if kind == "fipy" else Status.SKIP)


@pytest.mark.parametrize("kind", ["gm02s", "sqn3330"])
def test_healthy_bare_modem_passes(kind: str) -> None:
    report = examined(f"sim://{kind}", via_modem=True)
    assert report.exit_code == 0
    answers = report.finding("modem-answers")
    assert answers is not None and answers.status is Status.PASS


def _of_the_board(catalogue: str | None) -> bool:
    """An old board is warned of in every scenario that needs one."""
    return catalogue == "board-firmware-outdated"
