"""Errors that are only a number: name, what it says, and what it means where it came from. The table is errnos.txt."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from doctor.data import beside

_HEAD = re.compile(r"(\d+) (E[A-Z]+): (.+)")
_ROW = re.compile(r"=> (\w+)(?:/(\w+))? ([a-z0-9-]+) (0\.\d+)")


@dataclass(frozen=True)
class Meaning:
    """One number: its name, what it says in plain words, and rows of medium, call (or empty), entry and sureness."""

    number: int
    name: str
    says: str
    rows: tuple[tuple[str, str, str, float], ...]

    def entry(self, medium: str, call: str) -> tuple[str, float] | None:
        """Id of the entry that it means there, and how sure that is; None if the number alone tells too little."""
        fitting = ((known, sure) for where, by, known, sure in self.rows if where == medium and by in ("", call))
        return next(fitting, None)


@cache
def meanings() -> MappingProxyType[int, Meaning]:
    """All numbers that are known."""
    found: dict[int, Meaning] = {}
    number = 0
    for line in (beside(__file__, __package__) / "errnos.txt").read_text(encoding="utf-8").splitlines():
        if head := _HEAD.fullmatch(line):
            number = int(head[1])
            found[number] = Meaning(number, head[2], head[3], ())
        elif row := _ROW.fullmatch(line):
            one = found[number]
            rows = (*one.rows, (row[1], row[2] or "", row[3], float(row[4])))
            found[number] = Meaning(number, one.name, one.says, rows)
    return MappingProxyType(found)


@cache
def by_name() -> MappingProxyType[str, Meaning]:
    """The same by their names."""
    return MappingProxyType({one.name: one for one in meanings().values()})
