from __future__ import annotations

from pathlib import Path

import pytest

from doctor.jobs.amended import amended
from doctor.text.command import Command
from doctor.updater import states
from doctor.updater.plan import make_plan
from doctor.updater.shapes import Change, ImageFacts, Options, Refusal, Running

GIVEN = Command(
    "flash", firmware=(Path("a/b/PRACTICE.dup"),), updater_elf=Path("a/x.elf"), port="COM9", via="modem", method="store"
)
PRACTICE = ImageFacts("PRACTICE.dup", 1 << 20, "practice", "CATM1", 41065, 0, "practice")
REAL = ImageFacts("CATM1-41065.dup", 1 << 20, "full", "CATM1", 41065, 0, "SQN3330")


def refusal(image: ImageFacts, options: Options) -> Refusal:
    found = make_plan(Running(states.APPLICATION, 38638, "CATM1", "SQN3330"), [image], options).refusal
    assert found is not None
    return found


def test_a_practice_image_at_a_real_port_is_sent_to_the_simulator() -> None:
    found = refusal(PRACTICE, Options())
    assert found.id == "practice-image-on-real-port" and "only simulated modems take it" in found.what
    assert found.change is not None
    assert amended(GIVEN, found.change).port == "sim://sqn3330"
    assert amended(Command("flash", port="COM9"), found.change).port == "sim://fipy"


@pytest.mark.parametrize("family", ["practice", "MONARCH2"])
def test_an_updater_that_does_not_fit_is_replaced(family: str) -> None:
    elf = ImageFacts("x.elf", 371_307, "updater-elf", "", 0, 0, family)
    found = refusal(REAL, Options(updater_elf=elf))
    assert found.change is not None
    assert amended(GIVEN, found.change).updater_elf == "updater.elf"


def test_names_of_given_files_stand_for_them() -> None:
    other = amended(GIVEN, Change(files=("x.elf", "PRACTICE.dup"), without=("updater_elf",)))
    assert other.firmware == (Path("a/x.elf"), Path("a/b/PRACTICE.dup"))
    assert other.updater_elf is None


def test_what_stays_is_kept() -> None:
    assert amended(GIVEN, Change()) == GIVEN
