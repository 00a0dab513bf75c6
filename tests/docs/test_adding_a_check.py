"""docs/adding-a-check.md, followed to the letter in a copy of the checkout: what it builds works."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

pytestmark = pytest.mark.long

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs" / "adding-a-check.md"
BLOCK = re.compile(
    r'^```\w+ title="(?P<file>[^":]+)(?:: (?P<above>above )?(?P<name>\w+))?"\n(?P<text>.*?)^```$', re.M | re.S
)
PARTS = ("checks", "docs", "doctor", "tests", "pyproject.toml", "CONTRIBUTING.md", "README.md")
LIMIT_S = 300
#: What already watches over checks, cures, scenarios, pages and fragments.
WATCHERS = (
    "tests/checks/test_flash_has_room.py",
    "tests/docs/test_changes.py::test_every_fragment_is_well_formed",
    "tests/docs/test_pages.py",
    "tests/remedies/test_cures.py",
    "tests/test_house.py::test_each_check_has_its_test",
    "tests/test_scenarios_checked.py::test_scenario_is_found_first_with_its_cause_and_a_cure[flash-full]",
)


def put(text: str, into: str, name: str, *, above: bool) -> str:
    """``into`` with a block in the tuple that is called ``name``, at its end, or above it; END: behind all."""
    if name == "END":
        return f"{into}\n{text}"
    head, mark, rest = into.partition(f"\n{name} = (\n")
    assert mark, f"no {name} = ( … )"
    if above:
        return f"{head}\n{text}\n{mark}{rest}"
    inside, end, after = rest.partition("\n)")
    return f"{head}{mark}{inside}\n{textwrap.indent(text, '    ').rstrip()}{end}{after}"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of this checkout in which somebody did what the page says."""
    copy = tmp_path_factory.mktemp("checkout")
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__", "__snapshots__"))
        else:
            shutil.copy(ROOT / part, copy / part)
    blocks = list(BLOCK.finditer(PAGE.read_text(encoding="utf-8")))
    assert len(blocks) == 7
    for block in blocks:
        path = copy / block["file"]
        if block["name"] is None:
            assert not path.exists()
            path.write_text(block["text"], encoding="utf-8")
        else:
            made = put(block["text"], path.read_text(encoding="utf-8"), block["name"], above=bool(block["above"]))
            path.write_text(made, encoding="utf-8")
    return copy


def run(checkout: Path, *words: str, expect: int = 0) -> str:
    """What a Python program in the copy prints."""
    done = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": str(checkout)},
        capture_output=True,
        encoding="utf-8",
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == expect, done.stdout + done.stderr
    return done.stdout


def test_the_new_check_finds_its_scenario_and_leads_to_its_cure(checkout: Path) -> None:
    report = json.loads(run(checkout, "doctor", "check", "--port", "sim://fipy?scenario=flash-full", "--json"))
    (found,) = (finding for finding in report["findings"] if finding["check"] == "flash-has-room")
    assert (found["status"], found["catalogue"]) == ("warn", "flash-filesystem-full")
    assert [remedy["id"] for remedy in found["remedies"]] == ["tidy-flash"]


@pytest.mark.parametrize(("page", "says"), [("flash-has-room", "free space of /flash"), ("tidy-flash", "remove logs")])
def test_check_and_cure_have_their_pages(checkout: Path, page: str, says: str) -> None:
    assert says in run(checkout, "doctor", "open", page)


def test_the_house_takes_it(checkout: Path) -> None:
    assert " passed" in run(checkout, "pytest", "-p", "no:cacheprovider", *WATCHERS)


@pytest.mark.parametrize(
    "tool",
    [("ruff", "check"), ("ruff", "format", "--check"), pytest.param(("mypy",), marks=pytest.mark.table)],
    ids=" ".join,
)
def test_the_tools_take_it(checkout: Path, tool: tuple[str, ...]) -> None:
    files = sorted({block["file"] for block in BLOCK.finditer(PAGE.read_text(encoding="utf-8"))})
    run(checkout, *tool, *(file for file in files if file.endswith(".py")))
