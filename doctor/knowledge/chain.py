"""Expressions of signs, searched in a time that grows with the text only, whoever wrote the text.

``re`` tries again and again if several gaps follow each other (``run\\([^\\n]*NB1[^\\n]*\\.dup``), which takes
forever on a text made for that. So an expression is cut at its gaps into parts. Each part is searched once; then the
parts are joined from the last to the first, each with the nearest one behind it that leads on. What counts as a gap:

``[^\\n]*``                     anything on the same line
``[\\s\\S]{0,900}?``             so many characters
``(?:(?!X)[\\s\\S]){0,900}?``    the same, without an X that begins among them
``(?:[^\\n]*\\n){0,3}?``         so many whole lines
``(?:(?!X)[^\\n]*\\n){0,3}?``    the same, none of which begins with X
``\\n``                         the end of a line, beside another gap

Inside a part ``*`` and ``+`` mean at most ``MOST_REPEATS`` times.
"""

from __future__ import annotations

import itertools
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

from doctor.knowledge.beginnings import TOKEN, branches, matches

MOST_REPEATS = 80  #: of one piece inside a part
MOST_PLACES = 500  #: of one part: the budget of a sign, whatever the text holds
_FLAGS = re.IGNORECASE | re.MULTILINE
_MOST_COMPARED = 8  #: different values of one number
_NO_LIMIT = 1 << 60
_Place = tuple[int, int]  #: where a part stands

_TEMPERED = re.compile(r"\(\?:\(\?!(.*)\)\[\\s\\S\]\)\Z", re.DOTALL)
_LINES = re.compile(r"\(\?:(?:\(\?!(.*)\))?\[\^\\n\]\*\\n\)\Z", re.DOTALL)
_LINES_OF = re.compile(r"\(\?:\\n\[\^\\n\]\*\)\Z")
_NOT_IN_LINE = re.compile(r"\[\^((?:[^\]\\]|\\[^n])*)\\n((?:[^\]\\]|\\.)*)\]\Z")
_QUANTIFIER = re.compile(r"(?:[*+?]|\{\d+(?:,\d*)?\})\??")
_COUNTS = re.compile(r"\{(\d+)(?:,(\d*))?\}")
_OPEN = re.compile(r"(?<!\\)\{(\d+),\}")


@dataclass(frozen=True)
class Gap:
    """What may lie between two parts: numbers of line ends and characters, and what may not begin in between.

    unless      an expression; its matches count from the end of the part before
    lines_only  up to the begin of the line of the part behind, else up to that part
    """

    least_lines: int = 0
    most_lines: int = 0
    most_chars: int = _NO_LIMIT
    least_chars: int = 0
    unless: str = ""
    lines_only: bool = False


@dataclass(frozen=True)
class Chain:
    """One alternative of an expression: its parts, and the gaps between them."""

    parts: tuple[str, ...]
    gaps: tuple[Gap, ...]


class Text:
    """A text that many expressions are searched in, or a piece of it from ``start`` to ``end``."""

    def __init__(
        self, text: str, lowered: str | None, ends: Sequence[int], start: int = 0, end: int | None = None
    ) -> None:
        """``lowered`` has every letter at its place, or is None; ``ends`` are the places of all line ends."""
        self.text, self.lowered, self.ends = text, lowered, ends
        self.start, self.end = start, len(text) if end is None else end

    def places(self, pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
        """Where the pattern stands, as ``finditer`` says."""
        if self.lowered is None:
            return pattern.finditer(self.text, self.start, self.end)
        return matches(pattern, self.text, self.lowered, self.start, self.end)

    def line_start(self, place: int) -> int:
        """Where the line of this place begins."""
        before = bisect_left(self.ends, place)
        return self.ends[before - 1] + 1 if before else 0

    def after_lines(self, place: int, lines: int) -> int:
        """The last place that has at most so many line ends between itself and ``place``."""
        index = bisect_left(self.ends, place) + lines
        return self.ends[index] if index < len(self.ends) else len(self.text)


def find(pattern: str, text: Text, compare: str = "") -> list[tuple[int, int]]:
    """Where an expression stands: begin and end of each match, from the left, none inside another.

    compare  ``"a > b"`` or ``"a != b"``: what must hold of two numbers named in the expression, ``(?P<a>\\d+)``
    """
    found: list[tuple[int, int]] = []
    for chain in chains(pattern):
        found += _joined(chain, text, compare)
    found.sort()
    kept: list[tuple[int, int]] = []
    for start, end in found:
        if not kept or start >= kept[-1][1] or start == end > kept[-1][1]:
            kept.append((start, end))
    return kept


def holds(pattern: str, text: Text) -> bool:
    """Whether an expression stands in the text at all."""
    for chain in chains(pattern):
        if len(chain.parts) == 1:
            if next(text.places(_compiled(chain.parts[0])), None) is not None:
                return True
        elif _joined(chain, text, ""):
            return True
    return False


def _joined(chain: Chain, text: Text, compare: str) -> list[_Place]:
    places: list[list[_Place]] = []
    for part in chain.parts:
        found = _places_of(part, text)
        if not found:
            return []
        places.append(found)
    if not compare:
        return _joined_places(chain, text, places)
    first, sign, second = compare.split()
    joined = []
    values = [
        [_number(text, part, place, first, second) for place in found]
        for part, found in zip(chain.parts, places, strict=True)
    ]
    for number in sorted({value[first] for found in values for value in found if first in value})[:_MOST_COMPARED]:
        chosen = [
            [
                place
                for place, value in zip(found, of_found, strict=True)
                if value.get(first, number) == number
                and (second not in value or (number > value[second] if sign == ">" else number != value[second]))
            ]
            for found, of_found in zip(places, values, strict=True)
        ]
        if all(chosen):
            joined += _joined_places(chain, text, chosen)
    return joined


def _number(text: Text, part: str, place: _Place, *names: str) -> dict[str, int]:
    pattern = _compiled(part)
    hit = pattern.match(text.text, *place) if pattern.groupindex else None
    return {name: int(hit[name]) for name in names if hit is not None and name in pattern.groupindex and hit[name]}


def _joined_places(chain: Chain, text: Text, places: list[list[_Place]]) -> list[_Place]:
    # From the last part to the first: the nearest place of the next part that leads on to the end.
    onward = places[-1]
    for found, gap in zip(reversed(places[:-1]), reversed(chain.gaps), strict=True):
        starts = [start for start, _ in onward]
        barred = [start for start, _ in _places_of(gap.unless, text)] if gap.unless else []
        led: list[_Place] = []
        for begin, end in found:
            lowest = end + gap.least_chars
            if gap.least_lines:
                lowest = max(lowest, text.after_lines(end, gap.least_lines - 1) + 1)
            index = bisect_left(starts, lowest)
            if index == len(starts) or starts[index] > end + gap.most_chars:
                continue
            if gap.most_lines != _NO_LIMIT and starts[index] > text.after_lines(end, gap.most_lines):
                continue
            if barred:
                bar = bisect_left(barred, end)
                limit = text.line_start(starts[index]) if gap.lines_only else starts[index]
                if bar < len(barred) and barred[bar] < limit:
                    continue
            led.append((begin, onward[index][1]))
        onward = led
        if not onward:
            break
    return onward


def _places_of(part: str, text: Text) -> list[_Place]:
    return [hit.span() for hit in itertools.islice(text.places(_compiled(part)), MOST_PLACES)]


@cache
def _compiled(part: str) -> re.Pattern[str]:
    return re.compile(part, _FLAGS)


@cache
def chains(pattern: str) -> tuple[Chain, ...]:
    """An expression as its alternatives, each cut at its gaps. Raises ValueError if one begins with a gap."""
    return tuple(_chain(branch) for branch in branches(pattern))


def _chain(branch: str) -> Chain:
    parts, gaps, gap_ends_line, at_gap = [""], list[Gap](), False, False
    for atom, quantifier in _atoms(branch):
        gap = _as_gap(atom, quantifier)
        if gap is None:
            if at_gap and gap_ends_line and not atom.startswith("^"):
                parts[-1] += "^"
            parts[-1] += bounded(atom + quantifier)
            at_gap = False
            continue
        gap_ends_line = atom.endswith((r"\n", r"\n)"))
        if at_gap:
            gaps[-1] = _both(gaps[-1], gap, branch)
        elif not parts[-1]:
            raise ValueError(f"begins with a gap: {branch}")
        else:
            if atom == r"\n":
                parts[-1] += "$"
            gaps.append(gap)
            parts.append("")
            at_gap = True
    gaps = [replace(gap, unless=bounded(gap.unless)) for gap in gaps]
    if at_gap and gap_ends_line:
        raise ValueError(f"ends with the end of a line: {branch}")
    if at_gap:
        parts.pop()
        gaps.pop()
    return Chain(tuple(parts), tuple(gaps))


def _as_gap(atom: str, quantifier: str) -> Gap | None:
    least, most = _limits(quantifier)
    if atom == r"\n" and not quantifier:
        return Gap(1, 1)
    if atom == r"[\s\S]" and most > 1:
        return Gap(0, _NO_LIMIT, most, least)
    if (barred := _NOT_IN_LINE.match(atom)) is not None and most == _NO_LIMIT:
        return Gap(0, 0, least_chars=least, unless=f"[{barred[1]}{barred[2]}]" if barred[1] + barred[2] else "")
    if (tempered := _TEMPERED.match(atom)) is not None:
        return Gap(0, _NO_LIMIT, most, least, tempered[1])
    if (lines := _LINES.match(atom)) is not None and quantifier:
        barred_lines = lines[1] or ""
        in_line = barred_lines.startswith(r"[^\n]*")
        unless = barred_lines.removeprefix(r"[^\n]*") if in_line else f"^(?:{barred_lines})" if barred_lines else ""
        return Gap(least, most, unless=unless, lines_only=True)
    if _LINES_OF.match(atom) is not None and quantifier:
        return Gap(least, most)
    return None


def _both(one: Gap, other: Gap, branch: str) -> Gap:
    if (one.most_chars == _NO_LIMIT) is not (other.most_chars == _NO_LIMIT) or (one.unless and other.unless):
        raise ValueError(f"two gaps that cannot be one: {branch}")
    return Gap(
        one.least_lines + other.least_lines,
        min(one.most_lines + other.most_lines, _NO_LIMIT),
        min(one.most_chars + other.most_chars, _NO_LIMIT),
        one.least_chars + other.least_chars,
        one.unless or other.unless,
        one.lines_only or other.lines_only,
    )


def _limits(quantifier: str) -> tuple[int, int]:
    if not quantifier:
        return 1, 1
    if quantifier[0] in "*+?":
        return int(quantifier[0] == "+"), 1 if quantifier[0] == "?" else _NO_LIMIT
    found = _COUNTS.match(quantifier)
    assert found is not None
    least = int(found[1])
    return least, least if found[2] is None else int(found[2]) if found[2] else _NO_LIMIT


def _atoms(branch: str) -> Iterator[tuple[str, str]]:
    """The pieces of an expression, each with its quantifier."""
    at = 0
    while at < len(branch):
        depth, end = 0, at
        for token in TOKEN.finditer(branch, at):
            depth += (token[0] == "(") - (token[0] == ")")
            end = token.end()
            if depth <= 0:
                break
        quantifier = _QUANTIFIER.match(branch, end)
        yield branch[at:end], quantifier[0] if quantifier else ""
        at = quantifier.end() if quantifier else end


@cache
def bounded(part: str) -> str:
    """The same expression, in which nothing repeats more than ``MOST_REPEATS`` times beyond its least."""
    found, before = [], ""
    for token in TOKEN.finditer(part):
        piece = token[0]
        if piece in "*+" and before != "(":
            piece = f"{{{int(piece == '+')},{MOST_REPEATS}}}"
        found.append(piece)
        before = token[0]
    return _OPEN.sub(lambda least: f"{{{least[1]},{int(least[1]) + MOST_REPEATS}}}", "".join(found))
