from __future__ import annotations

import json
import re
import webbrowser
from dataclasses import replace
from pathlib import Path

import pytest

from doctor.cli.main import run
from doctor.links import Kind
from doctor.report import pages_html
from doctor.report.page import Page, Section, all_pages

Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize(
    "page_id, words",
    [
        ("modem-silent", ["Not one byte", "What to do", "modem-answers"]),
        ("modem-answers", ["Looks at", "no option lifts it", "modem-silent"]),
        ("power-cycle", ["unplug USB", "Advised by"]),
    ],
)
def test_each_kind_of_page_is_shown(capsys: Capture, page_id: str, words: list[str]) -> None:
    assert run(["open", page_id]) == 0
    shown = capsys.readouterr().out
    assert all(word in shown for word in [page_id, *words])


def test_without_an_id_everything_is_listed(capsys: Capture) -> None:
    assert run(["open"]) == 0
    shown = capsys.readouterr().out
    assert all(word in shown for word in ("modem-silent", "modem-answers", "power-cycle"))


def test_unknown_id_is_wrong_usage_and_offers_near_ones(capsys: Capture) -> None:
    assert run(["open", "modem-sielnt"]) == 2
    assert "did you mean modem-silent" in capsys.readouterr().err


def test_part_of_an_id_offers_those_that_hold_it(capsys: Capture) -> None:
    assert run(["open", "smswboot"]) == 2
    assert "smswboot-30-failed" in capsys.readouterr().err


def test_name_of_a_command_leads_to_its_help(capsys: Capture) -> None:
    assert run(["open", "flash"]) == 2
    assert "fipy-doctor flash --help" in capsys.readouterr().err


def test_python_names_of_checks_do_too(capsys: Capture) -> None:
    assert run(["open", "modem_answers"]) == 0


def test_json_holds_the_page(capsys: Capture) -> None:
    assert run(["open", "modem-silent", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "fipy-doctor/open/1"
    assert document["page"]["link"] == "fipy-doctor open modem-silent"
    assert any(section["heading"] == "What to do" and section["items"] for section in document["page"]["sections"])


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What is written, and a browser that notes what it opens beside it."""
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setattr(webbrowser, "open", lambda url: (tmp_path / "opened").write_text(url) > 0)
    return tmp_path / "fipy-doctor-pages.html"


def test_web_writes_all_pages_and_opens_them_at_this_one(file: Path, capsys: Capture) -> None:
    assert run(["open", "modem-silent", "--web"]) == 0
    assert (file.parent / "opened").read_text() == file.as_uri()
    told = capsys.readouterr()
    assert told.out == f"opened {file}\n"
    written = file.read_text(encoding="utf-8")
    assert re.findall('<article id="(.*?)">', written)[0] == "modem-silent"
    assert set(re.findall('href="#(.*?)"', written)) <= set(re.findall('id="(.*?)"', written)) == set(all_pages())
    assert not re.search(r'(?:src|href)=(?!"#)', written), "nothing is loaded from elsewhere"


def test_what_a_text_holds_is_no_markup() -> None:
    page = Page("a-b", Kind.CURE, "<b> & `x < y`", (("<i>", "c-d"),), (Section("<s>", items=("`<script>`",)),))
    written = pages_html.whole(page, {"a-b": page, "c-d": replace(page, id="c-d")})
    assert "&lt;b&gt; &amp; <code>x &lt; y</code>" in written
    assert '<a href="#c-d">c-d</a>' in written
    assert not re.search("<(?:b|i|s|script)>", written.partition("</main>")[0])


def test_without_a_browser_the_text_is_shown(file: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webbrowser, "open", lambda url: False)
    assert run(["open", "modem-silent", "--web"]) == 0
    told = capsys.readouterr()
    assert "What to do" in told.out and str(file) in told.out


def test_where_nothing_can_be_written_the_text_is_shown(file: Path, capsys: Capture) -> None:
    file.mkdir()
    assert run(["open", "modem-silent", "--web"]) == 0
    told = capsys.readouterr()
    assert "What to do" in told.out and "cannot be written" in told.err
    assert not (file.parent / "opened").exists()


def test_failing_check_says_what_to_open(capsys: Capture) -> None:
    run(["check", "--port", "sim://fipy?scenario=html-scripts", "--select", "board-scripts-match"])
    assert "more:  fipy-doctor open script-is-html-page" in capsys.readouterr().out
