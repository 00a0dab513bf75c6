"""What the user says was done with the hands: kept with port and time, and looked at as far as it can be.

It leads to other advice, and is a consent to nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from doctor.bench import Bench
from doctor.errors import DoctorError
from doctor.jobs.hands import POWER_CYCLE
from doctor.jobs.memory.advice_given import SAID, AdviceGiven

POWERED_ON = 0  #: machine.reset_cause() after power-on; a reset button looks the same (board-and-repl.md 3.4)
WATCHED = "`fipy-doctor fix --power-cycle` watches the port while it is done"


def accept(bench: Bench, steps: Iterable[str]) -> tuple[frozenset[str], str]:
    """Keep ``steps`` as done; those that are believed, and what to say of it.

    That is what was seen of a power cycle, and whether they could not be kept; "" for nothing. A power cycle that the
    board contradicts is not believed.
    """
    said = set(steps)
    words = ""
    if POWER_CYCLE in said:
        cause = _reset_cause(bench)
        if cause is None:
            words = f"it was not seen that the power was off: the board does not say why it started last; {WATCHED}"
        elif cause == POWERED_ON:
            words = f"the board says that it was switched on, but its reset button looks the same to it: {WATCHED}"
        else:
            words = f"the power was not off: the board says that it started for another reason; {WATCHED}"
            said.discard(POWER_CYCLE)
    lost = AdviceGiven(bench.options.url).note(said, SAID)
    return frozenset(said), "; ".join(filter(None, (words, lost)))


def _reset_cause(bench: Bench) -> int | None:
    """Why the board started last, by its own word; None if none can be asked."""
    with suppress(DoctorError):
        if not bench.is_bare_modem:
            cause = bench.board_facts.features.get("reset_cause")
            return cause if isinstance(cause, int) else None
    return None
