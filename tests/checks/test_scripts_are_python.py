from __future__ import annotations

import os
from pathlib import Path

import pytest

from checks.scripts_are_python import ScriptsArePython
from doctor.bench import Bench, BenchOptions
from doctor.check import Finding, Status
from doctor.errors import UsageError

PAGE = b"<!DOCTYPE html>\n<html><title>sqnsupgrade.py</title></html>"
GOOD = b"import os\nprint(os.uname())\n"


def look(folder: Path, **files: bytes) -> Finding:
    for name, data in files.items():
        path = folder / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return ScriptsArePython().look(Bench(BenchOptions(scripts=folder)))


def test_never_stops_a_flash() -> None:
    assert ScriptsArePython.gates is False


def test_good_scripts_pass(tmp_path: Path) -> None:
    finding = look(tmp_path, sqnsupgrade_dot_py=GOOD, lib__main_dot_py=GOOD)
    assert finding.status is Status.PASS
    assert "2 scripts" in finding.summary


def test_page_is_named_with_its_bytes_and_what_the_file_should_be(tmp_path: Path) -> None:
    finding = look(tmp_path, lib__sqnsupgrade_dot_py=PAGE, main_dot_py=GOOD)
    assert (finding.status, finding.catalogue) == (Status.WARN, "script-is-html-page")
    assert "lib/sqnsupgrade.py (the vendor's updater)" in finding.summary
    assert finding.evidence["first_bytes"].startswith("3C 21 44 4F")  # type: ignore[union-attr]
    assert (finding.evidence["file"], finding.evidence["line"]) == ("lib/sqnsupgrade.py", 1)
    assert finding.cause != ""
    assert finding.remedies[0].id == "download-raw-scripts"


def test_worst_first_and_all_named(tmp_path: Path) -> None:
    smart = "os.mkfs(\u2018/sd\u2019)\n".encode()
    finding = look(tmp_path, a_dot_py=b"print 'x'\n", b_dot_py=smart, z_dot_py=PAGE, good_dot_py=GOOD)
    assert finding.catalogue == "script-is-html-page"
    assert finding.summary.startswith("z.py ")
    assert "a.py" in finding.summary
    assert "b.py" in finding.summary
    assert "good.py" not in finding.summary
    assert finding.evidence["catalogue_ids"] == ["script-is-html-page", "smart-quotes-in-pasted-code"]


def test_smart_quotes_name_the_line(tmp_path: Path) -> None:
    finding = look(tmp_path, main_dot_py="import os\nos.mkfs(\u201c/flash\u201d)\n".encode())
    assert (finding.catalogue, finding.evidence["line"]) == ("smart-quotes-in-pasted-code", 2)
    assert "line 2" in finding.summary


def test_apple_companion_beside_a_good_script(tmp_path: Path) -> None:
    finding = look(tmp_path, _dot__main_dot_py=b"\x00\x05\x16\x07" + bytes(4092), main_dot_py=GOOD)
    assert finding.catalogue == "appledouble-companion"
    assert finding.remedies[0].id == "delete-dot-files"


def test_script_saved_as_page_under_a_page_name(tmp_path: Path) -> None:
    (tmp_path / "sqnsupgrade.py.html").write_bytes(PAGE)
    assert look(tmp_path).catalogue == "script-is-html-page"


def test_good_script_under_a_hidden_extension(tmp_path: Path) -> None:
    (tmp_path / "sqnsupgrade.py.txt").write_bytes(GOOD)
    assert look(tmp_path).catalogue == "hidden-double-extension"


def test_archive_that_was_not_unpacked(tmp_path: Path) -> None:
    (tmp_path / "pycom-libraries-master.zip").write_bytes(b"PK\x03\x04")
    finding = look(tmp_path)
    assert (finding.status, finding.catalogue) == (Status.WARN, "firmware-still-zipped")
    assert "pycom-libraries-master.zip" in finding.summary


def test_folder_without_scripts(tmp_path: Path) -> None:
    assert look(tmp_path, readme_dot_md=b"hi").catalogue == "sqnsupgrade-module-missing"


def test_a_single_file_may_be_given(tmp_path: Path) -> None:
    (tmp_path / "sqnstp.py").write_bytes(PAGE)
    assert look(tmp_path / "sqnstp.py").catalogue == "script-is-html-page"


def test_folders_of_tools_are_left_alone(tmp_path: Path) -> None:
    finding = look(tmp_path, main_dot_py=GOOD, venv__x_dot_py=PAGE, __pycache____y_dot_py=PAGE)
    assert finding.status is Status.PASS


def test_control_characters_in_a_name_are_escaped(tmp_path: Path) -> None:
    try:
        (tmp_path / "a\x1b[31m.py").write_bytes(PAGE)
    except OSError:
        pytest.skip("this system takes no control characters in names")
    finding = look(tmp_path)
    assert "\x1b" not in finding.summary + str(finding.evidence["file"])


def test_missing_folder_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        look(tmp_path / "none")


def test_every_id_is_declared(tmp_path: Path) -> None:
    assert look(tmp_path, a_dot_py=b"p = 'C:\\Users'\n").catalogue in ScriptsArePython.finds


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_named_like_a_script_does_not_keep_us_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "main.py")
    finding = look(tmp_path)
    assert finding.status is Status.WARN and "not a regular file" in finding.summary
