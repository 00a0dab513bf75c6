"""Cure ``stop-program``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from doctor import sniff
from doctor.check import Finding
from doctor.errors import BoardError
from doctor.remedies.cure import CureContext, DoableCure

if TYPE_CHECKING:
    from doctor.bench import Bench

ENDED = (sniff.Seen.REPL, sniff.Seen.RAW_REPL, sniff.Seen.PASTE, sniff.Seen.SAFE_BOOT)


class StopProgram(DoableCure):
    """Stop the program that runs on the board."""

    id = "stop-program"
    flag = "stop-program"

    def plan(self, bench: Bench, finding: Finding | None, context: CureContext) -> tuple[str, ...]:
        """Nothing where a prompt answers, or where an updater is at work."""
        seen = bench.contact.seen
        if seen in ENDED:
            return ()
        if seen is sniff.Seen.UPDATER:
            raise BoardError(
                "user-interrupt",
                "an updater is at work on the board; stopping it can cost the modem",
                on=bench.link.name,
                next="wait until it has finished, up to 30 minutes, then run fipy-doctor check",
            )
        return ("send Ctrl-C to the program that runs on the board",)

    def do(self, bench: Bench, finding: Finding | None, context: CureContext) -> str:
        """Send Ctrl-C and see a prompt. Raises BoardError where the program goes on."""
        bench.forget_board()
        contact = sniff.contact(bench.link, may_interrupt=True)
        if contact.seen not in ENDED:
            raise BoardError(
                "main-py-blocks-repl",
                "the program does not stop at Ctrl-C",
                on=bench.link.name,
                cause="it is inside a call that does not come back, such as LTE() with a silent modem",
                next="hold the Safe Boot button (P12 to 3V3) while you press reset, then run fipy-doctor check",
            )
        return "the program was stopped; the prompt answers"
