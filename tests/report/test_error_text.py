"""The one form of every error on a terminal."""

from __future__ import annotations

import io

import pytest

from doctor.errors import COMMAND_IDS, DoctorError
from doctor.report import console
from doctor.report.page import all_pages
from doctor.report.prose import BenchConsole


def shown(err: DoctorError, *, verbose: bool = False) -> list[str]:
    out = io.StringIO()
    BenchConsole(file=out, width=200).print(console.error(err, verbose=verbose))
    return out.getvalue().splitlines()


@pytest.mark.parametrize(
    ("on", "what", "line"),
    [
        ("ff", "is neither a folder, an image file nor a disk", "ff is neither a folder, an image file nor a disk"),
        ("COM3", "the port is in use", "COM3: the port is in use"),
        ("", "stopped", "stopped"),
    ],
)
def test_object_and_what_happened_make_a_sentence(on: str, what: str, line: str) -> None:
    err = DoctorError("usage", what, on=on)
    assert (str(err), shown(err)[0]) == (line, line)


def test_the_last_line_is_the_command_that_tells_more() -> None:
    assert "port-busy" in all_pages()
    assert shown(DoctorError("port-busy", "x", next="y"))[-1] == "  more:  fipy-doctor open port-busy"


def test_an_id_of_the_command_line_has_no_page_and_promises_none() -> None:
    assert not set(COMMAND_IDS) & set(all_pages())
    assert shown(DoctorError("usage", "x"), verbose=True) == ["x", "  (usage)"]
    assert shown(DoctorError("usage", "x")) == ["x"]
