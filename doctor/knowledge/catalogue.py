"""Reading the catalogue: whole for those who list it, entry by entry for ``explain``, which must be quick.

Parsing 170 kB of TOML takes longer than searching a megabyte of log. So the files are cut into entries first, and an
entry is parsed when one of its fixed parts was seen.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from functools import cache
from types import MappingProxyType
from typing import Any

from doctor.data import beside, parsed
from doctor.knowledge.accents import each_way, either_way
from doctor.text.power_off import spelled_out

HERE = beside(__file__, __package__)
NEAR_LINES = 40  #: how far ``after`` and ``before`` look if a sign says nothing; longer than any traceback

_EXPRESSIONS = ("match", "after", "before", "not_after", "not_before", "with", "without")

_HEAD = re.compile(r"^\[([a-z0-9-]+)\]$", re.MULTILINE)
_HAS = re.compile(r"^has = \[(.*)\]$", re.MULTILINE)
_STRING = re.compile(r"'([^']*)'|\"([^\"]*)\"")


@dataclass(frozen=True)
class Sign:
    """One way to recognise an entry; the package's docstring says what each field holds."""

    has: tuple[str, ...]
    sure: float
    match: str = ""
    after: str = ""
    before: str = ""
    not_after: str = ""
    not_before: str = ""
    within: int = NEAR_LINES
    with_: str = ""
    without: str = ""
    side: str = ""
    generation: tuple[str, ...] = ()
    raw: bool = False
    most: int = 0
    unless_id: tuple[str, ...] = ()
    compare: str = ""
    runs: str = ""
    image: str = ""
    side_note: bool = False


@dataclass(frozen=True)
class Entry:
    """One known failure; the package's docstring says what each field holds."""

    id: str
    area: str
    title: str
    blocks: str
    brick_risk: str
    evidence: str
    shows: str
    means: str
    causes: tuple[str, ...]
    cure: tuple[str, ...]
    words: str
    family: str = ""
    runs: str = ""
    harmless: bool = False
    under_way: bool = False
    ruled_out: tuple[str, ...] = ()
    not_beside: tuple[str, ...] = ()
    found_by: tuple[str, ...] = ()
    explains: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    signs: tuple[Sign, ...] = ()


@dataclass(frozen=True)
class RawEntry:
    """The text of one entry, not parsed yet; ``has`` holds the fixed parts of each of its signs."""

    id: str
    area: str
    text: str
    has: tuple[tuple[str, ...], ...]


@cache
def sources() -> MappingProxyType[str, RawEntry]:
    """All entries by id, not parsed."""
    found: dict[str, RawEntry] = {}
    for file in sorted(HERE.iterdir(), key=lambda file: file.name):
        if file.name.endswith(".toml"):
            area = file.name.removesuffix(".toml").replace("_", "-")
            text = file.read_text(encoding="utf-8")
            heads = list(_HEAD.finditer(text))
            ends = [head.start() for head in heads[1:]] + [len(text)]
            for head, end in zip(heads, ends, strict=True):
                chunk = text[head.start() : end]
                has = tuple(tuple(one or other for one, other in _STRING.findall(line)) for line in _HAS.findall(chunk))
                has = tuple(tuple(map(each_way, parts)) for parts in has)
                found[head[1]] = RawEntry(head[1], area, chunk, has)
    return MappingProxyType(found)


@cache
def entry(entry_id: str) -> Entry:
    """The known failure of that id. Raises KeyError."""
    source = sources()[entry_id]
    return _entry(entry_id, source.area, parsed(source.text)[entry_id])


@cache
def entries() -> MappingProxyType[str, Entry]:
    """All known failures by id."""
    return MappingProxyType({entry_id: entry(entry_id) for entry_id in sources()})


def _entry(entry_id: str, area: str, table: dict[str, Any]) -> Entry:
    given = {name: _frozen(value) for name, value in table.items() if name != "signs"}
    given["cure"] = tuple(map(spelled_out, given["cure"]))
    signs = tuple(_sign(sign) for sign in table.get("signs", ()))
    return Entry(id=entry_id, area=area, signs=signs, **given)


def _sign(table: dict[str, Any]) -> Sign:
    read: dict[str, Any] = {
        name: either_way(value) if name in _EXPRESSIONS else _frozen(value) for name, value in table.items()
    }
    return Sign(**{"with_" if name == "with" else name: value for name, value in read.items()})


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


ENTRY_KEYS = frozenset(field.name for field in fields(Entry)) - {"id", "area"}  #: what a table may hold
SIGN_KEYS = frozenset(field.name.rstrip("_") for field in fields(Sign))  #: what a sign's table may hold
