"""Cure ``give-both-files``."""

from __future__ import annotations

from doctor.check import Finding
from doctor.remedies.cure import ManualCure


class GiveBothFiles(ManualCure):
    """Give both files of 48829, in their order."""

    id = "give-both-files"
    then = "flash"
    how = ("give both files of 48829, the one that ends in -1 first",)

    def steps(self, finding: Finding) -> tuple[str, ...]:
        """What the finding says, in its own names."""
        said = finding.evidence.get("next")
        return (said,) if isinstance(said, str) else self.how
