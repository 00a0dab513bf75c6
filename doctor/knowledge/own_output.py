"""What fipy-doctor wrote itself, known by its first line, and what it says: reports, journals, logs, traces, lists."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from doctor.documents.foreign_json import first_in
from doctor.documents.foreign_json import read as read_json
from doctor.documents.trace_lines import is_trace
from doctor.knowledge import listings
from doctor.knowledge.our_lines import is_ours
from doctor.knowledge.paste import FAILED, Paste, decode

_DOCUMENT = re.compile(rb'\s*\{\s*"schema": ?"fipy-doctor/([a-z-]{1,20})/\d{1,3}"')
_DOCUMENT_WITHIN = re.compile(
    r'^[ \t]*(?=\{\s*"schema": ?"fipy-doctor/(?!event/)([a-z-]{1,20})/\d{1,3}")', re.MULTILINE
)
#: What stands around a document that was pasted with its command line, its prompts, or as a quotation, and is no news.
_AROUND = re.compile(r"\s*|```\w*|.{0,200}\bfipy-doctor\b.{0,300}|.{0,100}[$#>%]\s?|.{1,200}:")
_TRACE_AS_READ = re.compile(r"^ {1,9}\d{1,9}\.\d{3}  - trace of [a-z]{1,20} by fipy-doctor ", re.MULTILINE)
_TIME = r"\d\d:\d\d:\d\d +\d{1,9}\.\d{3} "
_LOG = re.compile(_TIME + r"log of this ([a-z]{1,20}): ")
_LOG_LINE = re.compile(
    _TIME + r"(?:(?P<check>[a-z0-9-]{1,60}): (?P<status>pass|warn|fail|skip|error)\b"
    r"|error (?P<error>[a-z0-9-]{1,60}): (?P<what>[^\n]*)|  known as: (?P<id>[a-z0-9-]{1,60})$"
    r"|(?P<follows>  follows from: )|exit code (?P<exit>\d{1,3})$)",
    re.MULTILINE,
)
_PROVED = re.compile(r"[ \"]flashed and proved: ([^\n\"]{1,80})")
_LAST_WORDS_CHARS = 5_000
_RELEASE = re.compile(r"\bLR\d\.\d\.\d\.\d-\d{5}\b")
_RELEASE_FOUND = re.compile(rb'"release": "(LR\d\.\d\.\d\.\d-\d{5})"')
_STANDS = "Run this to see how it stands: `fipy-doctor status`"
_MOST_JSON = 1 << 20  #: of one document; a report has some 50 kB
_HEAD_CHARS = 1_000
_TELLS_OF_NO_MODEM = ("cards", "checks", "explain", "open", "ports", "schema", "sim", "trace")
_MOST_NAMED = 3
#: What a trace says of its checks, as it was written and as people read it.
_FAILED_WRITTEN = re.compile(
    rb'^\{"t": [\d.]{1,20}, "dir": "found", "name": "([a-z0-9-]{1,60})", "value": \{'
    rb'"check": "[a-z0-9-]{1,60}", "status": "(?:fail|error)"',
    re.MULTILINE,
)
_FAILED_READ = re.compile(r"^ {1,9}\d{1,9}\.\d{3}  - ([a-z0-9-]{1,60}): (?:fail|error): ", re.MULTILINE)


@dataclass(frozen=True)
class OwnOutput:
    """An output of ours.

    says        one or two sentences: what it is and what it says
    success     whether nothing in it is a failure
    ids         entries that it names as failures
    named_only  whether only those count: its sentences are no error lines
    """

    says: str
    success: bool = False
    ids: tuple[str, ...] = ()
    named_only: bool = False


def recognise(data: bytes, paste: Paste) -> OwnOutput | None:
    """What a paste says that is an output of ours from its first line on; None if it is not one.

    A document may also have the command line, prompts and marks of a quotation around it.
    """
    enclosed = _enclosed(paste.text)
    if enclosed is not None:
        return _told(*enclosed)
    found = _DOCUMENT.match(data)
    if found is not None and found[1] == b"event":
        return _events(data)
    if found is not None:
        return _document(found[1].decode("ascii"), data)
    if is_trace(data) or _TRACE_AS_READ.search(paste.text, 0, _HEAD_CHARS) is not None:
        return _trace(data, paste)
    if (log := _LOG.match(paste.line(0))) is not None:
        return _log(log[1], paste)
    says = listings.says(paste.text)
    return OwnOutput(says, ids=listings.named(paste.text), named_only=True) if says else None


def _enclosed(text: str) -> tuple[str, dict[str, Any]] | None:
    """The kind and the members of the one document that a paste holds; None if it is cut, or other text counts too."""
    found = _DOCUMENT_WITHIN.search(text)
    if found is None:
        return None
    try:
        read, end = first_in(text, found.end())
    except ValueError:
        return None
    around = (text[: found.start()] + text[end:]).splitlines()
    return (found[1], read) if all(_AROUND.fullmatch(line) or is_ours(line) for line in around) else None


def _trace(data: bytes, paste: Paste) -> OwnOutput:
    builds = _RELEASE.findall(paste.text) or [found.decode() for found in _RELEASE_FOUND.findall(data)]
    last = f"The modem said last that it runs {builds[-1]}." if builds else "No modem says in it what it runs."
    written = [found.decode() for found in _FAILED_WRITTEN.findall(data)]
    names = dict.fromkeys(written or _FAILED_READ.findall(paste.text))
    failed = f" These checks failed: {', '.join(names)}." if names else ""
    what = "This is a trace of fipy-doctor: every byte that crossed the port."
    if not names and (proved := _PROVED.search(paste.text[-_LAST_WORDS_CHARS:])) is not None:
        return OwnOutput(f"{what} The board says: flashed and proved, {_words(proved[1])}.", success=True)
    return OwnOutput(f"{what} {last}{failed}")


def _log(job: str, paste: Paste) -> OwnOutput:
    what = f"This is the log of a {job} of fipy-doctor"
    proved = _PROVED.search(paste.text[-_LAST_WORDS_CHARS:])
    if proved is not None:
        return OwnOutput(f"{what}: flashed and proved, {_words(proved[1])}.", success=True)
    failed, error, code = _told_by_log(paste.text)
    ids = tuple(failed.values())
    if error is not None:
        said = f": {_words(error['what'])}."
        if job == "flash":
            said = f" that was not proved{said} {_STANDS}"
        return OwnOutput(f"{what}{said}", ids=(*ids, error["error"]), named_only=True)
    if failed and code != "0":
        names = ", ".join([*failed][:_MOST_NAMED])
        cut = "" if code else " It does not say how it ended."
        return OwnOutput(f"{what}. These checks failed: {names}.{cut}", ids=ids, named_only=True)
    if code:
        said = "nothing failed. This shows a success" if code == "0" else f"it ended with exit code {code}"
        return OwnOutput(f"{what}: {said}.", success=code == "0", named_only=True)
    last = [paste.line(index) for index in range(max(len(paste.numbers) - 5, 0), len(paste.numbers))]
    words = _words(next((line for line in reversed(last) if line.strip()), ""))
    return OwnOutput(
        f"{what} that does not say {'that it was proved' if job == 'flash' else 'how it ended'}. It ends with: {words} "
        + _STANDS
    )


def _told_by_log(text: str) -> tuple[dict[str, str], re.Match[str] | None, str]:
    """The checks that failed last for no other reason, each with its known failure; the error; the exit code."""
    failed: dict[str, str] = {}
    error: re.Match[str] | None = None
    check = code = ""
    for line in _LOG_LINE.finditer(text):
        if line["check"]:
            check = line["check"]
            failed.pop(check, None)
            if line["status"] in FAILED:
                failed[check] = ""
        elif line["id"] and check in failed:
            failed[check] = line["id"]
        elif line["follows"]:
            failed.pop(check, None)
        elif line["error"]:
            check, error = "", line
        code = line["exit"] or ""
    return failed, error, code


def _events(data: bytes) -> OwnOutput:
    """What ``--json-events`` printed: a line for each event, and at last the document."""
    last = data.rstrip().rpartition(b"\n")[2]
    found = _DOCUMENT.match(last)
    if found is not None and found[1] != b"event":
        return _document(found[1].decode("ascii"), last)
    return OwnOutput(
        "These are events of fipy-doctor (--json-events), without the document that ends them. "
        "Run this to see how the modem stands: `fipy-doctor status`"
    )


def _document(kind: str, data: bytes) -> OwnOutput:
    what = f"This is the JSON of fipy-doctor {kind}"
    try:
        read = read_json(decode(data[:_MOST_JSON]), _MOST_JSON)
    except ValueError:
        return OwnOutput(f"{what}, but it cannot be read: it is cut short or was changed.")
    if not isinstance(read, dict):
        return OwnOutput(f"{what}, but it cannot be read: it was changed.")
    return _told(kind, read)


def _told(kind: str, read: dict[str, Any]) -> OwnOutput:
    what = f"This is the JSON of fipy-doctor {kind}"
    if kind == "journal":
        return _journal(read)
    failed = [f for f in _rows(read.get("findings")) if f.get("status") in FAILED]
    ids = tuple(str(f["catalogue"]) for f in failed if f.get("catalogue"))
    error = read.get("error")
    if isinstance(error, dict):
        ids = (*ids, str(error.get("id", "")))
        return OwnOutput(f"{what}: {_words(error.get('what'))}.", ids=ids, named_only=True)
    if failed:
        names = ", ".join(_words(f.get("check")) for f in failed[:_MOST_NAMED])
        return OwnOutput(f"{what}. These checks failed: {names}.", ids=ids, named_only=True)
    if read.get("exit") == 0 and kind in _TELLS_OF_NO_MODEM:
        listed = read.get(kind)
        count = f": {len(listed)} listed" if isinstance(listed, list) else ""
        return OwnOutput(f"{what}{count}. It tells nothing of a modem.", named_only=True)
    if read.get("exit") == 0:
        done = "flashed and proved" if kind == "flash" else "nothing failed"
        return OwnOutput(f"{what}: {done}. This shows a success.", success=True)
    return OwnOutput(f"{what}; it ended with exit code {_words(read.get('exit'))}.", ids=ids, named_only=True)


def _journal(read: dict[str, Any]) -> OwnOutput:
    state, step = _words(read.get("state")), _words(read.get("step_text"))
    if state == "proved":
        return OwnOutput("This is the journal of a flash of fipy-doctor: flashed and proved.", success=True)
    error = read.get("error")
    ids = (str(error.get("id", "")),) if isinstance(error, dict) else ()
    return OwnOutput(
        f"This is the journal of a flash of fipy-doctor, {state or 'not proved'}; its last step was: {step or 'none'}. "
        + _STANDS,
        ids=ids,
        named_only=True,
    )


def _rows(value: Any) -> list[dict[str, Any]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _words(value: Any) -> str:
    """What the paste says, on its way into a sentence of ours, where a backtick would mark a command."""
    said = str(value)[:120] if isinstance(value, str) or type(value) is int else ""
    return said.replace("`", "'").encode("utf-8", "replace").decode()
