"""The reports of many boards: what one board, or its name, may say breaks none of them, and none says too much."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from doctor.errors import DoctorError, Exit
from doctor.fleet.boards import Board
from doctor.fleet.outcome import Outcome
from doctor.report import as_json
from doctor.report.fleet.documents import document, refused, told, whole
from doctor.report.fleet.page import page
from doctor.report.report_file import ReportFile
from doctor.text.command import Command
from doctor.text.escape import is_hidden
from tests import shapes
from tests.report.test_report_file import EVIL, Reader, holds_to_its_form, hostile

PORT = f"rfc2217://{EVIL}"


def fleet() -> dict[str, Any]:
    """A check of boards that say, and are called, whatever there is; one died, one could not be had."""
    boards = (Board(PORT, EVIL), Board("/dev/ttyACM0", "USB 1-1"), Board("labgrid:bd-3@"), Board("/dev/ttyACM1"))
    well = {**hostile(), "error": None, "exit": 0, "findings": []}
    outcomes = (
        Outcome(boards[0], 1, hostile()),
        whole("check", Outcome(boards[1], 1, {"died": EVIL})),
        refused(boards[2], "check", DoctorError("labgrid-place", EVIL, on=EVIL, cause=EVIL)),
        Outcome(boards[3], 0, well),
    )
    return document("check", outcomes)


@pytest.fixture
def written(tmp_path: Path) -> dict[str, str]:
    """The three files."""
    texts = {}
    for ending in ("html", "xml", "json"):
        path = tmp_path / f"fleet.{ending}"
        assert ReportFile(path).write(fleet(), Command("check")) == ""
        texts[ending] = path.read_text("utf-8")
    return texts


def test_the_page_takes_what_boards_say_as_text(written: dict[str, str]) -> None:
    text = written["html"]
    assert not [char for char in text if is_hidden(char) and char != "\n"]
    assert "<script>alert" not in text

    class OfMany(Reader):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            links = [value or "" for name, value in attrs if name == "href"]
            assert all(link.startswith("#board") and f'id="{link[1:]}"' in text for link in links)
            super().handle_starttag(tag, [one for one in attrs if one[0] != "href"])

    assert "1 of 4 boards in order" in OfMany(text).texts


def test_the_suite_is_the_form_that_jenkins_takes_with_the_port_in_each_case(written: dict[str, str]) -> None:
    suite = ElementTree.fromstring(written["xml"])
    holds_to_its_form(suite)
    cases = list(suite.iter("testcase"))
    assert len(cases) == 4 and [case.find("failure") is not None for case in cases] == [True] * 4
    assert {(case.get("classname") or "").split()[1][:9] for case in cases} == {"rfc2217:/", "/dev/ttyA", "labgrid:b"}


def test_the_json_holds_to_its_schema(written: dict[str, str]) -> None:
    read = json.loads(written["json"])
    assert shapes.faults(read) == []
    assert [board["exit_code"] for board in read["boards"]] == [1, 1, 1, 0]


def test_each_is_told_without_its_port_and_without_what_only_follows() -> None:
    found = {"check": "port-opens", "status": "fail", "summary": "/dev/x: gone", "caused_by": None, "skip_reason": None}
    after = {**found, "check": "modem-answers", "status": "skip", "skip_reason": "blocked", "caused_by": "port-opens"}
    blocked = {"port": "/dev/x", "exit": 1, "error": None, "findings": [found, after, after]}
    assert told(blocked) == "port-opens: gone"
    assert told({**blocked, "findings": [found, after, {**found, "check": "card"}]}) == "port-opens: gone (and 1 more)"
    err = as_json.document("check", Exit.FAILED, DoctorError("x", "a flash is under way", on="/dev/x"), port="/dev/x")
    assert told(err) == "a flash is under way"


def test_a_board_whose_process_was_killed_is_to_stay_powered_and_is_asked_first() -> None:
    board = Board("/dev/ttyACM0")
    died = {"died": "its process was killed (SIGKILL): 5 of 10 bytes"}
    midway = whole("flash", Outcome(board, 3, died, sent=True)).document
    assert (
        told(midway) == died["died"]
        and midway["port"] == board.port
        and midway["exit"] == 3
        and "powered" in midway["next"]["do"][0]
    )
    assert midway["next"]["run"] == ["fipy-doctor", "status", "--port", "/dev/ttyACM0"]
    assert whole("flash", Outcome(board, 1, died)).document["next"] is None


def test_a_board_that_is_being_flashed_is_not_in_order() -> None:
    well = {"where": "a flash is under way", "history": "", "running": True, "error": None, "findings": []}
    boards = [{**hostile(), **well, "port": "/dev/x", "name": "", "exit": 0, "exit_code": 0}]
    asked = {**as_json.plain(fleet()), "boards": boards, "of": "status"}
    assert "0 of 1 board in order, 1 being flashed" in page(asked)
