"""How far a plan was carried out, by the ids of its steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from doctor.events import StepStarted
from doctor.jobs.memory.journal import FlashEntry

#: No block is longer (modem-protocol.md 4.4): with less than this unacknowledged the last block may have gone out.
LAST_BLOCK_BYTES = 8176


def all_sent(steps: Sequence[str], done: Sequence[str], step: str = "", left_bytes: int | None = None) -> bool:
    """Whether a file went over whole that the modem may be writing, or running, though that was not seen.

    That is the last file of firmware once it went over, a boot ROM that goes alone, and any other file (the first of a
    pair, a boot ROM before or behind the firmware) until the modem has written it.

    steps             of the plan; () if another run made it
    step, left_bytes  the step that was begun last, and how much of its file was not acknowledged; None: not known
    """
    if step.endswith("deploy"):
        return True
    if step.endswith("transfer") and left_bytes is not None and left_bytes <= LAST_BLOCK_BYTES:
        return True
    sends = [id for id in steps or done if id.endswith("transfer")]
    transfers = [id for id in sends if not id.startswith("bootrom-")] or sends
    return bool(transfers) and transfers[-1] in done


def all_sent_by(entry: FlashEntry) -> bool:
    """``all_sent`` of a flash that the journal knows."""
    left = entry.total_bytes - entry.sent_bytes if entry.total_bytes else None
    return all_sent(entry.steps, entry.done, entry.step, left)


def number_of(step: str, steps: Sequence[str]) -> int:
    """Which of ``steps`` it is, from 1; 0 if it is none of them."""
    return steps.index(step) + 1 if step in steps else 0


def numbered(event: StepStarted, steps: Sequence[str]) -> StepStarted:
    """``event`` with its place among ``steps``, if it has one."""
    number = number_of(event.step, steps)
    return replace(event, number=number, of=len(steps)) if number else event


def how_far(entry: FlashEntry) -> str:
    """The step that ``entry`` stands in, of how many, and the bytes of its file; "" if it had not begun."""
    number = number_of(entry.step, entry.steps)
    at = f"step {number} of {len(entry.steps)}" if number else ""
    sent = f"{entry.sent_bytes:,} of {entry.total_bytes:,} bytes" if entry.sent_bytes else ""
    return ", ".join(filter(None, (at, sent)))


def first_sent(steps: Sequence[str], done: Sequence[str], files: int) -> bool:
    """Whether the first file of a pair is known to be in the modem."""
    return files > 1 and ("between" in done or "between" not in steps)
