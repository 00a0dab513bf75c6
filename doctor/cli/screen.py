"""Where output goes: findings and JSON to standard output, progress to standard error."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TextIO

import click

from doctor.errors import DoctorError
from doctor.link.port_url import PortUrl
from doctor.text import marks
from doctor.text.command import Command
from doctor.text.marks import NO_BENCH

if TYPE_CHECKING:
    from rich.console import RenderableType

    from doctor.report.prose import BenchConsole

NO_TERMINAL_COLUMNS = 4000


@dataclass(frozen=True)
class Screen:
    """The two consoles of one run and how much the user wants to read.

    out      results
    notes    progress; silent with -q
    as_json  one JSON document on ``out`` and nothing else
    """

    out: BenchConsole
    notes: BenchConsole
    as_json: bool = False
    quiet: bool = False
    verbose: bool = False
    interactive: bool = False

    @property
    def replays(self) -> bool:
        """Whether the bench of the run is a trace."""
        port = self.out.bench.port
        return port is not None and PortUrl.read(port).recording is not None

    def show(self, what: RenderableType, *, copied: bool = False) -> None:
        """Show a result to a person; nothing if JSON was asked for.

        copied  the line is made to be copied: only the terminal itself may break it
        """
        if not self.as_json:
            self.out.print(what, soft_wrap=copied)

    def document(self, document: dict[str, Any]) -> None:
        """Write the JSON document."""
        from doctor.report import as_json

        self.out.file.write(as_json.text(document, self.out.bench) + "\n")
        self.out.file.flush()

    def note(self, what: RenderableType) -> None:
        """Tell what is happening."""
        if not self.quiet:
            self.notes.print(what)

    def plain(self, text: str) -> str:
        """``text`` as these consoles would show it, for what asks a question by itself."""
        return marks.plain(text, self.notes.bench)

    def ask(self, question: str) -> bool:
        """A yes or no from the terminal; False if nobody can answer."""
        return self.interactive and click.confirm(self.plain(question), default=False, err=True)

    def agreed(self, question: str) -> bool:
        """Whether the plan that was shown may be carried out. Raises DoctorError if nobody can answer."""
        if not self.interactive:
            raise DoctorError(
                "not-confirmed",
                "the plan needs a yes, and there is no terminal to ask on",
                next="read the plan, then run the same command with --yes",
            )
        return self.ask(question)


def make_screen(*, as_json: bool, quiet: bool, verbose: bool, bench: Command = NO_BENCH) -> Screen:
    """The screen of this process; commands in what it shows name ``bench``."""
    from doctor.report.prose import BenchConsole

    # Nobody wraps lines in a pipe or a file: they are searched and copied there.
    out, err = (BenchConsole(bench=bench, file=stream, width=_columns(stream)) for stream in (sys.stdout, sys.stderr))
    return Screen(
        out,
        err,
        as_json,
        quiet,
        verbose,
        interactive=sys.stdin is not None and sys.stdin.isatty(),
    )


def _columns(stream: TextIO) -> int | None:
    """How wide ``stream`` is; None to ask the terminal each time."""
    if not stream.isatty():
        return NO_TERMINAL_COLUMNS
    # Who exports 0 does not know the width; rich would take it as it is, and show nothing.
    return None if os.environ.get("COLUMNS", "unset").strip("0") else shutil.get_terminal_size().columns
