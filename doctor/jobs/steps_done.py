"""How far a plan was carried out, by the ids of its steps."""

from __future__ import annotations

from collections.abc import Sequence


def all_sent(steps: Sequence[str], done: Sequence[str]) -> bool:
    """Whether the last file of firmware went over, so that the modem may run it; a boot ROM may still follow."""
    transfers = [step for step in steps if step.endswith("transfer") and not step.startswith("bootrom-")]
    return bool(transfers) and transfers[-1] in done
