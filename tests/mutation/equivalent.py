"""Mutants that change nothing which anybody could notice, each with the sentence that says why."""

from __future__ import annotations

import sys
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def equivalent() -> dict[str, str]:
    """The reason by the key of a mutant."""
    text = Path(__file__).with_name("equivalent.toml").read_text(encoding="utf-8")
    return {one["mutant"]: one["why"] for one in tomllib.loads(text).get("equivalent", [])}
