"""A document as JUnit XML, which CI servers draw: one case for each check, one for the flash itself."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

from doctor.report import ended

#: What XML 1.0 cannot hold, not even escaped.
_NO_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ELEMENTS = {"fail": "failure", "error": "error", "skip": "skipped"}


def suite(document: dict[str, Any]) -> str:
    """The document of a command as one test suite; what the command itself could not do is a case of its own."""
    command = document["schema"].split("/")[1]
    cases = [_of_finding(found, command) for found in document.get("findings", ())]
    if command not in ("check", "fix") or document["error"] or ended.untold(document):
        cases.append(_of_command(document, command))
    whole = ElementTree.Element(
        "testsuite",
        name=f"fipy-doctor {command}",
        tests=str(len(cases)),
        failures=str(sum(case.find("failure") is not None for case in cases)),
        errors=str(sum(case.find("error") is not None for case in cases)),
        skipped=str(sum(case.find("skipped") is not None for case in cases)),
        timestamp=document["at"],
        time=_seconds(document.get("duration_ms", 0)),
    )
    whole.extend(cases)
    ElementTree.indent(whole)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(whole, encoding="unicode")


def _of_finding(found: dict[str, Any], command: str) -> ElementTree.Element:
    case = _case(found["check"], command, found["duration_ms"])
    element = "failure" if found["skip_reason"] == "blocked" else _ELEMENTS.get(found["status"])
    cures = [f"cure: {remedy['title']}" for remedy in found["remedies"]]
    if element is not None:
        _told(case, element, found["summary"], [f"cause: {found['cause']}"] * bool(found["cause"]) + cures)
    elif found["status"] == "warn":
        ElementTree.SubElement(case, "system-out").text = _plain("\n".join((found["summary"], *cures)))
    return case


def _of_command(document: dict[str, Any], command: str) -> ElementTree.Element:
    case = _case(command, command, int(1000 * (document.get("took_s") or 0)))
    err = document["error"]
    if err:
        _told(case, "failure", f"{err['on']} {err['what']}".strip(), [err["cause"], err["next"]])
    elif why := ended.untold(document):
        _told(case, "failure", why, [])
    return case


def _case(name: str, command: str, ms: int) -> ElementTree.Element:
    return ElementTree.Element("testcase", name=name, classname=f"fipy-doctor.{command}", time=_seconds(ms))


def _told(case: ElementTree.Element, element: str, message: str, lines: list[str]) -> None:
    told = ElementTree.SubElement(case, element, message=_plain(message))
    told.text = _plain("\n".join(filter(None, lines))) or None


def _seconds(ms: int) -> str:
    return f"{ms / 1000:.3f}"


def _plain(text: str) -> str:
    return _NO_XML.sub("�", text)
