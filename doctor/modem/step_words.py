"""Why each step of a flash is taken, and what could go wrong in it, in words for the user."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

from doctor.data import tables
from doctor.updater.plan import BOOTROM
from doctor.updater.shapes import STORE, Step


@dataclass(frozen=True)
class StepWords:
    """What is said of a step.

    name  in a few words
    why   it is done
    risk  what could go wrong, and how one notices
    back  how one would get back
    """

    name: str
    why: str
    risk: str
    back: str


@cache
def all_words() -> dict[str, StepWords]:
    """The words for every kind of step: the tables of doctor/data/step_words.toml."""
    return {kind: StepWords(**said) for kind, said in tables("step_words.toml").items()}


def words(step: Step) -> StepWords:
    """The words for one step of a plan."""
    words_of = all_words()
    if step.do == "transfer" and step.image == BOOTROM:
        return words_of["transfer-bootrom-store" if step.method == STORE else "transfer-bootrom"]
    if step.do == "transfer" and step.method == STORE:
        return words_of["transfer-store"]
    if step.do in ("prepare", "switch") and not step.may_unplug:  # between the two files of 48829
        return replace(words_of[step.do], back=words_of["between"].back)
    if step.do == "prepare":
        return replace(words_of[step.do], back=step.way_back)
    return words_of[step.do]
