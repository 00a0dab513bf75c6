"""Where output goes: findings and JSON to standard output, progress to standard error."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TextIO

import click

from doctor.cli import stdio
from doctor.errors import COMMAND_IDS, DoctorError, Exit
from doctor.text import marks
from doctor.text.command import Command, marked
from doctor.text.marks import NO_BENCH

if TYPE_CHECKING:
    from rich.console import RenderableType

    from doctor.bench import BenchOptions
    from doctor.events import Event, Listener
    from doctor.link.port_url import PortUrl
    from doctor.report.prose import BenchConsole
    from doctor.report.report_file import ReportFile

NO_TERMINAL_COLUMNS = 4000
_DUMB = ("dumb", "unknown")
ANSWER_COLUMNS = 4  #: of a line: what is left for the answer


@dataclass(frozen=True)
class Screen:
    """The two consoles of one run and how much the user wants to read.

    out      results
    notes    progress; silent with -q
    as_json  one JSON document on ``out`` and nothing else
    events   but for what happens on the way, a line of JSON each, before the document
    report   the file that ``--report`` names; None if there is none
    """

    out: BenchConsole
    notes: BenchConsole
    as_json: bool = False
    quiet: bool = False
    verbose: bool = False
    interactive: bool = False
    events: bool = False
    report: ReportFile | None = None

    @property
    def live(self) -> bool:
        """Whether a line of ``notes`` may be drawn again: on a terminal only, whatever colours are forced."""
        notes = self.notes
        return notes.file.isatty() and notes.is_terminal and not notes.is_dumb_terminal

    @property
    def writes(self) -> bool:
        """Whether a document is wanted, on standard output or in a report."""
        return self.as_json or self.report is not None

    @property
    def replays(self) -> bool:
        """Whether the bench of the run is a trace."""
        port = self.out.bench.port
        return port is not None and _read(port).recording is not None

    def show(self, what: RenderableType, *, copied: bool = False) -> None:
        """Show a result to a person; nothing if JSON was asked for.

        copied  the line is made to be copied: only the terminal itself may break it
        """
        if not self.as_json:
            self.out.print(what, soft_wrap=copied)

    def document(self, document: dict[str, Any]) -> None:
        """Write the JSON document if one was asked for, and the report.

        After a replay it names no next step, which is taken at the board.
        """
        if self.replays and document.get("error") is None:
            document = {**document, "next": None}
        if self.as_json:
            self._write(document)
        if self.report is not None:
            lost = self.report.write(document, self.out.bench)
            if lost:
                self.notes.print(lost)

    def _write(self, document: dict[str, Any]) -> None:
        from doctor.report import as_json

        self.out.file.write(as_json.text(document, self.out.bench, in_one_line=self.events) + "\n")
        self.out.file.flush()

    def tell(self, name: str, **members: Any) -> None:
        """Write what happens as a line of JSON; nothing unless events were asked for."""
        if self.events:
            from doctor.report import as_events

            self._write(as_events.event(name, **members))

    def pass_on(self, event: Mapping[str, Any]) -> None:
        """Write a line of JSON as another process of this program wrote it; nothing unless events were asked for."""
        if self.events:
            self.out.file.write(json.dumps(event) + "\n")
            self.out.file.flush()

    def telling(self, listener: Listener, seconds: Callable[[], float]) -> Listener:
        """``listener``, which shows what it hears, and before that the line of JSON and the report, as asked for.

        seconds  the clock of the run
        """
        if self.report is not None:
            listener = self.report.telling(listener, seconds)
        if not self.events:
            return listener
        from doctor.report import as_events

        def hear(event: Event) -> None:
            self._write(as_events.of(event))
            listener(event)

        return hear

    def note(self, what: RenderableType) -> None:
        """Tell what is happening."""
        if not self.quiet:
            self.notes.print(what)

    def name_log(self, path: str, error: DoctorError | None, *, noted: bool = False) -> None:
        """Say where all of a run is told, as a result or ``noted``: if it failed, or if everything is to be shown.

        It did not fail if the user stopped it, or if the command line was what is wrong.
        """
        failed = error is not None and error.exit_code != Exit.STOPPED and error.id not in COMMAND_IDS
        if path and not self.as_json and (failed or (self.verbose and error is None)):
            (self.notes if noted else self.out).print(f"full log: {marked(path)}", style="dim", soft_wrap=True)

    def say(self, text: str) -> None:
        """Tell what a job is doing that has no events, in its words."""
        self.tell("note", text=text)
        self.note(text)

    def plain(self, text: str) -> str:
        """``text`` as these consoles would show it, for what asks a question by itself."""
        return marks.plain(text, self.notes.bench)

    def ask(self, question: str, *, default: bool = False, whole: RenderableType | None = None) -> bool:
        """A yes or no from the terminal; False if nobody can answer.

        whole  what ``?`` shows before the question is asked again; None if there is no more than was shown
        """
        if not self.interactive:
            return False
        letters = ("Y/n" if default else "y/N") + ("" if whole is None else "/?")
        while True:
            answer = self.typed(question, f"[{letters}]").strip().lower()
            if answer in ("y", "yes", "n", "no", ""):
                return answer.startswith("y") if answer else default
            help_text = f"Enter means {'yes' if default else 'no'}. Type y for yes, n for no"
            more = "." if whole is None else ", ? for the whole plan."
            self.show(whole if answer == "?" and whole is not None else help_text + more)

    def typed(self, question: str, offered: str = "") -> str:
        """A word from the terminal, "" if Enter was all.

        offered  what stands behind the question: the answers that it may have
        """
        above, _, asked = self.plain(question).rpartition("\n")
        if len(f"{asked} {offered}: ") + ANSWER_COLUMNS > self.notes.width:
            # Whoever asks lets the terminal break the line anywhere; what is printed breaks between words.
            above, asked = self.plain(question), ""
        with _whole_line():
            if above:
                self.notes.print(above)
            answer: str = click.prompt(" ".join(filter(None, (asked, offered))), "", err=True, show_default=False)
        return answer

    def agreed(self, question: str, whole: RenderableType | None = None) -> bool:
        """Whether the plan that was shown may be carried out; ``whole`` as in ``ask``.

        Raises DoctorError if nobody can answer.
        """
        if not self.interactive:
            raise DoctorError(
                "not-confirmed",
                "the plan needs a yes, and there is no terminal to ask on",
                next="read the plan, then run the same command with --yes",
            )
        return self.ask(question, whole=whole)


@contextmanager
def _whole_line() -> Iterator[None]:
    """Ctrl-C at a question ends the line, so that what is said next does not stand behind it."""
    try:
        yield
    except (click.Abort, KeyboardInterrupt):
        click.echo(err=True)
        raise


def make_screen(
    *,
    as_json: bool,
    quiet: bool,
    verbose: bool,
    bench: Command = NO_BENCH,
    events: bool = False,
    report: ReportFile | None = None,
) -> Screen:
    """The screen of this process; commands in what it shows name ``bench``."""
    from doctor.report.prose import BenchConsole

    # Nobody wraps lines in a pipe or a file: they are searched and copied there.
    streams = (stdio.results(), sys.stderr)
    out, err = (BenchConsole(bench=bench, file=stream, **_size(stream)) for stream in streams)
    return Screen(
        out,
        err,
        as_json or events,
        quiet,
        verbose,
        interactive=sys.stdin is not None and sys.stdin.isatty(),
        events=events,
        report=report,
    )


def _read(port: str) -> PortUrl:
    from doctor.link.port_url import PortUrl

    return PortUrl.read(port)


def screen_of(given: dict[str, Any], options: BenchOptions | None = None) -> Screen:
    """The screen that the common options ask for; commands in what it shows name the bench of ``options``.

    options  None if nothing but a port can be given
    """
    if given["as_json"] or given["json_events"]:
        stdio.keep_for_results()
    port = _read(given["port"]).text if given["port"] else None
    bench = Command("", port=port) if options is None else options.command("")
    return make_screen(
        as_json=given["as_json"],
        quiet=given["quiet"],
        verbose=given["verbose"],
        bench=bench,
        events=given["json_events"],
        report=given.get("report"),
    )


def _size(stream: TextIO) -> dict[str, int]:
    """How wide ``stream`` is, and how high if that has to be said; nothing to ask the terminal each time."""
    if not stream.isatty():
        return {"width": NO_TERMINAL_COLUMNS}
    if os.environ.get("TERM", "").lower() in _DUMB:  # rich takes 80 columns for these, and asks nobody
        told = os.environ.get("COLUMNS", "")
        size = os.get_terminal_size(stream.fileno())
        return {"width": int(told) if told.strip("0").isdigit() else size.columns or 80, "height": size.lines or 25}
    # Who exports 0 does not know the width; rich would take it as it is, and show nothing.
    return {} if os.environ.get("COLUMNS", "unset").strip("0") else {"width": shutil.get_terminal_size().columns}
