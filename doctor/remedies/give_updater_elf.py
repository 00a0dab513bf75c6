"""Cure ``give-updater-elf``."""

from __future__ import annotations

from doctor.check import Finding
from doctor.remedies.cure import Cure


class GiveUpdaterElf(Cure):
    """Give the updater image that belongs to the firmware."""

    id = "give-updater-elf"
    adds = {"updater_elf": "updater.elf"}
    how = (
        "find updater.elf in the package that your .dup came from",
        "give it with --updater-elf",
    )

    def steps(self, finding: Finding) -> tuple[str, ...]:
        """Where to find it; what the finding says comes first."""
        return (finding.next, self.how[0]) if finding.next else self.how
