"""Cure ``disable-lte-autostart``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from doctor.board.snippets import modem
from doctor.check import Finding
from doctor.errors import BoardError
from doctor.remedies.cure import CureContext, DoableCure

if TYPE_CHECKING:
    from doctor.bench import Bench


class DisableLteAutostart(DoableCure):
    """Keep the board's firmware from starting its modem at every boot.

    From 1.18.1 on a setting decides it (board-and-repl.md 1); earlier releases always start it from 1.17 on.
    """

    id = "disable-lte-autostart"

    def plan(self, bench: Bench, finding: Finding | None, context: CureContext) -> tuple[str, ...]:
        """One setting. Raises BoardError if the release has none."""
        if not bench.board_facts.era.has_lte_on_boot:
            raise BoardError(
                "lte-constructor-hangs",
                f"release {bench.board_facts.release or 'unknown'} has no setting that keeps the modem from starting",
                on=bench.link.name,
                next="update the board's own firmware",
            )
        if not bench.board.repl.call(modem.LTE_STARTED):
            return ()
        return (
            "on the board: pycom.lte_modem_en_on_boot(False); it takes effect at the next boot, and (True) undoes it",
        )

    def do(self, bench: Bench, finding: Finding | None, context: CureContext) -> str:
        """Set it and read it back. Raises BoardError."""
        bench.board.repl.call(modem.LTE_NOT_AT_BOOT)
        if bench.board.repl.call(modem.LTE_STARTED):
            raise BoardError("lte-constructor-hangs", "the board did not keep the setting", on=bench.link.name)
        return "the board does not start its modem at boot any more"
