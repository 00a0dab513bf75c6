"""A document as one HTML file that asks for nothing outside: verdict, next step, picture, findings, facts, log."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from doctor.check import Grade
from doctor.events import Counted, Note, Notice, StepStarted, Waiting
from doctor.link.port_url import PortUrl
from doctor.modem.verdict import stands
from doctor.report import elements, ended, timeline
from doctor.report.elements import Html, element, joined
from doctor.report.heard import Heard
from doctor.report.page import GRADES
from doctor.report.wire import ASIDE, LEGEND
from doctor.text.command import Command, quoted
from doctor.text.durations import about, clock, span
from doctor.text.escape import counted

_MARKS = {
    "pass": ("✓", "good"),
    "warn": ("!", "warn"),
    "fail": ("✗", "bad"),
    "error": ("✗", "bad"),
    "skip": ("·", "soft"),
}
_SAID_BESIDES = ("history", "looked", "advice", "ignored", "left_out", "log")
_PRIVATE = (
    "It may hold numbers of the modem and pieces of the board's files. To publish what happened, take the file of "
)
_MASKED = Command("report", ("report.zip",))
MOST_LINES = 4000  #: of the log; the middle of a longer one is left out, and that is said


def page(document: dict[str, Any], heard: Heard) -> str:
    """The whole file for the document of a command, and what was heard while it ran."""
    command = document["schema"].split("/")[1]
    verdict, style = _verdict(document, command)
    at = document["at"][:16].replace("T", " ")
    return elements.document(
        f"fipy-doctor {command}: {verdict}",
        element("h1", verdict, class_=style),
        lead(document),
        element("p", f"fipy-doctor {document['tool']['version']} {command}, {at} UTC", class_="soft"),
        [element("p", f"! {warning}", class_="warn") for warning in document.get("warnings") or ()],
        next_step(document),
        _done(document.get("actions") or ()),
        timeline.drawn(heard.events) or _planned(document.get("plan") or {}),
        _findings(document.get("findings") or ()),
        element("h2", "Facts"),
        _table(_facts(document)),
        _said(heard),
    )


def _verdict(document: dict[str, Any], command: str) -> tuple[str, str]:
    proof, findings = document.get("proof"), document.get("findings") or ()
    failed = sum(map(ended.failed, findings))
    if proof:
        return ("Flashed and proved", "good") if proof["holds"] else ("Flashed, but not proved", "bad")
    if plan := document.get("plan"):
        if document["error"]:
            return "Not flashed to the end" if document["far"] else "Not flashed", "bad"
        return "Nothing to do" if plan["nothing_to_do"] else "Planned; nothing was sent", "good"
    if command == "status" and "where" in document:
        return f"The modem: {document['where']}", "good" if document["exit"] == 0 else "bad"
    why = ended.untold(document)
    if failed:
        return f"{counted(failed, 'problem')} found{', ' * bool(why)}{why}", "bad"
    if why:
        return why.capitalize(), "bad"
    if document["error"]:
        return "The command failed", "bad"
    warned = sum(found["status"] == "warn" for found in findings)
    done = sum(action["done"] for action in document.get("actions") or ())
    told = (counted(done, "cure") + " done", "no problem found", counted(warned, "warning"))
    words = ", ".join(words for words, counts in zip(told, (done, True, warned), strict=True) if counts)
    return words[0].upper() + words[1:], "good"


def lead(document: dict[str, Any]) -> Iterable[Html]:
    """What happened, for somebody who reads no further."""
    err, proof = document["error"], document.get("proof")
    if err:
        yield element("p", element("strong", ended.what(document)))
        if document.get("far") and document["mode"]:
            yield element("p", f"Now: {stands(document['mode'])}")
        if err["cause"]:
            yield element("p", f"Cause: {err['cause']}")
    elif proof:
        before, after, took_s = document["plan"]["before"]["release"], proof["after"]["release"], document["took_s"]
        took = f" in {clock(took_s)}" if took_s is not None else ""
        sent = f"{counted(proof['sent_bytes'], 'byte')}{took}"
        yield element("p", element("strong", f"{before or 'an unknown build'} → {after}: {sent}"))
    elif document.get("plan") and document["plan"]["nothing_to_do"]:
        yield element("p", element("strong", document["plan"]["nothing_to_do"]))
    elif failed := [found for found in document.get("findings") or () if ended.failed(found)]:
        first = next((found for found in failed if not found["caused_by"]), failed[0])
        yield element("p", element("strong", f"{first['check']}: {first['summary']}"))


def next_step(document: dict[str, Any]) -> Iterable[Html]:
    """What to do now, or that nothing is left."""
    step, port = document["next"], document["port"]
    if step is None:
        if document["exit"] == 0 and (port is None or PortUrl.read(port).recording is None):
            yield element("p", "Nothing is left to do.", class_="next")
        return
    yield element(
        "section",
        element("h2", "What to do now"),
        [element("ol", [element("li", one) for one in step["do"]])] if step["do"] else [],
        [element("pre", quoted(step["run"]))] if step["run"] else [],
        [element("p", note, class_="soft") for note in step["notes"]],
        class_="next",
    )


def _done(actions: Sequence[dict[str, Any]]) -> Iterable[Html]:
    """What a fix did, or would have done."""
    if not actions:
        return
    yield element("h2", "What was done")
    for action in actions:
        yield element(
            "details",
            element(
                "summary",
                _done_or_not(action),
                element("strong", action["cure"]),
                f" {action['text']}",
            ),
            element("ul", [element("li", line) for line in action["plan"]]),
        )


def _planned(plan: dict[str, Any]) -> Iterable[Html]:
    """The steps of a flash that sent no file."""
    if not plan:
        return
    yield element("h2", "What a flash does")
    yield element("ol", [element("li", _step(step)) for step in plan["steps"]])


def _step(step: dict[str, Any]) -> Iterable[Html]:
    yield joined(element("strong", step["text"]), f" ({about(step['usual_s'])}, at most {span(step['limit_s'])})")
    for name in ("why", "risk", "way_back"):
        yield element("div", f"{name.replace('_', ' ')}: {step[name]}", class_="soft")


def _findings(findings: Sequence[dict[str, Any]]) -> Iterable[Html]:
    """What failed or is a warning, each for itself; what is well, and what was not examined, folded away."""
    if not findings:
        return
    yield element("h2", "What was examined")
    order = sorted(findings, key=lambda found: (not ended.failed(found), bool(found["caused_by"])))
    apart = [found for found in order if ended.failed(found) or found["status"] == "warn"]
    yield from map(_finding, apart)
    if well := [found for found in order if found["status"] == "pass"]:
        yield element("details", _folded("pass", f"{len(well)} passed"), map(_finding, well))
    if left := [found for found in order if found["status"] == "skip" and found not in apart]:
        named = [element("li", element("strong", found["check"]), f" {found['summary']}") for found in left]
        yield element("details", _folded("skip", f"{len(left)} not examined"), element("ul", named))


def _folded(status: str, words: str) -> Html:
    return element("summary", mark(status), element("strong", words))


def _done_or_not(action: dict[str, Any]) -> Html:
    return mark("pass" if action["done"] else "warn")


def mark(status: str) -> Html:
    """The sign of a status."""
    sign, style = _MARKS[status]
    return joined(element("span", sign, class_=style, aria_hidden="true"), " ")


def of_one(document: dict[str, Any]) -> Iterable[Html]:
    """What a page of many boards says of one: the steps of its flash, what was examined, the facts."""
    yield from next_step(document)
    yield from _planned(document.get("plan") or {})
    yield from _findings(document.get("findings") or ())
    yield _table(_facts(document))


def _finding(found: dict[str, Any]) -> Html:
    rows = [(name.replace("_", " "), value) for name, value in found["evidence"].items()]
    took = f"{found['duration_ms'] / 1000:.1f} s" if found["duration_ms"] else None
    rows += [("read on", found["link"]), ("took", took)]
    return element(
        "details",
        element(
            "summary",
            mark(found["status"]),
            element("strong", found["check"]),
            element("span", f" ({found['status']}) ", class_="soft"),
            found["summary"],
        ),
        [element("p", f"Cause: {found['cause']}")] if found["cause"] else [],
        [_cure(remedy) for remedy in found["remedies"]],
        _table(rows),
        open=ended.failed(found) and not found["caused_by"],
    )


def _cure(remedy: dict[str, Any]) -> Html:
    steps = element("ol", [element("li", step) for step in remedy["steps"]])
    who = GRADES[Grade(remedy["grade"])]
    return joined(element("p", "Cure: ", element("strong", remedy["title"]), f" ({who})"), steps)


def _said(heard: Heard) -> Iterable[Html]:
    """What was told while it ran, and an excerpt of what crossed the port; one field filters both."""
    log = [(at_s, "", line) for at_s, event in heard.events if (line := _line(event))]
    began_ms = heard.began_ms or 0
    wires = [((row.t_ms - began_ms) / 1000, row.way, row.text) for row in heard.excerpt.rows()]
    if not log and not wires:
        return
    if len(log) > MOST_LINES:
        half = MOST_LINES // 2
        log = [*log[:half], (log[half][0], "", f"… {len(log) - MOST_LINES} lines are left out here …"), *log[-half:]]
    yield element("h2", "What was said, with the time since the port was opened")
    field = Html('<input id="filter" type="search" data-filters="wire" aria-describedby="count">')
    label = element("label", "Show only lines with", for_="filter")
    yield element("p", label, field, element("span", id="count", role="status", class_="soft"), class_="filter")
    if log:
        yield element("h3", "Step by step")
        yield element("ol", [_spoken(clock(at_s), *said) for at_s, *said in log], class_="wire")
    if wires:
        yield element("h3", "On the wire, around what matters and at the end")
        yield element("p", f"{LEGEND}. {_PRIVATE}", element("code", _MASKED.line()), ".", class_="soft")
        yield element("ol", [_spoken(f"{at_s:.3f}", *said) for at_s, *said in wires], class_="wire")


def _spoken(at: str, way: str, text: str) -> Html:
    style = "moment" if way == ASIDE else None
    return element("li", element("span", at), element("span", way, class_="way") if way else "", text, class_=style)


def _line(event: object) -> str:
    if isinstance(event, Note | Notice):
        return event.text
    if isinstance(event, StepStarted):
        return f"• {event.text}"
    if isinstance(event, Counted):
        return f"{event.what}: {event.done} of {event.total} {event.of}"
    return f"waiting for {event.what}, up to {span(event.limit_s)}" if isinstance(event, Waiting) else ""


def _facts(document: dict[str, Any]) -> Iterable[tuple[str, object]]:
    """Names and values, the versions among them."""
    plan, proof = document.get("plan") or {}, document.get("proof")
    yield "port", document["port"]
    for name in ("board", "modem"):
        for key, value in (document.get(name) or {}).items():
            yield f"{name}: {key.replace('_', ' ')}", value
    for one in plan.get("files", ()):
        yield f"file: {one['role']}", f"{one['path']}, {counted(one['size_bytes'], 'byte')}, SHA-256 {one['sha256']}"
    yield from ((key, plan.get(key)) for key in ("via", "method"))
    if proof:
        yield "promised build", proof["promised_build"]
        yield "runs now", proof["after"]["release"]
    yield from ((key.replace("_", " "), document.get(key)) for key in _SAID_BESIDES)
    yield document["tool"]["name"], document["tool"]["version"]
    yield from document["platform"].items()


def _table(rows: Iterable[tuple[str, object]]) -> Html:
    """Names and what is known of them; a list is a list."""
    shown = ((name, "\n".join(map(str, value)) if isinstance(value, list) else value) for name, value in rows)
    return element(
        "table",
        [
            element("tr", element("th", name, scope="row"), element("td", str(value)))
            for name, value in shown
            if value not in (None, "", [])
        ],
    )
