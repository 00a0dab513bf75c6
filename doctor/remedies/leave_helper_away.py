"""Cure ``leave-helper-away``."""

from __future__ import annotations

from doctor.check import Finding
from doctor.remedies.cure import ManualCure


class LeaveHelperAway(ManualCure):
    """Leave away what does not belong to this step."""

    id = "leave-helper-away"
    then = "flash"
    how = ("leave updater.elf away: a differential image goes without it",)

    def steps(self, finding: Finding) -> tuple[str, ...]:
        """What the finding says, in its own names."""
        said = finding.evidence.get("next")
        return (said,) if isinstance(said, str) else self.how
