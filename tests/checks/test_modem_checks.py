"""modem-answers, boot-switch-answers and step-is-safe over the simulated bench."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from checks.boot_switch_answers import BootSwitchAnswers
from checks.modem_answers import ModemAnswers
from checks.step_is_safe import StepIsSafe
from doctor.check import Finding, Status
from doctor.needs import SkipReason
from doctor.sim.practice.image import make_practice_image
from tests.checks.simulated import bench_at

PASS, WARN, FAIL, SKIP = Status.PASS, Status.WARN, Status.FAIL, Status.SKIP


@pytest.mark.parametrize(
    ("scenario", "status", "catalogue", "switch"),
    [
        ("healthy", PASS, None, PASS),
        ("jumpers-fitted", PASS, None, PASS),
        ("modem-recovery", WARN, "modem-left-in-update-boot", PASS),
        ("ati-error", WARN, "ati-returns-error", PASS),
        ("stale-replies", WARN, "stale-bytes-in-reply", PASS),
        ("smswboot-error", PASS, None, WARN),
        ("modem-ffh", FAIL, "modem-in-ffh", SKIP),
        ("modem-silent", FAIL, "modem-silent", SKIP),
        ("lte-hangs", FAIL, "lte-constructor-hangs", SKIP),
        ("stp-fails-midway", FAIL, "modem-left-in-update-boot", SKIP),
    ],
)
def test_scenario(scenario: str, status: Status, catalogue: str | None, switch: Status) -> None:
    with bench_at(f"sim://fipy?scenario={scenario}") as bench:
        answers = ModemAnswers().look(bench)
        selector = BootSwitchAnswers().look(bench)
    assert (answers.status, answers.catalogue) == (status, catalogue)
    assert selector.status is switch
    assert answers.status is PASS or answers.remedies


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("sim://fipy?scenario=modem-silent", True),
        ("sim://fipy?scenario=modem-silent&carrier=pysense", False),
        ("sim://gpy?scenario=modem-silent", False),
        ("sim://sqn3330?scenario=modem-silent", False),
    ],
)
def test_jumpers_are_told_only_where_there_are_some_that_reach_the_modem(url: str, told: bool) -> None:
    with bench_at(url, via_modem="sqn3330" in url) as bench:
        found = ModemAnswers().look(bench)
    assert ("remove-jumpers" in [remedy.id for remedy in found.remedies]) is told
    assert ("carrier" in found.evidence) is told
    assert found.remedies


def test_boot_switch_that_is_refused_is_named() -> None:
    with bench_at("sim://fipy?scenario=smswboot-error") as bench:
        found = BootSwitchAnswers().look(bench)
    assert (found.catalogue, found.failed) == ("smswboot-30-failed", False)


@pytest.mark.parametrize("url", ["sim://gm02s", "sim://sqn3330", "sim://gpy"])
def test_other_ways_to_a_modem(url: str) -> None:
    with bench_at(url, via_modem=url != "sim://gpy") as bench:
        assert ModemAnswers().look(bench).status is PASS


def test_evidence_tells_what_was_seen() -> None:
    with bench_at() as bench:
        evidence = ModemAnswers().look(bench).evidence
    assert (evidence["mode"], evidence["build"], evidence["radio"]) == ("application", 38638, "CATM1")


def step(url: str, *files: Path, **options: object) -> Finding:
    with bench_at(url, firmware=files, **options) as bench:  # type: ignore[arg-type]
        return StepIsSafe().look(bench)


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("firmware")
    return {
        "full": make_practice_image(folder, size_bytes=60_000),
        "nb1": make_practice_image(folder, "NB1", 41019, 60_000),
        "diff": make_practice_image(folder, build=39529, size_bytes=60_000, base=38638),
    }


@pytest.mark.parametrize(
    ("url", "image", "status", "catalogue"),
    [
        ("sim://fipy", "full", PASS, None),
        ("sim://fipy", "diff", PASS, None),
        ("sim://fipy?build=41065", "diff", FAIL, "diff-with-wrong-base"),
        ("sim://fipy?scenario=modem-recovery", "diff", FAIL, "diff-with-wrong-base"),
        ("sim://fipy?scenario=modem-recovery", "full", WARN, "modem-state-unknown"),
        ("sim://fipy?build=33080", "full", FAIL, "full-image-on-33080-needs-updater"),
        ("sim://fipy?build=50523", "full", FAIL, "modem-build-50523"),
        ("sim://fipy", "nb1", FAIL, "wrong-firmware-variant-chosen"),
    ],
)
def test_step(practice: dict[str, Path], url: str, image: str, status: Status, catalogue: str | None) -> None:
    found = step(url, practice[image])
    assert (found.status, found.catalogue) == (status, catalogue)


def test_consent_is_heard(practice: dict[str, Path]) -> None:
    assert step("sim://fipy", practice["nb1"], accept=frozenset({"radio-change"})).status is PASS


def test_named_build_is_heard(practice: dict[str, Path]) -> None:
    assert step("sim://fipy?scenario=modem-recovery", practice["full"], was=38638).status is PASS


def test_pair_is_refused(tmp_path: Path, practice: dict[str, Path]) -> None:
    first = tmp_path / "CATM1-5.2-48829-1.dup"
    first.write_bytes(practice["full"].read_bytes()[:2000])
    assert step("sim://fipy", first).catalogue == "48829-second-step-skipped"


def test_siblings_genuine_file_is_refused_for_a_fipy() -> None:
    spec = importlib.util.find_spec("pysequansutils")
    files = sorted((Path(spec.origin).parent / "fw").glob("*.dup")) if spec is not None and spec.origin else []
    if not files:
        pytest.skip("pysequansutils, which ships a genuine .dup, is not installed")
    assert step("sim://fipy", files[0]).catalogue == "wrong-firmware-variant-chosen"
    assert step("sim://gm02s?build=58000", files[0]).status is PASS
    assert step("sim://gm02s", files[0]).catalogue == "image-older-than-modem"


def test_not_asked_of_a_modem_that_has_no_switch() -> None:
    with bench_at("sim://fipy?scenario=modem-ffh") as bench:
        assert BootSwitchAnswers().look(bench).skip_reason is SkipReason.NOT_APPLICABLE
