"""What is not proved open is closed: foreign folders, missing checks, checks that were left out."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipapp
from pathlib import Path

import pytest

from doctor import engine, roster
from doctor.bench import Bench, BenchOptions
from doctor.check import Finding, Status
from doctor.errors import DoctorError
from doctor.jobs.flash import FlashRequest, flash
from doctor.sim.practice.image import make_practice_image
from tests.cli.terminal import Terminal
from tests.jobs.flashing import User, small_image

ROOT = Path(__file__).parent.parent
LIMIT_S = 120
FITTED = "sim://fipy?scenario=jumpers-fitted"


@pytest.fixture
def terminal(capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(capsys)


def program(home: Path, *words: str, cwd: Path, path: str = "") -> subprocess.CompletedProcess[str]:
    """Run the fipy-doctor that lies in ``home`` (a folder or a zip), with ``path`` in front of it."""
    zipped = home.suffix == ".pyz"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (path, "" if zipped else str(home))))}
    return subprocess.run(
        [sys.executable, *([str(home)] if zipped else ["-m", "doctor"]), *words],
        cwd=cwd, env=environment, capture_output=True, text=True, timeout=LIMIT_S, check=False,
    )  # fmt: skip


def checkout(folder: Path) -> Path:
    """A copy of the program as a checkout lays it out."""
    for name in ("doctor", "checks"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def as_wheel(folder: Path) -> Path:
    """A copy of the program as a wheel lays it out."""
    checkout(folder)
    (folder / "checks").rename(folder / "doctor" / "_checks")
    return folder


def as_zip(folder: Path) -> Path:
    """The program in a zip, which no part of it may unpack."""
    inside = checkout(folder / "inside")
    archive = folder / "fipy-doctor.pyz"
    zipapp.create_archive(inside, archive, main="doctor.__main__:main")
    shutil.rmtree(inside)
    return archive


LAYOUTS = {"checkout": checkout, "wheel": as_wheel, "zip": as_zip}


@pytest.mark.long
@pytest.mark.sampled(3)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_foreign_folder_called_checks_changes_nothing(tmp_path: Path, layout: str) -> None:
    home = LAYOUTS[layout](tmp_path / "home")
    foreign = tmp_path / "project"
    (foreign / "checks").mkdir(parents=True)
    (foreign / "checks" / "__init__.py").write_text("X=1\n")
    done = program(home, "check", "--port", FITTED, "--json", cwd=foreign, path=str(foreign))
    document = json.loads(done.stdout)
    assert (done.returncode, document["exit"]) == (1, 1), done.stderr
    assert [f["check"] for f in document["findings"] if f["status"] == "fail"] == ["jumpers-removed"]
    assert {f["check"] for f in document["findings"]} == {*roster.BUILTIN}


@pytest.mark.long
def test_a_damaged_image_is_refused_beside_a_foreign_folder(tmp_path: Path) -> None:
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks" / "__init__.py").write_text("X=1\n")
    image = make_practice_image(tmp_path, build=41019, size_bytes=100_000)
    data = bytearray(image.read_bytes())
    data[50_000] ^= 1
    image.write_bytes(data)
    port = f"sim://fipy?state={tmp_path / 'bench'}"
    done = program(ROOT, "flash", str(image), "--port", port, "--yes", "--json", cwd=tmp_path, path=str(tmp_path))
    document = json.loads(done.stdout)
    assert (done.returncode, document["error"]["on"], document["proof"]) == (1, "firmware-is-whole", None)


DAMAGES = {
    "one file is missing": lambda checks: (checks / "jumpers_removed.py").unlink(),
    "one file is cut": lambda checks: (checks / "jumpers_removed.py").write_text("class JumpersRemoved(Check"),
    "one file holds nothing": lambda checks: (checks / "jumpers_removed.py").write_text(""),
    "one file exits": lambda checks: (checks / "jumpers_removed.py").write_text("raise SystemExit(0)"),
}


@pytest.mark.long
@pytest.mark.sampled(3)
@pytest.mark.parametrize("layout", ["checkout", "wheel"])
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_check_of_ours_that_is_not_there_is_one_clear_error(tmp_path: Path, layout: str, damage: str) -> None:
    home = LAYOUTS[layout](tmp_path / "home")
    DAMAGES[damage](home / ("checks" if layout == "checkout" else "doctor/_checks"))
    image = make_practice_image(tmp_path, build=41019, size_bytes=100_000)
    state = tmp_path / "bench"
    port = f"sim://fipy?state={state}"
    done = program(home, "flash", str(image), "--port", port, "--yes", "--json", cwd=tmp_path)
    error = json.loads(done.stdout)["error"]
    assert (done.returncode, error["id"]) == (1, "checks-missing")
    assert "jumpers-removed" in error["what"] and "board-has-modem" not in error["what"]
    assert done.stderr.count("Traceback") == 0
    assert not state.exists()  # nobody even opened the bench


@pytest.mark.long
def test_no_folder_of_checks_at_all(tmp_path: Path) -> None:
    home = checkout(tmp_path / "home")
    shutil.rmtree(home / "checks")
    done = program(home, "check", "--port", FITTED, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "all of them" in done.stderr and "Traceback" not in done.stderr


def test_a_foreign_doctor_in_front_only_does_harm_to_nobody(tmp_path: Path) -> None:
    (tmp_path / "doctor").mkdir()
    (tmp_path / "doctor" / "__init__.py").write_text("X=1\n")
    image = make_practice_image(tmp_path, build=41019, size_bytes=100_000)
    state = tmp_path / "bench"
    done = program(ROOT, "flash", str(image), "--port", f"sim://fipy?state={state}", "--yes", cwd=tmp_path)
    assert done.returncode == 1
    assert not state.exists()


def test_the_list_of_our_checks_is_what_lies_there() -> None:
    names = {path.stem.replace("_", "-") for path in (ROOT / "checks").glob("*.py") if path.stem != "__init__"}
    assert {*roster.BUILTIN} == names
    assert len(roster.BUILTIN) == len(names)


def test_each_of_our_checks_says_itself_whether_it_gates() -> None:
    assert not [check.id for check in roster.builtin() if "gates" not in vars(type(check))]


def test_tests_meet_the_very_modules_that_the_program_runs() -> None:
    from checks.port_opens import PortOpens

    assert PortOpens in [type(check) for check in roster.builtin()]


def test_a_gating_check_without_a_finding_has_failed() -> None:
    checks = roster.builtin()
    passed = [Finding(check.id, Status.PASS, "") for check in checks]
    assert not engine.barriers(engine.Report(tuple(passed)), checks)
    for check in checks:
        rest = tuple(found for found in passed if found.check != check.id)
        standing = engine.barriers(engine.Report(rest), checks)
        assert [found.check for found in standing] == [check.id] * check.gates


def test_a_check_whose_finding_never_came_stops_the_flash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = engine.run

    def losing(bench: Bench, **more: object) -> engine.Report:
        report = whole(bench, **more)  # type: ignore[arg-type]
        return engine.Report(tuple(f for f in report.findings if f.check != "jumpers-removed"))

    monkeypatch.setattr(engine, "run", losing)
    with Bench(BenchOptions(port="sim://fipy", firmware=(small_image(tmp_path),))) as bench:
        result = flash(bench, FlashRequest(), consent=User())
        assert bench.link.serial.bench.modem.received == []
    assert (int(result.exit_code), isinstance(result.error, DoctorError)) == (1, True)


def test_a_report_without_findings_is_no_good_news() -> None:
    assert int(engine.Report(()).exit_code) == 1


def test_a_check_that_examined_nothing_is_wrong_usage(terminal: Terminal) -> None:
    everything = ",".join(roster.BUILTIN)
    for words in (("--ignore", everything), ("--select", "card-is-fat,dup-at-root"), ("--select", "step-is-safe")):
        said = terminal.type("check", "--port", "sim://fipy", *words)
        assert said.code == 2, words
        assert "fipy-doctor flash" not in said.out + said.err


@pytest.mark.parametrize(
    ("scenario", "gating"),
    [
        ("healthy", "firmware-is-whole"),
        ("jumpers-fitted", "jumpers-removed"),
        ("modem-recovery", "jumpers-removed"),
        ("modem-recovery", "step-is-safe"),
    ],
)
def test_ignoring_a_gating_check_never_leads_to_a_flash(terminal: Terminal, scenario: str, gating: str) -> None:
    said = terminal.type("check", "--port", f"sim://fipy?scenario={scenario}", "--ignore", gating)
    assert "fipy-doctor flash" not in said.out
    assert said.next


def test_ignoring_what_gates_nothing_still_leads_to_it(terminal: Terminal) -> None:
    said = terminal.type("check", "--port", "sim://fipy", "--ignore", "boot-switch-answers")
    assert said.next[0] == "flash"


def test_selecting_a_few_checks_leads_to_the_whole_check(terminal: Terminal) -> None:
    said = terminal.type("check", "--port", "sim://fipy", "--select", "modem-answers")
    assert (said.code, said.next) == (0, ["check", "--port", "sim://fipy"])
    document = terminal.type("check", "--port", "sim://fipy", "--ignore", "jumpers-removed", "--json").document
    assert document["left_out"] == ["jumpers-removed"]


@pytest.mark.parametrize("scenario", ["modem-recovery", "ati-error"])
def test_a_modem_without_firmware_fails_where_strictness_is_asked_for(terminal: Terminal, scenario: str) -> None:
    port = f"sim://fipy?scenario={scenario}"
    said = terminal.type("check", "--port", port, "--select", "modem-answers")
    assert said.code == 0
    assert "no firmware runs in it" in said.out
    assert terminal.type("check", "--port", port, "--select", "modem-answers", "--strict").code == 1


def test_strictness_changes_nothing_where_all_is_well(terminal: Terminal) -> None:
    assert terminal.type("check", "--port", "sim://fipy", "--carrier", "pysense", "--strict").code == 0
