"""A document as JUnit XML, which CI servers draw: one case for each check, one for the flash itself.

Of its many forms this is the one that Jenkins' xunit plugin takes, which refuses any other (its junit-10.xsd).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

from doctor.report import ended
from doctor.text.escape import drawn

_ELEMENTS = {"fail": "failure", "error": "error", "skip": "skipped"}


def suite(document: dict[str, Any]) -> str:
    """The document of a command as one test suite; what the command itself could not do is a case of its own.

    Of many boards each has its cases, called after its port.
    """
    boards = document.get("boards")
    command = document["of"] if boards else document["schema"].split("/")[1]
    cases = [case for one in boards or [document] for case in _cases(one, command, one["port"] if boards else "")]
    whole = ElementTree.Element(
        "testsuite",
        name=f"fipy-doctor {command}",
        tests=str(len(cases)),
        failures=str(sum(case.find("failure") is not None for case in cases)),
        errors=str(sum(case.find("error") is not None for case in cases)),
        skipped=str(sum(case.find("skipped") is not None for case in cases)),
        timestamp=document["at"][:19],  # UTC; the form has no time zone
        time=_seconds(document.get("duration_ms", 0) + _took_ms(document)),
    )
    properties = ElementTree.SubElement(whole, "properties")
    for name, value in _versions(document):
        if value:
            ElementTree.SubElement(properties, "property", name=name, value=_plain(str(value)))
    whole.extend(cases)
    ElementTree.indent(whole)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(whole, encoding="unicode")


def _cases(document: dict[str, Any], command: str, board: str) -> list[ElementTree.Element]:
    cases = [_of_finding(found, command) for found in document.get("findings", ())]
    if command not in ("check", "fix") or document["error"] or ended.untold(document):
        cases.append(_of_command(document, command))
    for case in cases if board else ():
        case.set("classname", _plain(f"{case.get('classname')} {board}"))
    return cases


def _versions(document: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """What was examined, and by what."""
    yield document["tool"]["name"], document["tool"]["version"]
    yield "port", document["port"]
    for thing, names in (("board", ("name", "release")), ("modem", ("mode", "release", "boot_loaders"))):
        yield from ((f"{thing}.{name}", (document.get(thing) or {}).get(name)) for name in names)


def _of_finding(found: dict[str, Any], command: str) -> ElementTree.Element:
    case = _case(found["check"], command, found["duration_ms"])
    element = "failure" if found["skip_reason"] == "blocked" else _ELEMENTS.get(found["status"])
    cures = [f"cure: {remedy['title']}" for remedy in found["remedies"]]
    if element is not None:
        cause = [f"cause: {found['cause']}"] * bool(found["cause"])
        _told(case, element, found["catalogue"] or found["skip_reason"] or element, found["summary"], cause + cures)
    elif found["status"] == "warn":
        ElementTree.SubElement(case, "system-out").text = _plain("\n".join((found["summary"], *cures)))
    return case


def _of_command(document: dict[str, Any], command: str) -> ElementTree.Element:
    case = _case(command, command, _took_ms(document))
    err = document["error"]
    if err:
        _told(case, "failure", err["id"], ended.what(document), [err["cause"], err["next"]])
    elif why := ended.untold(document):
        _told(case, "failure", command, why, [])
    return case


def _case(name: str, command: str, ms: int) -> ElementTree.Element:
    return ElementTree.Element("testcase", name=name, classname=f"fipy-doctor.{command}", time=_seconds(ms))


def _told(case: ElementTree.Element, element: str, kind: str, message: str, lines: list[str]) -> None:
    told = ElementTree.SubElement(case, element, type=kind, message=_plain(message))
    told.text = _plain("\n".join(filter(None, lines))) or None


def _took_ms(document: dict[str, Any]) -> int:
    """How long the flash took, behind its checks."""
    return int(1000 * (document.get("took_s") or 0))


def _seconds(ms: int) -> str:
    return f"{ms / 1000:.3f}"


def _plain(text: str) -> str:
    """A text without what XML cannot hold, not even escaped, and without what would turn or hide the rest."""
    return drawn(text)
