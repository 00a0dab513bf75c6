"""Where the page of a check, a known failure or a cure can be read: in the program itself."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum

from doctor.check import Finding
from doctor.text.command import Command


class Kind(str, Enum):
    """What a page is about; the value is its folder on the site."""

    CHECK = "checks"
    FAILURE = "failures"
    CURE = "cures"
    COMMAND = "commands"


def page_command(page_id: str) -> str:
    """The command that shows a page, without any network."""
    return Command("open", (page_id,)).line()


def subject(finding: Finding) -> tuple[Kind, str]:
    """The page that explains ``finding``: its known failure, if there is one, else the check."""
    if finding.catalogue is not None:
        from doctor.knowledge import catalogue  # read only if something failed: a healthy run need not wait for it

        if finding.catalogue in catalogue.sources():
            return Kind.FAILURE, finding.catalogue
    return Kind.CHECK, finding.check


def with_link(finding: Finding) -> Finding:
    """``finding`` with its link, the command that shows its page; one that the check set itself stays."""
    if finding.link:
        return finding
    return replace(finding, link=page_command(subject(finding)[1]))
