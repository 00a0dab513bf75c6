from __future__ import annotations

from pathlib import Path

import pytest

from checks.board_scripts_match import BoardScriptsMatch
from doctor.check import Finding, Status
from doctor.sim.bench import SimBench

from .simulated import bench_at, board_of, write_files

PAGE = b"\n\n<!DOCTYPE html>\n<html><head></head></html>\n"
GOOD = b"def run(path):\n    return path\n" * 50


def look(files: dict[str, bytes], scripts: Path | None = None, url: str = "sim://fipy") -> Finding:
    def spoil(sim: SimBench) -> None:
        for path, data in files.items():
            if path.count("/") > 1:
                board_of(sim).flash.mkdir(path.rsplit("/", 1)[0])
            board_of(sim).flash.write(path, data)

    with bench_at(url, spoil, scripts=scripts) as bench:
        return BoardScriptsMatch().look(bench)


def test_untouched_board_passes() -> None:
    assert look({}).status is Status.PASS


def test_saved_page_is_named_with_its_first_bytes_and_cures() -> None:
    found = look({"lib/sqnsupgrade.py": PAGE, "lib/sqnstp.py": PAGE, "lib/good.py": GOOD})
    assert found.status is Status.FAIL
    assert found.catalogue == "script-is-html-page"
    assert "/flash/lib/sqnsupgrade.py on the board is a saved web page" in found.summary
    assert "/flash/lib/sqnstp.py" in found.summary
    assert str(found.evidence["first_bytes"]).startswith("0A 0A 3C 21")
    assert [r.id for r in found.remedies] == ["upload-scripts", "download-raw-scripts"]


def test_page_comes_before_other_damage() -> None:
    assert look({"a.py": b"x = (\n", "z.py": PAGE}).catalogue == "script-is-html-page"


@pytest.mark.parametrize("data", [GOOD[:-20] + b"(", GOOD + b"\x00" * 40])
def test_damaged_script_fails(data: bytes) -> None:
    found = look({"sqnstp.py": data})
    assert found.status is Status.FAIL
    assert found.catalogue == "corrupt-upload"


def test_equal_to_the_pcs_copy_passes(tmp_path: Path) -> None:
    found = look({"helper.py": GOOD}, write_files(tmp_path, {"helper.py": GOOD}))
    assert found.status is Status.PASS
    assert "1 the same as on the PC" in found.summary


def test_beginning_of_the_pcs_copy_is_a_cut_upload(tmp_path: Path) -> None:
    found = look({"helper.py": GOOD[:31]}, write_files(tmp_path, {"helper.py": GOOD}))
    assert found.status is Status.FAIL
    assert found.catalogue == "corrupt-upload"


@pytest.mark.parametrize("data", [GOOD + b"x = 1\n", GOOD.replace(b"path", b"name")])
def test_other_version_is_a_warning(tmp_path: Path, data: bytes) -> None:
    found = look({"helper.py": data}, write_files(tmp_path, {"helper.py": GOOD}))
    assert found.status is Status.WARN
    assert found.catalogue == "project-sync-stale"


def test_bad_source_on_the_pc_is_told_apart_from_a_bad_upload(tmp_path: Path) -> None:
    found = look({"sqnsupgrade.py": PAGE}, write_files(tmp_path, {"sqnsupgrade.py": PAGE}))
    assert "uploading it again cannot help" in found.cause
    assert "uploading it again cannot help" not in look({"sqnsupgrade.py": PAGE}).cause


def test_upload_hidden_by_the_firmware_is_told_only_where_it_is() -> None:
    found = look({"sqnsupgrade.py": GOOD})
    assert found.status is Status.WARN
    assert found.catalogue == "frozen-module-shadows-upload"
    assert look({"sqnsupgrade.py": GOOD}, url="sim://fipy?release=1.17.3.b1").status is Status.PASS


def test_folder_in_the_place_of_a_script_is_told() -> None:
    found = look({"lib/sqnsupgrade/sqnsupgrade.py": GOOD}, url="sim://fipy?release=1.17.3.b1")
    assert found.catalogue == "script-folder-imported-as-package"


def test_script_too_large_for_the_repl_is_not_read() -> None:
    found = look({"big.py": b"# filler\n" * 40_000})
    assert found.status is Status.WARN
    assert "too large" in found.summary


def test_missing_scripts_are_evidence_only(tmp_path: Path) -> None:
    found = look({}, write_files(tmp_path, {"sqnsupgrade.py": GOOD}))
    assert found.status is Status.PASS
    assert found.evidence["missing"] == ["sqnsupgrade.py"]
