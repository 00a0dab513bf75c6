"""--report FILE: one file of HTML, JSON or JUnit XML, whatever the run ended in, and whatever a device said."""

from __future__ import annotations

import errno
import html
import html.parser
import json
import os
import re
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from doctor import __version__
from doctor.bench import Bench, BenchOptions
from doctor.check import Finding, Grade, Remedy, Status
from doctor.engine import Report
from doctor.errors import Exit, LinkError
from doctor.events import Event, Note, Phase, Progress, StepStarted, Waiting
from doctor.report import as_json
from doctor.report.heard import MOST_EVENTS, Heard
from doctor.report.junit import suite
from doctor.report.report_file import SUFFIXES, ReportFile
from doctor.report.run_html import page
from doctor.sim.practice.image import make_practice_image
from doctor.text.command import Command
from doctor.text.escape import is_hidden
from tests.cli.terminal import Terminal

EVIL = "<script>alert('x')</script>\"&\x00\x1b[2J\ud800\u202e\u2066\ufeff\x85 https://evil.example/a.js"
VOID = {"meta", "input"}


@pytest.fixture
def terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Terminal:
    monkeypatch.chdir(tmp_path)
    return Terminal(capsys)


class Reader(html.parser.HTMLParser):
    """Holds a page to what a report must be: each element closed, and nothing from outside."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[str] = []
        self.names: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        assert not {"src", "href", "onclick", "onload"} & {name for name, _ in attrs}
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def wire_of(page: str) -> list[str]:
    """The rows of the second list of a page, as text."""
    items = re.findall(r"<li[^>]*>(.*?)</li>", page.split('class="wire"')[2], re.DOTALL)
    return [html.unescape(re.sub(r"<[^>]*>", " ", item)) for item in items]


#: What junit-10.xsd of Jenkins' xunit plugin allows, as far as we write it: attributes, and what may stand within.
FORM = {
    "testsuite": ({"name", "tests", "failures", "errors", "skipped", "timestamp", "time"}, {"properties", "testcase"}),
    "properties": (set(), {"property"}),
    "property": ({"name", "value"}, set()),
    "testcase": ({"name", "classname", "time"}, {"failure", "error", "skipped", "system-out"}),
    **dict.fromkeys(("failure", "error", "skipped"), ({"type", "message"}, set())),
    "system-out": (set(), set()),
}


def holds_to_its_form(suite: ElementTree.Element) -> None:
    for element in suite.iter():
        attributes, within = FORM[element.tag]
        assert set(element.keys()) == attributes and {child.tag for child in element} <= within
    for name, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert suite.get(name) == str(len(suite.findall(f".//{tag}")))
    datetime.strptime(suite.get("timestamp") or "", "%Y-%m-%dT%H:%M:%S")
    times = [float(one.get("time") or "") for one in suite.iter("testcase")]
    assert float(suite.get("time") or "") >= max(times)


def hostile() -> dict[str, Any]:
    found = Finding(
        "modem-answers", Status.FAIL, EVIL, cause=EVIL, evidence={EVIL: EVIL, "list": [EVIL]}, next=EVIL,
        remedies=(Remedy("power-cycle", Grade.MANUAL),),
    )  # fmt: skip
    members = {**as_json.identity(Bench(BenchOptions())), **as_json.report_members(Report((found,)))}
    err = LinkError("port-busy", EVIL, on=EVIL, cause=EVIL, next=EVIL)
    written: dict[str, Any] = json.loads(as_json.text(as_json.document("check", Exit.FAILED, err, **members)))
    return written


def test_a_flash_is_drawn_with_its_proof(terminal: Terminal, tmp_path: Path) -> None:
    image = make_practice_image(tmp_path, build=41065, size_bytes=60_000)
    port = ("--port", "sim://sqn3330?fault=nack@60", "--via", "modem")
    said = terminal.type("flash", str(image), *port, "--yes", "--report", "r.html")
    assert said.code == 0 and "Flashed and proved" in said.out
    text = Path("r.html").read_text(encoding="utf-8")
    read = Reader(text)
    assert "Flashed and proved" in read.texts
    assert {"svg", "polyline", "table", "details", "input"} <= set(read.names)
    assert "LR5.1.1.0-41065" in text and "read the version back from the modem" in text
    if hasattr(os, "geteuid"):
        assert Path("r.html").stat().st_mode & 0o777 == 0o600
    # A refused block, with what led to it and what followed: in the picture, and on the wire.
    assert len(re.findall(r"<path [^>]*><title>BLOCK \d+ was refused", text)) == 1
    assert re.search(r'<rect [^>]*url\(#wait\)"><title>waiting for the modem', text)
    rows = wire_of(text)
    told = next(number for number, row in enumerate(rows) if "was refused; sending it again" in row)
    assert re.search(r"< +STP BLOCK nack sid 1 tid \d+, 0 bytes", rows[told - 1])
    assert re.search(r"> +STP BLOCK sid 1 tid \d+, 2016 bytes, crc [0-9a-f]{4} ok", rows[told + 1])
    began = next(number for number, row in enumerate(rows) if re.search(r"- +send PRACTICE", row))
    assert "AT+SMSTPU" in rows[began + 1] and "STP OPEN sid 1 tid 1" in "".join(rows[began : began + 8])
    assert rows[-1].endswith("closed") and "left out" in "".join(rows) and 50 < len(rows) < 400


def test_what_a_device_says_is_text_in_html() -> None:
    heard = Heard()
    events: tuple[Event, ...] = (
        StepStarted(EVIL, EVIL, Phase.TRANSFER), Waiting(EVIL, 1, False), Note(EVIL, retry=True),
        Progress(Phase.TRANSFER, 0, 0, False), Progress(Phase.TRANSFER, 5, 10, False),
    )  # fmt: skip
    for second, event in enumerate(events):
        heard.hear(event, second)
    text = page(hostile(), heard)
    assert not [char for char in text if is_hidden(char) and char != "\n"]
    read = Reader(text)
    assert read.names.count("script") == 1
    assert sum("alert('x')" in text for text in read.texts) >= 8


def test_a_megabyte_of_one_text_is_cut() -> None:
    document = hostile()
    document["findings"][0]["summary"] = document["error"]["what"] = "\u202eA<" * (1 << 20)
    assert len(page(document, Heard())) < 1 << 19


def test_junit_counts_and_holds_what_xml_can(terminal: Terminal) -> None:
    assert terminal.type("check", "--port", "sim://fipy?scenario=html-scripts", "--report", "r.xml").code == 1
    whole = ElementTree.fromstring(Path("r.xml").read_text(encoding="utf-8"))
    assert (whole.get("tests"), whole.get("failures"), whole.get("errors")) == ("16", "1", "0")
    assert [case.get("name") for case in whole.iter("testcase") if case.find("failure") is not None] == [
        "board-scripts-match"
    ]
    holds_to_its_form(whole)
    evil = ElementTree.fromstring(suite(hostile()))
    holds_to_its_form(evil)
    assert [case.get("name") for case in evil.iter("testcase")] == ["modem-answers", "check"]
    said = evil.findall(".//failure")[0].get("message") or ""
    assert "<script>" in said and "\\x00" in said and not any(map(is_hidden, said))
    assert ("fipy-doctor", __version__) in [(one.get("name"), one.get("value")) for one in evil.iter("property")]


def test_json_is_the_document_beside_what_the_screen_shows(terminal: Terminal) -> None:
    said = terminal.type("check", "--port", "sim://fipy", "--report", "r.json")
    assert "checks passed" in said.out
    assert json.loads(Path("r.json").read_text())["exit"] == said.code == 0
    said = terminal.type("check", "--port", "sim://fipy?scenario=html-scripts", "--json", "--report", "r.json")
    assert said.code == 1 and Path("r.json").read_text() == said.out


def test_what_ends_in_an_error_is_reported_too(terminal: Terminal) -> None:
    said = terminal.type("check", "--report", "r.xml")
    assert said.code == 2 and "no board is plugged in" in said.err
    assert "no board is plugged in" in Path("r.xml").read_text()
    said = terminal.type("status", "--port", "sim://fipy?scenario=modem-recovery", "--report", "s.html")
    assert said.code == 1 and "recovery" in Path("s.html").read_text()


@pytest.mark.parametrize(
    ("report", "why"),
    [
        (Report((Finding("a", Status.PASS, "fine"),), interrupted=True), "stopped by you before the end"),
        (Report((Finding("a", Status.FAIL, "bad"),), interrupted=True), "stopped by you before the end"),
        (Report((Finding("a", Status.WARN, "odd"),), strict=True), "warnings count as failures (--strict)"),
    ],
)
def test_what_did_not_end_with_0_is_not_reported_as_well(report: Report, why: str) -> None:
    members = {**as_json.identity(Bench(BenchOptions())), **as_json.report_members(report)}
    document = as_json.plain(as_json.document("check", report.exit_code, **members))
    assert why[1:] in page(document, Heard()).split("</h1>")[0]
    case = list(ElementTree.fromstring(suite(document)).iter("testcase"))[-1]
    assert (case.get("name"), case[0].tag, case[0].get("message")) == ("check", "failure", why)


def test_a_fault_of_ours_is_reported_too(terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("doctor.engine.run", lambda *_given, **_named: 1 // 0)
    said = terminal.type("check", "--port", "sim://fipy", "--report", str(tmp_path / "r.json"))
    error = json.loads((tmp_path / "r.json").read_text())["error"]
    assert said.code == 1 and error["id"] == "internal" and "ZeroDivisionError" in error["what"]


def test_a_modem_with_something_left_to_do_is_a_failure_in_junit(terminal: Terminal) -> None:
    assert terminal.type("status", "--port", "sim://fipy?scenario=modem-recovery", "--report", "s.xml").code == 1
    whole = ElementTree.fromstring(Path("s.xml").read_text(encoding="utf-8"))
    assert whole.get("failures") == "1" and "recovery" in (whole.findall(".//failure")[0].get("message") or "")
    holds_to_its_form(whole)


def test_an_older_report_is_replaced_and_no_link_is_followed(terminal: Terminal, tmp_path: Path) -> None:
    mine = tmp_path / "mine.txt"
    mine.write_text("mine")
    Path("r.json").symlink_to(mine)
    for _ in range(2):
        assert terminal.type("check", "--port", "sim://fipy", "--report", "r.json").code == 0
    assert mine.read_text() == "mine" and json.loads(Path("r.json").read_text())["exit"] == 0
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".part"] == []


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_report_replaces_an_earlier_one_and_no_other_file(terminal: Terminal, suffix: str) -> None:
    path = Path(f"r{suffix}")
    for _ in range(2):
        assert terminal.type("status", "--port", "sim://fipy", "--report", str(path)).code == 0
        assert b"fipy-doctor" in path.read_bytes()
    path.write_bytes(b"the only firmware")
    said = terminal.type("check", "--port", "sim://fipy", "--firmware", str(path), "--report", str(path))
    assert said.code == 2 and "is not a report; it is left as it is" in said.err
    assert path.read_bytes() == b"the only firmware"


def test_a_report_does_not_take_the_name_of_the_trace(terminal: Terminal) -> None:
    said = terminal.type("status", "--port", "sim://fipy", "--trace", "t.json", "--report", "t.json")
    assert said.code == 0 and "the report t.json could not be written: the file exists" in said.err
    assert Path("t.json").read_text().startswith('{"t": 0.0, "dir": "trace"')


@pytest.mark.parametrize("name", ["r.pdf", "r", "nowhere/r.html"])
def test_a_report_that_cannot_be_written_is_refused_first(terminal: Terminal, name: str) -> None:
    said = terminal.type("check", "--port", "sim://fipy", "--report", name)
    assert said.code == 2 and "--report" in said.err and said.out == ""


def test_a_run_of_hours_keeps_its_beginning_and_its_end() -> None:
    heard = Heard()
    for second in range(MOST_EVENTS + 50):
        heard.hear(Note(str(second)), second)
    kept = [event.text for _, event in heard.events if isinstance(event, Note)]
    assert len(kept) == MOST_EVENTS and (kept[0], kept[-1]) == ("0", str(MOST_EVENTS + 49))


def test_a_full_disk_costs_the_report_and_nothing_else(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, data: bytes) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    assert terminal.type("check", "--port", "sim://fipy", "--report", "r.html").code == 0
    monkeypatch.setattr("doctor.report.report_file.write_whole", full)
    said = terminal.type("check", "--port", "sim://fipy", "--report", "r.html")
    assert said.code == 0 and "the report r.html could not be written: No space left on device" in said.err
    assert not Path("r.html").exists(), "a report of an earlier run would be taken for one of this run"
    assert terminal.type("check", "--report", "r.html").code == 2


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_whatever_was_heard_can_be_written(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"r{suffix}"
    assert ReportFile(path).write(hostile(), Command("")) == "" and path.stat().st_size > 500


def test_the_command_of_a_page_shows_no_hidden_character_of_a_file_name() -> None:
    run = ["fipy-doctor", "flash", "\x1b[2J\u202etxt\n\udcff.dup"]
    document = {
        "schema": "fipy-doctor/check/1",
        "at": "",
        "exit": 0,
        "error": None,
        "port": None,
        "tool": {"name": "", "version": ""},
        "platform": {"system": "", "python": ""},
    }
    text = page({**document, "next": {"do": [], "run": run, "notes": []}}, Heard())
    command = html.unescape(text.split("<pre>")[1].split("</pre>")[0])
    assert command.isprintable() and Command.parse(command).words() == tuple(run)
