"""Cure ``give-bootrom``."""

from __future__ import annotations

from doctor.check import Finding
from doctor.remedies.cure import ManualCure


class GiveBootrom(ManualCure):
    """Give the boot ROM that replaces the factory one."""

    id = "give-bootrom"
    adds = ("--bootrom", "sqnsbrz.py")
    how = (
        "give the vendor's own sqnsbrz.py or sqnsbr.py: --bootrom sqnsbrz.py",
        "or, with a board whose firmware is 1.18.1 or later, read it from there: --bootrom board",
    )

    def steps(self, finding: Finding) -> tuple[str, ...]:
        """What the finding says, else where to get it."""
        said = finding.evidence.get("next")
        return (said,) if isinstance(said, str) else self.how
