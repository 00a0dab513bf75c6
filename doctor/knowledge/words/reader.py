"""The reader of a paste: what he says and asks himself, apart from what programs printed."""

from __future__ import annotations

from dataclasses import dataclass

from doctor.knowledge.facts import Facts
from doctor.knowledge.paste import Paste
from doctor.knowledge.words import describe, history, things
from doctor.knowledge.words.asked import asked


@dataclass(frozen=True)
class Reader:
    """What the reader of a paste says himself; all empty for an output of ours.

    prose       his sentences, a line each
    indexes     the indexes of their lines
    beside      what he says behind an error that he quotes, and ``beside_at`` the indexes of its lines
    asks        what he asks: the kinds of asked.py
    suspects    parts that he asks about as the reason (things.py)
    needs       parts of which he asks whether he needs them
    buys        parts of which he asks whether to buy new ones
    runs_now    whether a transfer is under way while he writes
    may_run     whether it may be: he waits for it, or nothing tells that it ended
    unfinished  whether a transfer is told of that is not shown to be over
    """

    prose: str = ""
    indexes: tuple[int, ...] = ()
    beside: str = ""
    beside_at: tuple[int, ...] = ()
    asks: tuple[str, ...] = ()
    suspects: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    buys: tuple[str, ...] = ()
    runs_now: bool = False
    may_run: bool = False
    unfinished: bool = False


NOTHING_SAID = Reader()


def reader_of(paste: Paste, facts: Facts, *, is_ours: bool) -> Reader:
    """What the reader of a paste says; nothing if the paste is an output of ours."""
    if is_ours:
        return Reader(unfinished=history.unfinished(paste, ""))
    prose, indexes = describe.prose(paste, facts.builds.left_over)
    beside, beside_at = describe.beside(paste)
    asking = f"{prose}\n{beside}"
    return Reader(
        prose=prose,
        indexes=indexes,
        beside=beside,
        beside_at=beside_at,
        asks=asked(asking),
        suspects=things.suspected(asking),
        needs=things.needed(asking),
        buys=things.bought(asking),
        runs_now=history.runs_now(paste),
        may_run=history.may_run(paste),
        unfinished=history.unfinished(paste, prose),
    )
