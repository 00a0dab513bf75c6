from __future__ import annotations

import json
import webbrowser
from pathlib import Path

import pytest

from doctor import links
from doctor.cli.main import run

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
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A site that was built, with one page."""
    monkeypatch.setattr(links, "BUILT_SITE", tmp_path)
    made = tmp_path / "failures/modem-silent.html"
    made.parent.mkdir()
    made.touch()
    return made


def test_web_opens_the_browser(page: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def browser(url: str) -> bool:
        asked.append(url)
        return True

    monkeypatch.setattr(webbrowser, "open", browser)
    assert run(["open", "modem-silent", "--web"]) == 0
    assert asked == [page.as_uri()]
    assert "What to do" not in capsys.readouterr().out


def test_without_a_browser_the_text_is_shown(page: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webbrowser, "open", lambda url: False)
    assert run(["open", "modem-silent", "--web"]) == 0
    assert "What to do" in capsys.readouterr().out


def test_web_without_a_built_site_says_how_to_get_one(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links, "BUILT_SITE", tmp_path)
    assert run(["open", "modem-silent", "--web"]) == 2
    assert "make docs" in capsys.readouterr().err


def test_failing_check_says_what_to_open(capsys: Capture) -> None:
    run(["check", "--port", "sim://fipy?scenario=html-scripts", "--select", "board-scripts-match"])
    assert "more:  fipy-doctor open script-is-html-page" in capsys.readouterr().out
