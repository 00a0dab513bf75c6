"""Commands in texts: who writes a text marks them with backticks, as Markdown does; who shows it splits at the marks.

What is marked is shown without its backticks, is never broken, and names the bench of the run if it is a command of
ours. Nothing else is: what a device, card or file says comes through ``escape.shown``, which leaves no backtick.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

from doctor.text.command import Command, marked

#: As many backticks behind it as in front of it; if it holds some itself, they are more, and spaces set it off.
_MARKED = re.compile(r"(?<!`)(`+)(?!`)(?P<words>.+?)(?<!`)\1(?!`)", re.DOTALL)


#: A bench is named by a command that was laid for it (bench.py); this one names none.
NO_BENCH = Command("")


class Piece(NamedTuple):
    """What is marked in a text: where it begins and ends there, its backticks included, and its words."""

    start: int
    end: int
    words: str


def pieces(text: str, bench: Command = NO_BENCH) -> Iterator[Piece]:
    """What is marked in ``text``, in order; commands of ours name ``bench`` if they need it and name none."""
    for found in _MARKED.finditer(text):
        words = found["words"]
        if len(found[1]) > 1 and words[0] == words[-1] == " ":
            words = words[1:-1]
        yield Piece(*found.span(), _on(words, bench))


def commands(text: str, bench: Command = NO_BENCH) -> Iterator[Command]:
    """The commands of ours that are marked in ``text``."""
    for piece in pieces(text, bench):
        with suppress(ValueError):
            yield Command.parse(piece.words)


def plain(text: str, bench: Command = NO_BENCH) -> str:
    """``text`` without its marks, each command with the bench."""
    for piece in reversed(list(pieces(text, bench))):
        text = text[: piece.start] + piece.words + text[piece.end :]
    return text


def named(text: str, bench: Command) -> str:
    """``text`` with its marks, each command with the bench: for a text that is shown where no bench is known."""
    for piece in reversed(list(pieces(text, bench))):
        text = text[: piece.start] + marked(piece.words) + text[piece.end :]
    return text


def _on(words: str, bench: Command) -> str:
    try:
        command = Command.parse(words)
    except ValueError:
        return words  # something else that is to stay whole
    on = command.on(bench)
    return words if on == command else on.line()
