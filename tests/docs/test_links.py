from __future__ import annotations

from dataclasses import replace

import pytest

from doctor import engine
from doctor.bench import Bench, BenchOptions
from doctor.check import Finding, Status
from doctor.links import with_link
from doctor.report.page import all_pages

FAILED = Finding("modem-answers", Status.FAIL, "no")


def test_known_failure_links_to_its_page() -> None:
    found = with_link(replace(FAILED, catalogue="modem-silent"))
    assert found.link == "fipy-doctor open modem-silent"


@pytest.mark.parametrize("catalogue", [None, "internal"])
def test_everything_else_links_to_the_check(catalogue: str | None) -> None:
    found = with_link(replace(FAILED, catalogue=catalogue))
    assert found.link == "fipy-doctor open modem-answers"


def test_a_link_that_a_check_gives_itself_stays() -> None:
    assert with_link(replace(FAILED, link="https://example.org/x")).link == "https://example.org/x"


def test_every_finding_of_a_run_links_to_a_page() -> None:
    links = {page.link for page in all_pages().values()}
    with Bench(BenchOptions(port="sim://fipy?scenario=html-scripts")) as bench:
        report = engine.run(bench)
    assert len(report.findings) > 10
    assert {finding.link for finding in report.findings} <= links
