"""The report of a run as a file for people or programs: HTML, JSON or JUnit XML, by the ending of its name."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from doctor.documents.json_file import write_whole
from doctor.documents.output_file import refuse_other
from doctor.documents.trace_lines import Line
from doctor.errors import UsageError, reason
from doctor.events import Event
from doctor.report import as_json
from doctor.report.heard import Heard
from doctor.text.command import Command
from doctor.text.escape import shown

SUFFIXES = (".html", ".json", ".xml")
_HEAD_BYTES = 512
_OURS = re.compile(
    rb'<!doctype html>.*<title>fipy-doctor |\{\s*"schema": "fipy-doctor/|<\?xml[^>]*>\s*<testsuite name="fipy-doctor ',
    re.DOTALL,
)


class ReportFile:
    """What ``--report FILE`` asks for: hears the run, and is written with its document at the end."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.heard = Heard()
        self.is_due = True  #: nothing was written yet

    def telling(self, listener: Callable[[Event], None], seconds: Callable[[], float]) -> Callable[[Event], None]:
        """``listener``, and what it hears is kept for the report; ``seconds`` is the clock of the run."""

        def hear(event: Event) -> None:
            self.heard.hear(event, seconds())
            listener(event)

        return hear

    def refuse_other(self) -> None:
        """Raises UsageError if a file that is not a report has its name."""
        refuse_other(self.path, "report", lambda head: _OURS.match(head) is not None, _HEAD_BYTES)

    def forget_earlier(self) -> None:
        """Remove the report of an earlier run: a run that is killed leaves none, and not how another one ended."""
        with suppress(OSError):
            self.path.unlink()

    @property
    def hear_line(self) -> Callable[[Line], None] | None:
        """What wants to hear each line of the trace; None for a report that shows nothing of it."""
        return self.heard.line if self.path.suffix == ".html" else None

    def _page(self, document: dict[str, Any]) -> str:
        if "boards" in document:
            from doctor.report.fleet import page as of_many

            return of_many.page(document)
        from doctor.report.run_html import page

        return page(document, self.heard)

    def write(self, document: dict[str, Any], bench: Command) -> str:
        """Write the report of the run that ``document`` is about; why that failed, in words, or "".

        The run is over, and its exit code says how it ended: a full disk changes nothing of that.
        """
        if self.path.suffix == ".html":
            text = self._page(as_json.plain(document, bench))
        elif self.path.suffix == ".xml":
            from doctor.report.junit import suite

            text = suite(as_json.plain(document, bench))
        else:
            text = as_json.text(document, bench)
        self.is_due = False
        try:
            self.refuse_other()  # the run itself may have written a trace or a log there
            write_whole(self.path, f"{text}\n".encode(errors="replace"))
        except (OSError, UsageError) as err:
            why = err.what if isinstance(err, UsageError) else reason(err)
            return f"the report {shown(str(self.path), 300)} could not be written: {why}"
        return ""
