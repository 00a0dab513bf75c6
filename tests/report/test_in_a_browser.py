"""Reports as Chromium shows them: light and dark, on a phone, on paper, by keyboard, for a screen reader."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from doctor.bench import Bench, BenchOptions
from doctor.check import Finding, Status
from doctor.cli.main import run
from doctor.documents.trace_lines import RX, Line
from doctor.engine import Report
from doctor.events import Note, Phase, Progress, StepStarted, Waiting
from doctor.report import as_json
from doctor.report.fleet.page import page as page_of_many
from doctor.report.heard import Heard
from doctor.report.page import all_pages
from doctor.report.pages_html import whole
from doctor.report.run_html import page
from doctor.roster import everybody
from doctor.sim.practice.image import make_practice_image
from tests.report.fleet.test_reports import fleet
from tests.report.test_report_file import EVIL, hostile

pytestmark = [pytest.mark.long, pytest.mark.needs_tool("chromium", "chromedriver", "axe-core")]

MODEM = ("--port", "sim://sqn3330", "--via", "modem", "--yes")
#: What is typed behind "fipy-doctor", and the first words of the page that comes of it.
RUNS = {
    "healthy": (("check", "--port", "sim://fipy"), "No problem found"),
    "failed": (("check", "--port", "sim://fipy?scenario=html-scripts"), "1 problem found"),
    "no-board": (("check",), "The command failed"),
    "fixed": (
        ("fix", "--port", "sim://fipy?scenario=html-scripts", "--upload-scripts", "--yes", "--backup", "kept"),
        "1 cure done, no problem found",
    ),
    "planned": (("plan", "X", *MODEM[:-1]), "Planned; nothing was sent"),
    "proved": (("flash", "X", "--port", "sim://sqn3330?fault=nack@60", *MODEM[2:]), "Flashed and proved"),
    "cut": (("flash", "X", "--port", "sim://sqn3330?fault=cut@60", *MODEM[2:]), "Not flashed to the end"),
    "status": (("status", "--port", "sim://fipy?scenario=modem-recovery"), "The modem: the modem waits in its updater"),
}
MADE = {
    "interrupted": "Stopped by you before the end",
    "hostile": "1 problem found",
    "fleet": "1 of 4 boards in order",
    "open": "Not one byte comes from the modem",
}
PAGES = (*RUNS, *MADE)
LIGHT, DARK = "light", "dark"
ALIKE = ".wire li:nth-child(n+9):not(.moment)"  #: rows that axe would look at by the hundred, one like the other


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a report of each kind."""
    folder = tmp_path_factory.mktemp("reports")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("FIPY_DOCTOR_STATE_DIR", str(folder / "state"))
        patch.setattr("serial.tools.list_ports.comports", list)
        image = make_practice_image(folder, build=41065, size_bytes=60_000)
        for name, (words, _) in RUNS.items():
            run([str(image) if word == "X" else word for word in words] + ["--report", f"{name}.html"])
    stopped = Report((Finding("port-opens", Status.PASS, "fine"),), interrupted=True)
    members = {**as_json.identity(Bench(BenchOptions())), **as_json.report_members(stopped)}
    document = as_json.plain(as_json.document("check", stopped.exit_code, **members))
    (folder / "interrupted.html").write_text(page(document, Heard()), "utf-8")
    (folder / "fleet.html").write_text(page_of_many(as_json.plain(fleet())), "utf-8")
    (folder / "hostile.html").write_text(page(hostile(), _evil()), "utf-8")
    told = all_pages(everybody().checks)
    some = {one: told[one] for one in list(told)[::15]}
    (folder / "open.html").write_text(whole(told["modem-silent"], some), "utf-8")
    return folder


def _evil() -> Heard:
    heard = Heard()
    for t_ms in range(0, 4000, 10):
        heard.line(
            Line(0, t_ms, RX, EVIL.encode("utf-8", "surrogatepass") + b"</li></ol><img src=x onerror=alert(1)>\r\n", {})
        )
    for event in (
        StepStarted(EVIL, "M" * 5000, Phase.TRANSFER), Waiting(EVIL, 1, False), Progress(Phase.TRANSFER, 0, 10, False),
        Note(EVIL, retry=True), Progress(Phase.TRANSFER, 5, 10, False),
    ):  # fmt: skip
        heard.hear(event, 4.0 + len(heard.events))
    return heard


class Browser:
    """One Chromium for all tests of this file."""

    def __init__(self, pages: Path) -> None:
        from selenium import webdriver  # whoever skips these tests does not wait for it
        from selenium.webdriver.chrome.service import Service

        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium") or ""
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self._pages = pages
        self.driver = webdriver.Chrome(options, Service(shutil.which("chromedriver")))
        self.driver.execute_cdp_cmd("Network.enable", {})

    def show(self, name: str, *, scheme: str = LIGHT, media: str = "screen", width: int = 1280) -> None:
        """Open a page anew, and look at it so."""
        self.look(scheme=scheme, media=media, width=width)
        self.driver.get((self._pages / f"{name}.html").as_uri())

    def look(self, *, scheme: str = LIGHT, media: str = "screen", width: int = 1280) -> None:
        """As what the page that is open is seen from now on."""
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        seen = {"media": media, "features": [{"name": "prefers-color-scheme", "value": scheme}]}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", seen)

    def asks(self, script: str, *arguments: object) -> Any:
        """What a script answers."""
        return self.driver.execute_script(script, *arguments)

    def all(self, selector: str) -> list[Any]:
        """The elements that ``selector`` names."""
        found: list[Any] = self.driver.find_elements("css selector", selector)
        return found

    def log(self, kind: str) -> list[dict[str, Any]]:
        """What Chromium wrote down since it was asked last."""
        entries: list[dict[str, Any]] = self.driver.execute("getLog", {"type": kind})["value"]
        return entries


@pytest.fixture(scope="module")
def browser(pages: Path) -> Iterator[Browser]:
    shown = Browser(pages)
    yield shown
    shown.driver.quit()


@pytest.fixture(scope="module")
def axe() -> str:
    return Path(sys.prefix, "node_modules", "axe-core", "axe.min.js").read_text("utf-8")


def faults(browser: Browser, **options: object) -> list[str]:
    """What axe calls serious or worse."""
    found = browser.driver.execute_async_script(
        "const [rows, options, done] = arguments;"
        "axe.run({exclude: [rows]}, options).then(found => done(found.violations))",
        ALIKE,
        {"resultTypes": ["violations"], **options},
    )
    return [
        f"{one['id']}: {node['html'][:200]} {node['failureSummary']}"
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("name", PAGES)
def test_a_report_is_sound_wherever_it_is_read(browser: Browser, axe: str, name: str) -> None:
    for kind in ("browser", "performance"):
        browser.log(kind)
    browser.show(name)
    assert browser.all("h1")[0].text.startswith(RUNS[name][1] if name in RUNS else MADE[name])
    browser.asks("for (const one of document.querySelectorAll('details')) one.open = true")
    browser.asks(axe)
    assert faults(browser) == []
    browser.look(scheme=DARK)
    assert browser.asks("return getComputedStyle(document.body).backgroundColor") == "rgb(13, 17, 23)"
    assert faults(browser, runOnly=["color-contrast"]) == []
    browser.look(width=390)
    assert browser.asks("return [innerWidth, document.documentElement.scrollWidth]") == [390, 390]
    assert [entry["message"] for entry in browser.log("browser")] == []
    sent = [json.loads(entry["message"])["message"] for entry in browser.log("performance")]
    asked = {one["params"]["request"]["url"] for one in sent if one["method"] == "Network.requestWillBeSent"}
    assert asked == {browser.driver.current_url}


@pytest.mark.parametrize("name", ["failed", "cut"])
def test_on_paper_all_is_unfolded_dark_on_white_and_folded_again_behind_it(browser: Browser, name: str) -> None:
    browser.show(name, scheme=DARK, media="print")
    folded = len(browser.all("details:not([open])"))
    browser.asks("dispatchEvent(new Event('beforeprint'))")
    assert folded > 0 and browser.all("details:not([open])") == []
    look = "const style = getComputedStyle(document.querySelector(arguments[0])); return style[arguments[1]]"
    assert browser.asks(look, "body", "color") == "rgb(27, 31, 36)"
    assert not any(field.is_displayed() for field in browser.all("input, label"))
    browser.asks("dispatchEvent(new Event('afterprint'))")
    assert len(browser.all("details:not([open])")) == folded


def test_the_keyboard_unfolds_and_filters(browser: Browser) -> None:
    from selenium.webdriver.common.keys import Keys

    browser.show("proved")
    summary = browser.all("summary")[0]
    reached = []
    for _ in range(3):
        browser.driver.switch_to.active_element.send_keys(Keys.TAB)
        reached.append(browser.asks("return document.activeElement.tagName + document.activeElement.id"))
    assert reached == ["SUMMARY", "SUMMARY", "INPUTfilter"]
    lines = browser.all(".wire li")
    browser.driver.switch_to.active_element.send_keys("stp block NACK")
    seen = "return [...document.querySelectorAll('.wire li')].filter(one => one.offsetHeight).map(one => one.innerText)"
    shown = browser.asks(seen)
    assert len(shown) == 1 and "STP BLOCK nack sid 1" in shown[0]
    assert browser.all("#count")[0].text == f"1 of {len(lines)} lines"
    browser.driver.switch_to.active_element.send_keys(Keys.CONTROL, "a", Keys.NULL, Keys.DELETE)
    assert len(browser.asks(seen)) == len(lines) and browser.all("#count")[0].text == ""
    summary.send_keys(Keys.ENTER)
    assert browser.all("details")[0].get_attribute("open") == "true"


def test_a_screen_reader_hears_the_verdict_and_the_picture(browser: Browser) -> None:
    browser.show("cut")
    nodes = browser.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    heard = [(node["role"]["value"], node.get("name", {}).get("value", "")) for node in nodes if not node["ignored"]]
    headings = [name for role, name in heard if role == "heading"]
    assert headings[0] == "Not flashed to the end"
    assert {"What to do now", "How it went", "What was examined", "Facts"} <= set(headings)
    pictures = [name for role, name in heard if role in ("image", "img")]
    assert len(pictures) == 1 and pictures[0].startswith("Share of the file that went over, against time")
    assert ("searchbox", "Show only lines with") in heard
    assert any(role in ("cell", "gridcell") and "send PRACTICE" in name for role, name in heard)


def test_what_a_device_says_runs_nowhere(browser: Browser) -> None:
    browser.show("hostile")
    assert len(browser.all("script")) == 1 and browser.all("img, iframe, a, form, object") == []
    text = browser.asks("return document.body.textContent")
    assert text.count("<script>alert('x')</script>") > 8 and "\\u202e" in text and "\u202e" not in text
