"""The failure catalogue as data, one TOML file an area; imports nothing of ours.

Each entry is a table named by its catalogue id:

title            one line
blocks           whether it blocks flashing: yes, no, maybe
brick_risk       whether it can cost the modem, and when
evidence         thread (seen in public), code (derived from source), knowledge (of the platform)
shows            what the user sees, the fixed parts quoted
means            what is going on
causes           ranked
cure_automatic   what a program can do about it
cure_manual      what hands can do about it
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@dataclass(frozen=True)
class Entry:
    """One known failure; the module's docstring says what each field holds."""

    id: str
    area: str
    title: str
    blocks: str
    brick_risk: str
    evidence: str
    shows: str
    means: str
    causes: tuple[str, ...]
    cure_automatic: str
    cure_manual: str


@cache
def entries() -> MappingProxyType[str, Entry]:
    """All known failures by id."""
    found: dict[str, Entry] = {}
    for file in resources.files(__name__).iterdir():
        if file.name.endswith(".toml"):
            area = file.name.removesuffix(".toml").replace("_", "-")
            for entry_id, table in tomllib.loads(file.read_text(encoding="utf-8")).items():
                found[entry_id] = _entry(entry_id, area, table)
    return MappingProxyType(found)


def _entry(entry_id: str, area: str, table: dict[str, Any]) -> Entry:
    return Entry(id=entry_id, area=area, **{**table, "causes": tuple(table["causes"])})
