"""How far a plan was carried out, by the ids of its steps."""

from __future__ import annotations

from collections.abc import Sequence

#: No block is longer (modem-protocol.md 4.4): with less than this unacknowledged the last block may have gone out.
LAST_BLOCK_BYTES = 8176


def all_sent(steps: Sequence[str], done: Sequence[str], step: str = "", left_bytes: int | None = None) -> bool:
    """Whether the last file of firmware went over, so that the modem may write or run it; a boot ROM may still follow.

    Where only a boot ROM is sent, it is that file.

    step, left_bytes  the step that was begun last, and how much of its file was not acknowledged; None: not known
    """
    sends = [id for id in steps if id.endswith("transfer")]
    transfers = [id for id in sends if not id.startswith("bootrom-")] or sends
    if not transfers:
        return False
    ends = step == transfers[-1] and left_bytes is not None and left_bytes <= LAST_BLOCK_BYTES
    return ends or transfers[-1] in done


def first_sent(steps: Sequence[str], done: Sequence[str], files: int) -> bool:
    """Whether the first file of a pair is known to be in the modem."""
    return files > 1 and ("between" in done or "between" not in steps)
