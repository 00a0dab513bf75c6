"""Text broken into lines, but never within what is marked in it: what is copied must be what is meant.

A command that the user is told to run stands on a line of its own; if it is too long for that, only the terminal
itself breaks it, which no copying sees.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.segment import Segment
from rich.text import Text

from doctor.text.command import Command
from doctor.text.escape import is_hidden, shown
from doctor.text.marks import NO_BENCH, pieces

OWN_MARGIN = 4
MARKED = "cyan"  #: how all that is marked looks
_TOLD = re.compile(r"\brun:$")  #: what leads to a command that stands alone


class BenchConsole(Console):
    """A console that knows the bench of its run: it shows every text without marks, commands with that bench."""

    def __init__(self, *, bench: Command = NO_BENCH, **how: Any) -> None:
        super().__init__(highlight=False, markup=False, emoji=False, **how)
        self.bench = bench

    def print(self, *objects: Any, **how: Any) -> None:
        """As ever; but what is too long and must stay whole is for the terminal to break, not to be cut."""
        super().print(*objects, **{"crop": False, **how})

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """As ever, but for texts."""
        if isinstance(renderable, Text):
            whole = renderable.no_wrap or (options or self.options).no_wrap
            renderable = split(renderable, self.bench)[0] if whole else _Lines(renderable)
        return super().render(renderable, options)


class Prose:
    """``text`` behind ``lead``; if it is broken, it goes on below its own beginning."""

    def __init__(self, lead: Text, text: Text) -> None:
        self.lead = lead
        self.text = text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The lines."""
        lead = self.lead
        text, wholes = split(self.text, console.bench if isinstance(console, BenchConsole) else NO_BENCH)
        for start, end, own in lines(text.plain, wholes, max(1, options.max_width - cell_len(lead.plain))):
            margin = Text(" " * OWN_MARGIN) if own else lead
            line = Text().append_text(margin).append_text(text[start:end])  # each keeps its own style
            line.no_wrap, line.overflow = True, "ignore"
            yield from line.__rich_console__(console, options)  # past the renderer that would look for marks again
            lead = Text(" " * cell_len(self.lead.plain))
        if lead is self.lead:
            yield from lead.__rich_console__(console, options)


def pair(name: str, value: str) -> RenderableType:
    """One fact behind its name, in a column of names."""
    return Prose(Text(f"  {name:9} ", style="dim"), Text(value))


class Columns:
    """Names, and what is said of each beside it; below it if the names take more than half of the width."""

    def __init__(self, rows: Iterable[tuple[str, Text]], style: str = "bold") -> None:
        self.rows = list(rows)
        self.style = style

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The rows; no line ends in blanks."""
        wide = max((cell_len(name) for name, _ in self.rows), default=0)
        below = wide > options.max_width // 2
        for name, text in self.rows:
            if below:
                yield Text(name, style=self.style)
            for number, line in enumerate(text.split("\n")):
                lead = "" if below or number else name
                yield Prose(Text(" " * OWN_MARGIN if below else f"{lead:{wide}}  ", style=self.style), line)


class _Lines:
    """Each line of a text behind its own margin."""

    def __init__(self, text: Text) -> None:
        self._text = text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in self._text.split("\n", allow_blank=True):
            margin = len(line.plain) - len(line.plain.lstrip(" "))
            yield Prose(line[:margin], line[margin:])


def split(text: Text, bench: Command) -> tuple[Text, list[tuple[int, int]]]:
    """``text`` without marks, and where in it stands what was marked and is never to be broken."""
    text = _harmless(text)
    bare = Text(end=text.end, no_wrap=text.no_wrap, overflow=text.overflow)
    wholes, at = [], 0
    for piece in pieces(text.plain, bench):
        bare.append_text(text[at : piece.start])
        wholes.append((len(bare), len(bare) + len(piece.words)))
        bare.append(piece.words, MARKED)
        at = piece.end
    return bare.append_text(text[at:]), wholes


def _harmless(text: Text) -> Text:
    """``text`` with what a terminal would obey escaped: a name of a file or folder may hold anything."""
    found = [place for place, char in enumerate(text.plain) if char != "\n" and is_hidden(char)]
    safe, at = Text(end=text.end, no_wrap=text.no_wrap, overflow=text.overflow), 0
    for place in found:
        safe.append_text(text[at:place]).append(shown(text.plain[place]))
        at = place + 1
    return safe.append_text(text[at:]) if found else text


def lines(text: str, wholes: list[tuple[int, int]], width: int) -> Iterator[tuple[int, int, bool]]:
    """Where the lines of ``text`` begin and end, ``width`` columns each, and which are commands that stand alone."""
    ends = dict(wholes)
    unbroken = text
    for start, end in wholes:
        unbroken = unbroken[:start] + "x" * (end - start) + unbroken[end:]
    begin = end = -1
    first = True  # a margin within the first line stays
    for found in re.finditer(r"\S+", unbroken):
        start, stop = found.span()
        alone = start in ends and begin >= 0 and _TOLD.search(text[begin:end]) is not None
        if begin >= 0 and (alone or cell_len(text[begin:stop]) > width or "\n" in text[end:start]):
            yield begin, end, False
            begin = -1
        if alone:
            yield start, ends[start], True
        else:
            begin, end = (begin if begin >= 0 else 0 if first else start), stop
        first = False
    if begin >= 0:
        yield begin, end, False
