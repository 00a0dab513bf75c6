"""Text broken into lines, but never within a command: what is copied must be what is meant.

A command that the user is told to run stands on a line of its own; where it is too long for that, only the terminal
itself breaks it, which no copying sees.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

#: Options that are followed by a value.
_VALUED = (
    "port|via|method|accept|override|carrier|was|put-back|backup|sd|scripts|firmware|updater-elf|bootrom|trace|deadline"
    "|confirm|select|ignore|make-firmware|done"
)
_WORD = r"""(?:'[^']*'|"[^"]*"|[^\s'";)])*(?:'[^']*'|"[^"]*"|[^\s'";),.:])"""
_COMMANDS = "check|fix|flash|plan|status|checks|open|cards|ports|backup|restore|explain|sim"
#: A word that is no prose: a path, a URL, an id, a name in capitals, something in quotes.
_OBJECT = rf"(?=['\"]|\S*[./:\\=?_-]\S|[A-Z]{{2}}){_WORD}"
_COMMAND = (
    rf"(?<![\w/.-])fipy-doctor\b(?!/)(?: (?:{_COMMANDS})\b(?![/-]))?"
    rf"(?:\ --(?:{_VALUED})\ (?:{_WORD}|\.(?!\w))|\ -{{1,2}}[a-z][\w-]*|\ {_OBJECT})*"
)
_TOKEN = re.compile(rf"(?P<command>{_COMMAND})(?P<after>[^\s\w]*)|\S+")
_TOLD = re.compile(r"\brun:$")  #: what leads to a command that stands alone
OWN_MARGIN = 4


class Prose:
    """``text`` behind ``lead``; where it is broken, it goes on below its own beginning."""

    def __init__(self, lead: Text, text: Text) -> None:
        self.lead = lead
        self.text = text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The lines."""
        lead = self.lead
        for start, end, own in lines(self.text.plain, max(1, options.max_width - cell_len(lead.plain))):
            margin = Text(" " * OWN_MARGIN) if own else lead
            line = Text().append_text(margin).append_text(self.text[start:end])  # each keeps its own style
            line.no_wrap, line.overflow = True, "ignore"
            yield line
            lead = Text(" " * cell_len(self.lead.plain))
        if lead is self.lead:
            yield lead


def lines(text: str, width: int) -> Iterator[tuple[int, int, bool]]:
    """Where the lines of ``text`` begin and end, ``width`` columns each, and which are commands that stand alone."""
    begin = end = -1
    first = 0  # a margin within the first line stays
    for found in _TOKEN.finditer(text):
        start, stop = found.span()
        alone = found["command"] is not None and begin >= 0 and _TOLD.search(text[begin:end]) is not None
        if begin >= 0 and (alone or cell_len(text[begin:stop]) > width or "\n" in text[end:start]):
            yield begin, end, False
            begin = -1
        if alone:
            yield start, found.end("command"), True
            first = len(text)
            continue
        begin, end = (min(start, first) if begin < 0 else begin), stop
        first = len(text)
    if begin >= 0:
        yield begin, end, False
