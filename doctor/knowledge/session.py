"""A session at the board's prompt: what failed there, and went well when it was tried again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from doctor.knowledge.paste import Paste

_MOST_LINES = 400  #: a session that somebody pastes is short; a longer log is of programs
_PROMPT = re.compile(r"\s{0,4}>>> ?(?!FiPy|GPy|G01|>)(.*)")
_FAILED = re.compile(
    r"\b\w*(?:Error|Exception)\b|Traceback|\bfail|\bcould not\b|\bunable\b|^\W{0,4}(?:b?''"
    r"|None)\s*$",
    re.I,
)
#: What mends the board's own file system; what failed before is not typed again as a rule.
_MENDS = re.compile(r"os\.(?:fsformat|mkfs)\(['\"]/flash")
#: A flash that begins cleanly may end otherwise.
_ENDS_LATER = re.compile(r"\brun\(|sqnsupgrade|\.dup\b|\bimport\b|machine\.reset|deepsleep")
_STILL = re.compile(
    r"\b(?:still|again|but|aber|trotzdem|immer noch|wieder|sigue|pero|otra vez|toujours|encore|mais|nog steeds|maar"
    r"|weer)\b",
    re.I,
)


@dataclass(frozen=True)
class _Typed:
    """A line typed at the prompt, and the indexes of the lines from it to the next."""

    command: str
    lines: range
    failed: bool


def mended(paste: Paste) -> frozenset[int]:
    """Indexes of the lines of commands that failed and went well later; empty if something fails behind them."""
    typed = list(_typed(paste)) if len(paste.numbers) <= _MOST_LINES else []
    if not typed or typed[-1].failed:
        return frozenset()
    found = set[int]()
    for number, later in enumerate(typed):
        if later.failed or _ENDS_LATER.search(later.command):
            continue
        above = typed[:number]
        repeats = any(one.failed and one.command == later.command for one in above)
        went_on = number + 1 < len(typed) and not any(one.failed for one in typed[number:])
        if repeats or (_MENDS.search(later.command) and went_on):
            found.update(range(later.lines.start))
    behind = range(typed[-1].lines.start, len(paste.numbers))
    return frozenset() if any(_STILL.search(paste.line(index)) for index in behind) else frozenset(found)


def _typed(paste: Paste) -> Iterator[_Typed]:
    prompts = [(index, found[1]) for index in range(len(paste.numbers)) if (found := _PROMPT.match(paste.line(index)))]
    ends = [*(index for index, _ in prompts[1:]), len(paste.numbers)]
    for (index, command), end in zip(prompts, ends, strict=False):
        said = (paste.line(line) for line in range(index + 1, end))
        if command.strip():
            yield _Typed(" ".join(command.split()), range(index, end), any(map(_FAILED.search, said)))
