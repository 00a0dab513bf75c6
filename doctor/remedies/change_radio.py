"""Cure ``change-radio``."""

from __future__ import annotations

from doctor.check import Finding
from doctor.remedies.cure import ManualCure


class ChangeRadio(ManualCure):
    """Use an image of the same radio, or agree to the other one."""

    id = "change-radio"
    then = "flash"
    how = ("use an image of the same radio, or add --accept radio-change",)

    def steps(self, finding: Finding) -> tuple[str, ...]:
        """What the finding says, in its own names."""
        said = finding.evidence.get("next")
        return (said,) if isinstance(said, str) else self.how
