from __future__ import annotations

import pytest

from checks.boot_starts_no_updater import AUTORUN, BootStartsNoUpdater
from doctor.check import Finding, Status
from doctor.sim.bench import SimBench

from .simulated import bench_at, board_of

RUN = b"import sqnsupgrade\nsqnsupgrade.run('/sd/x.dup', 921600)\n"


def look(files: dict[str, bytes], url: str = "sim://fipy") -> Finding:
    def spoil(sim: SimBench) -> None:
        for path, data in files.items():
            board_of(sim).flash.write(path, data)

    with bench_at(url, spoil) as bench:
        return BootStartsNoUpdater().look(bench)


def test_untouched_board_starts_none() -> None:
    assert look({}).status is Status.PASS


@pytest.mark.parametrize("name", ["main.py", "boot.py"])
def test_line_that_starts_an_updater_is_named(name: str) -> None:
    found = look({name: b"import machine\n" + RUN})
    assert found.status is Status.FAIL
    assert found.catalogue == AUTORUN
    assert f"{name} starts an updater in line 3 (sqnsupgrade.run(" in found.summary
    assert [r.id for r in found.remedies] == ["disable-autorun"]


def test_other_main_file_is_followed() -> None:
    found = look({"boot.py": b"import machine\nmachine.main('app.py')\n", "app.py": RUN})
    assert "app.py starts an updater in line 2" in found.summary


def test_imported_module_is_followed() -> None:
    found = look({"main.py": b"import helper\n", "lib/helper.py": RUN})
    assert found.status is Status.FAIL
    assert "lib/helper.py" in found.summary


def test_module_whose_function_would_flash_does_not_start_it() -> None:
    found = look(
        {"main.py": b"import helper\n", "lib/helper.py": b"def go():\n import sqnsupgrade\n sqnsupgrade.run()\n"}
    )
    assert found.status is Status.PASS


def test_import_alone_is_a_warning() -> None:
    assert look({"main.py": b"import sqnsupgrade\n"}).status is Status.WARN


def test_saved_page_as_main_starts_nothing() -> None:
    assert look({"main.py": b"<!DOCTYPE html>\n<html><body>print(1)</body></html>\n"}).status is Status.PASS


def test_huge_main_is_searched_on_the_board() -> None:
    padding = b"# filler\n" * 10_000
    assert look({"main.py": padding + RUN}).status is Status.FAIL
    assert look({"main.py": padding}).status is Status.WARN


def test_word_across_two_pieces_of_a_huge_main_is_found() -> None:
    assert look({"main.py": b"#" * 70_642 + b"\nimport sqnsupgrade\n"}).status is Status.FAIL


def test_control_characters_of_a_line_are_escaped() -> None:
    found = look({"main.py": b"import sqnsupgrade\nsqnsupgrade.run('\x1b[2J')\n"})
    assert "\x1b" not in found.summary + str(found.evidence)


def test_old_firmware_is_read_too() -> None:
    assert look({"main.py": RUN}, "sim://fipy?release=1.17.3.b1").status is Status.FAIL


def test_may_never_be_overridden() -> None:
    assert not BootStartsNoUpdater.overridable
