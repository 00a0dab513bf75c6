from __future__ import annotations

from pathlib import Path

import pytest

from checks.step_is_safe import StepIsSafe
from doctor.check import Finding, Status
from doctor.sim.practice.image import make_practice_image
from tests.checks.simulated import bench_at

PASS, WARN, FAIL = Status.PASS, Status.WARN, Status.FAIL


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


def test_siblings_genuine_file_is_refused_for_a_fipy(genuine: Path) -> None:
    assert step("sim://fipy", genuine).catalogue == "wrong-firmware-variant-chosen"
    assert step("sim://gm02s?build=58000", genuine).status is PASS
    assert step("sim://gm02s", genuine).catalogue == "image-older-than-modem"
