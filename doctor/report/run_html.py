"""A document as one HTML file that asks for nothing outside: verdict, next step, findings, picture, log."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from doctor.events import Counted, Note, Notice, StepStarted, Waiting
from doctor.report import elements, ended, timeline
from doctor.report.elements import Html, element, joined
from doctor.report.heard import Heard
from doctor.text.command import quoted
from doctor.text.durations import clock

_MARKS = {
    "pass": ("✓", "good"),
    "warn": ("!", "warn"),
    "fail": ("✗", "bad"),
    "error": ("✗", "bad"),
    "skip": ("·", "soft"),
}
MOST_LINES = 4000  #: of the log; the middle of a longer one is left out, and that is said


def page(document: dict[str, Any], heard: Heard) -> str:
    """The whole file for the document of a command, and what was heard while it ran."""
    command = document["schema"].split("/")[1]
    verdict, style = _verdict(document, command)
    return elements.document(
        f"fipy-doctor {command}: {verdict}",
        element("h1", verdict, class_=style),
        element("p", f"fipy-doctor {command}, {document['at']}", class_="soft"),
        _error(document["error"]),
        _next(document["next"]),
        timeline.drawn(heard.events),
        _findings(document.get("findings") or ()),
        _log(heard),
        _facts(document),
    )


def _verdict(document: dict[str, Any], command: str) -> tuple[str, str]:
    proof, findings = document.get("proof"), document.get("findings") or ()
    failed = sum(map(ended.failed, findings))
    if proof:
        return ("Flashed and proved", "good") if proof["holds"] else ("Flashed, but not proved", "bad")
    if command in ("flash", "plan") and document.get("plan"):
        return ("Not flashed to the end", "bad") if document["error"] else ("Planned; nothing was sent", "good")
    if command == "status" and "where" in document:
        return f"The modem: {document['where']}", "good" if document["exit"] == 0 else "bad"
    why = ended.untold(document)
    if failed:
        return f"{failed} problem{'s' if failed > 1 else ''} found{', ' * bool(why)}{why}", "bad"
    if why:
        return why.capitalize(), "bad"
    return ("The command failed", "bad") if document["error"] else ("No problem found", "good")


def _error(err: dict[str, str] | None) -> Iterable[Html]:
    if err is None:
        return
    yield element("p", element("strong", f"{err['on']} {err['what']}".strip()))
    if err["cause"]:
        yield element("p", f"Cause: {err['cause']}")


def _next(step: dict[str, Any] | None) -> Html:
    if step is None:
        return element("p", "Nothing is left to do.", class_="next")
    return element(
        "section",
        element("h2", "What to do now"),
        [element("ol", [element("li", one) for one in step["do"]])] if step["do"] else [],
        [element("pre", quoted(step["run"]))] if step["run"] else [],
        [element("p", note, class_="soft") for note in step["notes"]],
        class_="next",
    )


def _findings(findings: Iterable[dict[str, Any]]) -> Iterable[Html]:
    shown = [_finding(one) for one in findings]
    return [element("h2", "What was examined"), *shown] if shown else []


def _finding(found: dict[str, Any]) -> Html:
    mark, style = _MARKS[found["status"]]
    rows = (*found["evidence"].items(), ("read on", found["link"]), ("took", f"{found['duration_ms'] / 1000:.1f} s"))
    return element(
        "details",
        element(
            "summary",
            element("span", mark, class_=style, aria_hidden="true"),
            " ",
            element("strong", found["check"]),
            element("span", f" ({found['status']}) ", class_="soft"),
            found["summary"],
        ),
        [element("p", f"Cause: {found['cause']}")] if found["cause"] else [],
        [_cure(remedy) for remedy in found["remedies"]],
        _table(rows),
        open=found["status"] in ("fail", "error"),
    )


def _cure(remedy: dict[str, Any]) -> Html:
    steps = element("ol", [element("li", step) for step in remedy["steps"]])
    return joined(element("p", f"Cure ({remedy['grade']}): {remedy['title']}"), steps)


def _log(heard: Heard) -> Iterable[Html]:
    told = [(at_s, line) for at_s, event in heard.events if (line := _line(event))]
    if not told:
        return
    if len(told) > MOST_LINES:
        half = MOST_LINES // 2
        cut = (told[half][0], f"… {len(told) - MOST_LINES} lines are left out here …")
        told = [*told[:half], cut, *told[-half:]]
    yield element("h2", "What was said, step by step")
    yield element("label", "Show only lines with", for_="filter")
    yield Html('<input id="filter" type="search" data-filters="said">')
    yield element(
        "ol", [element("li", element("span", clock(at_s)), line) for at_s, line in told], class_="wire", id="said"
    )


def _line(event: object) -> str:
    if isinstance(event, Note | Notice):
        return event.text
    if isinstance(event, StepStarted):
        return f"• {event.text}"
    return f"waiting for {event.what}" if isinstance(event, Waiting | Counted) else ""


def _facts(document: dict[str, Any]) -> Html:
    rows: list[tuple[str, object]] = [("port", document["port"])]
    for name in ("board", "modem"):
        rows += [(f"{name}: {key.replace('_', ' ')}", value) for key, value in (document.get(name) or {}).items()]
    for one in (document.get("plan") or {}).get("files", ()):
        rows.append((f"file: {one['role']}", f"{one['path']}, SHA-256 {one['sha256']}"))
    if document.get("proof"):
        rows.append(("promised build", document["proof"]["promised_build"]))
        rows.append(("runs now", document["proof"]["after"]["release"]))
    rows += [("full log", document.get("log")), (document["tool"]["name"], document["tool"]["version"])]
    rows += document["platform"].items()
    return joined(element("h2", "Facts"), _table(rows))


def _table(rows: Iterable[tuple[str, object]]) -> Html:
    shown = ((name, ", ".join(map(str, value)) if isinstance(value, list) else value) for name, value in rows)
    return element(
        "table",
        [
            element("tr", element("th", name, scope="row"), element("td", str(value)))
            for name, value in shown
            if value not in (None, "")
        ],
    )
