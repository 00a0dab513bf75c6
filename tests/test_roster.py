"""Checks of other packages add to ours; none replaces one, ends a run, or opens the gate."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from doctor import engine, roster
from doctor.bench import Bench, BenchOptions
from doctor.check import Check, Finding, Status
from doctor.jobs.flash import FlashRequest, flash
from tests.cli.terminal import Terminal
from tests.jobs.flashing import User, small_image
from tests.planted import check, plant


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of installed packages, each test with module names of its own."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    return folder


@pytest.fixture
def terminal(capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(capsys)


def ids(found: roster.Roster) -> list[str]:
    return [check.id for check in found.checks]


def foreign(found: roster.Roster) -> list[str]:
    return [check.id for check in found.checks if check.package]


def the_check(check_id: str) -> Check:
    return next(check for check in roster.everybody().checks if check.id == check_id)


def look(*checks: str) -> dict[str, Finding]:
    """What the checks of these ids, installed by the test, find on an empty bench."""
    chosen = [check for check in roster.everybody().checks if check.id in checks]
    return {finding.check: finding for finding in engine.run(Bench(BenchOptions()), checks=chosen).findings}


def test_another_packages_check_joins_ours(site: Path) -> None:
    plant(site, "added-ok", check())
    found = roster.everybody()
    assert foreign(found) == ["antenna-is-fitted"]
    assert {*roster.BUILTIN} < {*ids(found)}
    assert the_check("antenna-is-fitted").package == "added-ok"
    assert not found.warnings


def test_a_package_in_a_zip_is_found(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(site, "in-a-zip", check())
    monkeypatch.syspath_prepend(shutil.make_archive(str(tmp_path / "packed"), "zip", site))
    sys.path.remove(str(site))
    assert foreign(roster.everybody()) == ["antenna-is-fitted"]


@pytest.mark.parametrize("brings", [False, True])
def test_metadata_of_all_packages_is_loaded_only_if_one_of_them_brings_something(site: Path, brings: bool) -> None:
    plant(site, "not-ours", check(), group="somebody.else")
    if brings:
        plant(site, "ours-too", check())
    program = "import sys; from doctor import roster; roster.everybody(); print('importlib.metadata' in sys.modules)"
    paths = os.pathsep.join((str(site), *filter(None, sys.path)))
    ran = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True
    )
    assert (ran.stdout.strip(), ran.stderr) == (str(brings), "")


BROKEN = {
    "an id of ours": check("step-is-safe"),
    "an exception at import": "1 / 0",
    "an exit at import": "import sys\nsys.exit(0)",
    "an exit at construction": check(more="__init__ = lambda self: exit(0)"),
    "an exception at construction": check(more="__init__ = lambda self: {}['x']"),
    "no check": "Their = dict",
    "no deadline": check().replace("deadline_s = 5.0", ""),
    "a deadline that never comes": check().replace("5.0", "float('inf')"),
    "a deadline that is not a number": check().replace("5.0", "float('nan')"),
    "no id": check().replace("id = 'antenna-is-fitted'", ""),
    "a need that is none": check(more="needs = ('aerial',)"),
    "after a word": check(more="after = 'port-opens'"),
    "after nothing that exists": check(more="after = ('mast-stands',)"),
    "after itself": check(more="after = ('antenna-is-fitted',)"),
    "behind itself": check(more="follows = ('antenna-is-fitted',)"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_cannot_join_is_left_out_with_one_warning(site: Path, name: str) -> None:
    package = f"left-{sorted(BROKEN).index(name)}"
    plant(site, package, BROKEN[name])
    plant(site, f"beside-{package}", check("mast-is-tall"))
    found = roster.everybody()
    assert {*ids(found)} == {*roster.BUILTIN, "mast-is-tall"}
    assert all(not check.package for check in found.checks if check.id in roster.BUILTIN)
    (warning,) = found.warnings
    assert f"package {package} was left out" in warning


@pytest.mark.parametrize("target", ["no_such_module:X", "os:getcwd", "json:nothing"])
def test_an_entry_point_that_leads_nowhere_is_left_out(site: Path, target: str) -> None:
    plant(site, "nowhere", target=target)
    found = roster.everybody()
    assert not foreign(found)
    (warning,) = found.warnings
    assert "nowhere" in warning


def test_a_package_whose_metadata_name_none_is_known_by_where_it_leads(site: Path) -> None:
    plant(site, "nameless-one", check(), check("mast-is-tall", more="after = ('nothing-of-that-name',)"))
    (site / "nameless_one-1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nVersion: 1\n")
    plant(site, "beside-nameless", check("cable-is-short"))
    found = roster.everybody()
    assert {*foreign(found)} == {"antenna-is-fitted", "cable-is-short"}
    (warning,) = found.warnings
    assert "nameless_one_1:Their" in warning


def test_two_packages_with_one_id_are_both_left_out_and_named(site: Path) -> None:
    plant(site, "rival-one", check())
    plant(site, "rival-two", check())
    found = roster.everybody()
    assert not foreign(found)
    (warning,) = found.warnings
    assert "rival-one" in warning and "rival-two" in warning


def test_a_circle_is_left_out_and_what_stands_on_it_too(site: Path) -> None:
    plant(site, "circle-a", check("a-is", more="after = ('b-is',)"))
    plant(site, "circle-b", check("b-is", more="follows = ('a-is',)"))
    plant(site, "circle-c", check("c-is", more="after = ('a-is',)"))
    plant(site, "circle-d", check("d-is", more="follows = ('a-is',)"))
    found = roster.everybody()
    assert foreign(found) == ["d-is"]
    assert len(found.warnings) == 3


def test_a_crash_is_blamed_on_its_package(site: Path) -> None:
    plant(site, "crashing-one", check(look="1 / 0"))
    finding = look("antenna-is-fitted")["antenna-is-fitted"]
    assert finding.status is Status.ERROR
    assert "crashing-one" in finding.cause and "bug in fipy-doctor" not in finding.cause
    assert "crashing-one" in finding.next


@pytest.mark.parametrize(
    "what",
    [
        "raise SystemExit(0)",
        "raise KeyboardInterrupt",
        "return None",
        "from doctor.check import Check, Finding, Status; return Finding('mast-is-tall', Status.PASS, 'yes')",
        "from doctor.check import Finding; return Finding(self.id, 'pass', 'yes')",
        "return self.fail(None)",
        "return self.fail('no', cause=5)",
        "return self.fail('no', catalogue=['modem-silent'])",
        "return self.fail('no', evidence={'seen': object()})",
        "return self.fail('no', caused_by=['modem-answers'])",
        "from dataclasses import replace; return replace(self.fail('no'), link=5)",
        "from dataclasses import replace; return replace(self.fail('no'), skip_reason='blocked')",
    ],
)
def test_a_check_that_brings_no_finding_of_its_own_is_broken_and_the_rest_runs(site: Path, what: str) -> None:
    package = f"no-finding-{sum(what.encode())}"
    plant(site, package, check(look=what), check("mast-is-tall", look="return self.fail('no')"))
    found = look("antenna-is-fitted", "mast-is-tall")
    assert (found["antenna-is-fitted"].status, found["mast-is-tall"].status) == (Status.ERROR, Status.FAIL)
    assert package in found["antenna-is-fitted"].cause


@pytest.mark.parametrize(("says", "code"), [("", 0), ("gates = True", 1)])
def test_it_bars_flashing_only_if_it_says_so_itself(site: Path, tmp_path: Path, says: str, code: int) -> None:
    plant(site, f"gate-says-{code}", check(look="return self.fail('no antenna')", more=says))
    with Bench(BenchOptions(port="sim://fipy", firmware=(small_image(tmp_path),))) as bench:
        result = flash(bench, FlashRequest(), consent=User())
    assert result.exit_code == code, result.error
    assert result.report.finding("antenna-is-fitted") is not None


@pytest.mark.parametrize("over", [False, True])
def test_one_that_reads_the_board_s_card_waits_for_what_it_names(site: Path, over: bool) -> None:
    firmware = "from doctor.check import Needs\n    needs = (Needs.FIRMWARE,)"
    ahead = "mast-is-tall" if over else "modem-answers"
    sources = [check("mast-is-tall", more="after = ('modem-answers',)")] * over
    plant(site, f"guest-{over}", *sources, check(more=f"{firmware}\n    after = ({ahead!r},)"))
    with Bench(BenchOptions(port="sim://fipy", card_file="x.dup")) as bench:
        reports: list[engine.Report] = []
        run = threading.Thread(
            target=lambda: reports.append(engine.run(bench, select=["antenna-is-fitted"])), daemon=True
        )
        run.start()
        run.join(30)  # it would wait forever
        assert reports
    found = reports[0].finding("antenna-is-fitted")
    assert found is not None and found.status is Status.PASS


def test_a_left_out_package_is_told_and_ends_no_command(site: Path, terminal: Terminal) -> None:
    plant(site, "exits-in-cli", "import sys\nsys.exit(0)")
    said = terminal.type("check", "--port", "sim://fipy?build=38638", "--carrier", "pysense")
    assert said.code == 0
    assert said.out.count("package exits-in-cli ") == 1 and "passed" in said.out
    assert terminal.type("check", "--port", "sim://fipy", "--carrier", "pysense", "--strict").code == 1


def test_its_page_is_shown(site: Path, terminal: Terminal) -> None:
    plant(site, "page-of-theirs", check())
    for command in ("open", "checks"):
        said = terminal.type(command, "antenna-is-fitted")
        assert said.code == 0
        assert "page-of-theirs" in said.out and "without one the modem finds no network" in said.out.lower()
    assert terminal.type("checks", "antenna-is-fitted", "--json").document["checks"][0]["package"] == "page-of-theirs"


def test_a_crash_leads_to_a_page_that_exists(site: Path, terminal: Terminal) -> None:
    plant(site, "crash-with-page", check(look="1 / 0"))
    finding = look("antenna-is-fitted")["antenna-is-fitted"]
    assert finding.link == "fipy-doctor open antenna-is-fitted"
    assert terminal.type(*finding.link.split()[1:]).code == 0


def test_a_page_of_ours_is_never_replaced(site: Path, terminal: Terminal) -> None:
    plant(site, "page-thief", check("modem-silent"))
    assert "page-thief" not in terminal.type("open", "modem-silent").out


def test_a_cure_that_nobody_knows_ends_no_command(site: Path, terminal: Terminal) -> None:
    remedy = "from doctor.check import Grade, Remedy as R; return self.fail('', remedies=(R('buy-one', Grade.MANUAL),))"
    plant(site, "unknown-cure", check(look=remedy))
    said = terminal.type("check", "--port", "sim://fipy", "--select", "antenna-is-fitted")
    assert said.code == 1
    assert "itself failed" not in said.out + said.err and "buy-one" in said.out
