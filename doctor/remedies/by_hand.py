"""Cures that users carry out themselves: the rows of doctor/data/by_hand.toml."""

from __future__ import annotations

from doctor.data import tables
from doctor.remedies.cure import ByHand
from doctor.text.power_off import MARK, UNPLUG


def by_hand() -> list[ByHand]:
    """All of them, in the order of the file."""
    found = []
    for cure_id, row in tables("by_hand.toml").items():
        how = tuple(step.replace(MARK, UNPLUG) for step in row.pop("how"))
        adds = row.pop("adds", {}) | dict.fromkeys(row.pop("leaves_out", ()))
        practice = tuple(row.pop("practice", ()))
        found.append(ByHand(cure_id, how=how, adds=adds, practice=practice, **row))
    return found
