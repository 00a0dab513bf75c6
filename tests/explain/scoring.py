"""Scoring `explain` on one half of the cases.

A half is a folder with cases.toml: tables ``[[case]]`` with ``name``, ``kind``, ``text`` or ``input`` (a file beside it
or in inputs/), and what must come out: ``expect`` (ids, the cause first), ``either`` (lists of ids, at least one of
each), ``may`` (ids that are fine besides), ``never`` (ids). If neither
expect nor either is given, nothing may be found at all.

found      of the ids in expect and groups in either, those that were found      -> recall
wanted     of the ids that were found, those that expect or either names         -> precision
"""

from __future__ import annotations

import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from doctor.knowledge import explain

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HERE = Path(__file__).parent
HELD_OUT = HERE / "held_out"


@dataclass(frozen=True)
class Case:
    """One paste and what must come out of it."""

    name: str
    kind: str
    data: bytes
    expect: tuple[str, ...]
    either: tuple[tuple[str, ...], ...]
    never: tuple[str, ...]
    may: tuple[str, ...] = ()


@dataclass(frozen=True)
class Result:
    """How one case came out."""

    case: Case
    got: tuple[str, ...]

    @property
    def asked(self) -> int:
        return len(self.case.expect) + len(self.case.either)

    @property
    def found(self) -> int:
        groups = sum(1 for group in self.case.either if set(group) & set(self.got))
        return groups + sum(1 for wanted in self.case.expect if wanted in self.got)

    @property
    def unwanted(self) -> tuple[str, ...]:
        allowed = {*self.case.expect, *self.case.may, *(i for group in self.case.either for i in group)}
        return tuple(i for i in self.got if i not in allowed or i in self.case.never)

    @property
    def ordered(self) -> bool:
        places = [self.got.index(wanted) for wanted in self.case.expect if wanted in self.got]
        return places == sorted(places)

    @property
    def first_right(self) -> bool:
        """Whether what the user reads first is right; for a case without failures: that nothing is cried."""
        if not self.asked:
            return not self.got
        first = self.got[:1]
        return bool(first) and first[0] not in self.unwanted

    @property
    def right(self) -> bool:
        return self.found == self.asked and not self.unwanted and self.ordered


def cases(folder: Path) -> list[Case]:
    """All cases of a half."""
    table = tomllib.loads((folder / "cases.toml").read_text(encoding="utf-8"))
    rows: list[dict[str, Any]] = table.get("case") or table.get("cases") or [{"name": n, **t} for n, t in table.items()]
    return [
        Case(
            name=str(row.get("name") or row.get("id") or number),
            kind=str(row.get("kind", "")),
            data=_data(row, folder),
            expect=tuple(row.get("expect", ())),
            either=tuple(tuple(group) if isinstance(group, list) else (group,) for group in row.get("either", ())),
            never=tuple(row.get("never", ())),
            may=tuple(row.get("may", ())),
        )
        for number, row in enumerate(rows)
    ]


def _data(row: dict[str, Any], folder: Path) -> bytes:
    if "text" in row:
        return str(row["text"]).encode()
    name = str(row.get("input") or row.get("file") or row.get("log"))
    return next(path for path in (folder / name, folder / "inputs" / name) if path.exists()).read_bytes()


def score(folder: Path) -> list[Result]:
    """Every case of a half, explained."""
    return [Result(case, tuple(match.id for match in explain(case.data).matches)) for case in cases(folder)]


def summary(results: list[Result]) -> dict[str, dict[str, float]]:
    """Aggregate numbers by kind, and under "all"."""
    groups: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        groups["all"].append(result)
        groups[result.case.kind or "-"].append(result)
    return {kind: _numbers(group) for kind, group in groups.items()}


def _numbers(results: list[Result]) -> dict[str, float]:
    asked = sum(r.asked for r in results)
    got = sum(len(r.got) for r in results)
    return {
        "cases": len(results),
        "recall": sum(r.found for r in results) / asked if asked else 1.0,
        "precision": 1 - sum(len(r.unwanted) for r in results) / got if got else 1.0,
        "first": sum(r.first_right for r in results) / len(results),
        "right": sum(r.right for r in results) / len(results),
        "never": sum(1 for r in results if set(r.got) & set(r.case.never)),
    }


def table(results: list[Result]) -> str:
    """The summary as text; names no case."""
    rows = ["kind           cases  recall  precision  first right  all right  forbidden"]
    for kind, n in summary(results).items():
        rows.append(
            f"{kind:<14} {n['cases']:5.0f}  {n['recall']:6.3f}  {n['precision']:9.3f}  {n['first']:11.3f}"
            f"  {n['right']:9.3f}  {n['never']:9.0f}"
        )
    return "\n".join(rows)


def main(argv: list[str]) -> None:
    """``python -m tests.explain.scoring [held-out]``; the held-out half prints aggregate numbers only."""
    held_out = "held-out" in argv
    results = score(HELD_OUT if held_out else HERE)
    if not held_out:
        for result in results:
            if not result.right:
                print(f"{result.case.name}: expect {result.case.expect} {result.case.either} got {result.got}")
    print(table(results))


if __name__ == "__main__":
    main(sys.argv[1:])
