from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from doctor import roster
from doctor.check import Check, Grade
from doctor.knowledge import entries
from doctor.remedies import ByHand, DoableCure, cures

ROOT = Path(__file__).parent.parent.parent
NAMED = {
    (remedy, grade): path.name
    for path in sorted([*ROOT.glob("checks/*.py"), *ROOT.glob("doctor/**/*.py")])
    for remedy, grade in re.findall(r'Remedy\(\s*"([a-z-]+)",\s*(?:grade=)?Grade\.([A-Z]+)', path.read_text("utf-8"))
}


@pytest.mark.parametrize(("remedy", "grade"), sorted(NAMED))
def test_every_remedy_that_a_check_names_exists_with_that_grade(remedy: str, grade: str) -> None:
    assert cures().get(remedy).grade is Grade[grade]


def test_the_scan_above_sees_remedies() -> None:
    assert len(NAMED) > 10


@pytest.mark.parametrize("check", roster.builtin(), ids=lambda check: str(check.id))
def test_what_a_check_finds_is_in_the_catalogue(check: Check) -> None:
    assert check.finds or check.id == "board-has-modem"
    assert not [i for i in check.finds if i not in entries()]


def test_a_cure_with_code_lies_in_the_file_of_its_name_and_is_loaded_when_it_is_asked_for() -> None:
    files = {cure.id: type(cure).__module__ for cure in cures().by_id.values() if not isinstance(cure, ByHand)}
    assert files == {cure_id: f"doctor.remedies.{cure_id.replace('-', '_')}" for cure_id in files}
    program = (
        "import sys; from doctor.remedies import cures; known = cures()\n"
        "def loaded(): return [name for name in sys.modules if name in sys.argv[1:]]\n"
        "known.get('remove-jumpers'), known.get('better-supply'), known.get('os'), known.get('cure')\n"
        "print(*loaded()); print(len(known.by_id) - len(loaded()))"
    )
    ran = subprocess.run([sys.executable, "-c", program, *files.values()], capture_output=True, text=True, check=True)
    one, others = ran.stdout.split()
    assert one == "doctor.remedies.remove_jumpers" and int(others) == len(cures().by_id) - len(files)


def test_every_cure_says_what_it_brings_about_and_how() -> None:
    for cure in cures().by_id.values():
        assert len(cure.title) > 10
        assert isinstance(cure, DoableCure) or len(getattr(cure, "how", ())) >= 1
