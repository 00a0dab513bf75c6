"""Where the page of a check, a known failure or a cure can be read: in the program itself, and in the built site."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum
from pathlib import Path

from doctor.check import Finding
from doctor.text.command import Command

#: Nothing is published on the web. ``make docs`` builds the site here, in the source folder.
BUILT_SITE = Path(__file__).parent.parent / "site"


class Kind(str, Enum):
    """What a page is about; the value is its folder on the site."""

    CHECK = "checks"
    FAILURE = "failures"
    CURE = "cures"
    COMMAND = "commands"


def page_path(kind: Kind, page_id: str) -> str:
    """Path of a page on the site. Pages are files, not folders, so that the site can be read from a disk."""
    return f"{kind.value}/{page_id}.html"


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
