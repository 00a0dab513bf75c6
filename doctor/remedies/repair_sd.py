"""Cure ``repair-sd``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from doctor.check import Finding
from doctor.errors import UsageError
from doctor.remedies.cure import CureContext, DoableCure
from doctor.remedies.device_consent import device_lines, take_consent
from doctor.text.command import marked

if TYPE_CHECKING:
    from doctor.bench import Bench


class RepairSd(DoableCure):
    """Repair the card from the good copies on it.

    Boot sector, backup boot sector, second FAT, free space and the mark of an unclean eject; only if it is plain
    which copy is good, and only when no fault is left afterwards.
    """

    id = "repair-sd"
    card_in_reader = True

    def plan(self, bench: Bench, finding: Finding | None, context: CureContext) -> tuple[str, ...]:
        """Each repair. Raises CardError if the card has faults that no copy mends."""
        path = bench.options.sd
        if path is None or path.is_dir():
            raise UsageError(
                "card-is-fat",
                "repairs need the raw card: an image file or a device",
                next="add --sd with the device; `fipy-doctor cards` lists them",
            )
        from doctor.card.repair import plan_repair
        from doctor.card.second_reader import PLANNED

        lines = plan_repair(path)
        if not lines:
            return ()
        keep = f"keep what stood in the changed sectors, in {marked(context.backup)}"
        return (*device_lines(path, context), keep, *lines, PLANNED)

    def do(self, bench: Bench, finding: Finding | None, context: CureContext) -> str:
        """Repair. Raises CardError; the card is as it was then."""
        path = bench.options.sd
        assert path is not None
        take_consent(path, context)
        from doctor.card.repair import repair

        done = repair(path, backup_dir=context.backup, now=context.now(), emit=context.emit)
        return "; ".join(done)
