"""Where the page of a check, a known failure, a cure or a command stands on the web."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum

from doctor.check import Finding

SITE = "https://fipy-doctor.github.io/fipy-doctor/"  #: the same as site_url in mkdocs.yml; ends with a slash


class Kind(str, Enum):
    """What a page is about; the value is its folder on the site."""

    CHECK = "checks"
    FAILURE = "failures"
    CURE = "cures"
    COMMAND = "commands"


def page_path(kind: Kind, page_id: str) -> str:
    """Path of a page below SITE. Pages are files, not folders, so that a copy on a disk can be read too."""
    return f"{kind.value}/{page_id}.html"


def page_url(kind: Kind, page_id: str) -> str:
    """Address of a page on the web."""
    return SITE + page_path(kind, page_id)


def subject(finding: Finding) -> tuple[Kind, str]:
    """The page that explains ``finding``: its known failure, where there is one, else the check."""
    if finding.catalogue is not None:
        from doctor.knowledge import catalogue  # read only where something failed: a healthy run need not wait for it

        if finding.catalogue in catalogue.sources():
            return Kind.FAILURE, finding.catalogue
    return Kind.CHECK, finding.check


def with_link(finding: Finding, *, has_page: bool) -> Finding:
    """``finding`` with its link; one that the check set itself stays.

    has_page  the check is one of ours; other people's checks have no page on our site
    """
    kind, page_id = subject(finding)
    if finding.link or (kind is Kind.CHECK and not has_page):
        return finding
    return replace(finding, link=page_url(kind, page_id))
