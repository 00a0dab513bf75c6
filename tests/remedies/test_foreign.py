"""Cures of other packages: they add to ours, are never done without a yes, and break nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from doctor import plugins
from doctor.bench import Bench, BenchOptions
from doctor.check import Grade
from doctor.cli.commands import fix as fix_command
from doctor.errors import Exit
from doctor.jobs.check import check as check_job
from doctor.jobs.fix import FixRequest, FixResult, fix
from doctor.remedies import DoableCure, cures
from doctor.remedies.foreign import OPTIONS_OF_FIX
from tests.planted import check, cure, plant

NAMES_IT = "return self.fail('it is not', remedies=(Remedy('screw-antenna-on', Grade.SAFE),))"
CHECK = check(look=NAMES_IT).replace("import Check", "import Check, Grade, Remedy")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of installed packages; the cures are read again before and after the test."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    cures.cache_clear()
    yield folder
    cures.cache_clear()


class Talk:
    """Answers for the user, and keeps what was shown."""

    def __init__(self, yes: bool) -> None:
        self.yes = yes
        self.plans: list[tuple[str, tuple[str, ...]]] = []

    def say(self, text: str) -> None:
        pass

    def ask(self, question: str) -> bool:
        return self.yes

    def typed(self, question: str) -> str | None:
        return None

    def confirm_plan(self, aim: str, plan: Sequence[str]) -> bool:
        self.plans.append((aim, tuple(plan)))
        return self.yes


def fixed(*named: str, yes: bool = True, port: str | None = None) -> tuple[FixResult, Talk]:
    """What fix does on an empty bench, or one with a port."""
    talk = Talk(yes)
    with Bench(BenchOptions(port=port)) as bench:
        return fix(bench, FixRequest(named), talk), talk


def plant_cure(site: Path, package: str, source: str) -> None:
    plant(site, package, source, group=plugins.CURES)


def test_another_packages_cure_is_done_after_a_yes_to_its_plan(site: Path) -> None:
    plant_cure(site, "cure-ok", cure())
    plant(site, "cure-check", CHECK)
    result, talk = fixed()
    (action,) = result.actions
    assert (action.done, action.text) == (True, "it is on")
    assert talk.plans == [("Screw the antenna on (a cure of the package cure-ok)", ("ask the board to",))]
    assert not result.report.warnings


def test_nothing_is_done_without_a_yes_whatever_the_check_says(site: Path, tmp_path: Path) -> None:
    plant_cure(site, "cure-no", cure(do=f"open({str(tmp_path / 'done')!r}, 'w')"))
    plant(site, "cure-no-check", CHECK)  # it says that the cure is safe
    result, _ = fixed(yes=False)
    assert result.actions[0].declined and not (tmp_path / "done").exists()


BROKEN = {
    "an id of ours": cure("reformat-sd"),
    "an id of a row of ours": cure("better-supply"),
    "an option of fix": cure("yes"),
    "an id with a space": cure("screw it"),
    "no id": cure().replace("id = 'screw-antenna-on'", ""),
    "done unasked": cure(more="grade = Grade.SAFE"),
    "destroys": cure(more="grade = Grade.DESTROYS"),
    "asks, and cannot be done": cure(base="Cure", more="grade = Grade.ASKS"),
    "says nothing": cure().replace("Screw the antenna on.", "").replace('""""""', "title = ''"),
    "an exit at import": "import sys\nsys.exit(0)",
    "an exception at construction": cure(more="__init__ = lambda self: {}['x']"),
    "a title that breaks": cure(more="title = property(lambda self: 1 / 0)"),
    "no cure": "Their = dict",
    "no plan": cure().replace("def plan", "def plans"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_cannot_join_is_left_out_with_one_warning(site: Path, name: str) -> None:
    ours = set(cures().by_id)
    cures.cache_clear()
    package = f"cure-{sorted(BROKEN).index(name)}"
    plant_cure(site, package, BROKEN[name])
    plant_cure(site, f"beside-{package}", cure("tilt-mast", base="Cure"))
    assert set(cures().by_id) == {*ours, "tilt-mast"}
    assert cures().by_id["reformat-sd"].grade is Grade.DESTROYS
    (warning,) = cures().warnings
    assert f"package {package} was left out" in warning


def test_two_packages_with_one_id_are_both_left_out_and_named(site: Path) -> None:
    plant_cure(site, "cure-rival-one", cure())
    plant_cure(site, "cure-rival-two", cure())
    assert not isinstance(cures().by_id.get("screw-antenna-on"), DoableCure)
    (warning,) = cures().warnings
    assert "cure-rival-one" in warning and "cure-rival-two" in warning


def test_check_and_fix_tell_what_was_left_out(site: Path) -> None:
    plant_cure(site, "cure-told", "1 / 0")
    with Bench(BenchOptions(port="sim://fipy")) as bench:
        assert "cure-told" in check_job(bench).warnings[0]
    assert "cure-told" in fixed()[0].report.warnings[0]


@pytest.mark.parametrize(
    "source",
    [
        cure(plan="1 / 0"),
        cure(plan="raise SystemExit(0)"),
        cure(plan="return 'one text'"),
        cure(plan="return (1, 2)"),
        cure(plan="return None"),
        cure(do="1 / 0"),
        cure(do="raise SystemExit(0)"),
    ],
)
def test_a_cure_that_breaks_is_an_error_that_names_its_package(site: Path, source: str) -> None:
    package = f"cure-breaks-{abs(hash(source))}"
    plant_cure(site, package, source)
    result, _ = fixed("screw-antenna-on")
    assert result.error is not None and result.exit_code is Exit.FAILED
    assert result.error.id == "cure-broken" and package in result.error.cause


def test_a_device_that_is_none_of_ours_is_left_alone(site: Path) -> None:
    plant_cure(site, "cure-stranger", cure())
    result, talk = fixed("screw-antenna-on", port="sim://pico")
    assert result.error is not None and result.error.id != "cure-broken" and not talk.plans


def test_the_options_of_fix_are_known() -> None:
    switches = {f"--{cure_id}" for cure_id in cures().doable()}
    spelled = {word for param in fix_command.command.params for word in param.opts} | {"--help"}
    long = {word[2:] for word in spelled - switches if word.startswith("--")}
    assert long == OPTIONS_OF_FIX


@pytest.mark.long
def test_on_the_command_line_it_has_a_switch_a_page_and_a_plan(site: Path) -> None:
    plant_cure(site, "cure-line", cure())

    def typed(*words: str) -> subprocess.CompletedProcess[str]:
        paths = os.pathsep.join((str(site), *filter(None, sys.path)))
        environ = {**os.environ, "PYTHONPATH": paths}
        command = [sys.executable, "-m", "doctor", *words]
        return subprocess.run(command, env=environ, capture_output=True, text=True, stdin=subprocess.DEVNULL)

    assert "Screw the antenna on (a cure of the package" in " ".join(typed("fix", "--help").stdout.split())
    assert "cure-line" in typed("open", "screw-antenna-on").stdout
    asked = typed("fix", "--screw-antenna-on", "--port", "sim://fipy")
    assert asked.returncode == 1 and "ask the board to" in asked.stdout + asked.stderr
    done = typed("fix", "--screw-antenna-on", "--port", "sim://fipy", "--yes")
    assert done.returncode == 0 and "it is on" in done.stdout
