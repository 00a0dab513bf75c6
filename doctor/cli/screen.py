"""Where output goes: findings and JSON to standard output, what happens meanwhile to standard error."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from functools import partial
from typing import IO, TYPE_CHECKING, cast

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

NO_TERMINAL_COLUMNS = 4000


class SteadyStream:
    """A text stream that outlives its reader: after a closed pipe or a vanished terminal, writes go nowhere.

    A closed standard output must change neither the exit code nor, above all, a flash that is under way.
    """

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._gone = False

    def write(self, text: str) -> int:
        """Write ``text``, or drop it where nobody reads any more."""
        if not self._gone:
            try:
                self._stream.write(text)
            except (OSError, ValueError):
                self._lose()
            except RuntimeError:
                # Ctrl-C came in the middle of another write and its answer wants to be written too. It must wait:
                # no message is worth a flash.
                pass
        return len(text)

    def flush(self) -> None:
        """Flush, as far as somebody reads."""
        if not self._gone:
            try:
                self._stream.flush()
            except (OSError, ValueError):
                self._lose()

    def isatty(self) -> bool:
        """Whether a person reads."""
        try:
            return not self._gone and self._stream.isatty()
        except ValueError:
            return False

    def fileno(self) -> int:
        """The descriptor underneath."""
        return self._stream.fileno()

    @property
    def encoding(self) -> str:
        """Encoding of the stream underneath."""
        return getattr(self._stream, "encoding", None) or "utf-8"

    def _lose(self) -> None:
        self._gone = True
        try:
            # Python flushes the real stream once more at exit and would complain about the pipe then.
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, self._stream.fileno())
            os.close(null)
        except (OSError, ValueError):
            pass


@dataclass(frozen=True)
class Screen:
    """The two consoles of one run and how much the user wants to read.

    out      results
    notes    what happens meanwhile; silent with -q
    as_json  one JSON document on ``out`` and nothing else
    """

    out: Console
    notes: Console
    as_json: bool = False
    quiet: bool = False
    verbose: bool = False
    interactive: bool = False

    def show(self, what: RenderableType, *, copied: bool = False) -> None:
        """Show a result to a person; nothing where JSON was asked for.

        copied  the line is made to be copied: only the terminal itself may break it
        """
        if not self.as_json:
            self.out.print(_named(what) if copied else _whole(_named(what)), soft_wrap=copied)

    def document(self, text: str) -> None:
        """Write the JSON document."""
        self.out.file.write(text + "\n")
        self.out.file.flush()

    def note(self, what: RenderableType) -> None:
        """Tell what happens meanwhile."""
        if not self.quiet:
            self.notes.print(_whole(_named(what)))


def _named(what: RenderableType) -> RenderableType:
    """A line whose commands name the bench; what is put together of many lines has seen to that itself."""
    from rich.text import Text

    from doctor.report.commands import named, named_text

    if isinstance(what, str):
        return named(what)
    return named_text(what) if isinstance(what, Text) else what


def _whole(what: RenderableType) -> RenderableType:
    """A line of prose that is not broken within a command."""
    from rich.text import Text

    from doctor.report.prose import Prose

    text = Text(what) if isinstance(what, str) else what
    if not isinstance(text, Text) or "\n" in text.plain or text.no_wrap:
        return what
    margin = len(text.plain) - len(text.plain.lstrip())
    return Prose(Text(" " * margin), text[margin:]) if margin < len(text.plain) else what


def steady_streams() -> tuple[IO[str], IO[str]]:
    """Standard output and error, made to survive a closed pipe and characters that they cannot show."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")
    return cast("IO[str]", SteadyStream(sys.stdout)), cast("IO[str]", SteadyStream(sys.stderr))


def _console(stream: IO[str]) -> Console:
    from rich.console import Console

    # Nobody wraps lines in a pipe or a file: they are searched and copied there.
    width = None if stream.isatty() else NO_TERMINAL_COLUMNS
    console = Console(file=stream, highlight=False, markup=False, emoji=False, width=width)
    # What is too long for a line and must stay whole (a command, a drawing) is for the terminal to break, not to cut.
    console.print = partial(console.print, crop=False)  # type: ignore[method-assign]
    return console


def make_screen(*, as_json: bool, quiet: bool, verbose: bool) -> Screen:
    """The screen of this process."""
    out, err = (_console(stream) for stream in steady_streams())
    return Screen(
        out,
        err,
        as_json,
        quiet,
        verbose,
        interactive=sys.stdin is not None and sys.stdin.isatty(),
    )
