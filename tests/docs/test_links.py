from __future__ import annotations

from dataclasses import replace

import pytest

from doctor import engine
from doctor.bench import Bench, BenchOptions
from doctor.check import Check, Finding, Status
from doctor.links import with_link
from doctor.report.page import all_pages

FAILED = Finding("modem-answers", Status.FAIL, "no")


def test_known_failure_links_to_its_page() -> None:
    found = with_link(replace(FAILED, catalogue="modem-silent"), has_page=True)
    assert found.link == "fipy-doctor open modem-silent"


@pytest.mark.parametrize("catalogue", [None, "internal"])
def test_everything_else_links_to_the_check(catalogue: str | None) -> None:
    found = with_link(replace(FAILED, catalogue=catalogue), has_page=True)
    assert found.link == "fipy-doctor open modem-answers"


def test_known_failure_of_a_foreign_check_links_to_its_page() -> None:
    assert with_link(replace(FAILED, catalogue="modem-silent"), has_page=False).link.endswith(" modem-silent")


def test_foreign_check_keeps_its_own_link_or_none() -> None:
    assert with_link(replace(FAILED, link="https://example.org/x"), has_page=False).link == "https://example.org/x"
    assert with_link(FAILED, has_page=False).link == ""


def test_every_finding_of_a_run_links_to_a_page() -> None:
    links = {page.link for page in all_pages().values()}
    with Bench(BenchOptions(port="sim://fipy?scenario=html-scripts")) as bench:
        report = engine.run(bench)
    assert len(report.findings) > 10
    assert {finding.link for finding in report.findings} <= links


class Foreign(Check):
    """Someone else's check."""

    id = "antenna-is-fitted"
    deadline_s = 1.0

    def look(self, bench: Bench) -> Finding:
        return self.fail("no antenna")


def test_foreign_check_gets_no_link_to_our_site() -> None:
    (finding,) = engine.run(Bench(BenchOptions()), checks=[Foreign()]).findings
    assert finding.link == ""
