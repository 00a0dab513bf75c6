"""Edits of a text: of what is left of it between parts that are looked at elsewhere, and made piece by piece."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

NOTHING = "\0"  #: in the place of what is looked at elsewhere; part of no word


@dataclass(frozen=True)
class Edit:
    """What takes the place of a part of a text; ``blank``: only its length is kept."""

    start: int
    end: int
    text: str
    blank: bool = False


class Left:
    """What is left of a text besides what is looked at elsewhere: the parts between, with something that is no word.

    text  those parts, as one text
    """

    def __init__(self, text: str, taken: Sequence[tuple[int, int]]) -> None:
        self._whole = text
        self._parts: list[tuple[int, int]] = []
        last = 0
        for start, end in [*sorted(taken), (len(text), len(text))]:
            if start > last:
                self._parts.append((last, start))
            last = max(last, end)
        self.text = NOTHING.join(text[slice(*part)] for part in self._parts)

    def edits(self, now: str) -> Iterator[Edit]:
        """What ``now``, as long as ``text``, changes in the whole."""
        at = 0
        for start, end in self._parts:
            before, after = self._whole[start:end], now[at : at + end - start]
            at += end - start + len(NOTHING)
            if before == after:
                continue
            marks = "".join("=" if one == other else "x" for one, other in zip(before, after, strict=True))
            for run in re.finditer("x+", marks):
                yield Edit(start + run.start(), start + run.end(), after[slice(*run.span())])

    def filled(self, now: str) -> str:
        """The whole with ``now`` in its parts, and nothing elsewhere."""
        pieces, last, at = [], 0, 0
        for start, end in self._parts:
            pieces += [NOTHING * (start - last), now[at : at + end - start]]
            last = end
            at += end - start + len(NOTHING)
        return "".join([*pieces, NOTHING * (len(self._whole) - last)])


class Edited:
    """A text with its edits made, given out piece by piece, as the text was cut."""

    def __init__(self, text: str, edits: Sequence[Edit]) -> None:
        self._text = text
        self._edits = sorted((edit for edit in edits if edit.end > edit.start), key=lambda edit: edit.start)
        self._at = 0
        self._number = 0
        self._given = 0  # of the edit that is under way

    def take(self, length: int) -> list[tuple[str, int]]:
        """The next piece, ``length`` characters before its edits; behind each part the number of those not kept."""
        end = self._at + length
        pieces: list[tuple[str, int]] = [("", 0)]

        def add(text: str, blank: int = 0) -> None:
            before, missing = pieces.pop()
            pieces.extend(
                [(before, missing), (text, blank)] if missing and text else [(before + text, missing + blank)]
            )

        while self._at < end:
            edit = self._edits[self._number] if self._number < len(self._edits) else None
            if edit is None or edit.start >= end:
                add(self._text[self._at : end])
                self._at = end
            elif edit.start > self._at:
                add(self._text[self._at : edit.start])
                self._at = edit.start
            else:
                upto = min(end, edit.end)
                if edit.blank:
                    add("", upto - self._at)
                else:
                    last = len(edit.text) if upto == edit.end else min(len(edit.text), self._given + upto - self._at)
                    add(edit.text[self._given : last])
                    self._given = last
                self._at = upto
                if upto == edit.end:
                    self._number += 1
                    self._given = 0
        return pieces
